/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what stands on stdin, one JSON request a line, and prints one JSON
 * answer a line: the house's own evaluator, to be compared with another one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "policy/policy.h"

#define LAYERS LAYERS_MAX
#define ENTITIES 64

struct request {
	struct json *v;
	const struct json *q;
	struct policy_layer layers[LAYERS];
	struct policy *policies[LAYERS];
	size_t n_layers;
};

static enum fact
fact(void *arg, const char *name)
{
	const struct request *r = arg;
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
	const struct request *r = arg;

	return json_int(json_get(r->q, "used"), key_of(line), 0);
}

static int64_t
spent(void *arg, const struct policy_line *line, enum dimension d)
{
	const struct request *r = arg;

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
	const struct request *r = arg;

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

static struct json *
answer(struct request *r, struct policy_question *q)
{
	struct policy_answer a = policy_decide(q, r->layers, r->n_layers);
	struct json *v = json_object();
	struct json *spoke = json_array();
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
	return v;
}

static void
fill_question(struct request *r, struct policy_question *q,
    struct names *labels, const char *entities[ENTITIES])
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
	for (; m != NULL && q->n_entities < ENTITIES; m = json_next(m))
		entities[q->n_entities++] = json_text(m);
	q->entities = entities;
	q->minute = (int)json_int(r->q, "minute", -1);
	for (d = 0; d < DIM_COUNT; d++)
		q->cost[d] = json_int(json_get(r->q, "cost"),
		    dimension_name((enum dimension)d), 0);
}

/* The last policies are kept: many questions come about the same ones. */
static char *last_text;
static struct policy *last[LAYERS];
static size_t n_last;

static void
forget_last(void)
{
	while (n_last > 0)
		policy_free(last[--n_last]);
	free(last_text);
	last_text = NULL;
}

static bool
load(struct request *r, struct errmsg *why)
{
	const struct json *list = json_get(r->v, "layers");
	char *text = json_print(list);
	const struct json *m;

	if (last_text == NULL || strcmp(text, last_text) != 0) {
		forget_last();
		for (m = json_first(list); m != NULL; m = json_next(m)) {
			const char *body = json_words(m, "text");

			if (policy_parse(
				body, strlen(body), &last[n_last], why) != OK) {
				free(text);
				return false;
			}
			n_last++;
		}
		last_text = text;
	} else {
		free(text);
	}
	for (m = json_first(list); m != NULL; m = json_next(m)) {
		r->layers[r->n_layers].name = json_words(m, "name");
		r->layers[r->n_layers].policy = last[r->n_layers];
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

static void
handle(const char *text, size_t len)
{
	struct policy_ports ports = {
	    .fact = fact, .used = used, .spent = spent, .granted = granted};
	struct policy_question q = {.ports = &ports};
	const char *entities[ENTITIES];
	struct names labels = {.n = 0};
	struct request r = {.n_layers = 0};
	struct errmsg why = {""};
	struct json *v;
	char *out;

	if (json_parse(text, len, &r.v) != OK)
		fatal("a request is not strict JSON: %.200s", text);
	r.q = json_get(r.v, "question");
	ports.arg = &r;
	if (load(&r, &why)) {
		fill_question(&r, &q, &labels, entities);
		v = answer(&r, &q);
	} else {
		v = error_of(&why);
	}
	out = json_print(v);
	puts(out);
	free(out);
	json_free(v);
	json_free(r.v);
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0)
		handle(line, (size_t)(line[n - 1] == '\n' ? n - 1 : n));
	forget_last();
	free(line);
	return 0;
}
