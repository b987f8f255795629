/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTICES_NOTICES_H
#define NOTICES_NOTICES_H

/*
 * Notices as the house gives them: it looks at the questions that wait, and
 * what notice/notice.h says is due it writes into the log as an entry,
 *
 *	told {"act", "why": "asked" | "reminder" | "delegated",
 *	      "clients": [NAME, ...], "left_s"}
 *
 * which whoever follows the house hears of; and each of these clients is
 * told by the port `told`, for what reaches it in other ways.
 *
 * What was told is kept in memory: a house that starts anew asks anew, with
 * other sheets, and so tells anew.
 */

#include "acts/acts.h"
#include "judge/judge.h"
#include "request/request.h"

struct notices;

struct notices_setup {
	void *arg;
	/* A client of this name is told, by whatever reaches it. */
	void (*told)(void *arg, const char *client);
	struct loop *loop;
	struct judge *judge;
	const struct trust *trust; /* The caller's, kept up by it. */
	struct acts *acts;
	struct requests *requests;
};

struct notices *notices_new(const struct notices_setup *s);

/* A setting of what was there when the house ended; others it passes over. */
void notices_load(struct notices *n, const struct json *row);

/* It waits for a yes, or does so anew. */
void notices_asked(struct notices *n, const struct act *a);

/* A person looks on at this run. */
void notices_followed(struct notices *n, const char *run);

/* ---- What clients ask and command ---- */

query_fn notices_query;
command_fn notices_do_set;

#endif
