/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/*
 * Queries: reading only.  Whatever comes from the store is collected on its
 * thread and answered when it is there.
 */

#define PAGE_BYTES_MAX (LANE_BULK_MAX - 16 * 1024)

struct reading {
	struct core *core;
	int64_t request;
	enum err (*run)(struct store_tx *tx, struct reading *r);
	char run_id[TOKEN_SIZE];
	uint64_t from;
	uint64_t size;
	struct buf out;
	bool found;
};

static enum err
run_reading(struct store_tx *tx, void *arg)
{
	struct reading *r = arg;

	return r->run(tx, r);
}

static void
reading_done(void *arg, enum err result)
{
	struct reading *r = arg;

	if (result != OK || r->out.overflow)
		clients_refuse(r->core, r->request,
		    result != OK ? result : ERR_LIMIT, NULL);
	else
		clients_reply_text(r->core, r->request, r->out.p);
	buf_done(&r->out);
	free(r);
}

static struct reading *
reading_new(struct core *c, int64_t request,
    enum err (*run)(struct store_tx *tx, struct reading *r))
{
	struct reading *r = xalloc(sizeof(*r));

	r->core = c;
	r->request = request;
	r->run = run;
	buf_init(&r->out, LANE_BULK_MAX);
	return r;
}

static void
reading_post(struct reading *r, void (*done)(void *arg, enum err result))
{
	struct store_job job = {.run = run_reading, .done = done, .arg = r};

	if (store_post(r->core->store, &job) != OK)
		fatal("the store does not keep up");
}

/* ---- Entries of the log ---- */

static enum err
add_entry(void *arg, const struct audit_entry *e)
{
	struct reading *r = arg;
	char salt[2 * AUDIT_SALT_LEN + 1];
	char leaf[DIGEST_HEX_SIZE];

	if (r->found && r->out.len + e->body.len * 2 > PAGE_BYTES_MAX)
		return ERR_NOTFOUND; /* The page is full. */
	hex_write(salt, (const uint8_t *)e->salt.p, AUDIT_SALT_LEN);
	digest_hex(&e->leaf, leaf);
	buf_addf(&r->out,
	    "%s{\"seq\":%llu,\"salt\":\"%s\",\"leaf\":\"%s\",\"body\":",
	    r->found ? "," : "", (unsigned long long)e->seq, salt, leaf);
	json_escape(&r->out, e->body.p, e->body.len);
	buf_adds(&r->out, "}");
	r->found = true;
	return OK;
}

static enum err
read_entries(struct store_tx *tx, struct reading *r)
{
	enum err e;

	buf_adds(&r->out, "{\"entries\":[");
	e = audit_list(tx, r->run_id[0] != '\0' ? r->run_id : NULL, r->from,
	    LOG_PAGE_MAX, add_entry, r);
	buf_adds(&r->out, "]}");
	return e;
}

static bool
copy_id(const struct json *params, const char *name, char ret[TOKEN_SIZE])
{
	const char *s = json_str(params, name);

	return s != NULL && str_copy(ret, TOKEN_SIZE, s) == OK;
}

static void
query_entries(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct reading *r = reading_new(c, request, read_entries);

	(void)client;
	r->from = (uint64_t)json_int(params, "from", 0);
	if (json_has(params, "run"))
		copy_id(params, "run", r->run_id);
	reading_post(r, reading_done);
}

/* ---- Waiting for the next entries of a run ---- */

static void
drop_waiter(struct waiter *w)
{
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX; i++)
		if (w->core->waiters[i] == w)
			w->core->waiters[i] = NULL;
	loop_timer_cancel(w->core->loop, w->timer);
	free(w);
}

static void
on_wait_over(void *arg)
{
	struct waiter *w = arg;

	w->timer = 0;
	clients_reply_text(w->core, w->request, "{\"entries\":[]}");
	drop_waiter(w);
}

static bool
add_waiter(struct core *c, const struct reading *r)
{
	struct waiter *w;
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		if (c->waiters[i] != NULL)
			continue;
		w = xalloc(sizeof(*w));
		w->core = c;
		w->request = r->request;
		w->from = r->from;
		memcpy(w->run, r->run_id, sizeof(w->run));
		w->timer = loop_timer(
		    c->loop, clock_boot_ms() + CLIENT_WAIT_MS, on_wait_over, w);
		c->waiters[i] = w;
		return true;
	}
	return false;
}

