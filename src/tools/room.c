/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/sock.h"
#include "tools/tools_priv.h"

_Static_assert(MCP_PROBE_MS < MCP_HELLO_MS,
    "a server that does not hear the first question would not be asked again");

static void on_out(void *arg, int fd, int events);
static void on_in(void *arg, int fd, int events);
static bool flush(struct room *r);

struct room *
room_find(struct tools *t, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (t->rooms[i] != NULL && strcmp(t->rooms[i]->tool, tool) == 0)
			return t->rooms[i];
	return NULL;
}

/* ---- stderr ---- */

static void
stop_hearing(struct room *r)
{
	loop_timer_cancel(r->tools->loop, r->hearing_timer);
	r->hearing_timer = 0;
	hearing_end(&r->hearing);
	loop_remove(r->tools->loop, r->err);
	close(r->err);
	r->err = -1;
}

/* Its window is over: what was left out is told, and what waited is read. */
static void
on_hearing_on(void *arg)
{
	struct room *r = arg;

	r->hearing_timer = 0;
	hearing_window_end(&r->hearing);
	if (loop_change(r->tools->loop, r->err, LOOP_READ) != OK)
		fatal("cannot watch what a tool says");
}

/* As read(); `ret_more` when more may be read in this window. */
static ssize_t
hear_once(struct room *r, bool *ret_more)
{
	char chunk[16384];
	ssize_t n = read(r->err, chunk, sizeof(chunk));

	*ret_more = n <= 0 ||
	    hearing_feed(&r->hearing, chunk, (size_t)n, clock_boot_ms());
	return n;
}

static void
on_err(void *arg, int fd, int events)
{
	struct room *r = arg;
	bool more;
	ssize_t n = hear_once(r, &more);

	(void)fd;
	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		stop_hearing(r);
		return;
	}
	if (r->hearing.left_out > 0 && r->hearing_timer == 0)
		r->hearing_timer = loop_timer(
		    r->tools->loop, r->hearing.window_ms, on_hearing_on, r);
	if (!more && loop_change(r->tools->loop, r->err, 0) != OK)
		fatal("cannot watch what a tool says");
}

/* What still lies in the pipe is the reason of its end. */
static void
hear_the_rest(struct room *r)
{
	bool more = true;

	while (more && hear_once(r, &more) > 0)
		continue;
	stop_hearing(r);
}

struct gone {
	struct tools *tools;
	struct json *body;
};

/* Behind the answers that it still gave. */
static void
send_gone(void *arg, enum scan result, const char *text, size_t len)
{
	struct gone *g = arg;

	(void)result;
	(void)text;
	(void)len;
	peers_send(g->tools->peers, ROLE_CORE, MSG_TOOL_GONE, g->body);
	free(g);
}

static void
room_close(struct room *r, const char *why)
{
	struct tools *t = r->tools;
	struct gone *gone = xalloc(sizeof(*gone));
	struct json *body = json_object();
	size_t i;

	for (i = 0; i < CALLS_OPEN_MAX; i++) {
		if (r->calls[i].id == 0)
			continue;
		loop_timer_cancel(t->loop, r->calls[i].timer);
		/* It may have acted before it died. */
		tools_answer(t, r->calls[i].act, false, true, why);
	}
	for (i = 0; i < TOOLS_MAX; i++)
		if (t->rooms[i] == r)
			t->rooms[i] = NULL;
	loop_timer_cancel(t->loop, r->timer);
	loop_timer_cancel(t->loop, r->probe_timer);
	loop_timer_cancel(t->loop, r->list_timer);
	loop_remove(t->loop, r->in);
	loop_remove(t->loop, r->out);
	close(r->in);
	close(r->out);
	if (r->err >= 0)
		hear_the_rest(r);
	said_note(r->hearing.said, "container %s: %s", r->container, why);
	json_put_str(body, "tool", r->tool);
	json_put_str(body, "container", r->container);
	json_put_str(body, "why", why);
	gone->tools = t;
	gone->body = body;
	scanner_behind(t->scanner, send_gone, gone);
	mcp_free(r->mcp);
	free(r);
}

static void
on_handshake_late(void *arg)
{
	struct room *r = arg;

	r->timer = 0;
	room_close(r,
	    "its program did not answer as an MCP server does; does it speak "
	    "MCP on its standard streams?");
}

static void
on_probe_late(void *arg)
{
	struct room *r = arg;

	r->probe_timer = 0;
	mcp_probe_late(r->mcp);
	if (r->ended != NULL)
		room_close(r, r->ended);
	else
		flush(r);
}

static void
on_list_late(void *arg)
{
	struct room *r = arg;

	r->list_timer = 0;
	room_close(r,
	    "the tool said that its functions changed, and did not "
	    "list them again");
}

/* From its first page to its last, however often it changes meanwhile. */
static void
watch_list(struct room *r)
{
	if (r->ready && mcp_is_listing(r->mcp)) {
		if (r->list_timer == 0)
			r->list_timer = loop_timer(r->tools->loop,
			    clock_boot_ms() + MCP_LIST_MS, on_list_late, r);
		return;
	}
	loop_timer_cancel(r->tools->loop, r->list_timer);
	r->list_timer = 0;
}

static struct open_call *
find_call(struct room *r, int64_t id)
{
	size_t i;

	for (i = 0; i < CALLS_OPEN_MAX; i++)
		if (r->calls[i].id == id)
			return &r->calls[i];
	return NULL;
}

