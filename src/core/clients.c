/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

/*
 * What clients send.  Queries are answered to whom the TLS connection
 * proves to be there; commands carry a signature of their own over their
 * exact words, a challenge that is good once, and the digest of their body.
 */

/* ---- Commands ---- */

/* body: {"goal", "models"}; with models, of these alone. */
static enum err
do_ask(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;

	if (k->client->role == CLIENT_VIEWER)
		return err_say(why, ERR_DENIED, "a viewer may not ask");
	return runs_start(c->runs, k->client->name,
	    json_words(k->params, "goal"), json_words(k->params, "models"),
	    json_words(k->params, "session"), k->id, why);
}

/* body: {"run"} */
static enum err
do_stop(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;
	enum err e =
	    runs_stop(c->runs, k->client, json_words(k->params, "run"), why);

	if (e == OK)
		request_answer(&c->requests, k->id, json_object());
	return e;
}

static enum err
do_trust(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;

	return request_send_trust(&c->requests, k->id, k->envelope, k->raw) ==
		OK
	    ? OK
	    : err_say(why, ERR_BUSY, "the vault is away");
}

static enum err
do_tool_update(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;
	enum err e = OK;

	if (k->client->kind == CLIENT_BROWSER)
		e = devices_check_accepting(c->devices, k->params, why);
	return e == OK ? tooling_update(c->tooling, k, why) : e;
}

static enum err
do_approve(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;
	struct yes yes = {.act = json_str(k->params, "act"),
	    .signature = json_str(k->params, "signature"),
	    .grant = json_str(k->params, "grant"),
	    .grant_signature = json_str(k->params, "grant_signature")};

	return acts_approve(c->acts, k->client, &yes, k->id, why);
}

static enum err
do_deny(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;

	return acts_deny(c->acts, k->client, json_str(k->params, "act"),
	    json_str(k->params, "reason"), k->id, why);
}

/* A page may show one thing and have another one signed, if who serves it was
 * taken over.  So a browser's key, an owner's too, answers, asks and stops; it
 * changes nothing of what the house believes and allows, but that it accepts
 * devices of the home: for no other tool is tool.update taken of it. */
static const struct {
	const char *name;
	enum room room;
	command_fn *run;
	bool by_browsers;
} commands[] = {
    {"ask", ROOM_CORE, do_ask, true},
    {"stop", ROOM_CORE, do_stop, true},
    {"fork", ROOM_PAST, past_fork, true},
    {"approve", ROOM_CORE, do_approve, true},
    {"deny", ROOM_CORE, do_deny, true},
    {"backup", ROOM_CARE, care_backup, true},
    {"halt", ROOM_CORE, safety_halt, true},
    {"resume", ROOM_CORE, safety_resume, true},
    {"web.on", ROOM_CORE, web_on, false},
    {"web.off", ROOM_CORE, web_off, false},
    {"policy.activate", ROOM_RULES, rules_activate, false},
    {"policy.rollback", ROOM_RULES, rules_rollback, false},
    {"policy.explain", ROOM_RULES, rules_explain, true},
    {"grant.add", ROOM_RULES, rules_grant, false},
    {"grant.revoke", ROOM_NOTIFY, notify_revoke, true},
    {"pair.open", ROOM_CORE, do_trust, false},
    {"pair.confirm", ROOM_CORE, do_trust, false},
    {"pair.refuse", ROOM_CORE, do_trust, true},
    {"clients.revoke", ROOM_CORE, do_trust, true},
    {"clients.lend", ROOM_CORE, do_trust, false},
    {"clients.extend", ROOM_CORE, do_trust, false},
    {"clients.certificate", ROOM_CORE, do_trust, false},
    {"recovery.make", ROOM_CORE, do_trust, false},
    {"recovery.revoke", ROOM_CORE, do_trust, false},
    {"secret.set", ROOM_CORE, do_trust, false},
    {"secret.remove", ROOM_CORE, do_trust, false},
    {"tool.add", ROOM_TOOLING, tooling_add, false},
    {"tool.update", ROOM_CORE, do_tool_update, true},
    {"tool.enable", ROOM_TOOLING, tooling_enable, false},
    {"tool.rollback", ROOM_TOOLING, tooling_rollback, false},
    {"tool.disable", ROOM_TOOLING, tooling_disable, true},
    {"tool.remove", ROOM_TOOLING, tooling_remove, false},
    {"tool.exempt", ROOM_TOOLING, tooling_exempt, false},
    {"memory.forget", ROOM_MEMORIES, memories_do_forget, true},
    {"session.import", ROOM_MEMORIES, memories_do_import, false},
    {"audit.keep", ROOM_CARE, care_keep, false},
    {"audit.prune", ROOM_CARE, care_prune, false},
    {"notices.set", ROOM_NOTICES, notices_do_set, false},
    {"model.use", ROOM_RULES, rules_use_models, false},
    {"model.price", ROOM_RULES, rules_price_models, false},
    {"home.area", ROOM_DEVICES, devices_set_area, false},
    {"home.alias", ROOM_DEVICES, devices_set_alias, false},
    {"home.floor", ROOM_DEVICES, devices_set_floor, false},
    {"automation.add", ROOM_AUTOMATIONS, automations_add, false},
    {"automation.remove", ROOM_AUTOMATIONS, automations_remove, false},
    {"automation.enable", ROOM_AUTOMATIONS, automations_enable, false},
    {"automation.disable", ROOM_AUTOMATIONS, automations_disable, true},
    {"home.place", ROOM_AUTOMATIONS, automations_place, false},
    {"notify.add", ROOM_NOTIFY, notify_add, false},
    {"notify.test", ROOM_NOTIFY, notify_test, true},
    {"notify.offer", ROOM_NOTIFY, notify_offer, true},
    {"notify.refuse", ROOM_NOTIFY, notify_refuse, true},
    {"home.show", ROOM_HERALDS, heralds_show, false},
    {"home.hide", ROOM_HERALDS, heralds_hide, false},
};

