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

/* "": any that there is.  A goal of code goes to the coder's models, where
 * there are some. */
static const char *
list_of(const struct runs *rs, const struct run *run, bool is_code)
{
	const char *coder = is_code ? roster_list(rs->s.roster, "coder") : "";

	if (run->models[0] != '\0')
		return run->models;
	return coder[0] != '\0' ? coder : roster_list(rs->s.roster, "planner");
}

static bool
is_listed(const char *listed, const char *wanted)
{
	char ref[MODEL_REF_SIZE];

	while (roster_next(&listed, ref))
		if (strcmp(ref, wanted) == 0)
			return true;
	return false;
}

bool
runs_may_ask(const struct runs *rs, const struct run *run, const char *provider,
    const char *model)
{
	const char *listed = list_of(rs, run, false);
	char wanted[MODEL_REF_SIZE];
	const char *role;
	size_t i;

	if (listed[0] == '\0')
		return true;
	snprintf(wanted, sizeof(wanted), "%s/%s", provider, model);
	if (listed == run->models)
		return is_listed(listed, wanted);
	for (i = 0; (role = roster_role(i)) != NULL; i++)
		if (is_listed(roster_list(rs->s.roster, role), wanted))
			return true;
	return false;
}

static struct json *
view_models(struct runs *rs, const struct run *run, bool is_code)
{
	const char *listed = list_of(rs, run, is_code);
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

/* Is there a word in `text` that begins with these letters?  Three of them
 * must be all of it: "for" is not "forget". */
static bool
has_word(const char *text, const char *p, size_t len)
{
	const char *at = text;

	for (; *at != '\0'; at++)
		if ((at == text || !is_letter(at[-1])) &&
		    strncasecmp(at, p, len) == 0 &&
		    (len > 3 || !is_letter(at[len])))
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

/* `from` is the tool's manifest, or NULL and `h` is the house's own. */
static struct json *
view_function(const char *name, const struct manifest_function *f,
    const struct json *from, const struct house_function *h)
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
		if (h != NULL)
			json_put_str(arg, "about", h->about_args[i]);
		else
			put_about(
			    arg, json_get(json_get(from, "args"), a->name));
		json_put(args, a->name, arg);
	}
	json_put_str(row, "name", name);
	json_put_str(row, "effect", effect_name(f->effect));
	if (h != NULL)
		json_put_str(row, "about", h->about);
	else
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
		c.row = view_function(c.name, f, from, NULL);
		c.score = 2 * score_words(goal, c.name) +
		    score_words(goal, json_words(from, "about"));
		take_candidate(best, c);
	}
	json_free(document);
}

static void
take_house(struct candidate best[MODEL_TOOLS_MAX],
    const struct house_function *h, const char *goal)
{
	struct candidate c;

	snprintf(c.name, sizeof(c.name), "%s", h->name);
	c.row = view_function(c.name, &h->call, NULL, h);
	c.score = 2 * score_words(goal, c.name) + score_words(goal, h->about);
	take_candidate(best, c);
}

/* What suits it best is a function of the tools that hold files and run
 * commands. */
static bool
is_of_code(const struct candidate *best)
{
	return best->row != NULL && best->score > 0 &&
	    (strncmp(best->name, "shell.", 6) == 0 ||
		strncmp(best->name, "files.", 6) == 0);
}

static struct json *
view_tools(struct runs *rs, const char *goal, bool has_home, bool *ret_is_code)
{
	struct candidate best[MODEL_TOOLS_MAX] = {{.row = NULL}};
	struct json *list = json_array();
	const struct house_function *h;
	struct slot *t;
	size_t i;

	for (i = 0; (t = slots_at(rs->s.slots, i)) != NULL; i++)
		if (!manifest_is_provider(slot_manifest(t)) &&
		    !slot_is_disabled(t))
			take_tool(best, t, goal);
	for (i = 0; (h = rs->s.house_at(i)) != NULL; i++)
		if (h->about != NULL && !h->of_rest &&
		    (has_home || !h->of_home))
			take_house(best, h, goal);
	*ret_is_code = is_of_code(&best[0]);
	for (i = 0; i < MODEL_TOOLS_MAX && best[i].row != NULL; i++)
		json_push(list, best[i].row);
	return list;
}

/* Not among the tools before it is of use. */
static void
put_rest(struct runs *rs, struct json *view)
{
	const struct house_function *h;
	size_t i;

	for (i = 0; (h = rs->s.house_at(i)) != NULL; i++)
		if (h->of_rest)
			json_put(view, "rest",
			    view_function(h->name, &h->call, NULL, h));
}

/* Models that are asked for this alone, when an owner has set them. */
static void
put_role(struct runs *rs, struct json *view, const char *role, const char *name)
{
	struct json *list = json_array();

	push_listed(list, rs, roster_list(rs->s.roster, role));
	json_put(view, name, list);
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

/* Who names the models of a goal names all of them. */
static bool
asks_the_roster(const struct run *run)
{
	return run->models == NULL || run->models[0] == '\0';
}

bool
run_has_critic(const struct runs *rs, const struct run *run)
{
	return asks_the_roster(run) &&
	    roster_list(rs->s.roster, "critic")[0] != '\0';
}

struct json *
runs_view(struct runs *rs, const struct run *run)
{
	struct json *view = json_object();
	bool has_home = rs->s.put_home(rs->s.home, run->goal, view);
	bool is_code;

	json_put(view, "tools", view_tools(rs, run->goal, has_home, &is_code));
	json_put(view, "models", view_models(rs, run, is_code));
	put_rest(rs, view);
	if (asks_the_roster(run)) {
		put_role(rs, view, "extractor", "extractors");
		put_role(rs, view, "critic", "critics");
	}
	put_day(rs, view);
	return view;
}