static void
on_ready(struct room *r)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE] = "";
	struct digest definitions;

	r->ready = true;
	loop_timer_cancel(r->tools->loop, r->timer);
	loop_timer_cancel(r->tools->loop, r->probe_timer);
	r->timer = r->probe_timer = 0;
	json_put_str(body, "tool", r->tool);
	json_put_str(body, "container", r->container);
	if (mcp_definitions(r->mcp, &definitions) == OK)
		digest_hex(&definitions, hex);
	json_put_str(body, "definitions", hex);
	peers_send(r->tools->peers, ROLE_CORE, MSG_TOOL_READY, body);
}

/* Called while the session reads: it must not be freed here. */
static void
on_mcp(void *arg, enum mcp_event event, const struct mcp_answer *answer)
{
	struct room *r = arg;
	struct open_call *call;

	switch (event) {
	case MCP_READY:
		on_ready(r);
		break;
	case MCP_ANSWER:
		call = find_call(r, answer->id);
		if (call == NULL)
			break;
		loop_timer_cancel(r->tools->loop, call->timer);
		call->id = 0;
		tools_answer(
		    r->tools, call->act, !answer->failed, false, answer->text);
		break;
	case MCP_CHANGED:
		log_warn("tool %s: it offers something else now", r->tool);
		r->ended = "the tool's definitions changed";
		break;
	case MCP_BROKEN:
		log_warn("tool %s: %s", r->tool, answer->text);
		r->ended = "the tool broke the protocol";
		break;
	}
}

/* False when the room was closed. */
static bool
flush(struct room *r)
{
	struct buf *out = mcp_out(r->mcp);
	int events = 0;

	while (out->len > 0) {
		ssize_t n = write(r->in, out->p, out->len);

		if (n < 0 && errno == EAGAIN) {
			events = LOOP_WRITE;
			break;
		}
		if (n <= 0) {
			room_close(r, "the tool closed its input");
			return false;
		}
		buf_drop(out, (size_t)n);
	}
	if (loop_change(r->tools->loop, r->in, events) != OK)
		fatal("cannot watch a tool's input");
	return true;
}

static void
on_in(void *arg, int fd, int events)
{
	struct room *r = arg;

	(void)fd;
	if (events & LOOP_HANGUP)
		room_close(r, "the tool ended");
	else
		flush(r);
}

static void
on_out(void *arg, int fd, int events)
{
	struct room *r = arg;
	char chunk[16384];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	(void)events;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		room_close(r, "the tool ended");
		return;
	}
	mcp_feed(r->mcp, chunk, (size_t)n, clock_boot_ms());
	watch_list(r);
	if (r->ended != NULL)
		room_close(r, r->ended);
	else
		flush(r);
}

static void
close_all(const int fds[3])
{
	int i;

	for (i = 0; i < 3; i++)
		close(fds[i]);
}

/* NULL when there is no place for it. */
static struct room *
room_new(
    struct tools *t, const char *tool, const char *container, const int fds[3])
{
	struct said *said = said_of(t, tool);
	struct room *r;
	size_t i = 0;
	int n;

	while (i < TOOLS_MAX && t->rooms[i] != NULL)
		i++;
	if (i == TOOLS_MAX || said == NULL)
		return NULL;
	for (n = 0; n < 3; n++)
		if (sock_nonblocking(fds[n]) != OK)
			return NULL;
	r = xalloc(sizeof(*r));
	t->rooms[i] = r;
	r->tools = t;
	r->in = fds[0];
	r->out = fds[1];
	r->err = fds[2];
	r->hearing.said = said;
	snprintf(r->tool, sizeof(r->tool), "%s", tool);
	snprintf(r->container, sizeof(r->container), "%s", container);
	return r;
}

void
room_open(
    struct tools *t, const char *tool, const char *container, const int fds[3])
{
	struct room *r = room_find(t, tool);

	if (r != NULL)
		room_close(r, "its container was started anew");
	r = room_new(t, tool, container, fds);
	if (r == NULL) {
		close_all(fds);
		return;
	}
	r->mcp = mcp_new(on_mcp, r);
	r->timer = loop_timer(
	    t->loop, clock_boot_ms() + MCP_HELLO_MS, on_handshake_late, r);
	r->probe_timer = loop_timer(
	    t->loop, clock_boot_ms() + MCP_PROBE_MS, on_probe_late, r);
	if (loop_add(t->loop, r->in, 0, on_in, r) != OK ||
	    loop_add(t->loop, r->out, LOOP_READ, on_out, r) != OK ||
	    loop_add(t->loop, r->err, LOOP_READ, on_err, r) != OK) {
		room_close(r, "its streams cannot be watched");
		return;
	}
	said_note(r->hearing.said, "container %s was started", container);
	mcp_start(r->mcp, MCP_UNKNOWN);
	flush(r);
}

static void
on_call_late(void *arg)
{
	struct open_call *call = arg;
	struct room *r = call->room;

	mcp_cancel(r->mcp, call->id);
	call->id = 0;
	call->timer = 0;
	tools_answer(r->tools, call->act, false, true,
	    "the tool did not answer in time");
	flush(r);
}

enum err
room_call(struct room *r, const struct order *o, int64_t call_ms)
{
	struct open_call *call = find_call(r, 0);
	int64_t id;
	enum err e;

	if (call == NULL)
		return ERR_LIMIT;
	e = mcp_call(r->mcp, o->function, o->args.p, o->args.len, &id);
	if (e != OK)
		return e;
	call->room = r;
	call->id = id;
	snprintf(call->act, sizeof(call->act), "%s", o->act);
	call->timer = loop_timer(
	    r->tools->loop, clock_boot_ms() + call_ms, on_call_late, call);
	flush(r);
	return OK;
}
