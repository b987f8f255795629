/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALK_WATCH_H
#define TALK_WATCH_H

/* Looking on while the house works on a goal. */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "client/session.h"
#include "witness/witness.h"

struct watch {
	struct session *session;
	char run[33];
	uint64_t next; /* The first entry that was not shown. */
	uint64_t last_seq;
	struct digest last_leaf;
	bool over;
	bool reached;
	char *reply;
	char *shown; /* What the last act gave, as it was printed. */
	char model_act[33]; /* The last call of a model. */
	int64_t words_to; /* So many bytes of the model's words were shown; */
	struct buf words; /* of those the ones since the last line. */
	char *model; /* Of the end: what it used. */
	int64_t tokens;
	int64_t usd_millionths; /* What its models cost, where that is known. */
	int64_t begun_ms; /* Boot clock of the house. */
	int64_t took_ms;
};

void watch_init(struct watch *w, struct session *s);
void watch_done(struct watch *w);

/* Until the run is over.  Returns an exit code. */
int watch_follow(struct watch *w);

/* The reply, where it has not been seen already, and what it took. */
void watch_say_end(const struct watch *w);

#endif
