/* SPDX-License-Identifier: Apache-2.0 */
#include "bill/bill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "usd/usd.h"

/* ---- How much a call can be ---- */

struct call_size {
	char model[MODEL_REF_SIZE];
	int64_t bytes; /* Of the request. */
	int64_t output; /* Tokens: the ceiling. */
	bool cache_writes; /* Its provider may keep the prompt, for money. */
};

/* A call that is over, whose cost is not known yet. */
struct owing {
	char run[TOKEN_SIZE];
	char act[TOKEN_SIZE];
	int64_t step;
	struct charges charges;
	struct call_size size;
	bool has_price;
	struct price price;
	/* It was stopped, and egress told nothing: the mind has no word. */
	bool stopped;
	/* Nobody says what the first tries cost. */
	bool tried_again;
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
	ret->cache_writes = m->provider.dialect == DIALECT_ANTHROPIC;
	json_free(args);
	return n > 0 && (size_t)n < sizeof(ret->model);
}

static const struct price *
price_today(const struct bill *b, const char *model)
{
	return roster_price(
	    b->roster, model, price_day(judge_wall_ms(b->judge)));
}

static void
write_cost(
    const struct price *p, const struct price_use *u, int64_t ret[DIM_COUNT])
{
	ret[DIM_TOKENS] = u->input + u->output;
	ret[DIM_USD] = p != NULL ? price_of(p, u) : 0;
}

/* The dearest that it may come to be. */
static struct price_use
most_of(const struct call_size *size, const struct price *p)
{
	bool kept =
	    size->cache_writes && p != NULL && p->cache_write > p->input;

	return (struct price_use){.input = size->bytes,
	    .cache_written = kept ? size->bytes : 0,
	    .output = size->output};
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
	p = price_today(b, size.model);
	most = most_of(&size, p);
	write_cost(p, &most, ret->cost);
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
	    (long long)(c.cost[DIM_USD] / USD),
	    (long long)(c.cost[DIM_USD] % USD));
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
	const struct price *p;

	memset(w, 0, sizeof(*w));
	if (!size_of_call(a, m, &w->size))
		return;
	p = price_today(b, w->size.model);
	memcpy(w->run, a->run, sizeof(w->run));
	memcpy(w->act, a->id, sizeof(w->act));
	w->step = a->step;
	w->charges = *held;
	w->has_price = p != NULL;
	if (p != NULL)
		w->price = *p;
	w->stopped = said == NULL;
	w->tried_again = json_int(said, "tries", 0) != 1;
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

	if (said == NULL || a->state == ACT_DONE)
		owe(b, a, m, said, held);
	else if (a->state == ACT_FAILED && came_to_nothing(said))
		judge_settle_cost(b->judge, held, nothing, r);
}

static void
log_used(struct owing *w, bool settled, const struct price_use *use,
    const int64_t cost[DIM_COUNT], struct record *r, struct json *v)
{
	json_put_str(v, "model", w->size.model);
	json_put_bool(v, "settled", settled);
	json_put_int(v, "input", use->input);
	json_put_int(v, "cached", use->cached);
	json_put_int(v, "cache_written", use->cache_written);
	json_put_int(v, "output", use->output);
	if (w->has_price)
		json_put_int(v, "usd_millionths", cost[DIM_USD]);
	record_log(r, "model-used", w->run, w->act, v);
}

bool
bill_hear(
    struct bill *b, const char *act, const struct json *said, struct record *r)
{
	static const int64_t nothing[DIM_COUNT];
	static const struct price_use unused;
	size_t i = 0;
	struct owing *w;
	bool refunded;

	while (i < RUNS_OPEN_MAX &&
	    (b->owing[i] == NULL || !b->owing[i]->stopped ||
		strcmp(b->owing[i]->act, act) != 0))
		i++;
	if (i == RUNS_OPEN_MAX)
		return false;
	w = b->owing[i];
	b->owing[i] = NULL;
	refunded = came_to_nothing(said);
	if (refunded) {
		judge_settle_cost(b->judge, &w->charges, nothing, r);
		log_used(w, true, &unused, nothing, r, json_object());
	}
	free(w);
	return refunded;
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

/* As the mind says, though no less than so many bytes are; true when it said
 * less. */
static bool
use_of(const struct owing *w, const struct json *said, struct price_use *ret)
{
	int64_t input = w->size.bytes / MODEL_TOKEN_BYTES_MAX;
	int64_t output = w->received / MODEL_TOKEN_WIRE_MAX;
	bool raised;

	if (output > w->size.output)
		output = w->size.output;
	*ret = (struct price_use){.input = json_int(said, "input", 0),
	    .cached = json_int(said, "cached", 0),
	    .cache_written = json_int(said, "cache_written", 0),
	    .output = json_int(said, "output", 0)};
	raised = ret->input < input || ret->output < output;
	if (ret->input < input)
		ret->input = input;
	if (ret->output < output)
		ret->output = output;
	return raised;
}

static void
raise_to(int64_t used[DIM_COUNT], const int64_t least[DIM_COUNT])
{
	size_t i;

	for (i = 0; i < DIM_COUNT; i++)
		if (used[i] < least[i])
			used[i] = least[i];
}

/* What was used beyond it was not held back for it, and counts all the
 * same. */
static void
put_excess(struct json *v, const char *name, int64_t used, int64_t most)
{
	if (used > most)
		json_put_int(v, name, used - most);
}

static void
settle(
    struct bill *b, struct owing *w, const struct json *said, struct record *r)
{
	const struct price *p = w->has_price ? &w->price : NULL;
	struct price_use most = most_of(&w->size, p);
	int64_t reserved[DIM_COUNT] = {0};
	int64_t used[DIM_COUNT] = {0};
	bool agreed = agrees(w, said);
	struct json *v = json_object();
	struct price_use use = most;

	write_cost(p, &most, reserved);
	if (agreed && use_of(w, said, &use))
		json_put_bool(v, "raised", true);
	write_cost(p, &use, used);
	if (w->tried_again)
		raise_to(used, reserved);
	if (agreed)
		judge_settle_cost(b->judge, &w->charges, used, r);
	put_excess(v, "over_tokens", used[DIM_TOKENS], reserved[DIM_TOKENS]);
	put_excess(v, "over_usd_millionths", used[DIM_USD], reserved[DIM_USD]);
	log_used(w, agreed, &use, used, r, v);
}

void
bill_settle(struct bill *b, const char *run, int64_t step,
    const struct json *said, struct record *r)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		struct owing *w = b->owing[i];

		if (w == NULL || w->stopped || w->step != step ||
		    strcmp(w->run, run) != 0)
			continue;
		settle(b, w, said, r);
		b->owing[i] = NULL;
		free(w);
		return;
	}
}
