/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/* The slots of the tools: their ports are messages to runner and tools, and
 * what those two say is given to them. */

static bool
port_start(void *arg, const struct manifest *m, struct errmsg *why)
{
	struct core *c = arg;
	const char *text; /* With secrets, the vault must see it. */

	if (!c->runner_ready) {
		err_say(why, OK, "%s",
		    c->runner_state[0] != '\0'
			? c->runner_state
			: "the tools' half of the house is not running; start "
			  "'durward run tools' as its own user");
		return false;
	}
	text = m->n_secrets > 0 ? slot_text(slots_find(c->slots, m->name)) : "";
	peers_send_bulk(c->peers, ROLE_RUNNER, MSG_CONTAINER_START,
	    manifest_container(m), text, strlen(text));
	return true;
}

static void
port_stop(void *arg, const char *tool)
{
	struct core *c = arg;
	struct json *body = json_object();

	struct json *closed = json_object();

	json_put_str(body, "tool", tool);
	peers_send(c->peers, ROLE_RUNNER, MSG_CONTAINER_STOP, body);
	json_put_str(closed, "tool", tool);
	peers_send(c->peers, ROLE_GATE, MSG_TOOL_CLOSED, closed);
}

static void
port_ready(void *arg, const char *tool)
{
	struct core *c = arg;

	acts_tool_ready(c->acts, tool);
}

static void
port_failed(void *arg, const char *tool, const char *why)
{
	struct core *c = arg;

	acts_tool_failed(c->acts, tool, why);
}

static void
port_pin(void *arg, const char *tool, const char *definitions)
{
	struct core *c = arg;
	struct record *r = record_new(c->ledger);
	struct json *row = json_object();

	json_put_str(row, "scope", tool);
	json_put_str(row, "name", "definitions");
	json_put_str(row, "value", definitions);
	record_log(r, "definitions", NULL, NULL, json_copy(row));
	record_row(r, ROW_SETTING, row);
	record_post(r, false, NULL, NULL, NULL);
}

/* It comes a moment after the house, or after its own restart. */
bool
tooling_runner_may_come(const struct core *c)
{
	int64_t since_ms = c->runner_lost_ms > c->started_ms ? c->runner_lost_ms
							     : c->started_ms;

	return !c->runner_ready && c->runner_state[0] == '\0' &&
	    clock_boot_ms() - since_ms < RUNNER_WAIT_MS;
}

void
tooling_open(struct core *c)
{
	struct slot_ports ports = {.arg = c,
	    .start = port_start,
	    .stop = port_stop,
	    .ready = port_ready,
	    .failed = port_failed,
	    .pin = port_pin,
	    .wait_ms = WARM_WAIT_MS};

	c->slots = slots_new(c->loop, &ports);
}

bool
tooling_trusts(const struct core *c, const struct slot *t)
{
	const struct manifest *m = slot_manifest(t);

	return trust_has_manifest(&c->trust, m->name, &m->digest);
}

static void
tell_manifest(struct core *c, enum role to, const struct slot *t)
{
	peers_send_bulk(c->peers, to, MSG_MANIFEST, NULL, slot_text(t),
	    strlen(slot_text(t)));
}

static void
tell_manifest_to_all(struct core *c, const struct slot *t)
{
	tell_manifest(c, ROLE_TOOLS, t);
	tell_manifest(c, ROLE_GATE, t);
}

void
tooling_tell(struct core *c, enum role to)
{
	struct slot *t;
	size_t i;

	for (i = 0; (t = slots_at(c->slots, i)) != NULL; i++)
		tell_manifest(c, to, t);
}

/* It takes no sheet from before its start. */
void
tooling_gate_came(struct core *c)
{
	tooling_tell(c, ROLE_GATE);
	if (c->have_trust)
		acts_ask_anew(c->acts);
}

/* With it went the sockets of every container that has some. */
void
tooling_gate_lost(struct core *c)
{
	struct slot *t;
	size_t i;

	acts_gate_lost(c->acts);
	for (i = 0; (t = slots_at(c->slots, i)) != NULL; i++)
		if (manifest_has_network(slot_manifest(t)))
			slot_on_failed(t, "the gate was restarted");
}

enum err
tooling_put(struct core *c, const char *text, struct errmsg *why)
{
	struct slot *t;
	enum err e = slots_put(c->slots, text, strlen(text), &t, why);

	if (e == OK) {
		tell_manifest_to_all(c, t);
		/* Open questions name the old one. */
		acts_ask_anew(c->acts);
	}
	return e;
}

static bool
port_trusts(void *arg, const struct manifest *m)
{
	const struct core *c = arg;

	return trust_has_manifest(&c->trust, m->name, &m->digest);
}

static void
port_stands(void *arg, struct slot *t)
{
	tell_manifest_to_all(arg, t);
}

void
tooling_settle(struct core *c)
{
	slots_settle(c->slots, port_trusts, port_stands, c);
}

static struct slot *
slot_meant(struct core *c, const struct msg *m)
{
	return slots_find(c->slots, json_words(m->body, "tool"));
}

/* {"tool", "container", "definitions"}: the handshake is complete. */
void
tooling_on_ready(void *role, struct msg *m)
{
	struct slot *t = slot_meant(role, m);

	if (t != NULL)
		slot_on_ready(t, json_words(m->body, "container"),
		    json_words(m->body, "definitions"));
}

/* {"tool", "container", "why"}: its streams ended. */
void
tooling_on_gone(void *role, struct msg *m)
{
	struct slot *t = slot_meant(role, m);

	if (t != NULL)
		slot_on_gone(t, json_words(m->body, "container"),
		    json_words(m->body, "why"));
}

static void
log_container(
    struct core *c, const struct slot *t, const char *kind, const struct msg *m)
{
	struct json *details = json_object();
	struct record *r = record_new(c->ledger);

	json_put_str(details, "tool", slot_manifest(t)->name);
	json_put_str(details, "image", slot_manifest(t)->image);
	json_put_str(details, "container", json_words(m->body, "container"));
	if (json_words(m->body, "why")[0] != '\0')
		json_put_str(details, "why", json_words(m->body, "why"));
	record_log(r, kind, NULL, NULL, details);
	record_post(r, false, NULL, NULL, NULL);
}

/* {"tool", "state": "started" | "failed" | "killed", "why", "container"} */
void
tooling_on_container(void *role, struct msg *m)
{
	struct core *c = role;
	struct slot *t = slot_meant(c, m);
	const char *container = json_words(m->body, "container");
	const char *state = json_words(m->body, "state");

	if (t == NULL || strlen(container) >= CONTAINER_NAME_SIZE)
		return;
	if (strcmp(state, "killed") == 0) {
		log_container(c, t, "container-killed", m);
		slot_on_gone(t, container, json_words(m->body, "why"));
	} else if (strcmp(state, "started") != 0) {
		slot_on_failed(t, json_words(m->body, "why"));
	} else if (slot_on_up(t, container)) {
		log_container(c, t, "container", m);
	}
}

/* {"ready", "why", "limits"} */
void
tooling_on_runner(void *role, struct msg *m)
{
	struct core *c = role;

	c->runner_ready = json_flag(m->body, "ready");
	c->has_limits = json_flag(m->body, "limits");
	snprintf(c->runner_state, sizeof(c->runner_state), "%s",
	    c->runner_ready ? "" : json_words(m->body, "why"));
	acts_runner_ready(c->acts);
}
