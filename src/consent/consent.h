/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSENT_CONSENT_H
#define CONSENT_CONSENT_H

/*
 * A client's yes: what waits for one, the sheet that is read and signed, and
 * the grants that stand for it.
 */

#include <stdbool.h>

#include "approval/grant.h"
#include "client/session.h"

#define APPROVALS_USAGE                                                        \
	"[--watch | settings [--remind MINUTES|off] [--times N] "              \
	"[--quiet HOURS|off] [--delegate NAME|off] [--after MINUTES]]"

int command_approvals(int argc, char **argv);
int command_approve(int argc, char **argv);
int command_deny(int argc, char **argv);
int command_grants(int argc, char **argv);

/* "Always like this": exact arguments when `args` is NULL, else "any" or
 * arg.NAME= words; the others have defaults. */
struct always {
	const char *args;
	const char *uses;
	const char *days;
	const char *hours;
};

/* Show the sheet of an act and sign it, and a grant with it unless `always`
 * is NULL.  `id` may be a beginning.  Returns an exit code. */
int consent_approve(
    struct session *s, const char *id, bool yes, const struct always *always);

/* The grant that would stand for this sheet.  ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err consent_write_grant(const struct sheet *sheet,
    const struct always *a, struct buf *out, struct errmsg *why);
/* `spent` is in millionths, of a grant of money. */
void consent_say_grant(const struct grant *g, int64_t uses, int64_t spent);

/* The "motive" of the model that wishes it and the "opinion" of another one,
 * marked as such; nothing without them. */
void consent_say_words(const struct json *v);

#endif
