/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ledger/ledger_priv.h"
#include "sys/clock.h"

/*
 * Readings run on the store's thread and hand over a document when they are
 * done.  A follower is a reading that found nothing and waits.
 */

#define DOCUMENT_MAX LANE_BULK_MAX
#define PAGE_BYTES_MAX (DOCUMENT_MAX - 16 * 1024)

_Static_assert(2 * LOG_BODY_MAX + 1024 <= DOCUMENT_MAX,
    "one entry fits on a page, however much of it is escaped");

struct reading {
	struct ledger *ledger;
	enum err (*run)(struct store_tx *tx, struct reading *r);
	reading_fn *fn;
	void *arg;
	int64_t id;
	bool (*is_open)(void *arg, const char *run); /* Of a follower. */

	char run_id[TOKEN_SIZE]; /* "": of all runs. */
	char kind[NAME_MAX_LEN + 1]; /* Of a version. */
	char scope[2 * NAME_MAX_LEN];
	uint64_t from;
	uint64_t size;
	int64_t older_ms; /* By the wall clock. */
	uint64_t seen; /* Entries that there are when it runs. */
	int64_t
	    until_ms; /* A follower waits once, however often it is woken. */
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
reading_done(void *arg, enum err e)
{
	struct reading *r = arg;

	if (e == OK && r->out.overflow)
		e = ERR_LIMIT;
	r->fn(r->arg, r->id, e, e == OK ? r->out.p : NULL);
	buf_done(&r->out);
	free(r);
}

static struct reading *
reading_new(struct ledger *l,
    enum err (*run)(struct store_tx *tx, struct reading *r), reading_fn *fn,
    void *arg, int64_t id)
{
	struct reading *r = xalloc(sizeof(*r));

	r->ledger = l;
	r->run = run;
	r->fn = fn;
	r->arg = arg;
	r->id = id;
	buf_init(&r->out, DOCUMENT_MAX);
	return r;
}

static void
reading_post(struct reading *r, void (*done)(void *arg, enum err e))
{
	struct store_job job = {
	    .run = run_reading, .done = done, .arg = r, .settled = true};

	r->seen = r->ledger->posted;
	ledger_post(r->ledger, &job);
}

/* ---- Entries ---- */

static enum err
add_entry(void *arg, const struct audit_entry *e)
{
	struct reading *r = arg;
	char salt[2 * AUDIT_SALT_LEN + 1];
	char leaf[DIGEST_HEX_SIZE];

	if (r->found && r->out.len + e->body.len * 2 > PAGE_BYTES_MAX)
		return ERR_NOTFOUND; /* The page is full. */
	/* A pruned entry has neither salt nor body. */
	hex_write(salt, (const uint8_t *)e->salt.p, e->salt.len);
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

static struct reading *
new_entries(struct ledger *l, const char *run, uint64_t from, reading_fn *fn,
    void *arg, int64_t id)
{
	struct reading *r = reading_new(l, read_entries, fn, arg, id);

	r->from = from;
	/* What does not fit is no run's id, and finds nothing. */
	if (run != NULL && str_copy(r->run_id, sizeof(r->run_id), run) != OK)
		memcpy(r->run_id, "none", sizeof("none"));
	return r;
}

void
ledger_read_entries(struct ledger *l, const char *run, uint64_t from,
    reading_fn *fn, void *arg, int64_t id)
{
	reading_post(new_entries(l, run, from, fn, arg, id), reading_done);
}

/* ---- Followers ---- */

struct follower {
	struct reading *reading;
	bool stirred; /* There is something for it. */
	uint64_t timer;
};

static void follow_done(void *arg, enum err e);

/* Take the reading out of its place. */
static struct reading *
unfollow(struct ledger *l, size_t i)
{
	struct follower *f = l->followers[i];
	struct reading *r = f->reading;

	loop_timer_cancel(l->loop, f->timer);
	l->followers[i] = NULL;
	free(f);
	return r;
}

/* It waited for nothing: a reading that never looked has no page either. */
static void
answer_empty(struct reading *r)
{
	buf_clear(&r->out);
	buf_adds(&r->out, "{\"entries\":[]}");
	reading_done(r, OK);
}

static void
on_wait_over(void *arg)
{
	struct follower *f = arg;
	struct ledger *l = f->reading->ledger;
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX; i++)
		if (l->followers[i] == f)
			break;
	answer_empty(unfollow(l, i));
}

static bool
add_follower(struct reading *r)
{
	struct ledger *l = r->ledger;
	struct follower *f;
	size_t i = 0;

	while (i < CLIENT_REQUESTS_MAX && l->followers[i] != NULL)
		i++;
	if (i == CLIENT_REQUESTS_MAX)
		return false;
	f = xalloc(sizeof(*f));
	f->reading = r;
	f->timer = loop_timer(l->loop, r->until_ms, on_wait_over, f);
	l->followers[i] = f;
	return true;
}

static void
follow_done(void *arg, enum err e)
{
	struct reading *r = arg;

	if (e != OK || r->found || clock_boot_ms() >= r->until_ms) {
		reading_done(r, e);
		return;
	}
	/* Something was posted since, while nobody followed. */
	if (r->ledger->posted > r->seen) {
		buf_clear(&r->out);
		reading_post(r, follow_done);
		return;
	}
	if (!r->is_open(r->arg, r->run_id) || !add_follower(r))
		reading_done(r, e);
}

void
ledger_nudge(struct ledger *l, const char *run)
{
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX; i++)
		if (l->followers[i] != NULL &&
		    strcmp(l->followers[i]->reading->run_id, run) == 0)
			answer_empty(unfollow(l, i));
}