/* Nothing yet, and the run goes on: the answer waits for the next entry. */
static void
events_done(void *arg, enum err result)
{
	struct reading *r = arg;

	if (result == OK && !r->found &&
	    runs_find(r->core, r->run_id) != NULL && add_waiter(r->core, r)) {
		buf_done(&r->out);
		free(r);
		return;
	}
	reading_done(r, result);
}

static void
post_events(struct core *c, int64_t request, const char *run, uint64_t from)
{
	struct reading *r = reading_new(c, request, read_entries);

	r->from = from;
	memcpy(r->run_id, run, sizeof(r->run_id));
	reading_post(r, events_done);
}

static void
query_events(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct errmsg why;
	char run[TOKEN_SIZE];

	(void)client;
	if (!copy_id(params, "run", run) || strlen(run) != TOKEN_SIZE - 1) {
		err_say(&why, ERR_INPUT, "events need a run's whole id");
		clients_refuse(c, request, ERR_INPUT, &why);
		return;
	}
	post_events(c, request, run, (uint64_t)json_int(params, "from", 0));
}

void
queries_wake(struct core *c, const char *run)
{
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		struct waiter *w = c->waiters[i];

		if (w == NULL || strcmp(w->run, run) != 0)
			continue;
		post_events(c, w->request, w->run, w->from);
		drop_waiter(w);
	}
}

/* ---- Runs ---- */

static enum err
read_runs(struct store_tx *tx, struct reading *r)
{
	struct store_query *q;
	const char *comma = "";
	enum err e = store_query_open(tx,
	    "SELECT id, goal, principal, state, reply, wall_ms FROM run"
	    " ORDER BY rowid DESC LIMIT ?",
	    &q);

	if (e != OK)
		return e;
	store_bind_int(q, 1, LIST_MAX);
	buf_adds(&r->out, "{\"runs\":[");
	while ((e = store_query_step(q)) == OK) {
		struct json *v = json_object();

		json_put_str(v, "run", store_column_text(q, 0));
		json_put_str(v, "goal", store_column_text(q, 1));
		json_put_str(v, "principal", store_column_text(q, 2));
		json_put_str(v, "state", store_column_text(q, 3));
		json_put_strn(v, "reply", store_column_text(q, 4),
		    strnlen(store_column_text(q, 4), 200));
		json_put_int(v, "wall_ms", store_column_int(q, 5));
		if (r->out.len < PAGE_BYTES_MAX) {
			buf_adds(&r->out, comma);
			json_print_into(v, &r->out);
		}
		json_free(v);
		comma = ",";
	}
	store_query_close(q);
	buf_adds(&r->out, "]}");
	return e == ERR_NOTFOUND ? OK : e;
}

static void
query_runs(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	(void)client;
	(void)params;
	reading_post(reading_new(c, request, read_runs), reading_done);
}

/* ---- Approvals ---- */

static void
query_approvals(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct json *v = json_object();
	struct json *list = json_array();
	int64_t now_ms = clock_boot_ms();
	size_t i;

	(void)client;
	(void)params;
	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		const struct act *a =
		    c->acts[i] != NULL ? c->acts[i]->act : NULL;
		struct json *row;

		if (a == NULL || a->state != ACT_ASKED)
			continue;
		row = json_object();
		json_put_str(row, "act", a->id);
		json_put_str(row, "run", a->run);
		json_put_str(row, "tool", a->tool);
		json_put_str(row, "effect", effect_name(a->effect));
		json_put_strn(row, "args", a->args, strnlen(a->args, 200));
		json_put_str(row, "principal", a->principal);
		json_put_str(row, "rule", a->rule);
		json_put_int(
		    row, "left_s", a->ttl_s - (now_ms - a->asked_ms) / 1000);
		json_push(list, row);
	}
	json_put(v, "approvals", list);
	clients_reply(c, request, v);
}

/* The sheet for this client: what it may sign. */
static void
query_sheet(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	const char *id = json_str(params, "act");
	struct open_act *o = acts_find(c, id != NULL ? id : "");
	struct errmsg why = {"no open act has this id"};
	const char *text;
	struct json *v;
	enum err e = ERR_NOTFOUND;

	if (o != NULL)
		e = asking_sheet(c, o, client, &text, &why);
	if (e != OK) {
		clients_refuse(c, request, e, &why);
		return;
	}
	v = json_object();
	json_put_str(v, "act", o->act->id);
	json_put_str(v, "sheet", text);
	clients_reply(c, request, v);
}

/* ---- The rest ---- */

static void
query_clients(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct json *v = trust_write(&c->trust);

	(void)client;
	(void)params;
	clients_reply(c, request, v);
}

