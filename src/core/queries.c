/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"

/* Queries: reading only.  What comes from the ledger is answered when it is
 * there. */

static void
query_entries(const struct call *q)
{
	ledger_read_entries(q->core->ledger, json_str(q->params, "run"),
	    (uint64_t)json_int(q->params, "from", 0), clients_document, q->core,
	    q->request);
}

static bool
is_open(void *arg, const char *run)
{
	const struct core *c = arg;

	return run[0] == '\0' || runs_is_open(c->runs, run);
}

static void
query_events(const struct call *q)
{
	const char *run = json_words(q->params, "run");
	struct errmsg why;

	/* Without a run: whatever happens in the house. */
	if ((run[0] != '\0' || q->client->role == CLIENT_PROGRAM) &&
	    strlen(run) != TOKEN_SIZE - 1) {
		err_say(&why, ERR_INPUT, "events need a run's whole id");
		clients_refuse(q->core, q->request, ERR_INPUT, &why);
		return;
	}
	ledger_follow(q->core->ledger, run[0] != '\0' ? run : NULL,
	    (uint64_t)json_int(q->params, "from", 0), is_open, clients_document,
	    q->core, q->request);
}

static void
query_runs(const struct call *q)
{
	ledger_read_runs(
	    q->core->ledger, clients_document, q->core, q->request);
}

static void
query_approvals(const struct call *q)
{
	clients_reply(q->core, q->request, acts_asked_to_json(q->core->acts));
}

/* The sheet for this client: what it may sign. */
static void
query_sheet(const struct call *q)
{
	const char *id = json_words(q->params, "act");
	struct errmsg why = {""};
	const char *text;
	struct json *v;
	enum err e = acts_sheet(q->core->acts, id, q->client, &text, &why);

	if (e != OK) {
		clients_refuse(q->core, q->request, e, &why);
		return;
	}
	v = json_object();
	json_put_str(v, "act", id);
	json_put_str(v, "sheet", text);
	clients_reply(q->core, q->request, v);
}

static void
query_clients(const struct call *q)
{
	struct json *v = trust_write(&q->core->trust);

	clients_reply(q->core, q->request, v);
}

static void
query_tools(const struct call *q)
{
	struct json *v = json_object();
	struct json *list = json_array();
	struct slot *t;
	size_t i;

	for (i = 0; (t = slots_at(q->core->slots, i)) != NULL; i++) {
		struct json *row = slot_describe(t);

		json_put_bool(row, "trusted", tooling_trusts(q->core, t));
		json_push(list, row);
	}
	json_put(v, "tools", list);
	json_put_bool(v, "runner", q->core->runner_ready);
	json_put_str(v, "runner_state", q->core->runner_state);
	clients_reply(q->core, q->request, v);
}

static void
query_status(const struct call *q)
{
	struct json *v = json_object();
	char box[DIGEST_HEX_SIZE];

	digest_hex(&q->core->trust.box, box);
	json_put_str(v, "box", box);
	json_put_str(v, "boot", peers_boot(q->core->peers));
	json_put_str(v, "client", q->client->name);
	json_put_str(v, "role", client_role_name(q->client->role));
	json_put_bool(v, "tools_ready", q->core->tools_epoch[0] != '\0');
	json_put_int(
	    v, "log_size", (int64_t)ledger_head(q->core->ledger)->size);
	clients_reply(q->core, q->request, v);
}

static void
ask_role(
    const struct call *q, enum role role, enum msg_type type, struct json *body)
{
	struct errmsg why;

	json_put_int(body, "id", q->request);
	if (peers_send(q->core->peers, role, type, body) == OK)
		return;
	err_say(&why, ERR_BUSY, "the %s is away", role_name(role));
	clients_refuse(q->core, q->request, ERR_BUSY, &why);
}

static void
query_challenge(const struct call *q)
{
	ask_role(q, ROLE_VAULT, MSG_CHALLENGE_WANTED, json_object());
}

