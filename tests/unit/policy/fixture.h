/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_FIXTURE_H
#define POLICY_FIXTURE_H

/* Policies and acts, written in a line or two, and what is decided. */

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "policy/policy.h"

static struct policy *
parsed(const char *text)
{
	struct policy *p = NULL;
	struct errmsg why = {""};

	CASE(text);
	if (policy_parse(text, strlen(text), &p, &why) != OK)
		printf("# %s\n", why.text);
	REQUIRE(p != NULL);
	return p;
}

struct asked {
	const char *tool;
	enum effect effect;
	const char *args;
	const char *entities[5];
};

struct verdict_said {
	enum verdict verdict;
	int64_t ttl_s;
	char rule[SPOKE_TEXT_MAX + 8]; /* Without the layers, when alone. */
};

static enum fact
no_fact(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return FACT_UNKNOWN;
}

static int64_t
nothing_used(void *arg, const struct policy_line *line)
{
	(void)arg;
	(void)line;
	return 0;
}

static int64_t
nothing_spent(void *arg, const struct policy_line *line, enum dimension d)
{
	(void)arg;
	(void)line;
	(void)d;
	return 0;
}

static bool
never_granted(void *arg, const struct policy_line *line)
{
	(void)arg;
	(void)line;
	return false;
}

static const struct policy_ports no_ports = {.fact = no_fact,
    .used = nothing_used,
    .spent = nothing_spent,
    .granted = never_granted};
static const struct names no_labels;

static struct policy_question
question_of(const struct asked *a, const struct json *args)
{
	struct policy_question q = {.tool = a->tool,
	    .effect = a->effect,
	    .args = args,
	    .entities = a->entities,
	    .principal = "console",
	    .agent = "house",
	    .client = "console",
	    .labels = &no_labels,
	    .minute = 12 * 60,
	    .ports = &no_ports};

	while (q.n_entities < 5 && a->entities[q.n_entities] != NULL)
		q.n_entities++;
	return q;
}

static struct verdict_said
decide(const char *const *texts, size_t n, const struct asked *a)
{
	static const char *const names[] = {
	    "box", "profile", "parent", "agent", "client"};
	struct policy_layer layers[LAYERS_MAX];
	struct verdict_said said = {VERDICT_DENY, 0, ""};
	struct json *args = NULL;
	struct policy_question q;
	struct policy_answer answer;
	struct buf b;
	size_t i;

	if (a->args != NULL &&
	    json_parse(a->args, strlen(a->args), &args) != OK)
		return said;
	for (i = 0; i < n; i++)
		layers[i] = (struct policy_layer){names[i], parsed(texts[i])};
	q = question_of(a, args);
	answer = policy_decide(&q, layers, n);
	buf_init(&b, sizeof(said.rule) - 1);
	policy_spoke_text(&answer, layers, n, &b);
	snprintf(said.rule, sizeof(said.rule), "%s",
	    strncmp(b.p, "box:", 4) == 0 && n == 1 ? b.p + 4 : b.p);
	buf_done(&b);
	said.verdict = answer.verdict;
	said.ttl_s = answer.ttl_s;
	for (i = 0; i < n; i++)
		policy_free((struct policy *)(uintptr_t)layers[i].policy);
	json_free(args);
	return said;
}

static struct verdict_said
decide_one(const char *text, const struct asked *a)
{
	return decide(&text, 1, a);
}

static const struct asked save = {
    "notes.save", EFFECT_REVERSIBLE, "{\"text\":\"buy milk\",\"n\":3}", {NULL}};

#endif
