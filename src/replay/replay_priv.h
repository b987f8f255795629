/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_REPLAY_PRIV_H
#define REPLAY_REPLAY_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "client/session.h"
#include "replay/replay.h"

#define RUN_ID_SIZE 33

/* One step: what was kept of it, and what the log says of its act. */
struct recorded_step {
	char *name; /* NULL: there was none. */
	char *content;
	char wish[DIGEST_HEX_SIZE];
	char trace[DIGEST_HEX_SIZE];
	char *how; /* Of a model's answer (turn_hear()), */
	struct buf heard; /* and its bytes. */
	char *state; /* Of an act that it proposed. */
	char *result;

	char act[RUN_ID_SIZE]; /* The log's; "": it has none. */
	char *tool;
	char *args;
	char *origins;
	char *refused; /* Why what it wished last became no act, or NULL. */
	bool proposed; /* In the replay. */
	char ended[16]; /* done, failed, denied, unknown */
	char result_sha256[DIGEST_HEX_SIZE];
	char answer_sha256[DIGEST_HEX_SIZE];
};

struct recording {
	char run[RUN_ID_SIZE];
	char *state; /* Of the run. */
	char *goal; /* The log's, and so are the next. */
	char fork_of[RUN_ID_SIZE];
	int64_t forked; /* Steps that were taken over. */
	char fork_sha256[DIGEST_HEX_SIZE];
	bool automated; /* By an automation, */
	bool ended;
	bool replied; /* The turn ended it, and not the house. */
	bool reached;
	int64_t n; /* Steps. */
	char replay_sha256[DIGEST_HEX_SIZE];
	bool quiet; /* No step is shown. */
	size_t pruned; /* Entries. */
	int64_t kept; /* Steps that there are. */
	struct recorded_step steps[RUN_STEPS_MAX];
};

/* ---- recording.c ---- */

/* From the house, and from its log.  NULL: `ret_exit` is set, and it was said
 * why. */
struct recording *recording_fetch(
    struct session *s, const char *run, int *ret_exit);
void recording_free(struct recording *r);

/* ---- command.c ---- */

/* A step that came out as it was kept, and the digest so far. */
void shown_step(int64_t n, const char *name, const struct json *content,
    const char *sha256);

/* ---- machine.c ---- */

/* NULL when it reached the same digest; else where it did not, and how.  The
 * caller frees it. */
char *machine_replay(struct recording *r);

#endif
