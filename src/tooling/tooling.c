/* SPDX-License-Identifier: Apache-2.0 */
#include "tooling/tooling.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "sys/clock.h"
#include "tooling/tooling_priv.h"

const char *
tooling_why_not(const struct tooling *tg)
{
	return tg->runner.state[0] != '\0'
	    ? tg->runner.state
	    : "the tools' half of the house is not running; start 'durward "
	      "run tools' as its own user";
}

static bool
port_start(void *arg, const struct manifest *m, struct errmsg *why)
{
	struct tooling *tg = arg;
	const char *text; /* With secrets, the vault must see it. */

	if (!tg->runner.ready) {
		err_say(why, OK, "%s", tooling_why_not(tg));
		return false;
	}
	if (exempt_check(tg, m, why) != OK)
		return false;
	text = slot_text(slots_find(tg->slots, m->name));
	peers_send_bulk(tg->s.requests->peers, ROLE_RUNNER, MSG_CONTAINER_START,
	    manifest_container(m), text, strlen(text));
	return true;
}

static void
port_stop(void *arg, const char *tool)
{
	struct tooling *tg = arg;
	struct json *body = json_object();
	struct json *closed = json_object();

	json_put_str(body, "tool", tool);
	peers_send(
	    tg->s.requests->peers, ROLE_RUNNER, MSG_CONTAINER_STOP, body);
	json_put_str(closed, "tool", tool);
	peers_send(tg->s.requests->peers, ROLE_GATE, MSG_TOOL_CLOSED, closed);
}

static void
port_ready(void *arg, const char *tool)
{
	struct tooling *tg = arg;

	acts_tool_ready(tg->acts, tool);
}

static void
port_failed(void *arg, const char *tool, const char *why)
{
	struct tooling *tg = arg;

	acts_tool_failed(tg->acts, tool, why);
}

