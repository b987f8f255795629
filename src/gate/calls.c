/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gate/gate_priv.h"
#include "sys/clock.h"

/*
 * The calls that are open.  A call brings its order: the same sheets and
 * signatures as the tools role gets, checked here again, and from them
 * follows what it may reach.  With its end all of it is closed, and what was
 * reached, and what was not, is told to the core.
 */

static struct call *
find_act(struct gate *g, const char *act)
{
	size_t i;

	for (i = 0; i < CALLS_OPEN_MAX; i++)
		if (strcmp(g->calls[i].act, act) == 0)
			return &g->calls[i];
	return NULL;
}

static void
answer(struct gate *g, const char *act, bool ok, const char *why)
{
	struct json *body = json_object();

	json_put_str(body, "act", act);
	json_put_bool(body, "ok", ok);
	json_put_str(body, "why", why);
	peers_send(g->peers, ROLE_CORE, MSG_NET_OPEN, body);
}

static struct json *
used_to_json(const struct call *c)
{
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < c->n_used; i++) {
		const struct seen *s = &c->used[i];
		struct json *v = json_object();

		json_put_str(v, "host", s->what);
		json_put_str(v, "address", s->address);
		json_put_int(v, "connections", s->connections);
		json_put_int(v, "up", s->up);
		json_put_int(v, "down", s->down);
		json_push(list, v);
	}
	return list;
}

static struct json *
refused_to_json(const struct call *c)
{
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < c->n_refused; i++)
		json_push(list, json_string(c->refused[i].what));
	return list;
}

/* What a call reached and asked for: names of the tool's choice are in it. */
struct report {
	struct gate *gate;
	char act[TOKEN_SIZE];
};

static void
send_report(void *arg, enum scan result, const char *text, size_t len)
{
	struct report *r = arg;
	struct json *body = NULL;

	if (result == SCAN_WITHHELD || json_parse(text, len, &body) != OK) {
		body = json_object();
		json_put_str(body, "act", r->act);
		json_put_bool(body, "withheld", true);
	}
	peers_send(r->gate->peers, ROLE_CORE, MSG_NET_USED, body);
	free(r);
}

/* {"act", "tool", "used": [...], "refused": [...], "more"}, or
 * {"act", "withheld"} */
static void
report(struct call *c)
{
	struct report *r = xalloc(sizeof(*r));
	struct json *body = json_object();
	struct buf b;

	r->gate = c->gate;
	snprintf(r->act, sizeof(r->act), "%s", c->act);
	json_put_str(body, "act", c->act);
	json_put_str(body, "tool", c->tool);
	json_put(body, "used", used_to_json(c));
	json_put(body, "refused", refused_to_json(c));
	json_put_int(body, "more", c->more_refused);
	buf_init(&b, LANE_BODY_MAX);
	json_print_into(body, &b);
	json_free(body);
	scanner_pass(c->gate->scanner, b.p, b.len, send_report, r);
	buf_done(&b);
}

static void
close_call(struct call *c)
{
	struct door *d = door_find(c->gate, c->tool);
	size_t i;

	for (i = 0; d != NULL && i < GATE_CONNS_MAX; i++)
		if (d->conns[i] != NULL && conn_is_of(d->conns[i], c))
			conn_close(d->conns[i]);
	loop_timer_cancel(c->gate->loop, c->timer);
	report(c);
	c->act[0] = '\0';
}

/* The core did not end it: its own deadline has. */
static void
on_call_late(void *arg)
{
	struct call *c = arg;

	c->timer = 0;
	close_call(c);
}

static void
tell_open(struct call *c)
{
	loop_timer_cancel(c->gate->loop, c->timer);
	c->told = true;
	c->timer = loop_timer(c->gate->loop,
	    clock_boot_ms() + c->call_ms + 2 * CALL_GRACE_MS, on_call_late, c);
	answer(c->gate, c->act, true, "");
}

static void
on_no_sockets(void *arg)
{
	struct call *c = arg;

	c->timer = 0;
	answer(c->gate, c->act, false,
	    "its container did not hand over its network");
	c->act[0] = '\0';
}

void
calls_door_opened(struct gate *g, const char *tool)
{
	size_t i;

	for (i = 0; i < CALLS_OPEN_MAX; i++) {
		struct call *c = &g->calls[i];

		if (c->act[0] != '\0' && !c->told && strcmp(c->tool, tool) == 0)
			tell_open(c);
	}
}

