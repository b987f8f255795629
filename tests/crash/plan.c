/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crash.h"
#include "disk.h"

const struct step_plan step_plans[STEP_COUNT] = {
    [STEP_ASKED] = {"asked", ACT_ASKED, false},
    [STEP_APPROVED] = {"approved", ACT_APPROVED, true},
    [STEP_INTENT] = {"intent", ACT_INTENT, true},
    [STEP_STARTED] = {"started", ACT_STARTED, false},
    [STEP_DONE] = {"done", ACT_DONE, false},
};

void
plan_id(
    const struct world *w, const char *what, uint32_t act, char ret[TOKEN_SIZE])
{
	snprintf(ret, TOKEN_SIZE, "%08x%016llx%08x", (unsigned)what[0],
	    (unsigned long long)w->seed, (unsigned)act);
}

void
plan_states(const struct world *w, uint32_t n, uint8_t ret[ACTS_MAX])
{
	uint32_t i;

	memset(ret, 0, ACTS_MAX);
	for (i = 0; i < n; i++)
		ret[w->records[i].act] = (uint8_t)(w->records[i].step + 1);
}

int
plan_parts(const struct world *w, uint32_t i)
{
	return w->records[i].step == STEP_ASKED ? 2 : 1;
}

const char *
plan_kind(const struct world *w, uint32_t i, int part)
{
	enum step s = (enum step)w->records[i].step;

	return s == STEP_ASKED && part == 0 ? "goal" : step_plans[s].kind;
}

/* Mostly small, seldom so large that a group does not fit into the cache. */
static char *
make_args(const struct world *w, uint32_t act)
{
	uint64_t random = w->seed * 1000003 + act;
	size_t len = 20 + disk_random(&random) % 500;
	char *s;

	if (disk_random(&random) % 100 == 0)
		len = ARGS_MAX - 100;
	s = xalloc(len + 1);
	memset(s, 'a' + (int)(act % 26), len);
	return s;
}

static struct act *
make_act(const struct world *w, uint32_t n, enum step step)
{
	struct act *a = act_new();

	plan_id(w, "act", n, a->id);
	plan_id(w, "run", n, a->run);
	a->state = step_plans[step].state;
	snprintf(a->principal, sizeof(a->principal), "console");
	snprintf(a->agent_id, sizeof(a->agent_id), "agent");
	snprintf(a->tool, sizeof(a->tool), "notes.delete");
	snprintf(a->rule, sizeof(a->rule), "lasting");
	a->effect = EFFECT_SYSTEM;
	a->args = make_args(w, n);
	a->origins = xstrdup("text:person");
	a->ttl_s = 600;
	if (step == STEP_DONE)
		a->result = xstrdup("Deleted.");
	return a;
}

static struct json *
make_body(uint32_t i, int part)
{
	struct json *v = json_object();

	json_put_int(v, "n", i);
	json_put_int(v, "part", part);
	return v;
}

static void
add_run(const struct world *w, struct record *r, const char *run, bool over)
{
	struct json *row = json_object();

	(void)w;
	json_put_str(row, "id", run);
	json_put_str(row, "goal", "delete the note");
	json_put_str(row, "principal", "console");
	json_put_str(row, "state", over ? "done" : "open");
	record_row(r, ROW_RUN, row);
}

static void
add_rows(const struct world *w, struct record *r, const struct act *a,
    const struct planned *p)
{
	struct json *row = json_object();
	char nonce[TOKEN_SIZE];

	if (p->step == STEP_APPROVED) {
		json_put_str(row, "act", a->id);
		json_put_str(row, "client", "phone");
		json_put_str(row, "body", "a sheet");
		json_put_str(row, "signature", "signed");
		record_row(r, ROW_YES, row);
	} else if (p->step == STEP_INTENT) {
		plan_id(w, "nonce", p->act, nonce);
		json_put_str(row, "nonce", nonce);
		json_put_str(row, "act", a->id);
		record_row(r, ROW_NONCE, row);
	} else if (p->step == STEP_DONE) {
		json_put_str(row, "run", a->run);
		json_put_int(row, "n", 1);
		json_put_str(row, "name", "observe");
		json_put_str(row, "content", "Deleted.");
		record_row(r, ROW_STEP, row);
		add_run(w, r, a->run, true);
	} else {
		json_free(row);
	}
}

void
plan_post(const struct world *w, uint32_t i, struct ledger *l,
    record_then_fn *then, void *arg)
{
	const struct planned *p = &w->records[i];
	struct act *a = make_act(w, p->act, (enum step)p->step);
	struct record *r = record_new(l);
	char key[16];
	int part;

	if (p->step == STEP_ASKED) {
		add_run(w, r, a->run, false);
		/* The row begins as a proposal. */
		a->state = ACT_PROPOSED;
		record_new_act(r, a);
		a->state = ACT_ASKED;
	}
	for (part = 0; part < plan_parts(w, i); part++)
		record_log(r, plan_kind(w, i, part), a->run, a->id,
		    make_body(i, part));
	record_act(r, a);
	add_rows(w, r, a, p);
	snprintf(key, sizeof(key), "%u", (unsigned)i);
	record_post(r, step_plans[p->step].durable, then, arg, key);
	act_free(a);
}
