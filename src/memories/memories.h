/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORIES_MEMORIES_H
#define MEMORIES_MEMORIES_H

/*
 * Memory as the house uses it: its own functions memory.*, which are acts like
 * all others, and what clients ask and command.  What is kept, and how it is
 * found, is memory/memory.h's.
 */

#include "acts/acts.h"
#include "request/request.h"
#include "runs/runs.h"

struct memories;

struct memories_setup {
	const struct trust *trust; /* The caller's, kept up by it. */
	struct acts *acts;
	struct runs *runs;
	struct requests *requests;
};

struct memories *memories_new(const struct memories_setup *s);
void memories_use_ledger(struct memories *me, struct ledger *ledger);

/* ---- Functions of the house ---- */

void memories_remember(
    struct memories *me, const struct act *a, const struct json *args);
void memories_search(
    struct memories *me, const struct act *a, const struct json *args);
void memories_rest(
    struct memories *me, const struct act *a, const struct json *args);
void memories_forget(
    struct memories *me, const struct act *a, const struct json *args);

/* "person", or "program": of whom nobody knows better, too. */
const char *memories_asker(const struct memories *me, const char *client);

/* ---- What clients ask and command ---- */

query_fn memories_query;
query_fn memories_query_sessions;
query_fn memories_query_session;
command_fn memories_do_forget;
command_fn memories_do_import;

#endif
