/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "egress/egress_priv.h"
#include "sys/clock.h"

/*
 * An answer goes to the mind by whole lines, which is what all dialects are
 * made of: a secret that a server sends in pieces comes together here before
 * it is looked for.  What is too long for a line goes on in pieces, and each
 * is looked at together with the end of what went before.  The mind's lane is
 * never filled: what it has no room for is not read from the network.
 */

_Static_assert(2 * EGRESS_PIECE_MAX + EGRESS_OVERLAP < LANE_BULK_MAX,
    "what is held fits into one message");
_Static_assert(CURL_MAX_WRITE_SIZE <= EGRESS_PIECE_MAX, "so does a piece");

void
reply_open(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->held, 2 * EGRESS_PIECE_MAX);
	buf_init(&r->seen, 2 * EGRESS_PIECE_MAX + EGRESS_OVERLAP);
	r->hashing = hashing_new();
	r->first_ms = -1;
}

void
reply_close(struct call *c)
{
	struct reply *r = &c->reply;

	loop_timer_cancel(c->eg->loop, r->behind);
	r->behind = 0;
	buf_done(&r->held);
	buf_done(&r->seen);
}

static void
send_piece(struct call *c)
{
	struct reply *r = &c->reply;
	struct json *body = json_object();

	json_put_str(body, "run", c->run);
	json_put_int(body, "step", c->step);
	peers_send_bulk(c->eg->peers, ROLE_MIND, MSG_MODEL_DATA, body,
	    r->seen.p + r->overlap, r->seen.len - r->overlap);
}

static void
on_scanned(void *arg, enum scan result, const char *text, size_t len)
{
	struct call *c = ticket_take(arg);

	(void)text;
	(void)len;
	if (c == NULL || c->failed)
		return;
	c->reply.scanning = false;
	if (result != SCAN_CLEAN) {
		call_fail(c,
		    result == SCAN_REPLACED
			? "a secret stood in the answer, which was cut there; "
			  "give the provider a new key if it was its own"
			: "it could not be told whether a secret stands in "
			  "the answer, which was cut there");
		return;
	}
	send_piece(c);
	if (!c->reply.pumping)
		reply_pump(c);
}

static void
scan(struct call *c, size_t n)
{
	struct reply *r = &c->reply;

	if (r->seen.len > EGRESS_OVERLAP)
		buf_drop(&r->seen, r->seen.len - EGRESS_OVERLAP);
	r->overlap = r->seen.len;
	buf_add(&r->seen, r->held.p, n);
	buf_drop(&r->held, n);
	r->scanning = true;
	call_scan(c, r->seen.p, r->seen.len, on_scanned);
}

/* Whole lines; more only at the end, or when a line is too long. */
static size_t
sendable(const struct call *c)
{
	const struct buf *held = &c->reply.held;
	const char *end;

	if (held->len == 0 || c->over || held->len >= EGRESS_PIECE_MAX)
		return held->len;
	end = memrchr(held->p, '\n', held->len);
	return end != NULL ? (size_t)(end - held->p) + 1 : 0;
}

static void
on_behind(void *arg)
{
	struct call *c = arg;

	c->reply.behind = 0;
	reply_pump(c);
}

/* Its lane is full: look again in a moment. */
static bool
is_behind(struct call *c)
{
	struct reply *r = &c->reply;

	if (r->behind == 0 && peers_is_behind(c->eg->peers, ROLE_MIND))
		r->behind = loop_timer(c->eg->loop,
		    clock_boot_ms() + EGRESS_BEHIND_MS, on_behind, c);
	return r->behind != 0;
}

void
reply_pump(struct call *c)
{
	struct reply *r = &c->reply;
	size_t n;

	if (r->pumping)
		return;
	r->pumping = true;
	while (!c->failed && !r->scanning && (n = sendable(c)) > 0 &&
	    !is_behind(c))
		scan(c, n);
	r->pumping = false;
	if (c->failed || r->scanning || r->behind != 0)
		return;
	if (c->over) {
		call_done(c);
	} else if (c->try.paused) {
		c->try.paused = false;
		c->active_ms = clock_boot_ms();
		curl_easy_pause(c->try.curl, CURLPAUSE_CONT);
		reply_pump(c);
	}
}

bool
reply_take(struct call *c, const char *p, size_t len)
{
	struct reply *r = &c->reply;

	if (r->scanning || r->behind != 0)
		return false;
	call_heard(c);
	if (r->first_ms < 0)
		r->first_ms = c->active_ms - c->begun_ms;
	r->received += (int64_t)len;
	if (r->received > MODEL_REPLY_MAX) {
		call_fail(c, "the answer is longer than %d MiB, and was cut",
		    MODEL_REPLY_MAX / 1024 / 1024);
		return true;
	}
	hashing_add(r->hashing, p, len);
	buf_add(&r->held, p, len);
	if (r->held.len >= EGRESS_PIECE_MAX)
		reply_pump(c);
	return true;
}
