/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"

/* Queries: reading only.  What comes from the ledger is answered when it is
 * there. */

static void
query_entries(void *room, const struct request *q)
{
	struct core *c = room;

	ledger_read_entries(c->ledger, json_str(q->params, "run"),
	    (uint64_t)json_int(q->params, "from", 0), request_evidence,
	    &c->requests, q->id);
}

static bool
is_open(void *arg, const char *run)
{
	const struct core *c = arg;

	return run[0] == '\0' ||
	    (runs_is_open(c->runs, run) && !runs_has_words(c->runs, run));
}

static void
tell_events(void *arg, int64_t request, enum err e, const char *text)
{
	struct core *c = arg;
	struct errmsg why = {""};
	struct buf b;

	buf_init(&b, HTTP_REPLY_MAX);
	runs_heard(c->runs, request, e == OK ? text : NULL, &b);
	if (e == ERR_STATE)
		err_say(&why, e,
		    "the log has %llu entries; follow it from there",
		    (unsigned long long)ledger_head(c->ledger)->size);
	if (e == OK)
		request_answer_text(&c->requests, request, b.p);
	else
		request_refuse(&c->requests, request, e, &why);
	buf_done(&b);
}

/* In quiet hours a question that somebody follows rings, and that somebody
 * must be one who asked or answers: who only looks on wakes nobody. */
static bool
is_looked_for(const struct core *c, const struct client *client)
{
	return client_may_approve(client) ||
	    (client->role == CLIENT_VIEWER && client->lent[0] != '\0' &&
		judge_wall_ms(c->judge) < client->lent_until_ms);
}

static void
query_events(void *room, const struct request *q)
{
	struct core *c = room;
	const char *run = json_words(q->params, "run");
	struct errmsg why;

	/* Without a run: whatever happens in the house. */
	if ((run[0] != '\0' || q->client->role == CLIENT_PROGRAM) &&
	    strlen(run) != TOKEN_SIZE - 1) {
		err_say(&why, ERR_INPUT, "events need a run's whole id");
		request_refuse(&c->requests, q->id, ERR_INPUT, &why);
		return;
	}
	if (run[0] != '\0' && is_looked_for(c, q->client))
		notices_followed(c->notices, run);
	if (json_has(q->params, "words"))
		runs_listen(
		    c->runs, q->id, run, json_int(q->params, "words", 0));
	ledger_follow(c->ledger, run[0] != '\0' ? run : NULL,
	    (uint64_t)json_int(q->params, "from", 0), is_open, tell_events, c,
	    q->id);
}

static void
query_runs(void *room, const struct request *q)
{
	struct core *c = room;

	ledger_read_runs(c->ledger, request_document, &c->requests, q->id);
}

static void
query_approvals(void *room, const struct request *q)
{
	struct core *c = room;

	request_answer(&c->requests, q->id, acts_asked_to_json(c->acts));
}

/* The sheet for this client: what it may sign. */
static void
query_sheet(void *room, const struct request *q)
{
	struct core *c = room;
	const char *id = json_words(q->params, "act");
	struct errmsg why = {""};
	const char *text;
	struct json *v;
	enum err e = acts_sheet(c->acts, id, q->client, &text, &why);

	if (e != OK) {
		request_refuse(&c->requests, q->id, e, &why);
		return;
	}
	v = json_object();
	json_put_str(v, "act", id);
	json_put_str(v, "sheet", text);
	acts_put_words(c->acts, id, v);
	request_answer(&c->requests, q->id, v);
}

static void
query_clients(void *room, const struct request *q)
{
	struct core *c = room;
	struct json *v = trust_write(&c->trust);

	request_answer(&c->requests, q->id, v);
}

static void
query_status(void *room, const struct request *q)
{
	struct core *c = room;
	struct json *v = json_object();
	char box[DIGEST_HEX_SIZE];

	digest_hex(&c->trust.box, box);
	json_put_str(v, "box", box);
	json_put_str(v, "boot", peers_boot(c->peers));
	json_put_str(v, "client", q->client->name);
	json_put_str(v, "role", client_role_name(q->client->role));
	json_put_bool(v, "tools_ready", c->tools_epoch[0] != '\0');
	json_put_bool(v, "web", !c->web_off);
	json_put_int(v, "certificate_port",
	    peers_setting_number(c->peers, "certificate_port"));
	json_put_int(v, "log_size", (int64_t)ledger_head(c->ledger)->size);
	request_answer(&c->requests, q->id, v);
}

static void
ask_vault(struct core *c, int64_t request, enum msg_type type,
    enum msg_type answer, struct json *body)
{
	struct errmsg why;

	json_put_int(body, "id", request);
	if (request_await(&c->requests, request, answer, ROLE_ANSWER_MS,
		"the vault did not answer in time; try again, and start the "
		"house anew if this stays so") != OK) {
		json_free(body);
		err_say(&why, ERR_BUSY, "the vault has much to do; try again");
	} else if (peers_send(c->peers, ROLE_VAULT, type, body) != OK) {
		request_take(&c->requests, request, answer);
		err_say(&why, ERR_BUSY, "the vault is away");
	} else {
		return;
	}
	request_refuse(&c->requests, request, ERR_BUSY, &why);
}

static void
query_challenge(void *room, const struct request *q)
{
	struct core *c = room;

	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&q->client->id, hex);
	json_put_str(body, "client", hex);
	ask_vault(c, q->id, MSG_CHALLENGE_WANTED, MSG_CHALLENGE, body);
}