void *
clients_room(struct core *c, enum room room)
{
	void *const rooms[] = {[ROOM_CORE] = c,
	    [ROOM_RULES] = c->rules,
	    [ROOM_TOOLING] = c->tooling,
	    [ROOM_CARE] = c->care,
	    [ROOM_PAST] = &c->past,
	    [ROOM_MEMORIES] = c->memories,
	    [ROOM_NOTICES] = c->notices,
	    [ROOM_NOTIFY] = c->notify,
	    [ROOM_DEVICES] = c->devices,
	    [ROOM_HERALDS] = c->heralds,
	    [ROOM_AUTOMATIONS] = c->automations};

	return rooms[room];
}

static enum err
run_command(struct core *c, const struct request *k, struct str name,
    struct errmsg *why)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (str_eq(name, commands[i].name))
			return k->client->kind == CLIENT_BROWSER &&
				!commands[i].by_browsers
			    ? err_say(why, ERR_DENIED,
				  "this takes a key of the command line, and "
				  "not a browser's; do it on the console")
			    : commands[i].run(
				  clients_room(c, commands[i].room), k, why);
	return err_say(why, ERR_NOTFOUND, "there is no command '%.*s'",
	    (int)(name.len < 64 ? name.len : 64), name.p);
}

/* The signature, then the challenge: a wrong signature must not be able to
 * spend somebody's challenge. */
static enum err
check_command(struct core *c, const struct msg *m, const struct digest *tls,
    struct request *k, struct command *cmd, struct errmsg *why)
{
	const char *text = json_str(m->body, "text");
	const char *signature = json_str(m->body, "signature");
	struct signature sig;
	struct str bytes;
	enum err e;

	if (text == NULL || signature == NULL ||
	    signature_read(signature, &sig) != OK)
		return err_say(why, ERR_INPUT,
		    "a command needs its text and its signature");
	bytes.p = text;
	bytes.len = strlen(text);
	e = command_verify(&c->trust, peers_boot(c->peers),
	    judge_wall_ms(c->judge), bytes, &sig, k->raw, cmd, &k->client, why);
	if (e != OK)
		return e;
	if (!digest_equal(&cmd->client, tls))
		return err_say(why, ERR_DENIED,
		    "the command was signed by another client than the one "
		    "connected");
	if (nonces_spend(c->challenges, cmd->challenge, clock_boot_ms()) != OK)
		return err_say(why, ERR_REPLAY,
		    "the challenge is unknown, old or used; ask for a new one");
	return OK;
}