static void
port_pin(void *arg, const char *tool, const char *definitions)
{
	struct tooling *tg = arg;
	struct record *r = record_new(tg->s.requests->ledger);
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
tooling_runner_may_come(const struct tooling *tg)
{
	int64_t since_ms = tg->runner.lost_ms > tg->started_ms
	    ? tg->runner.lost_ms
	    : tg->started_ms;

	return !tg->runner.ready && tg->runner.state[0] == '\0' &&
	    clock_boot_ms() - since_ms < RUNNER_WAIT_MS;
}

struct tooling *
tooling_new(const struct tooling_setup *s)
{
	struct tooling *tg = xalloc(sizeof(*tg));
	struct slot_ports ports = {.arg = tg,
	    .start = port_start,
	    .stop = port_stop,
	    .ready = port_ready,
	    .failed = port_failed,
	    .pin = port_pin,
	    .wait_ms = WARM_WAIT_MS};

	tg->s = *s;
	tg->started_ms = clock_boot_ms();
	tg->slots = slots_new(s->loop, &ports);
	return tg;
}

void
tooling_use(struct tooling *tg, struct acts *acts, bool whole)
{
	tg->acts = acts;
	tg->whole = whole;
}

struct slots *
tooling_slots(struct tooling *tg)
{
	return tg->slots;
}

const struct tooling_runner *
tooling_runner(const struct tooling *tg)
{
	return &tg->runner;
}

bool
tooling_trusts(const struct tooling *tg, const struct slot *t)
{
	const struct manifest *m = slot_manifest(t);

	return trust_has_manifest(tg->s.trust, m->name, &m->digest);
}

static void
tell_manifest(struct tooling *tg, enum role to, const struct slot *t)
{
	peers_send_bulk(tg->s.requests->peers, to, MSG_MANIFEST, NULL,
	    slot_text(t), strlen(slot_text(t)));
}

/* Does this role act on it? */
static bool
is_for(const struct slot *t, enum role to)
{
	const struct manifest *m = slot_manifest(t);

	return manifest_is_home(m)    ? to == ROLE_BRIDGE
	    : manifest_is_provider(m) ? to == ROLE_EGRESS
				      : to == ROLE_TOOLS || to == ROLE_GATE;
}

static void
tell_manifest_to_all(struct tooling *tg, const struct slot *t)
{
	static const enum role actors[] = {
	    ROLE_TOOLS, ROLE_GATE, ROLE_EGRESS, ROLE_BRIDGE};
	size_t i;

	for (i = 0; i < ARRAY_LEN(actors); i++)
		if (is_for(t, actors[i]))
			tell_manifest(tg, actors[i], t);
}

void
tooling_tell(struct tooling *tg, enum role to)
{
	struct slot *t;
	size_t i;

	for (i = 0; (t = slots_at(tg->slots, i)) != NULL; i++)
		if (is_for(t, to))
			tell_manifest(tg, to, t);
}

void
tooling_secret_changed(struct tooling *tg, const char *secret)
{
	struct slot *t;
	size_t i;
	size_t j;

	for (i = 0; (t = slots_at(tg->slots, i)) != NULL; i++) {
		const struct manifest *m = slot_manifest(t);

		for (j = 0; j < m->n_secrets; j++)
			if (strcmp(m->secrets[j].name, secret) == 0)
				slot_retire(t);
	}
}

/* With it went the sockets of every container that has some. */
void
tooling_gate_lost(struct tooling *tg)
{
	struct slot *t;
	size_t i;

	acts_gate_lost(tg->acts);
	for (i = 0; (t = slots_at(tg->slots, i)) != NULL; i++)
		if (manifest_has_network(slot_manifest(t)))
			slot_on_failed(t, "the gate was restarted");
}

void
tooling_runner_lost(struct tooling *tg)
{
	tg->runner.ready = false;
	tg->runner.lost_ms = clock_boot_ms();
	slots_fail_all(tg->slots, "the runner was restarted");
	changes_runner_lost(tg);
	leaving_runner_lost(tg);
}

enum err
tooling_put(struct tooling *tg, const char *text, struct errmsg *why)
{
	struct slot *t;
	enum err e = slots_put(tg->slots, text, strlen(text), &t, why);

	if (e == OK)
		tell_manifest_to_all(tg, t);
	return e;
}

static struct slot *
slot_meant(struct tooling *tg, const struct msg *m)
{
	return slots_find(tg->slots, json_words(m->body, "tool"));
}

/* {"tool", "container", "definitions"}: the handshake is complete. */
void
tooling_on_ready(struct tooling *tg, const struct msg *m)
{
	struct slot *t = slot_meant(tg, m);

	if (t != NULL)
		slot_on_ready(t, json_words(m->body, "container"),
		    json_words(m->body, "definitions"));
}

/* {"tool", "container", "why"}: its streams ended. */
void
tooling_on_gone(struct tooling *tg, const struct msg *m)
{
	struct slot *t = slot_meant(tg, m);

	if (t != NULL)
		slot_on_gone(t, json_words(m->body, "container"),
		    json_words(m->body, "why"));
}

/* The runner's words are cut: more of them than an entry holds would be the
 * end of the house. */
static void
log_container(struct tooling *tg, const struct slot *t, const char *kind,
    const struct msg *m)
{
	const char *why = json_words(m->body, "why");
	struct json *details = json_object();
	struct record *r = record_new(tg->s.requests->ledger);

	json_put_str(details, "tool", slot_manifest(t)->name);
	json_put_str(details, "image", slot_manifest(t)->image);
	json_put_str(details, "container", json_words(m->body, "container"));
	if (why[0] != '\0')
		json_put_strn(details, "why", why, str_cut(why, REASON_MAX));
	record_log(r, kind, NULL, NULL, details);
	record_post(r, false, NULL, NULL, NULL);
}

/* One may cross our stop of the container; many are a runner that lies. */
static void
note_stray_end(struct tooling *tg)
{
	if (tg->stray_ends++ % STRAY_ENDS_TOLD == 0)
		log_warn("the runner told the end of %lld containers that "
			 "are not there",
		    (long long)tg->stray_ends);
}

/* {"tool", "state": "started" | "failed" | "killed", "why", "container"}.  An
 * end counts for the container that is there, once: so there are never more
 * entries than starts, and those are ours. */
void
tooling_on_container(struct tooling *tg, const struct msg *m)
{
	struct slot *t = slot_meant(tg, m);
	const char *container = json_words(m->body, "container");
	const char *state = json_words(m->body, "state");

	if (t == NULL || strlen(container) >= CONTAINER_NAME_SIZE)
		return;
	if (strcmp(state, "killed") == 0) {
		if (container[0] == '\0' ||
		    strcmp(slot_container(t), container) != 0) {
			note_stray_end(tg);
			return;
		}
		log_container(tg, t, "container-killed", m);
		slot_on_gone(t, container, json_words(m->body, "why"));
	} else if (strcmp(state, "started") != 0) {
		slot_on_failed(t, json_words(m->body, "why"));
	} else if (slot_on_up(t, container)) {
		log_container(tg, t, "container", m);
	}
}

/* {"ready", "why", "limits", "limits_why"} */
void
tooling_on_runner(struct tooling *tg, const struct msg *m)
{
	tg->runner.ready = json_flag(m->body, "ready");
	tg->runner.has_limits = json_flag(m->body, "limits");
	snprintf(tg->runner.limits_why, sizeof(tg->runner.limits_why), "%s",
	    json_words(m->body, "limits_why"));
	snprintf(tg->runner.state, sizeof(tg->runner.state), "%s",
	    tg->runner.ready ? "" : json_words(m->body, "why"));
	acts_runner_ready(tg->acts);
	leaving_name_images(tg);
	leaving_wipe_all(tg);
}

enum err
tooling_ask(struct tooling *tg, int64_t request, enum role of,
    enum msg_type type, enum msg_type answer, struct json *body)
{
	struct requests *rs = tg->s.requests;
	enum err e = request_await(rs, request, answer, ROLE_ANSWER_MS,
	    of == ROLE_TOOLS
		? "the tools role did not answer in time; try again"
		: "the tools' half of the house did not answer in time; try "
		  "again, and start 'durward run tools' anew if this stays "
		  "so");

	if (e != OK) {
		json_free(body);
		return e;
	}
	e = peers_send(rs->peers, of, type, body);
	if (e != OK)
		request_take(rs, request, answer);
	return e;
}

/* {"tool", "from"}: the tools role has the lines, and answers. */
void
tooling_query_logs(void *room, const struct request *q)
{
	struct tooling *tg = room;
	const char *tool = json_words(q->params, "tool");
	struct errmsg why;
	struct json *body;

	if (slots_find(tg->slots, tool) == NULL) {
		err_say(&why, ERR_NOTFOUND,
		    "there is no tool '%.64s'; 'durward tool' lists them",
		    tool);
		request_refuse(tg->s.requests, q->id, ERR_NOTFOUND, &why);
		return;
	}
	body = json_object();
	json_put_int(body, "id", q->id);
	json_put_str(body, "tool", tool);
	json_put_int(body, "from", json_int(q->params, "from", 0));
	if (tooling_ask(tg, q->id, ROLE_TOOLS, MSG_TOOL_LOG_WANTED,
		MSG_TOOL_LOG, body) == OK)
		return;
	err_say(&why, ERR_BUSY, "tools is away; try again");
	request_refuse(tg->s.requests, q->id, ERR_BUSY, &why);
}

/* {"tool"}: who it is, for an owner who opens a folder to it.  The runner
 * answers, and takes ids for a name that is new. */
void
tooling_query_ids(void *room, const struct request *q)
{
	struct tooling *tg = room;
	struct json *body;
	struct errmsg why;

	if (q->client->role != CLIENT_OWNER) {
		err_say(&why, ERR_DENIED, "only an owner opens folders");
		request_refuse(tg->s.requests, q->id, ERR_DENIED, &why);
		return;
	}
	body = json_object();
	json_put_int(body, "id", q->id);
	json_put_str(body, "tool", json_words(q->params, "tool"));
	if (tooling_ask(tg, q->id, ROLE_RUNNER, MSG_TOOL_IDS_WANTED,
		MSG_TOOL_IDS, body) == OK)
		return;
	err_say(
	    &why, ERR_BUSY, "the tools' half of the house is away; try again");
	request_refuse(tg->s.requests, q->id, ERR_BUSY, &why);
}
