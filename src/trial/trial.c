/* SPDX-License-Identifier: Apache-2.0 */
#include "trial/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define ENTITIES_MAX 64

struct trial_set {
	char *text; /* Of all layers, as they were given. */
	struct policy *policies[LAYERS_MAX];
	size_t n;
};

struct asking {
	const struct json *q;
	struct policy_layer layers[LAYERS_MAX];
	size_t n_layers;
};

static enum fact
fact(void *arg, const char *name)
{
	const struct asking *r = arg;
	const struct json *v = json_get(json_get(r->q, "facts"), name);

	if (v == NULL)
		return FACT_UNKNOWN;
	return json_flag(json_get(r->q, "facts"), name) ? FACT_TRUE
							: FACT_FALSE;
}

static const char *
key_of(const struct policy_line *line)
{
	static char key[3 * NAME_MAX_LEN];

	snprintf(key, sizeof(key), "%s:%s", line->layer, line->name);
	return key;
}

static int64_t
used(void *arg, const struct policy_line *line)
{
	const struct asking *r = arg;

	return json_int(json_get(r->q, "used"), key_of(line), 0);
}

static int64_t
spent(void *arg, const struct policy_line *line, enum dimension d)
{
	const struct asking *r = arg;

	return json_int(json_get(json_get(r->q, "spent"), key_of(line)),
	    dimension_name(d), 0);
}

static bool
has_text(const struct json *array, const char *text)
{
	const struct json *m = json_first(array);

	for (; m != NULL; m = json_next(m))
		if (json_text(m) != NULL && strcmp(json_text(m), text) == 0)
			return true;
	return false;
}

static bool
granted(void *arg, const struct policy_line *line)
{
	const struct asking *r = arg;

	return has_text(json_get(r->q, "granted"), key_of(line));
}

static void
put_names(struct json *v, const char *name, const struct names *names)
{
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < names->n; i++)
		json_push(list, json_string(names->name[i]));
	json_put(v, name, list);
}

static void
add_spoke(void *arg, const struct policy_line *line)
{
	json_push(arg, json_string(key_of(line)));
}

/* "layer:line", what is counted, and how much of it. */
static void
add_charge(void *arg, const struct policy_charge *c)
{
	struct json *v = json_array();
	struct json *n = json_object();

	json_push(v, json_string(key_of(&c->line)));
	json_push(
	    v, json_string(c->is_rate ? "rate" : dimension_name(c->dimension)));
	json_put_int(n, "n", c->amount);
	json_push(v, n);
	json_push(arg, v);
}

static struct json *
answer(struct asking *r, struct policy_question *q)
{
	struct policy_answer a = policy_decide(q, r->layers, r->n_layers);
	struct json *v = json_object();
	struct json *spoke = json_array();
	struct json *charges = json_array();
	struct names names;

	json_put_str(v, "verdict", verdict_name(a.verdict));
	json_put_int(v, "keys", a.keys);
	json_put_str(v, "key", a.cli_key ? "cli" : "any");
	json_put_int(v, "ttl_s", a.ttl_s);
	policy_spoke(&a, r->layers, r->n_layers, add_spoke, spoke);
	if (a.no_layer)
		json_push(spoke, json_string("default"));
	json_put(v, "spoke", spoke);
	policy_labels(q, r->layers, r->n_layers, &names);
	put_names(v, "labels", &names);
	policy_sinks(q, r->layers, r->n_layers, &names);
	put_names(v, "sinks", &names);
	policy_charges(q, r->layers, r->n_layers, add_charge, charges);
	json_put(v, "charges", charges);
	return v;
}

static void
fill_question(struct asking *r, struct policy_question *q, struct names *labels,
    const char *entities[ENTITIES_MAX])
{
	const struct json *m = json_first(json_get(r->q, "labels"));
	int d;

	q->tool = json_words(r->q, "tool");
	q->effect = effect_by_name(json_words(r->q, "effect"));
	q->args = json_get(r->q, "args");
	q->principal = json_words(r->q, "principal");
	q->agent = json_words(r->q, "agent");
	q->client = json_str(r->q, "client");
	for (; m != NULL; m = json_next(m))
		names_add(labels, json_text(m));
	q->labels = labels;
	m = json_first(json_get(r->q, "entities"));
	for (; m != NULL && q->n_entities < ENTITIES_MAX; m = json_next(m))
		entities[q->n_entities++] = json_text(m);
	q->entities = entities;
	q->minute = (int)json_int(r->q, "minute", -1);
	for (d = 0; d < DIM_COUNT; d++)
		q->cost[d] = json_int(json_get(r->q, "cost"),
		    dimension_name((enum dimension)d), 0);
}

static void
forget(struct trial_set *s)
{
	while (s->n > 0)
		policy_free(s->policies[--s->n]);
	free(s->text);
	s->text = NULL;
}

static bool
parse_layers(struct trial_set *s, const struct json *list, struct errmsg *why)
{
	const struct json *m = json_first(list);

	for (; m != NULL; m = json_next(m)) {
		const char *text = json_words(m, "text");

		if (s->n == LAYERS_MAX) {
			err_say(
			    why, ERR_LIMIT, "more than %d layers", LAYERS_MAX);
			return false;
		}
		if (policy_parse(text, strlen(text), &s->policies[s->n], why) !=
		    OK)
			return false;
		s->n++;
	}
	return true;
}

/* Many questions come about the same policies. */
static bool
load(struct trial_set *s, struct asking *r, const struct json *list,
    struct errmsg *why)
{
	char *text = json_print(list);
	const struct json *m = json_first(list);

	if (s->text == NULL || strcmp(text, s->text) != 0) {
		forget(s);
		if (!parse_layers(s, list, why)) {
			free(text);
			forget(s);
			return false;
		}
		s->text = text;
	} else {
		free(text);
	}
	for (; m != NULL; m = json_next(m)) {
		r->layers[r->n_layers].name = json_words(m, "name");
		r->layers[r->n_layers].policy = s->policies[r->n_layers];
		r->n_layers++;
	}
	return true;
}

static struct json *
error_of(const struct errmsg *why)
{
	struct json *v = json_object();
	struct json *e = json_object();
	int line = 0;

	if (sscanf(why->text, "policy line %d:", &line) != 1)
		line = 0;
	json_put_int(e, "line", line);
	json_put(v, "error", e);
	return v;
}

struct trial_set *
trial_set_new(void)
{
	return xalloc(sizeof(struct trial_set));
}

void
trial_set_free(struct trial_set *s)
{
	if (s == NULL)
		return;
	forget(s);
	free(s);
}

struct json *
trial_answer(struct trial_set *s, const struct json *trial, struct errmsg *why)
{
	struct policy_ports ports = {
	    .fact = fact, .used = used, .spent = spent, .granted = granted};
	struct policy_question q = {.ports = &ports};
	struct asking r = {.q = json_get(trial, "question")};
	const char *entities[ENTITIES_MAX];
	struct names labels = {.n = 0};

	ports.arg = &r;
	if (!load(s, &r, json_get(trial, "layers"), why))
		return error_of(why);
	fill_question(&r, &q, &labels, entities);
	if (q.effect == EFFECT_COUNT) {
		err_say(why, ERR_INPUT, "the question has no known effect");
		return error_of(why);
	}
	return answer(&r, &q);
}