void
ledger_follow(struct ledger *l, const char *run, uint64_t from,
    bool (*is_open)(void *arg, const char *run), reading_fn *fn, void *arg,
    int64_t id)
{
	struct reading *r = new_entries(l, run, from, fn, arg, id);

	if (from > l->posted) {
		reading_done(r, ERR_STATE);
		return;
	}
	r->is_open = is_open;
	r->until_ms = clock_boot_ms() + CLIENT_WAIT_MS;
	/* Who has read everything need not look; this is what it hears when
	 * nothing comes. */
	if (from == l->posted && is_open(arg, r->run_id) && add_follower(r)) {
		buf_adds(&r->out, "{\"entries\":[]}");
		return;
	}
	reading_post(r, follow_done);
}

/* What stirred them is on the disk, or is with the commit that their readings
 * wait for: one each gives them all of it. */
static void
wake_stirred(void *arg)
{
	struct ledger *l = arg;
	size_t i;

	loop_timer_cancel(l->loop, l->wake_timer);
	l->wake_timer = 0;
	for (i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		struct reading *r;

		if (l->followers[i] == NULL || !l->followers[i]->stirred)
			continue;
		r = unfollow(l, i);
		buf_clear(&r->out);
		reading_post(r, follow_done);
	}
}

void
follow_wake(struct ledger *l, const char *run, bool durable)
{
	bool any = false;
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		const char *of;

		if (l->followers[i] == NULL)
			continue;
		/* Some follow the whole house. */
		of = l->followers[i]->reading->run_id;
		if (of[0] != '\0' && strcmp(of, run) != 0)
			continue;
		l->followers[i]->stirred = true;
		any = true;
	}
	/* Behind the record, so that both are one commit. */
	if (any && durable)
		wake_stirred(l);
	else if (any && l->wake_timer == 0)
		l->wake_timer = loop_timer(
		    l->loop, clock_boot_ms() + STORE_GROUP_MS, wake_stirred, l);
}

/* ---- Runs, proofs ---- */