static void
query_tools(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct json *v = json_object();
	struct json *list = json_array();
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	(void)client;
	(void)params;
	for (i = 0; i < c->n_tools; i++) {
		const struct tool_slot *t = &c->tools[i];
		struct json *row = json_object();

		digest_hex(&t->manifest->digest, hex);
		json_put_str(row, "tool", t->manifest->name);
		json_put_str(row, "version", t->manifest->version);
		json_put_str(row, "image", t->manifest->image);
		json_put_str(row, "manifest", hex);
		json_put_bool(row, "trusted", rooms_trusted(c, t));
		json_put_bool(row, "warm", t->state == TOOL_READY);
		json_push(list, row);
	}
	json_put(v, "tools", list);
	json_put_bool(v, "runner", c->runner_ready);
	json_put_str(v, "runner_state", c->runner_state);
	clients_reply(c, request, v);
}

static void
query_status(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct json *v = json_object();
	char box[DIGEST_HEX_SIZE];

	(void)params;
	digest_hex(&c->trust.box, box);
	json_put_str(v, "box", box);
	json_put_str(v, "boot", peers_boot(c->peers));
	json_put_str(v, "client", client->name);
	json_put_str(v, "role", client_role_name(client->role));
	json_put_bool(v, "tools_ready", c->tools_epoch[0] != '\0');
	json_put_bool(v, "runner_ready", c->runner_ready);
	json_put_str(v, "runner_state", c->runner_state);
	json_put_int(v, "log_size", (int64_t)c->head.size);
	clients_reply(c, request, v);
}

static void
ask_vault(
    struct core *c, int64_t request, enum msg_type type, struct json *body)
{
	struct errmsg why;

	json_put_int(body, "id", request);
	if (peers_send(c->peers, ROLE_VAULT, type, body) == OK)
		return;
	err_say(&why, ERR_BUSY, "the vault is away");
	clients_refuse(c, request, ERR_BUSY, &why);
}

static void
query_challenge(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	(void)client;
	(void)params;
	ask_vault(c, request, MSG_CHALLENGE_WANTED, json_object());
}

/* ---- Checkpoints and proofs ---- */

static void
query_checkpoint(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct json *body = json_object();
	struct digest root;
	char hex[DIGEST_HEX_SIZE];

	(void)client;
	(void)params;
	tree_root(&c->head, &root);
	digest_hex(&root, hex);
	json_put_int(body, "size", (int64_t)c->head.size);
	json_put_str(body, "root", hex);
	ask_vault(c, request, MSG_CHECKPOINT_WANTED, body);
}

/* {"id", "checkpoint", "signature"} from the vault. */
void
clients_on_checkpoint(void *role, struct msg *m)
{
	clients_reply(role, json_int(m->body, "id", 0), json_copy(m->body));
}

static enum err
read_proof(struct store_tx *tx, struct reading *r)
{
	struct digest path[TREE_LEVELS];
	char hex[DIGEST_HEX_SIZE];
	size_t len;
	size_t i;
	enum err e = audit_prove(tx, r->from, r->size, path, &len);

	if (e != OK)
		return e;
	buf_adds(&r->out, "{\"path\":[");
	for (i = 0; i < len; i++) {
		digest_hex(&path[i], hex);
		buf_addf(&r->out, "%s\"%s\"", i > 0 ? "," : "", hex);
	}
	buf_adds(&r->out, "]}");
	return OK;
}

static void
query_proof(struct core *c, int64_t request, const struct client *client,
    const struct json *params)
{
	struct reading *r = reading_new(c, request, read_proof);

	(void)client;
	r->from = (uint64_t)json_int(params, "seq", 0);
	r->size = (uint64_t)json_int(params, "size", 0);
	if (r->size > c->head.size)
		r->size = 0; /* Refused as out of range. */
	reading_post(r, reading_done);
}

static const struct {
	const char *name;
	query_fn *fn;
} queries[] = {
    {"approvals", query_approvals},
    {"challenge", query_challenge},
    {"checkpoint", query_checkpoint},
    {"clients", query_clients},
    {"entries", query_entries},
    {"events", query_events},
    {"proof", query_proof},
    {"runs", query_runs},
    {"sheet", query_sheet},
    {"status", query_status},
    {"tools", query_tools},
};

query_fn *
queries_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(queries); i++)
		if (strcmp(queries[i].name, name) == 0)
			return queries[i].fn;
	return NULL;
}
