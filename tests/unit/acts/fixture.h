/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACTS_FIXTURE_H
#define ACTS_FIXTURE_H

/* What acts stand on in a test: a judge without rules, a ledger on the disk,
 * and a run that has seen nothing and hears how an act of its ended. */

#include "acts/acts_priv.h"
#include "base/log.h"
#include "check.h"

#define ID "000102030405060708090a0b0c0d0e0f"
#define RUN "101112131415161718191a1b1c1d1e1f"

static struct trust trust;
static struct judge *judge;
static struct ledger *ledger;
static enum act_state told;

static inline void
port_run_labels(void *arg, const char *run, struct names *ret)
{
	(void)arg;
	(void)run;
	memset(ret, 0, sizeof(*ret));
}

static bool late;

static inline bool
port_run_is_late(void *arg, const struct act *a)
{
	(void)arg;
	(void)a;
	return late;
}

static inline const struct house_function *
port_house(const char *name)
{
	(void)name;
	return NULL;
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

static inline void
fixture_open(char *folder, struct loop *loop)
{
	struct judge_setup js = {
	    .trust = &trust, .kernel = "this", .fact = no_fact};
	struct ledger_load load = {.row = load_row};
	struct errmsg why = {""};
	char path[64];

	check_folder(folder);
	judge = load.arg = judge_new(&js);
	snprintf(path, sizeof(path), "%s/durward.db", folder);
	if (ledger_open(path, loop, &load, &ledger, &why) != OK)
		fatal("%s", why.text);
	judge_watch_clock(judge);
}

/* An act of the run, in this state. */
static inline struct open_act *
fixture_act(struct acts *acts, enum act_state state, const char *tool)
{
	struct act *a = act_new();

	memcpy(a->id, ID, TOKEN_SIZE);
	memcpy(a->run, RUN, TOKEN_SIZE);
	snprintf(a->tool, sizeof(a->tool), "%s", tool);
	a->effect = EFFECT_PHYSICAL;
	a->keys = 1;
	a->attempt = 1;
	a->args = xstrdup("{}");
	a->origins = xstrdup("");
	a->state = state;
	told = ACT_STATE_COUNT;
	return acts_take_place(acts, a);
}

#endif