static enum err
read_runs(struct store_tx *tx, struct reading *r)
{
	struct store_query *q;
	const char *comma = "";
	enum err e = store_query_open(tx,
	    "SELECT id, goal, principal, state, substr(reply, 1, 200),"
	    " wall_ms FROM run ORDER BY rowid DESC LIMIT ?",
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
		json_put_str(v, "reply", store_column_text(q, 4));
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

void
ledger_read_runs(struct ledger *l, reading_fn *fn, void *arg, int64_t id)
{
	reading_post(reading_new(l, read_runs, fn, arg, id), reading_done);
}

static void
add_path(struct reading *r, const struct digest *path, size_t len)
{
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	buf_adds(&r->out, "{\"path\":[");
	for (i = 0; i < len; i++) {
		digest_hex(&path[i], hex);
		buf_addf(&r->out, "%s\"%s\"", i > 0 ? "," : "", hex);
	}
	buf_adds(&r->out, "]}");
}

static enum err
read_proof(struct store_tx *tx, struct reading *r)
{
	struct digest path[TREE_LEVELS];
	size_t len;
	enum err e = audit_prove(tx, r->from, r->size, path, &len);

	if (e == OK)
		add_path(r, path, len);
	return e;
}

void
ledger_read_proof(struct ledger *l, uint64_t seq, uint64_t size, reading_fn *fn,
    void *arg, int64_t id)
{
	struct reading *r = reading_new(l, read_proof, fn, arg, id);

	r->from = seq;
	/* Beyond the head there is nothing: out of range, so refused. */
	r->size = size <= l->head.size ? size : 0;
	reading_post(r, reading_done);
}

static enum err
read_consistency(struct store_tx *tx, struct reading *r)
{
	struct digest path[TREE_LEVELS + 1];
	size_t len;
	enum err e = audit_prove_consistency(tx, r->from, r->size, path, &len);

	if (e == OK)
		add_path(r, path, len);
	return e;
}

void
ledger_read_consistency(struct ledger *l, uint64_t from, uint64_t to,
    reading_fn *fn, void *arg, int64_t id)
{
	struct reading *r = reading_new(l, read_consistency, fn, arg, id);

	/* Beyond the head there is nothing: out of range, so refused. */
	r->from = to <= l->head.size ? from : UINT64_MAX;
	r->size = to;
	reading_post(r, reading_done);
}

/* ---- What is old ---- */

static enum err
read_old(struct store_tx *tx, struct reading *r)
{
	static const char first_of_open[] =
	    "SELECT coalesce(min((SELECT min(l.seq) FROM log l WHERE l.run=r.id"
	    " AND l.run<>'')), ?1) FROM run r WHERE r.state='open'";
	struct store_query *q;
	uint64_t before = r->from;
	enum err e = audit_find_old(tx, r->from, r->older_ms, r->size, &before);

	if (e == OK)
		e = store_query_open(tx, first_of_open, &q);
	if (e != OK)
		return e;
	store_bind_int(q, 1, (int64_t)before);
	e = store_query_step(q);
	if (e == OK && (uint64_t)store_column_int(q, 0) < before)
		before = (uint64_t)store_column_int(q, 0);
	store_query_close(q);
	buf_addf(&r->out, "{\"before\":%llu}", (unsigned long long)before);
	return e;
}

void
ledger_read_old(struct ledger *l, uint64_t from, int64_t wall_ms, uint64_t most,
    reading_fn *fn, void *arg)
{
	struct reading *r = reading_new(l, read_old, fn, arg, 0);

	r->from = from;
	r->size = most;
	r->older_ms = wall_ms;
	reading_post(r, reading_done);
}

/* ---- Versions ---- */

static enum err
read_version(struct store_tx *tx, struct reading *r)
{
	struct store_query *q;
	struct json *v;
	enum err e = store_query_open(tx,
	    "SELECT digest, body, client, wall_ms FROM version"
	    " WHERE kind=? AND scope=? AND n=?",
	    &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, r->kind);
	store_bind_text(q, 2, r->scope);
	store_bind_int(q, 3, (int64_t)r->from);
	e = store_query_step(q);
	if (e == OK) {
		v = json_object();
		json_put_str(v, "kind", r->kind);
		json_put_str(v, "scope", r->scope);
		json_put_int(v, "n", (int64_t)r->from);
		json_put_str(v, "digest", store_column_text(q, 0));
		json_put_str(v, "body", store_column_text(q, 1));
		json_put_str(v, "client", store_column_text(q, 2));
		json_put_int(v, "wall_ms", store_column_int(q, 3));
		json_print_into(v, &r->out);
		json_free(v);
	}
	store_query_close(q);
	return e;
}

void
ledger_read_version(struct ledger *l, const char *kind, const char *scope,
    int64_t n, reading_fn *fn, void *arg, int64_t id)
{
	struct reading *r = reading_new(l, read_version, fn, arg, id);

	r->from = (uint64_t)n;
	snprintf(r->kind, sizeof(r->kind), "%s", kind);
	snprintf(r->scope, sizeof(r->scope), "%s", scope);
	reading_post(r, reading_done);
}