static void
open_call(struct gate *g, const struct order *o, struct errmsg *why)
{
	struct call *c = find_act(g, "");

	if (find_act(g, o->act) != NULL || c == NULL ||
	    strlen(o->act) >= sizeof(c->act)) {
		err_say(why, ERR_LIMIT, "too many calls are open");
		return;
	}
	memset(c, 0, sizeof(*c));
	c->gate = g;
	c->reach = o->reach;
	c->call_ms = o->manifest->call_ms;
	c->bytes_left = o->manifest->net_mib * 1024 * 1024;
	snprintf(c->act, sizeof(c->act), "%s", o->act);
	snprintf(c->tool, sizeof(c->tool), "%s", o->room);
	if (door_find(g, c->tool) != NULL)
		tell_open(c);
	else
		c->timer = loop_timer(g->loop,
		    clock_boot_ms() + GATE_SOCKETS_MS, on_no_sockets, c);
}

/* As MSG_ACT_ORDER (order/order.h). */
void
calls_on_order(void *role, struct msg *m)
{
	struct gate *g = role;
	struct errmsg why = {""};
	struct order o = {.act = NULL};

	if (order_read(m->body, m->bulk, m->bulk_len, &o, &why) == OK &&
	    order_verify(g->verifier, &o, &why) == OK)
		open_call(g, &o, &why);
	if (why.text[0] == '\0')
		return;
	log_warn("the network stays closed: %s", why.text);
	if (o.act != NULL)
		answer(g, o.act, false, why.text);
}

/* {"act"} */
void
calls_on_end(void *role, struct msg *m)
{
	const char *act = json_words(m->body, "act");
	struct call *c = act[0] != '\0' ? find_act(role, act) : NULL;

	if (c != NULL)
		close_call(c);
}

/* ---- What a tool asks for ---- */

static bool
is_open(const struct call *c, const char *tool)
{
	return c->act[0] != '\0' && c->told && strcmp(c->tool, tool) == 0;
}

struct call *
calls_find(struct gate *g, const char *tool, const char *name, uint16_t port)
{
	size_t i;

	for (i = 0; i < CALLS_OPEN_MAX; i++)
		if (is_open(&g->calls[i], tool) &&
		    reach_find(&g->calls[i].reach, name, port) != NULL)
			return &g->calls[i];
	return NULL;
}

bool
calls_know(struct gate *g, const char *tool, const char *name)
{
	size_t i;

	for (i = 0; i < CALLS_OPEN_MAX; i++)
		if (is_open(&g->calls[i], tool) &&
		    reach_knows(&g->calls[i].reach, name))
			return true;
	return false;
}

void
calls_refuse(struct gate *g, const char *tool, const char *what)
{
	struct door *d = door_find(g, tool);
	struct call *c = NULL;
	size_t i;

	for (i = 0; i < CALLS_OPEN_MAX && c == NULL; i++)
		if (is_open(&g->calls[i], tool))
			c = &g->calls[i];
	if (c == NULL) {
		/* Nobody called it: what does it want? */
		/* Its name may be a secret: nothing of it in the journal. */
		if (d != NULL && !d->wanted)
			log_warn("the tool %s wanted to reach something "
				 "between two calls",
			    tool);
		if (d != NULL)
			d->wanted = true;
		return;
	}
	for (i = 0; i < c->n_refused; i++)
		if (strcmp(c->refused[i].what, what) == 0)
			return;
	if (c->n_refused == GATE_SEEN_MAX) {
		c->more_refused++;
		return;
	}
	snprintf(c->refused[c->n_refused].what,
	    sizeof(c->refused[c->n_refused].what), "%s", what);
	c->n_refused++;
}

struct seen *
call_use(struct call *c, const char *what, const char *address)
{
	struct seen *s;
	size_t i;

	for (i = 0; i < c->n_used; i++)
		if (strcmp(c->used[i].what, what) == 0 &&
		    strcmp(c->used[i].address, address) == 0)
			break;
	if (i == GATE_SEEN_MAX)
		return NULL;
	s = &c->used[i];
	if (i == c->n_used) {
		c->n_used++;
		snprintf(s->what, sizeof(s->what), "%s", what);
		snprintf(s->address, sizeof(s->address), "%s", address);
	}
	s->connections++;
	return s;
}
