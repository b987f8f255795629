/* SPDX-License-Identifier: Apache-2.0 */

/*
 * acts FOLDER BLOCKS ACTS: whole acts with a durable intent, one after the
 * other and as core writes them: six entries in four records, of which the
 * intent and the end are waited for.  Against the same rows of the log and of
 * the acts in bare SQLite, with the same indexes and pragmas and the same two
 * syncs an act, but no thread, no JSON, no salt, no hash, no tree and no
 * trigger.  A line of nanoseconds for each pair of blocks: ours, bare.
 */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "act/act.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "ledger/ledger.h"

#define RUN "0123456789abcdef0123456789abcdef"
#define ARGS "{\"text\":\"I come at eight\",\"to\":\"kim@mail.example\"}"
#define ORIGINS "text:person,to:person"
#define RULE "box:mail-to-family,profile:mail,client:external"

static const enum act_state states[] = {
    ACT_PROPOSED, ACT_JUDGED, ACT_ALLOWED, ACT_INTENT, ACT_STARTED, ACT_DONE};
#define STATES ARRAY_LEN(states)

static const char pragmas[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
    "PRAGMA cache_size=-512;";
static const char bare_schema[] =
    "CREATE TABLE log (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
    " run TEXT NOT NULL, act TEXT NOT NULL, salt BLOB NOT NULL,"
    " body TEXT NOT NULL, leaf BLOB NOT NULL);"
    "CREATE INDEX log_run ON log (run, seq) WHERE run <> '';"
    "CREATE TABLE run (id TEXT PRIMARY KEY);"
    "CREATE TABLE act (id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES run,"
    " step INTEGER NOT NULL, state TEXT NOT NULL, principal TEXT NOT NULL,"
    " agent_id TEXT NOT NULL, tool TEXT NOT NULL, effect TEXT NOT NULL,"
    " args TEXT NOT NULL, origins TEXT NOT NULL, layers TEXT NOT NULL,"
    " dry_run INTEGER NOT NULL, rule TEXT NOT NULL, ttl_s INTEGER NOT NULL,"
    " result TEXT, client TEXT NOT NULL, labels TEXT NOT NULL,"
    " keys INTEGER NOT NULL, cli_key INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
    " UNIQUE (run, step));"
    "INSERT INTO run VALUES ('" RUN "');";
static const char log_sql[] =
    "INSERT INTO log (kind, run, act, salt, body, leaf)"
    " VALUES (?, '" RUN "', ?, zeroblob(16), ?, zeroblob(32))";
static const char act_sql[] =
    "INSERT INTO act (state, rule, result, id, step, run, principal, agent_id,"
    " tool, effect, args, origins, layers, dry_run, ttl_s, client, labels,"
    " keys, cli_key, attempt, until_ms)"
    " VALUES (?, ?, ?, ?, ?, '" RUN "', 'kim', 'house', 'mail.send',"
    " 'external', '" ARGS "', '" ORIGINS "', '', 0, 0, 'phone', 'none', 1, 0,"
    " 1, 0)";
static const char state_sql[] =
    "UPDATE act SET state=?, rule=?, ttl_s=0, labels='none', keys=1,"
    " cli_key=0, attempt=1, until_ms=0, result=? WHERE id=?";

static struct loop *loop;
static struct ledger *ledger;
static bool written;

static sqlite3 *bare;
static sqlite3_stmt *insert_log;
static sqlite3_stmt *insert_act;
static sqlite3_stmt *update_act;
static char *bodies[STATES];
static long next_act;

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct act *
make_act(long number)
{
	struct act *a = act_new();

	snprintf(a->id, sizeof(a->id), "%032lx", number);
	snprintf(a->run, sizeof(a->run), RUN);
	snprintf(a->principal, sizeof(a->principal), "kim");
	snprintf(a->agent_id, sizeof(a->agent_id), "house");
	snprintf(a->client, sizeof(a->client), "phone");
	snprintf(a->tool, sizeof(a->tool), "mail.send");
	snprintf(a->rule, sizeof(a->rule), RULE);
	a->step = number;
	a->effect = EFFECT_EXTERNAL;
	a->args = xstrdup(ARGS);
	a->origins = xstrdup(ORIGINS);
	a->keys = a->attempt = 1;
	return a;
}

/* What the entry says besides its ids and times. */
static struct json *
details(const struct act *a, enum act_state s)
{
	struct json *v;

	if (s == ACT_DONE)
		return record_result("sent to 1 person");
	v = json_object();
	if (s == ACT_PROPOSED) {
		json_put_str(v, "tool", a->tool);
		json_put_str(v, "effect", effect_name(a->effect));
		json_put_str(v, "args", a->args);
		json_put_str(v, "origins", a->origins);
		json_put_str(v, "principal", a->principal);
		json_put_int(v, "step", a->step);
	} else if (s == ACT_JUDGED) {
		json_put_str(v, "verdict", "allow");
		json_put_str(v, "rule", a->rule);
		json_put_str(v, "labels", "none");
	} else if (s == ACT_STARTED) {
		json_put_str(v, "epoch", RUN);
		json_put_str(v, "container", "durward-mail-12345-1");
	}
	return v;
}

/* The first three are one record: born, judged and allowed at once. */
static bool
has_row(enum act_state s)
{
	return s != ACT_PROPOSED && s != ACT_JUDGED;
}

static void
on_written(void *arg, const char *key)
{
	(void)arg;
	(void)key;
	written = true;
}

static void
carry_out(long number)
{
	struct act *a = make_act(number);
	struct record *r = NULL;
	size_t i;

	for (i = 0; i < STATES; i++) {
		bool waits = states[i] == ACT_INTENT || states[i] == ACT_DONE;

		if (r == NULL)
			r = record_new(ledger);
		if (i > 0 && act_step(a, states[i]) != OK)
			fatal("an act cannot go on");
		if (states[i] == ACT_DONE)
			a->result = xstrdup("sent to 1 person");
		record_log(r, act_state_name(states[i]), a->run, a->id,
		    details(a, states[i]));
		if (!has_row(states[i]))
			continue;
		if (states[i] == ACT_ALLOWED)
			record_new_act(r, a);
		else
			record_act(r, a);
		written = false;
		record_post(r, waits, waits ? on_written : NULL, NULL, NULL);
		r = NULL;
		while (waits && !written)
			loop_turn(loop, 1000);
	}
	act_free(a);
}

static void
must(int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		fatal("bare SQLite: %s", sqlite3_errmsg(bare));
}

static void
bind(sqlite3_stmt *s, int at, const char *text)
{
	must(sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC));
}

