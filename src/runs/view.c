/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"
#include "runs/runs_priv.h"
#include "sys/clock.h"

/*
 * What a turn begins with: the models that may be asked, in the order of
 * preference, and the tools that look useful for the goal.  All of it comes
 * from manifests that an owner signed; what servers say of themselves is not
 * in it.
 */

/* ---- Models ---- */

static void
push_model(struct json *list, const struct slot *t, size_t i)
{
	const struct manifest *m = slot_manifest(t);
	struct json *row = json_object();
	char call[CALL_NAME_SIZE];

	manifest_call_name(m, &m->functions[0], call);
	json_put_str(row, "call", call);
	json_put_str(row, "dialect", dialect_name(m->provider.dialect));
	json_put_str(row, "model", m->provider.models[i].name);
	json_put_int(row, "context", m->provider.models[i].context);
	json_push(list, row);
}

static bool
may_ask(const struct slot *t)
{
	return t != NULL && manifest_is_provider(slot_manifest(t)) &&
	    !slot_is_disabled(t);
}

/* What an owner listed, in that order; no other is asked in its place. */
static void
push_listed(struct json *list, const struct runs *rs, const char *listed)
{
	char provider[NAME_MAX_LEN + 1];
	char ref[MODEL_REF_SIZE];
	const char *model;

	while (roster_next(&listed, ref)) {
		const struct manifest_model *m;
		struct slot *t;

		if (roster_split(ref, provider, &model) != OK)
			continue;
		t = slots_find(rs->s.slots, provider);
		m = may_ask(t) ? manifest_model(slot_manifest(t), model) : NULL;
		if (m != NULL)
			push_model(list, t,
			    (size_t)(m - slot_manifest(t)->provider.models));
	}
}

/* Those in the house first. */
static void
push_all(struct json *list, const struct runs *rs)
{
	struct slot *t;
	int cloud;
	size_t i;
	size_t k;

	for (cloud = 0; cloud <= 1; cloud++)
		for (i = 0; (t = slots_at(rs->s.slots, i)) != NULL; i++)
			for (k = 0; may_ask(t) &&
			     slot_manifest(t)->provider.cloud == (cloud == 1) &&
			     k < slot_manifest(t)->provider.n_models;
			     k++)
				push_model(list, t, k);
}

static struct json *
view_models(struct runs *rs, const struct run *run)
{
	const char *listed = run->models != NULL && run->models[0] != '\0'
	    ? run->models
	    : roster_list(rs->s.roster, "planner");
	struct json *list = json_array();

	if (listed[0] != '\0')
		push_listed(list, rs, listed);
	else
		push_all(list, rs);
	return list;
}

/* ---- Tools ---- */

struct candidate {
	char name[CALL_NAME_SIZE];
	int score;
	struct json *row;
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c & 0x80) != 0;
}

/* Is there a word in `text` that begins with these letters? */
static bool
has_word(const char *text, const char *p, size_t len)
{
	const char *at = text;

	for (; *at != '\0'; at++)
		if ((at == text || !is_letter(at[-1])) &&
		    strncasecmp(at, p, len) == 0)
			return true;
	return false;
}

/* Does a word of `goal` begin like one of `text`?  Four letters will do, so
 * that "notes" finds "note". */
static int
score_words(const char *goal, const char *text)
{
	int score = 0;

	while (*goal != '\0') {
		size_t len = 0;

		while (is_letter(goal[len]))
			len++;
		if (len >= 3 && has_word(text, goal, len < 4 ? len : (size_t)4))
			score++;
		goal += len > 0 ? len : 1;
	}
	return score;
}

static void
put_about(struct json *row, const struct json *from)
{
	const char *about = json_str(from, "about");

	if (about != NULL)
		json_put_str(row, "about", about);
}

static struct json *
view_function(const char *name, const struct manifest_function *f,
    const struct json *from)
{
	struct json *row = json_object();
	struct json *args = json_object();
	size_t i;

	for (i = 0; i < f->n_args; i++) {
		const struct manifest_arg *a = &f->args[i];
		struct json *arg = json_object();

		json_put_str(arg, "type", manifest_types[a->type]);
		if (a->required)
			json_put_bool(arg, "required", true);
		put_about(arg, json_get(json_get(from, "args"), a->name));
		json_put(args, a->name, arg);
	}
	json_put_str(row, "name", name);
	put_about(row, from);
	json_put(row, "args", args);
	return row;
}

/* The best of them stay, each in its place. */
static void
take_candidate(struct candidate best[MODEL_TOOLS_MAX], struct candidate c)
{
	size_t i;

	for (i = 0; i < MODEL_TOOLS_MAX; i++) {
		struct candidate other = best[i];

		if (other.row != NULL && other.score >= c.score)
			continue;
		best[i] = c;
		if (other.row == NULL)
			return;
		c = other;
	}
	json_free(c.row);
}

static void
take_tool(struct candidate best[MODEL_TOOLS_MAX], const struct slot *t,
    const char *goal)
{
	const struct manifest *m = slot_manifest(t);
	struct json *document;
	const struct json *functions;
	size_t i;

	if (json_parse(slot_text(t), strlen(slot_text(t)), &document) != OK)
		return;
	functions = json_get(document, "functions");
	for (i = 0; i < m->n_functions; i++) {
		const struct manifest_function *f = &m->functions[i];
		const struct json *from = json_get(functions, f->name);
		struct candidate c;

		manifest_call_name(m, f, c.name);
		c.row = view_function(c.name, f, from);
		c.score = 2 * score_words(goal, c.name) +
		    score_words(goal, json_words(from, "about"));
		take_candidate(best, c);
	}
	json_free(document);
}

static struct json *
view_tools(struct runs *rs, const char *goal)
{
	struct candidate best[MODEL_TOOLS_MAX] = {{.row = NULL}};
	struct json *list = json_array();
	struct slot *t;
	size_t i;

	for (i = 0; (t = slots_at(rs->s.slots, i)) != NULL; i++)
		if (!manifest_is_provider(slot_manifest(t)) &&
		    !slot_is_disabled(t))
			take_tool(best, t, goal);
	for (i = 0; i < MODEL_TOOLS_MAX && best[i].row != NULL; i++)
		json_push(list, best[i].row);
	return list;
}

static void
put_day(struct runs *rs, struct json *view)
{
	time_t now = (time_t)(judge_wall_ms(rs->s.judge) / 1000);
	struct tm tm;
	char text[32];

	if (localtime_r(&now, &tm) != NULL &&
	    strftime(text, sizeof(text), "%A, %Y-%m-%d", &tm) > 0)
		json_put_str(view, "now", text);
}

/* {"run", "query"} */
void
runs_on_recall(struct runs *rs, const struct msg *m)
{
	struct run *run = runs_find(rs, json_words(m->body, "run"));
	struct json *body;
	struct json *view;
	char *text;

	if (run == NULL)
		return;
	view = json_object();
	json_put(view, "models", view_models(rs, run));
	json_put(view, "tools", view_tools(rs, run->goal));
	put_day(rs, view);
	text = json_print(view);
	body = json_object();
	json_put_str(body, "run", run->id);
	peers_send_bulk(
	    rs->s.peers, ROLE_MIND, MSG_RECALL, body, text, strlen(text));
	free(text);
	json_free(view);
}