/* Everything up to here is on the disk: this much may be signed. */
static void
sign_head(void *arg, const char *key)
{
	struct core *c = arg;
	const struct tree *kept = ledger_kept(c->ledger);
	struct json *body = json_object();
	struct digest root;
	char hex[DIGEST_HEX_SIZE];

	tree_root(kept, &root);
	digest_hex(&root, hex);
	json_put_int(body, "size", (int64_t)kept->size);
	json_put_str(body, "root", hex);
	ask_vault(c, strtoll(key, NULL, 10), MSG_CHECKPOINT_WANTED,
	    MSG_CHECKPOINT, body);
}

static void
query_checkpoint(void *room, const struct request *q)
{
	struct core *c = room;
	struct errmsg why;
	char key[24];

	/* What stands in has another log: to sign that would be a lie. */
	if (judge_safety(c->judge)->on[SAFE_DATABASE]) {
		err_say(&why, ERR_STATE,
		    "the database is damaged; 'durward doctor' says more");
		request_refuse(&c->requests, q->id, ERR_STATE, &why);
		return;
	}

	snprintf(key, sizeof(key), "%lld", (long long)q->id);
	record_post(record_new(c->ledger), true, sign_head, c, key);
}

static void
query_secrets(void *room, const struct request *q)
{
	struct core *c = room;

	ask_vault(c, q->id, MSG_SECRETS_WANTED, MSG_SECRETS, json_object());
}

/* What a browser names to its push service. */
static void
query_push(void *room, const struct request *q)
{
	struct core *c = room;

	ask_vault(c, q->id, MSG_PUSH_KEY_WANTED, MSG_PUSH_KEY, json_object());
}

/* {"id", ...}: a checkpoint, the list of secrets, what a tool said. */
void
clients_on_answer(void *role, struct msg *m)
{
	struct core *c = role;
	int64_t id = json_int(m->body, "id", 0);

	if (request_take(&c->requests, id, m->type))
		request_answer(&c->requests, id, json_copy(m->body));
}

static void
query_proof(void *room, const struct request *q)
{
	struct core *c = room;

	ledger_read_proof(c->ledger, (uint64_t)json_int(q->params, "seq", 0),
	    (uint64_t)json_int(q->params, "size", 0), request_document,
	    &c->requests, q->id);
}

static void
query_consistency(void *room, const struct request *q)
{
	struct core *c = room;

	ledger_read_consistency(c->ledger,
	    (uint64_t)json_int(q->params, "from", 0),
	    (uint64_t)json_int(q->params, "to", 0), request_document,
	    &c->requests, q->id);
}

/* A program reads what it needs to follow its own runs, whose ids nobody
 * else has; people read all. */
static const struct {
	const char *name;
	enum room room;
	query_fn *fn;
	bool for_programs;
} queries[] = {
    {"approvals", ROOM_CORE, query_approvals, false},
    {"automations", ROOM_AUTOMATIONS, automations_query, false},
    {"challenge", ROOM_CORE, query_challenge, true},
    {"checkpoint", ROOM_CORE, query_checkpoint, true},
    {"clients", ROOM_CORE, query_clients, false},
    {"consistency", ROOM_CORE, query_consistency, true},
    {"doctor", ROOM_CORE, safety_query_doctor, false},
    {"entries", ROOM_CORE, query_entries, false},
    {"events", ROOM_CORE, query_events, true},
    {"grants", ROOM_RULES, rules_query_grants, false},
    {"home", ROOM_DEVICES, devices_query, false},
    {"ids", ROOM_TOOLING, tooling_query_ids, false},
    {"logs", ROOM_TOOLING, tooling_query_logs, false},
    {"memory", ROOM_MEMORIES, memories_query, false},
    {"models", ROOM_RULES, rules_query_models, false},
    {"notices", ROOM_NOTICES, notices_query, false},
    {"notify", ROOM_NOTIFY, notify_query, false},
    {"policy", ROOM_RULES, rules_query_policy, false},
    {"proof", ROOM_CORE, query_proof, true},
    {"push", ROOM_CORE, query_push, false},
    {"recorded", ROOM_PAST, past_query, true},
    {"runs", ROOM_CORE, query_runs, false},
    {"secrets", ROOM_CORE, query_secrets, false},
    {"session", ROOM_MEMORIES, memories_query_session, false},
    {"sessions", ROOM_MEMORIES, memories_query_sessions, false},
    {"sheet", ROOM_CORE, query_sheet, false},
    {"spend", ROOM_RULES, rules_query_spend, false},
    {"status", ROOM_CORE, query_status, true},
    {"tool", ROOM_TOOLING, tooling_query_one, false},
    {"tools", ROOM_TOOLING, tooling_query, false},
    {"top", ROOM_TOOLING, tooling_query_top, false},
};

enum err
queries_run(struct core *c, const char *name, const struct request *q,
    struct errmsg *why)
{
	bool program = q->client->role == CLIENT_PROGRAM;
	size_t i;

	for (i = 0; i < ARRAY_LEN(queries); i++)
		if (strcmp(queries[i].name, name) == 0 &&
		    (!program || queries[i].for_programs)) {
			queries[i].fn(clients_room(c, queries[i].room), q);
			return OK;
		}
	return err_say(why, ERR_NOTFOUND,
	    "there is no such query, or not for a client of role '%s'",
	    client_role_name(q->client->role));
}