static void
run_statement(sqlite3_stmt *s)
{
	must(sqlite3_step(s));
	must(sqlite3_reset(s));
}

static void
carry_out_bare(long number)
{
	char id[TOKEN_SIZE];
	size_t i;

	snprintf(id, sizeof(id), "%032lx", number);
	for (i = 0; i < STATES; i++) {
		bool is_new = states[i] == ACT_ALLOWED;
		sqlite3_stmt *s = is_new ? insert_act : update_act;

		if (states[i] == ACT_PROPOSED || states[i] == ACT_STARTED)
			must(sqlite3_exec(bare, "BEGIN", NULL, NULL, NULL));
		bind(insert_log, 1, act_state_name(states[i]));
		bind(insert_log, 2, id);
		bind(insert_log, 3, bodies[i]);
		run_statement(insert_log);
		if (!has_row(states[i]))
			continue;
		bind(s, 1, act_state_name(states[i]));
		bind(s, 2, RULE);
		bind(s, 3, states[i] == ACT_DONE ? "sent to 1 person" : "");
		bind(s, 4, id);
		if (is_new)
			must(sqlite3_bind_int64(s, 5, number));
		run_statement(s);
		if (states[i] == ACT_INTENT || states[i] == ACT_DONE)
			must(sqlite3_exec(bare, "COMMIT", NULL, NULL, NULL));
	}
}

static long long
time_acts(void (*one)(long number), long from, long n)
{
	long long begin = now_ns();
	long i;

	for (i = 0; i < n; i++)
		one(from + i);
	return now_ns() - begin;
}

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	(void)arg;
	(void)table;
	(void)row;
	return OK;
}

static void
open_ours(const char *folder)
{
	const struct ledger_load load = {.row = load_row};
	struct json *run = json_object();
	struct errmsg why;
	struct record *r;
	char path[1024];

	snprintf(path, sizeof(path), "%s/ours.db", folder);
	loop = loop_new();
	if (ledger_open(path, loop, &load, &ledger, &why) != OK)
		fatal("%s", why.text);
	json_put_str(run, "id", RUN);
	json_put_str(run, "goal", "write to kim");
	json_put_str(run, "principal", "kim");
	json_put_str(run, "state", "open");
	json_put_str(run, "agent_id", "house");
	json_put_str(run, "client", "phone");
	json_put_str(run, "labels", "none");
	r = record_new(ledger);
	record_row(r, ROW_RUN, run);
	record_post(r, false, NULL, NULL, NULL);
}

static void
open_bare(const char *folder)
{
	struct act *a = make_act(0);
	char path[1024];
	size_t i;

	snprintf(path, sizeof(path), "%s/bare.db", folder);
	must(sqlite3_open(path, &bare));
	must(sqlite3_exec(bare, pragmas, NULL, NULL, NULL));
	must(sqlite3_exec(bare, bare_schema, NULL, NULL, NULL));
	must(sqlite3_prepare_v2(bare, log_sql, -1, &insert_log, NULL));
	must(sqlite3_prepare_v2(bare, act_sql, -1, &insert_act, NULL));
	must(sqlite3_prepare_v2(bare, state_sql, -1, &update_act, NULL));
	for (i = 0; i < STATES; i++) {
		struct json *v = details(a, states[i]);
		struct buf text;

		json_put_str(v, "kind", act_state_name(states[i]));
		json_put_int(v, "boot_ms", 123456789);
		json_put_int(v, "wall_ms", 1700000000000);
		json_put_str(v, "run", RUN);
		json_put_str(v, "act", a->id);
		buf_init(&text, LOG_BODY_MAX);
		json_canonical(v, &text);
		bodies[i] = buf_steal(&text);
		json_free(v);
	}
	act_free(a);
}

int
main(int argc, char **argv)
{
	long blocks;
	long acts;
	long i;

	if (argc != 4)
		return 2;
	log_open("bench", LOG_WARN);
	crypto_open();
	open_ours(argv[1]);
	open_bare(argv[1]);
	blocks = strtol(argv[2], NULL, 10);
	acts = strtol(argv[3], NULL, 10);
	for (i = 0; i < blocks; i++, next_act += acts) {
		long long ours;
		long long other;

		/* Neither is always the one that comes first. */
		if (i % 2 == 0) {
			ours = time_acts(carry_out, next_act, acts);
			other = time_acts(carry_out_bare, next_act, acts);
		} else {
			other = time_acts(carry_out_bare, next_act, acts);
			ours = time_acts(carry_out, next_act, acts);
		}
		printf("%lld %lld\n", ours, other);
	}
	ledger_close(ledger);
	must(sqlite3_finalize(insert_log));
	must(sqlite3_finalize(insert_act));
	must(sqlite3_finalize(update_act));
	must(sqlite3_close(bare));
	return 0;
}