static enum err
on_command(struct core *c, struct msg *m, int64_t request,
    const struct digest *tls, struct errmsg *why)
{
	struct request k = {
	    .id = request, .envelope = m->body, .raw = {m->bulk, m->bulk_len}};
	struct json *body = NULL;
	struct command cmd;
	enum err e = check_command(c, m, tls, &k, &cmd, why);

	if (e != OK)
		return e;
	if (json_parse(m->bulk, m->bulk_len, &body) != OK ||
	    !json_is_object(body)) {
		json_free(body);
		return err_say(
		    why, ERR_INPUT, "the body is not a strict JSON object");
	}
	k.params = body;
	e = run_command(c, &k, cmd.name, why);
	json_free(body);
	return e;
}

static enum err
on_query(struct core *c, const struct msg *m, int64_t request,
    const struct digest *tls, struct errmsg *why)
{
	const char *name = json_str(m->body, "query");
	struct request q = {
	    .id = request, .params = json_get(m->body, "params")};
	enum err e;

	e = trust_live_client(
	    &c->trust, tls, judge_wall_ms(c->judge), &q.client);
	if (e != OK)
		return command_say_dead(e, why);
	if (q.client->kind == CLIENT_CERTIFICATE)
		return err_say(why, ERR_DENIED,
		    "a phone's certificate is told nothing; its browser's "
		    "session is");
	return queries_run(c, name != NULL ? name : "", &q, why);
}

/* What stops the house, or something in it, is heard even while the disk does
 * not keep up. */
static bool
is_halt(const struct msg *m)
{
	const char *text = json_words(m->body, "text");
	struct command cmd;

	return command_read(text, strlen(text), &cmd) == OK &&
	    (str_eq(cmd.name, "halt") || str_eq(cmd.name, "stop") ||
		str_eq(cmd.name, "deny"));
}

/* {"id", "client", "query", "params"} or
 * {"id", "client", "text", "signature"} with the body as bulk. */
void
clients_on_request(void *role, struct msg *m)
{
	struct core *c = role;
	int64_t request = json_int(m->body, "id", 0);
	const char *hex = json_str(m->body, "client");
	struct errmsg why = {""};
	struct digest tls;
	enum err e;

	if (hex == NULL || digest_read(hex, strlen(hex), &tls) != OK)
		e = ERR_INPUT;
	else if (!c->have_trust)
		e = err_say(&why, ERR_BUSY, "the house is starting");
	else if (request <= 0)
		e = ERR_INPUT;
	else if (ledger_is_busy(c->ledger) && !is_halt(m))
		e = err_say(&why, ERR_BUSY, "the disk is slow; try again");
	else if (json_has(m->body, "query"))
		e = on_query(c, m, request, &tls, &why);
	else
		e = on_command(c, m, request, &tls, &why);
	if (e != OK)
		request_refuse(&c->requests, request, e, &why);
}

/* {"id", "client", "challenge"} from the vault. */
void
clients_on_challenge(void *role, struct msg *m)
{
	struct core *c = role;
	const char *challenge = json_str(m->body, "challenge");
	const char *client = json_words(m->body, "client");
	int64_t request = json_int(m->body, "id", 0);
	char box[DIGEST_HEX_SIZE];
	int64_t now_ms = clock_boot_ms();
	struct digest id;
	struct json *v;

	if (!request_take(&c->requests, request, MSG_CHALLENGE))
		return;
	if (challenge == NULL ||
	    digest_read(client, strlen(client), &id) != OK ||
	    nonces_issue(c->challenges, &id, challenge,
		now_ms + CHALLENGE_LIFE_MS, now_ms) != OK) {
		request_refuse(&c->requests, request, ERR_LIMIT, NULL);
		return;
	}
	digest_hex(&c->trust.box, box);
	v = json_object();
	json_put_str(v, "challenge", challenge);
	json_put_str(v, "boot", peers_boot(c->peers));
	json_put_str(v, "box", box);
	request_answer(&c->requests, request, v);
}

