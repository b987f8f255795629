/* SPDX-License-Identifier: Apache-2.0 */
#include "bill/bill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* A call that is over, whose cost the mind has not told yet. */
struct owing {
	char run[TOKEN_SIZE];
	char act[TOKEN_SIZE];
	int64_t step;
	struct charges charges;
	char model[MODEL_REF_SIZE];
	bool has_price;
	struct price price;
	int64_t received;
	char sha256[DIGEST_HEX_SIZE];
};

struct bill {
	struct judge *judge;
	const struct roster *roster;
	struct owing *owing[RUNS_OPEN_MAX]; /* At most one of a run. */
	size_t next; /* The place that is given up, when all are taken. */
};

struct bill *
bill_new(struct judge *judge, const struct roster *roster)
{
	struct bill *b = xalloc(sizeof(*b));

	b->judge = judge;
	b->roster = roster;
	return b;
}

void
bill_free(struct bill *b)
{
	size_t i;

	for (i = 0; b != NULL && i < RUNS_OPEN_MAX; i++)
		free(b->owing[i]);
	free(b);
}

/* ---- Before ---- */

struct call_size {
	char model[MODEL_REF_SIZE];
	int64_t bytes;
	int64_t output;
};

static bool
size_of_call(
    const struct act *a, const struct manifest *m, struct call_size *ret)
{
	struct json *args;
	int n;

	if (json_parse(a->args, strlen(a->args), &args) != OK)
		return false;
	n = snprintf(ret->model, sizeof(ret->model), "%s/%s", m->name,
	    json_words(args, "model"));
	ret->bytes = json_int(args, "bytes", MODEL_REQUEST_MAX);
	ret->output = json_int(args, "output", MODEL_OUTPUT_MAX);
	json_free(args);
	return n > 0 && (size_t)n < sizeof(ret->model);
}

static const struct price *
price_today(const struct bill *b, const char *model)
{
	return roster_price(
	    b->roster, model, price_day(judge_wall_ms(b->judge)));
}

void
bill_estimate(const struct bill *b, const struct act *a,
    const struct manifest *m, struct judge_case *ret)
{
	struct call_size size;
	struct price_use most;
	const struct price *p;

	if (!size_of_call(a, m, &size)) {
		ret->unpriced = m->provider.cloud;
		return;
	}
	most = (struct price_use){
	    .input = price_tokens_of_bytes(size.bytes), .output = size.output};
	p = price_today(b, size.model);
	ret->cost[DIM_TOKENS] = most.input + most.output;
	ret->cost[DIM_USD] = p != NULL ? price_of(p, &most) : 0;
	ret->unpriced = p == NULL && m->provider.cloud;
}

const char *
bill_say(const struct bill *b, const struct act *a, const struct manifest *m,
    char ret[BILL_TEXT_SIZE])
{
	struct judge_case c = {.act = NULL};

	if (m != NULL)
		bill_estimate(b, a, m, &c);
	if (c.unpriced)
		return "unknown: nobody said what this model costs";
	if (c.cost[DIM_USD] == 0)
		return "nothing";
	snprintf(ret, BILL_TEXT_SIZE, "at most %lld.%06lld USD",
	    (long long)(c.cost[DIM_USD] / 1000000),
	    (long long)(c.cost[DIM_USD] % 1000000));
	return ret;
}

void
bill_tally(struct bill *b, const struct act *a, const struct manifest *m,
    struct record *r, struct charges *held)
{
	struct call_size size;
	struct judge_case c;

	if (!size_of_call(a, m, &size))
		return;
	memset(&c, 0, sizeof(c));
	bill_estimate(b, a, m, &c);
	judge_tally(b->judge, size.model, c.cost, r, held);
}

/* ---- Behind ---- */

static struct owing *
place_for(struct bill *b, const char *run)
{
	struct owing **free_one = NULL;
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		if (b->owing[i] == NULL)
			free_one = free_one != NULL ? free_one : &b->owing[i];
		else if (strcmp(b->owing[i]->run, run) == 0)
			return b->owing[i];
	}
	if (free_one == NULL)
		return b->owing[b->next++ % RUNS_OPEN_MAX];
	*free_one = xalloc(sizeof(**free_one));
	return *free_one;
}

static void
owe(struct bill *b, const struct act *a, const struct manifest *m,
    const struct json *said, const struct charges *held)
{
	struct owing *w = place_for(b, a->run);
	struct call_size size;
	const struct price *p;

	memset(w, 0, sizeof(*w));
	if (!size_of_call(a, m, &size))
		return;
	p = price_today(b, size.model);
	memcpy(w->run, a->run, sizeof(w->run));
	memcpy(w->act, a->id, sizeof(w->act));
	memcpy(w->model, size.model, sizeof(w->model));
	w->step = a->step;
	w->charges = *held;
	w->has_price = p != NULL;
	if (p != NULL)
		w->price = *p;
	w->received = json_int(said, "received", 0);
	snprintf(
	    w->sha256, sizeof(w->sha256), "%s", json_words(said, "sha256"));
}

/* Nothing left, or the provider refused it at once: nobody takes money for
 * that. */
static bool
came_to_nothing(const struct json *said)
{
	return json_int(said, "sent", 0) == 0 ||
	    (json_int(said, "status", 0) >= 400 &&
		json_int(said, "tries", 0) == 1);
}

void
bill_end(struct bill *b, const struct act *a, const struct manifest *m,
    const struct json *said, struct charges *held, struct record *r)
{
	static const int64_t nothing[DIM_COUNT];

	if (a->state == ACT_DONE && json_int(said, "tries", 0) == 1)
		owe(b, a, m, said, held);
	else if (a->state == ACT_FAILED && came_to_nothing(said))
		judge_settle_cost(b->judge, held, nothing, r);
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
    struct bill *b, struct owing *w, const struct json *said, struct record *r)
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
		judge_settle_cost(b->judge, &w->charges, used, r);
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
bill_settle(struct bill *b, const char *run, int64_t step,
    const struct json *said, struct record *r)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		struct owing *w = b->owing[i];

		if (w == NULL || w->step != step || strcmp(w->run, run) != 0)
			continue;
		settle(b, w, said, r);
		b->owing[i] = NULL;
		free(w);
		return;
	}
}
