/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

/*
 * The replay digest: SHA-256 over what a turn did, step by step.  Each step
 * has a digest over the one before, its number, its name, its content and
 * what it wished (tool, arguments, origins; of a call of a model the
 * arguments name the digest of the request; of the step that recalls it is the
 * digest of the view that the core sent); the last one is over the reply.
 * Ids, salts, nonces and times are no part of it, unless the turn itself was
 * shown them.
 *
 * The core makes it of what the mind tells, as it tells it, and names it in
 * the log entry of the run's end; `durward replay` makes it again of what the
 * turn does with the inputs that were recorded.  A mind that does something
 * else than the turn with what it heard leaves a digest that no replay
 * reaches.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

struct trace {
	int64_t n; /* Steps so far. */
	struct digest at; /* Over all of them. */
	struct digest wish; /* Of the step to come; of zeros: none. */
};

void trace_begin(struct trace *t, const char *goal);

/* The step to come wishes this. */
void trace_wish(
    struct trace *t, const char *tool, const char *args, const char *origins);
/* The step to come was shown this view. */
void trace_view(struct trace *t, const struct digest *view);
/* It is made. */
void trace_step(struct trace *t, const char *name, const char *content);

/* The digest of the whole turn, with what it replied. */
void trace_end(
    const struct trace *t, const char *reply, bool reached, struct digest *ret);

/* Go on behind step n - 1, of which this is the digest; as hex.  ERR_INPUT. */
NODISCARD enum err trace_take_up(struct trace *t, int64_t n, const char *hex);

/* The arguments of a call of a model: what its request is. */
void trace_request(const char *model, int64_t output, const char *body,
    size_t body_len, struct buf *out);
#define TRACE_REQUEST_ORIGINS                                                  \
	"bytes:model,model:model,output:model,sha256:model"

#endif
