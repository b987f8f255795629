/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"

/*
 * A call of a model: its order goes to egress, which has the request from the
 * mind.  What came back is the mind's affair; here it ends with how much it
 * was.  A call that was lost has failed, whatever its effect: whoever wished
 * it still has the question.
 */

void
act_order_model(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	struct buf bulk;
	struct json *order = act_order(o, &bulk);

	json_put_str(order, "run", o->act->run);
	json_put_int(order, "step", o->act->step);
	if (!ports->model_order(ports->arg, order, bulk.p, bulk.len)) {
		o->started_ms = 0; /* It never began. */
		act_end(o, ACT_FAILED, "egress is away; try again");
	}
	buf_done(&bulk);
}

void
act_stop_model(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;

	if (act_is_model_call(o) && o->act->state == ACT_STARTED &&
	    o->used == NULL)
		ports->model_stop(ports->arg, o->act->id);
}

/* Numbers, and the digest of the answer: its words are not told here. */
static struct json *
details_of(const struct json *said)
{
	static const char *const numbers[] = {
	    "status", "sent", "received", "tries", "first_ms", "ms"};
	const char *sha256 = json_words(said, "sha256");
	struct json *v = json_object();
	struct digest d;
	size_t i;

	for (i = 0; i < ARRAY_LEN(numbers); i++)
		json_put_int(v, numbers[i], json_int(said, numbers[i], 0));
	if (digest_read(sha256, strlen(sha256), &d) == OK)
		json_put_str(v, "sha256", sha256);
	return v;
}

void
acts_on_model_done(struct acts *a, const struct json *said)
{
	struct open_act *o = acts_find(a, json_words(said, "act"));
	const char *why = json_words(said, "why");

	if (o == NULL || o->act->state != ACT_STARTED || !act_is_model_call(o))
		return;
	o->used = details_of(said);
	if (json_flag(said, "ok"))
		act_end(o, ACT_DONE, "");
	else
		act_end(o, ACT_FAILED, why);
}

void
acts_egress_lost(struct acts *a)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL &&
		    a->open[i]->act->state == ACT_STARTED &&
		    act_is_model_call(a->open[i]))
			act_end(a->open[i], ACT_FAILED,
			    "egress was restarted in the middle of the call");
}

/* ---- What it costs ---- */

/*
 * The most that a call may cost is reserved with its intent: the request's
 * bytes as tokens, and the ceiling of its output, at the price of the day.
 * How much it was only the mind can tell, which reads the answer; it is
 * believed where it read the bytes that egress saw, and never above what was
 * reserved.  A call that nothing came of gives all back; one that the mind
 * tells nothing of, or another thing, costs what was reserved.
 */

struct call_size {
	char model[MODEL_REF_SIZE];
	int64_t bytes;
	int64_t output;
};

static bool
size_of_call(const struct open_act *o, struct call_size *ret)
{
	const struct slot *t = act_slot(o);
	struct json *args;
	int n;

	if (!act_is_model_call(o) ||
	    json_parse(o->act->args, strlen(o->act->args), &args) != OK)
		return false;
	n = snprintf(ret->model, sizeof(ret->model), "%s/%s",
	    slot_manifest(t)->name, json_words(args, "model"));
	ret->bytes = json_int(args, "bytes", MODEL_REQUEST_MAX);
	ret->output = json_int(args, "output", MODEL_OUTPUT_MAX);
	json_free(args);
	return n > 0 && (size_t)n < sizeof(ret->model);
}

static const struct price *
price_today(const struct open_act *o, const char *model)
{
	const struct acts *a = o->acts;

	return roster_price(
	    a->s.roster, model, price_day(judge_wall_ms(a->s.judge)));
}

void
act_cost_model(const struct open_act *o, struct judge_case *ret)
{
	struct call_size size;
	struct price_use most;
	const struct price *p;

	if (!size_of_call(o, &size))
		return;
	most = (struct price_use){
	    .input = price_tokens_of_bytes(size.bytes), .output = size.output};
	p = price_today(o, size.model);
	ret->cost[DIM_TOKENS] = most.input + most.output;
	ret->cost[DIM_USD] = p != NULL ? price_of(p, &most) : 0;
	ret->unpriced = p == NULL && slot_manifest(act_slot(o))->provider.cloud;
}

