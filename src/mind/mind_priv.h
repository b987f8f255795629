/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIND_MIND_PRIV_H
#define MIND_MIND_PRIV_H

#include "base/limits.h"
#include "ipc/peers.h"
#include "turn/turn.h"

#define ID_SIZE 33

struct hashing;
struct mind;

struct open_turn {
	struct mind *mind;
	char run[ID_SIZE];
	struct turn *turn;
	bool starts; /* More of its steps are to come. */
	bool over;
	int64_t asked; /* The step at which a model was asked last. */
	struct hashing *hashing; /* Of what it answered; NULL: it was told. */
	struct buf heard; /* The answer itself, while it is not too large. */
	int64_t received;
	struct buf *words; /* Of the piece that is read now. */
};

struct mind {
	struct peers *peers;
	struct open_turn *turns[RUNS_OPEN_MAX];
};

/* ---- turns.c ---- */
peer_fn turns_on_start;
peer_fn turns_on_result;
peer_fn turns_on_end;
peer_fn turns_on_recall;
peer_fn turns_on_data;
peer_fn turns_on_model_end;
/* It is there, perhaps anew, and knows no request. */
void turns_on_egress(struct mind *m);

#endif