/* Everything up to here is on the disk: this much may be signed. */
static void
sign_head(void *arg, const char *key)
{
	struct core *c = arg;
	const struct tree *kept = ledger_kept(c->ledger);
	struct call q = {.core = c, .request = strtoll(key, NULL, 10)};
	struct json *body = json_object();
	struct digest root;
	char hex[DIGEST_HEX_SIZE];

	tree_root(kept, &root);
	digest_hex(&root, hex);
	json_put_int(body, "size", (int64_t)kept->size);
	json_put_str(body, "root", hex);
	ask_role(&q, ROLE_VAULT, MSG_CHECKPOINT_WANTED, body);
}

static void
query_checkpoint(const struct call *q)
{
	struct errmsg why;
	char key[24];

	/* What stands in has another log: to sign that would be a lie. */
	if (judge_safety(q->core->judge)->on[SAFE_DATABASE]) {
		err_say(&why, ERR_STATE,
		    "the database is damaged; 'durward doctor' says more");
		clients_refuse(q->core, q->request, ERR_STATE, &why);
		return;
	}
	snprintf(key, sizeof(key), "%lld", (long long)q->request);
	record_post(record_new(q->core->ledger), true, sign_head, q->core, key);
}

static void
query_secrets(const struct call *q)
{
	ask_role(q, ROLE_VAULT, MSG_SECRETS_WANTED, json_object());
}

/* Who a tool is, for whoever opens a folder to it. */
static void
query_ids(const struct call *q)
{
	struct json *body = json_object();

	json_put_str(body, "tool", json_words(q->params, "tool"));
	ask_role(q, ROLE_RUNNER, MSG_TOOL_IDS_WANTED, body);
}

/* {"id", ...}: a checkpoint, the list of secrets, a tool's ids. */
void
clients_on_answer(void *role, struct msg *m)
{
	clients_reply(role, json_int(m->body, "id", 0), json_copy(m->body));
}

static void
query_proof(const struct call *q)
{
	ledger_read_proof(q->core->ledger,
	    (uint64_t)json_int(q->params, "seq", 0),
	    (uint64_t)json_int(q->params, "size", 0), clients_document, q->core,
	    q->request);
}

static void
query_consistency(const struct call *q)
{
	ledger_read_consistency(q->core->ledger,
	    (uint64_t)json_int(q->params, "from", 0),
	    (uint64_t)json_int(q->params, "to", 0), clients_document, q->core,
	    q->request);
}

/* A program reads what it needs to follow its own runs, whose ids nobody
 * else has; people read all but what is there for an owner's changes. */
enum reader { PROGRAMS, PEOPLE, OWNERS };
static const struct {
	const char *name;
	query_fn *fn;
	enum reader least;
} queries[] = {
    {"approvals", query_approvals, PEOPLE},
    {"challenge", query_challenge, PROGRAMS},
    {"checkpoint", query_checkpoint, PROGRAMS},
    {"clients", query_clients, PEOPLE},
    {"consistency", query_consistency, PROGRAMS},
    {"doctor", safety_query_doctor, PEOPLE},
    {"entries", query_entries, PEOPLE},
    {"events", query_events, PROGRAMS},
    {"grants", rules_query_grants, PEOPLE},
    {"ids", query_ids, OWNERS},
    {"policy", rules_query_policy, PEOPLE},
    {"proof", query_proof, PROGRAMS},
    {"runs", query_runs, PEOPLE},
    {"secrets", query_secrets, PEOPLE},
    {"sheet", query_sheet, PEOPLE},
    {"status", query_status, PROGRAMS},
    {"tools", query_tools, PEOPLE},
};

query_fn *
queries_find(const char *name, const struct client *client)
{
	enum reader reader = client->role == CLIENT_PROGRAM ? PROGRAMS
	    : client->role == CLIENT_OWNER                  ? OWNERS
							    : PEOPLE;
	size_t i;

	for (i = 0; i < ARRAY_LEN(queries); i++)
		if (strcmp(queries[i].name, name) == 0 &&
		    queries[i].least <= reader)
			return queries[i].fn;
	return NULL;
}
