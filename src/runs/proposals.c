/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "known/known.h"
#include "origin/origin.h"
#include "runs/runs_priv.h"

/*
 * How a proposal becomes an act, and is judged.  What comes from the mind
 * is read strictly; what does not fit is recorded as refused and told to
 * the run in words.
 */

/* The effect of a known function whose arguments fit. */
enum err
runs_check_call(struct runs *rs, const char *tool, const struct json *args,
    enum effect *ret, struct errmsg *why)
{
	return known_check(
	    rs->s.house(tool), rs->s.slots, tool, args, ret, why);
}

/* The view shows the mind what its role may ask; a mind that was taken over
 * asks what it likes.  `tool` is a known call. */
static enum err
check_listed(struct runs *rs, const struct run *run, const char *tool,
    const struct json *args, struct errmsg *why)
{
	const char *model = json_words(args, "model");
	char provider[NAME_MAX_LEN + 1];
	char function[NAME_MAX_LEN + 1];
	struct slot *t;

	if (rs->s.house(tool) != NULL ||
	    tool_name_split(tool, provider, function) != OK)
		return OK;
	t = slots_find(rs->s.slots, provider);
	if (t == NULL || !manifest_is_provider(slot_manifest(t)) ||
	    runs_may_ask(rs, run, provider, model))
		return OK;
	return err_say(why, ERR_DENIED,
	    "the model %s/%.128s is not among those that this goal may ask; "
	    "'durward model use' says which these are",
	    provider, model);
}

static enum err
check_origins(const char *origins, const struct json *args, struct errmsg *why)
{
	return origins_fit(origins, args)
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "the proposal does not say where each argument is from");
}

struct proposal {
	struct run *run;
	int64_t step;
	const char *tool;
	const char *args;
	const char *origins;
	enum effect effect;
	/* Proposed again after a restart: its act is on its way, or its end
	 * was told with the steps. */
	bool known;
	/* Where the house put devices in the place of a room. */
	struct buf chosen_args;
	struct buf chosen_origins;
};

/* ---- Rooms and kinds ---- */

enum err
runs_choose(struct runs *rs, const char *tool, const struct json *args,
    struct json **ret, struct errmsg *why)
{
	*ret = NULL;
	if (strcmp(tool, HOME_TOOL ".set") != 0 ||
	    (!json_has(args, "area") && !json_has(args, "kind")))
		return OK;
	return rs->s.choose(rs->s.home, args, ret, why);
}

/* "The lights in the kitchen" becomes just these lights: they are judged,
 * shown, signed and sent.  `args` is another one then. */
static enum err
choose(
    struct runs *rs, struct proposal *p, struct json **args, struct errmsg *why)
{
	struct json *chosen;
	enum err e = runs_choose(rs, p->tool, *args, &chosen, why);

	if (e != OK || chosen == NULL)
		return e;
	e = check_origins(p->origins, *args, why);
	if (e != OK) {
		json_free(chosen);
		return e;
	}
	buf_init(&p->chosen_args, ARGS_MAX);
	json_canonical(chosen, &p->chosen_args);
	json_free(chosen);
	json_free(*args);
	if (json_parse(p->chosen_args.p, p->chosen_args.len, args) != OK)
		fatal("arguments of the house's own are not canonical");
	buf_init(&p->chosen_origins, GOAL_MAX);
	origins_of_chosen(p->origins, *args, &p->chosen_origins);
	p->args = p->chosen_args.p;
	p->origins = p->chosen_origins.p;
	return OK;
}

/* Strict: canonical arguments, `run` is open, a known call. */
static enum err
read_proposal(struct runs *rs, const struct json *v, struct proposal *ret,
    struct errmsg *why)
{
	struct json *args;
	enum err e;

	ret->step = json_int(v, "step", -1);
	ret->tool = json_str(v, "tool");
	ret->args = json_str(v, "args");
	ret->origins = json_str(v, "origins");
	if (ret->run == NULL || ret->step < 0 || ret->step >= RUN_STEPS_MAX)
		return err_say(why, ERR_STATE, "the proposal has no open run");
	if (ret->tool == NULL || ret->args == NULL || ret->origins == NULL ||
	    strlen(ret->tool) > 2 * NAME_MAX_LEN ||
	    strlen(ret->args) > ARGS_MAX || strlen(ret->origins) > GOAL_MAX ||
	    !json_is_canonical(ret->args, strlen(ret->args)))
		return err_say(
		    why, ERR_INPUT, "the proposal is not in canonical form");
	ret->known = (ret->run->acted >> ret->step & 1) != 0;
	if (ret->known)
		return OK;
	if (json_parse(ret->args, strlen(ret->args), &args) != OK)
		return ERR_INPUT;
	e = choose(rs, ret, &args, why);
	if (e == OK)
		e = runs_check_call(rs, ret->tool, args, &ret->effect, why);
	if (e == OK)
		e = check_listed(rs, ret->run, ret->tool, args, why);
	if (e == OK)
		e = check_origins(ret->origins, args, why);
	json_free(args);
	return e;
}

/* What never became an act is recorded all the same, within reason: a mind
 * that goes on and on is heard no more. */
static void
refuse(struct runs *rs, const struct proposal *p, const struct errmsg *why)
{
	struct record *r;
	struct json *details;

	if (p->run == NULL || p->run->refusals++ >= RUN_STEPS_MAX) {
		log_warn("a proposal is left out: %s", why->text);
		return;
	}
	details = json_object();
	json_put_int(details, "step", p->step);
	json_put_str(details, "reason", why->text);
	r = record_new(rs->ledger);
	record_log(r, "refused", p->run->id, NULL, details);
	record_post(r, false, NULL, NULL, NULL);
	runs_tell_result(rs, p->run->id, p->step, "failed", why->text);
}

static void
begin(struct runs *rs, const struct proposal *p)
{
	struct errmsg why = {""};
	const struct wish w = {.run = p->run->id,
	    .step = p->step,
	    .principal = p->run->principal,
	    .agent_id = p->run->agent_id,
	    .client = p->run->client,
	    .tool = p->tool,
	    .opinion = keep_opinion(p->run, p->effect),
	    .motive = keep_motive(p->run, p->tool),
	    .effect = p->effect,
	    .args = p->args,
	    .origins = p->origins};

	if (acts_begin(rs->acts, &w, &why) == OK)
		runs_acted(rs, p->run->id, p->step);
	else
		refuse(rs, p, &why);
}

void
run_propose(struct runs *rs, struct run *run, const struct json *v)
{
	struct proposal p = {.run = run};
	struct errmsg why = {""};

	if (read_proposal(rs, v, &p, &why) != OK)
		refuse(rs, &p, &why);
	else if (!p.known)
		begin(rs, &p);
	buf_done(&p.chosen_args);
	buf_done(&p.chosen_origins);
}

void
runs_on_proposal(struct runs *rs, const struct msg *m)
{
	struct run *run = run_of_mind(rs, json_words(m->body, "run"));

	keep_wish(rs, m->body);
	run_propose(rs, run, m->body);
}