void
act_tally_model(struct open_act *o, struct record *r)
{
	struct call_size size;
	struct judge_case c;

	if (!size_of_call(o, &size))
		return;
	memset(&c, 0, sizeof(c));
	act_cost_model(o, &c);
	judge_tally(o->acts->s.judge, size.model, c.cost, r, &o->charges);
}

static struct owing *
place_for(struct acts *a, const char *run)
{
	struct owing **free_one = NULL;
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		if (a->owing[i] == NULL)
			free_one = free_one != NULL ? free_one : &a->owing[i];
		else if (strcmp(a->owing[i]->run, run) == 0)
			return a->owing[i];
	}
	if (free_one == NULL)
		return a->owing[a->next_owing++ % RUNS_OPEN_MAX];
	*free_one = xalloc(sizeof(**free_one));
	return *free_one;
}

static void
owe(struct open_act *o)
{
	struct owing *w = place_for(o->acts, o->act->run);
	struct call_size size;
	const struct price *p;

	memset(w, 0, sizeof(*w));
	if (!size_of_call(o, &size))
		return;
	p = price_today(o, size.model);
	memcpy(w->run, o->act->run, sizeof(w->run));
	memcpy(w->act, o->act->id, sizeof(w->act));
	memcpy(w->model, size.model, sizeof(w->model));
	w->step = o->act->step;
	w->charges = o->charges;
	w->has_price = p != NULL;
	if (p != NULL)
		w->price = *p;
	w->received = json_int(o->used, "received", 0);
	snprintf(
	    w->sha256, sizeof(w->sha256), "%s", json_words(o->used, "sha256"));
}

/* Nothing left, or the provider refused it: nobody takes money for that. */
static bool
came_to_nothing(const struct open_act *o)
{
	return json_int(o->used, "sent", 0) == 0 ||
	    json_int(o->used, "status", 0) >= 400;
}

void
act_owe_model(struct open_act *o, struct record *r)
{
	static const int64_t nothing[DIM_COUNT];

	if (!act_is_model_call(o) || o->used == NULL)
		return;
	if (o->act->state == ACT_DONE && json_int(o->used, "tries", 0) == 1)
		owe(o);
	else if (o->act->state == ACT_FAILED && came_to_nothing(o))
		judge_settle_cost(o->acts->s.judge, &o->charges, nothing, r);
}

/* Did it read what egress saw, and does it say how much that was? */
static bool
agrees(const struct owing *w, const struct json *said)
{
	return json_int(said, "bytes", -1) == w->received &&
	    strcmp(json_words(said, "sha256"), w->sha256) == 0 &&
	    json_int(said, "input", -1) >= 0 &&
	    json_int(said, "output", -1) >= 0;
}

static void
settle(
    struct acts *a, struct owing *w, const struct json *said, struct record *r)
{
	struct price_use use = {.input = json_int(said, "input", 0),
	    .cached = json_int(said, "cached", 0),
	    .output = json_int(said, "output", 0)};
	int64_t used[DIM_COUNT] = {0};
	bool agreed = agrees(w, said);
	struct json *v = json_object();

	used[DIM_TOKENS] = use.input + use.output;
	used[DIM_USD] = w->has_price ? price_of(&w->price, &use) : 0;
	if (agreed)
		judge_settle_cost(a->s.judge, &w->charges, used, r);
	json_put_str(v, "model", w->model);
	json_put_bool(v, "settled", agreed);
	json_put_int(v, "input", use.input);
	json_put_int(v, "cached", use.cached);
	json_put_int(v, "output", use.output);
	if (w->has_price)
		json_put_int(v, "usd_millionths", used[DIM_USD]);
	record_log(r, "model-used", w->run, w->act, v);
}

void
acts_on_usage(struct acts *a, const char *run, int64_t step,
    const struct json *said, struct record *r)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		struct owing *w = a->owing[i];

		if (w == NULL || w->step != step || strcmp(w->run, run) != 0)
			continue;
		settle(a, w, said, r);
		a->owing[i] = NULL;
		free(w);
		return;
	}
}
