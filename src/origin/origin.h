/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORIGIN_ORIGIN_H
#define ORIGIN_ORIGIN_H

/*
 * Where each argument of a call is from: "action:person,entity:model", in the
 * order of the canonical arguments, or "none" when there are none.  Each is
 * from a model, a fact, a result or a person.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"

/* Does it say that of each of them, and of nothing else? */
bool origins_fit(const char *origins, const struct json *args);

/* Of the arguments that the house put in the place of a room and a kind, behind
 * those of `old`. */
void origins_of_chosen(
    const char *old, const struct json *args, struct buf *out);

/* All of these arguments, canonical and of our own, are what a person said. */
void origins_of_person(const char *args, struct buf *out);

#endif
