/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAIN_PLAIN_H
#define PLAIN_PLAIN_H

/*
 * Plain words to the home, without a model: "turn on the kitchen light", "ist
 * die Haustür abgeschlossen?".  The sentences of a language are
 * config/sentences/LANGUAGE.json; what is understood becomes one call of
 * home.set or home.get, about one entity or all of a kind in a room.
 *
 * Pure.
 */

#include "base/err.h"
#include "base/json.h"

struct plain_call {
	const char *tool; /* NULL: more than one thing is called so. */
	struct json *args; /* Of the call. */
	char *which; /* Of which one is meant: "light.a, light.b". */
};

void plain_call_done(struct plain_call *c);

/* `home` is [{"entity", "name", "area", "aliases"}] of the turn's view, or
 * NULL. ERR_NOTFOUND: no sentence says this. */
NODISCARD enum err plain_understand(
    const struct json *home, const char *goal, struct plain_call *ret);

#endif