/* Its connections end, and what it said yes to waits for another. */
static void
cut_client(struct core *c, const char *id, const char *name, const char *why)
{
	struct json *body = json_object();
	struct digest d;

	if (digest_read(id, strlen(id), &d) == OK)
		acts_client_lost(c->acts, &d, name);
	json_put_str(body, "client", id);
	json_put_str(body, "why", why);
	peers_send(c->peers, ROLE_CONTROL, MSG_CLIENT_CUT, body);
}

/* The vault saves before it tells, so a kill in between would leave no
 * entry: at the start the table must be the one that was logged last.  While
 * the house runs each change comes with its own entry. */
void
clients_compare_trust(struct core *c, const struct json *table)
{
	char before[DIGEST_HEX_SIZE];
	struct json *body;
	struct record *r;
	struct digest d;
	struct buf b;

	memcpy(before, c->trust_digest, sizeof(before));
	buf_init(&b, LANE_BODY_MAX);
	json_canonical(table, &b);
	crypto_hash(b.p, b.len, &d);
	buf_done(&b);
	digest_hex(&d, c->trust_digest);
	if (c->trust_compared || strcmp(before, c->trust_digest) == 0) {
		c->trust_compared = true;
		return;
	}
	c->trust_compared = true;
	body = json_object();
	json_put_str(body, "table", c->trust_digest);
	r = record_new(c->ledger);
	record_log(r, "trust-found", NULL, NULL, body);
	record_row(r, ROW_SETTING, box_setting("trust", c->trust_digest));
	record_post(r, true, NULL, NULL, NULL);
}

/* In a table from before names stayed a tombstone's, another client may have
 * it by now. */
static bool
has_live_name(const struct core *c, const char *name)
{
	const struct client *by_name = trust_client_by_name(&c->trust, name);

	return by_name != NULL &&
	    client_is_live(by_name, judge_wall_ms(c->judge));
}

/* With each table, so that a kill behind the vault's writing it changes
 * nothing. */
void
clients_end_runs(struct core *c)
{
	const struct trust *t = &c->trust;
	size_t i;

	for (i = 0; i < t->n_clients; i++)
		if (!client_is_live(&t->clients[i], judge_wall_ms(c->judge)) &&
		    !has_live_name(c, t->clients[i].name))
			runs_client_lost(c->runs, t->clients[i].name);
}

/* {"id", "ok", "error", "what", "client"} from the vault, and what the client
 * alone is told as bulk. */
void
clients_on_trust_answer(void *role, struct msg *m)
{
	struct core *c = role;
	int64_t request = json_int(m->body, "id", 0);
	const char *what = json_words(m->body, "what");
	bool waits = request_take(&c->requests, request, MSG_TRUST_ANSWER);
	struct json *told = NULL;
	struct errmsg why;
	struct record *r;

	if (!json_flag(m->body, "ok")) {
		err_say(&why, OK, "%s", json_words(m->body, "error"));
		automations_on_trust_refused(c->automations, request);
		if (!tooling_on_trust_refused(c->tooling, request, why.text))
			request_refuse(&c->requests, request, ERR_DENIED, &why);
		return;
	}
	if (strcmp(what, "client-revoked") == 0)
		cut_client(c, json_words(m->body, "client"),
		    json_words(m->body, "name"), "this client was revoked");
	if (strcmp(what, "client-expired") == 0)
		cut_client(c, json_words(m->body, "client"),
		    json_words(m->body, "name"),
		    "this client's time is over; load this page again when "
		    "an owner has made it longer");
	if (json_has(m->body, "secret"))
		tooling_secret_changed(
		    c->tooling, json_words(m->body, "secret"));
	r = record_new(c->ledger);
	record_log(r, what, NULL, NULL, json_copy(m->body));
	notify_forget_dead(c->notify);
	if (strcmp(what, "grant-revoked") == 0 &&
	    judge_grant(c->judge, json_words(m->body, "grant")) != NULL)
		rules_grant_revoked(c->rules, json_words(m->body, "grant"), r);
	record_row(r, ROW_SETTING, box_setting("trust", c->trust_digest));
	if (tooling_on_trust_answer(c->tooling, request, r) ||
	    automations_on_trust_answer(c->automations, request, r))
		return;
	if (json_parse(m->bulk, m->bulk_len, &told) != OK)
		told = json_object();
	request_confirm_with(&c->requests, waits ? request : 0, told, r);
}
