/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUESTION_QUESTION_H
#define QUESTION_QUESTION_H

/*
 * What a person is asked about an act, as one sheet for each client: which
 * line of the sheet comes from where.  Everything on it is the house's own
 * row, or the escaped bytes of the arguments; nothing is what a model said
 * beside them.
 *
 * Pure: time, nonce, price and the state of the log are the caller's.
 */

#include "act/act.h"
#include "approval/sheet.h"
#include "base/limits.h"
#include "tool/reach.h"

struct question {
	const struct act *act;
	const struct manifest *manifest; /* NULL: the house does it itself. */
	struct reach reach;
	struct digest box;
	struct digest policy; /* Of all layers that spoke. */
	const char *boot;
	const char *epoch; /* Of the tools role. */
	const char *price; /* In words. */
	int64_t now_ms; /* Boot clock. */
	int64_t left_ms;
	int64_t log_size; /* What of the log is on the disk. */
	struct digest log_root;
};

/* The sheet of one client; `ret_text` is the caller's.  ERR_LIMIT when it does
 * not fit. */
NODISCARD enum err question_write(const struct question *q,
    const struct digest *client, char **ret_text, struct errmsg *why);

/* Is `text` a yes, signed by a live client of the table, to this act here and
 * now?  Of the question it needs act, manifest, reach, boot, epoch and
 * now_ms.  `ret` points into `text`.  Errors as sheet_verify() and
 * sheet_binds(). */
NODISCARD enum err question_check(const struct question *q,
    const struct trust *trust, struct str text, const struct signature *sig,
    int64_t wall_ms, struct sheet *ret, struct errmsg *why);

/* What models say of the act, none of which is signed: "opinion" and "motive",
 * where they are. */
void question_put_words(const struct act *a, struct json *v);

/* May this client say yes or no to it?  By its role or a loan, and with a key
 * of the command line where a rule wants one. */
bool question_may_answer(
    const struct act *a, const struct client *c, int64_t wall_ms);

/* The question in short, for a list; these clients said yes.  With another
 * "nonce" it is asked anew, and sheets from before are worth nothing.  Where
 * more than one must: "yes" and "may", of which the first few, and
 * "may_count". */
struct json *question_summary(const struct act *a, int64_t left_ms,
    const struct trust *trust, int64_t wall_ms, const struct digest *yeses,
    size_t n_yeses);

/* A yes, for the log, and as a row. */
struct json *question_yes_details(
    const struct client *client, const char *text, const char *signature);
struct json *question_yes_row(const struct act *a, const struct digest *client,
    const char *text, const char *signature);

#endif
