/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_FIXTURE_H
#define JUDGE_FIXTURE_H

/* A judge on a store of its own. */

#include "judge/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "check.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

#define MILLION 1000000

static struct trust trust;
static struct loop *loop;
static char folder[] = "/tmp/durward-judge-XXXXXX";
static char path[64];

/* In the place of the C library's: a wall clock that somebody sets. */
static int64_t leap_s;

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	long rc = syscall(SYS_clock_gettime, id, ret);

	if (id == CLOCK_REALTIME)
		ret->tv_sec += leap_s;
	return (int)rc;
}

static inline void
check_setup(void)
{
	crypto_open();
	loop = loop_new();
	memcpy(trust.clients[0].name, "console", sizeof("console"));
	trust.n_clients = 1;
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/durward.db", folder);
}

static inline enum fact
no_fact(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return FACT_UNKNOWN;
}

static inline enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	return judge_load(arg, table, row);
}

struct bench {
	struct judge *judge;
	struct ledger *ledger;
	struct act *act;
	struct names labels;
	struct judge_case c;
};

/* A judge on the ledger of this file, with one act to be judged. */
static inline void
open_bench(struct bench *b, const char *policy, enum effect effect)
{
	struct judge_setup s = {.trust = &trust, .kernel = "", .fact = no_fact};
	struct ledger_load load = {.row = load_row};
	struct errmsg why = {""};

	memset(b, 0, sizeof(*b));
	b->judge = judge_new(&s);
	load.arg = b->judge;
	REQUIRE(ledger_open(path, loop, &load, &b->ledger, &why) == OK);
	judge_watch_clock(b->judge);
	if (policy != NULL)
		REQUIRE(
		    judge_put_policy(b->judge, "box", 1, policy, &why) == OK);
	b->act = act_new();
	memcpy(b->act->id, "000102030405060708090a0b0c0d0e0f", TOKEN_SIZE);
	memcpy(b->act->run, "101112131415161718191a1b1c1d1e1f", TOKEN_SIZE);
	memcpy(b->act->tool, "notes.save", sizeof("notes.save"));
	memcpy(b->act->principal, "console", sizeof("console"));
	memcpy(b->act->client, "console", sizeof("console"));
	b->act->effect = effect;
	b->act->args = strdup("{\"text\":\"x\"}");
	b->c.act = b->act;
	b->c.labels = &b->labels;
}

static inline void
close_bench(struct bench *b)
{
	act_free(b->act);
	judge_free(b->judge);
	ledger_close(b->ledger);
}

static inline void
note_written(void *arg, const char *key)
{
	(void)key;
	*(bool *)arg = true;
}

static inline void
write_record(struct record *r)
{
	bool written = false;

	record_post(r, true, note_written, &written, "");
	while (!written)
		loop_turn(loop, 1000);
}

static inline void
spend(struct bench *b, struct charges *charges)
{
	struct record *r = record_new(b->ledger);

	CHECK(judge_charge(b->judge, &b->c, NULL, r, charges) == OK);
	write_record(r);
}

static inline void
settle_cost(struct bench *b, struct charges *charges, int64_t usd)
{
	int64_t used[DIM_COUNT] = {[DIM_USD] = usd};
	struct record *r = record_new(b->ledger);

	judge_settle_cost(b->judge, charges, used, r);
	write_record(r);
}

#endif
