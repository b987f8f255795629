/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

/*
 * The answer of a model's server, in pieces of any size, cut into its
 * events: the lines of NDJSON, or the data of server-sent events (any end of
 * line, comments, fields, data of many lines, a byte order mark).  Where
 * events are wanted and an object comes instead, it is one event; a web page
 * is an error that says so.  Bounded by MODEL_LINE_MAX.
 *
 * Pure, and knows nothing of what the events say.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

/* One line of NDJSON, or the joined data of one event of SSE. */
typedef enum err stream_fn(
    void *arg, bool is_error, const char *p, size_t len, struct errmsg *why);

enum form {
	FORM_UNKNOWN, /* Nothing but white space has come. */
	FORM_LINES,
	FORM_EVENTS,
	FORM_WHOLE /* One object where events were asked for. */
};

struct stream {
	enum form form;
	bool wants_events;
	bool after_cr; /* A line feed would belong to it. */
	bool is_error; /* The event is named so. */
	bool has_data;
	int bom; /* Bytes of one that were read; 3: no more is looked for. */
	struct buf line; /* A part of one. */
	struct buf data; /* Of an event that is not over, or the whole. */
	stream_fn *fn;
	void *arg;
};

void stream_init(struct stream *s, bool wants_events, stream_fn *fn, void *arg);
void stream_done(struct stream *s);
NODISCARD enum err stream_feed(
    struct stream *s, const char *p, size_t len, struct errmsg *why);
/* The last line needs no end. */
NODISCARD enum err stream_end(struct stream *s, struct errmsg *why);

#endif
