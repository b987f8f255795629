/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"

/*
 * How a proposal becomes an act, and is judged.  What comes from the mind
 * is read strictly; what does not fit is recorded as refused and told to
 * the run in words.
 */

/* A place among the open acts; NULL when all are taken. */
static struct open_act *
take_place(struct core *c, struct act *a)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		if (c->acts[i] != NULL)
			continue;
		c->acts[i] = xalloc(sizeof(*c->acts[i]));
		c->acts[i]->core = c;
		c->acts[i]->act = a;
		return c->acts[i];
	}
	act_free(a);
	return NULL;
}

void
acts_restore(void *core, struct act *a)
{
	if (take_place(core, a) == NULL)
		log_warn("more acts are open than this version can hold");
}

/* The effect of a known function whose arguments fit. */
static enum err
check_call(struct core *c, const char *tool, const struct json *args,
    enum effect *ret, struct errmsg *why)
{
	const struct house_function *h = house_function(tool);
	char name[NAME_MAX_LEN + 1];
	char function[NAME_MAX_LEN + 1];
	const struct manifest_function *f;
	struct slot *t;

	if (h != NULL) {
		*ret = h->effect;
		if (!json_is_object(args) || json_count(args) > 0)
			return err_say(
			    why, ERR_INPUT, "'%.64s' takes no arguments", tool);
		return OK;
	}
	if (tool_name_split(tool, name, function) != OK)
		return err_say(why, ERR_INPUT,
		    "'%.64s' is no name of a tool's function", tool);
	t = slots_find(c->slots, name);
	if (t == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "there is no tool '%s'; 'durward tool' lists what is "
		    "there",
		    name);
	f = manifest_function(slot_manifest(t), function);
	if (f == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "the tool '%s' has no function '%s'", name, function);
	*ret = f->effect;
	return manifest_check_args(f, args, why);
}

struct proposal {
	struct run *run;
	int64_t step;
	const char *tool;
	const char *args;
	const char *origins;
	enum effect effect;
};

/* Strict: canonical arguments, an open run, a known call. */
static enum err
read_proposal(struct core *c, const struct json *v, struct proposal *ret,
    struct errmsg *why)
{
	const char *run = json_str(v, "run");
	struct json *args;
	enum err e;

	ret->run = runs_find(c, run != NULL ? run : "");
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
	if (json_parse(ret->args, strlen(ret->args), &args) != OK)
		return ERR_INPUT;
	e = check_call(c, ret->tool, args, &ret->effect, why);
	json_free(args);
	return e;
}

static void
fill_act(struct act *a, const struct proposal *p)
{
	struct buf args;

	core_token(a->id);
	memcpy(a->run, p->run->id, sizeof(a->run));
	memcpy(a->principal, p->run->principal, sizeof(a->principal));
	snprintf(a->tool, sizeof(a->tool), "%s", p->tool);
	snprintf(a->layers[a->n_layers++], sizeof(a->layers[0]), "box");
	a->step = p->step;
	a->effect = p->effect;
	/* From here on these are the bytes: shown, signed and sent. */
	buf_init(&args, 6 * ARGS_MAX);
	json_escape_visible(&args, p->args, strlen(p->args));
	a->args = buf_steal(&args);
	a->origins = xstrdup(p->origins);
}

static struct json *
proposal_details(const struct act *a)
{
	struct json *v = json_object();

	json_put_str(v, "tool", a->tool);
	json_put_str(v, "effect", effect_name(a->effect));
	json_put_str(v, "args", a->args);
	json_put_str(v, "origins", a->origins);
	json_put_str(v, "principal", a->principal);
	json_put_int(v, "step", a->step);
	return v;
}

static struct json *
verdict_details(struct core *c, const struct policy_answer *answer)
{
	struct json *v = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&c->policy_digest, hex);
	json_put_str(v, "verdict", verdict_name(answer->verdict));
	json_put_str(v, "rule", answer->rule);
	json_put_str(v, "policy", hex);
	return v;
}

void
acts_judge(struct core *c, struct open_act *o)
{
	struct policy_answer answer = acts_decide(c, o->act);
	char text[128];

	memcpy(o->act->rule, answer.rule, sizeof(answer.rule));
	o->act->ttl_s = answer.ttl_s;
	record_post(acts_step(c, o, ACT_JUDGED, verdict_details(c, &answer)),
	    false, NULL, NULL, NULL);
	switch (answer.verdict) {
	case VERDICT_ALLOW:
		record_post(acts_step(c, o, ACT_ALLOWED, NULL), false, NULL,
		    NULL, NULL);
		acts_go_on(c, o);
		break;
	case VERDICT_ASK:
		asking_begin(c, o);
		break;
	case VERDICT_DENY:
		snprintf(
		    text, sizeof(text), "the rule '%s' denies it", answer.rule);
		acts_end(c, o, ACT_DENIED, text);
		break;
	}
}

/* What never became an act is recorded all the same, within reason: a mind
 * that goes on and on is heard no more. */
static void
refuse(struct core *c, const struct proposal *p, const struct errmsg *why)
{
	struct record *r;
	struct json *details;

	if (p->run == NULL || p->run->refusals++ >= RUN_STEPS_MAX) {
		log_warn("a proposal is left out: %s", why->text);
		return;
	}
	details = json_object();
	json_put_str(details, "reason", why->text);
	r = record_new(c->ledger);
	record_log(r, "refused", p->run->id, NULL, details);
	record_post(r, false, NULL, NULL, NULL);
	runs_tell_result(c, p->run->id, p->step, "failed", why->text);
}

void
acts_propose(struct core *c, const struct json *proposal)
{
	struct proposal p;
	struct errmsg why = {""};
	struct open_act *o;
	struct json *details;
	struct record *r;

	if (read_proposal(c, proposal, &p, &why) != OK) {
		refuse(c, &p, &why);
		return;
	}
	/* Proposed again after a restart: its act is on its way, or its end
	 * was told with the steps. */
	if ((p.run->acted >> p.step & 1) != 0)
		return;
	o = take_place(c, act_new());
	if (o == NULL) {
		err_say(
		    &why, ERR_LIMIT, "%d acts are open already", ACTS_OPEN_MAX);
		refuse(c, &p, &why);
		return;
	}
	fill_act(o->act, &p);
	details = proposal_details(o->act);
	if (strlen(o->act->args) > ARGS_MAX || !record_fits(details)) {
		err_say(&why, ERR_LIMIT,
		    "the arguments are too large to be recorded");
		json_free(details);
		acts_forget(c, o);
		refuse(c, &p, &why);
		return;
	}
	runs_acted(c, p.run->id, p.step);
	r = record_new(c->ledger);
	record_log(r, "proposed", o->act->run, o->act->id, details);
	record_act(r, o->act);
	record_post(r, false, NULL, NULL, NULL);
	acts_judge(c, o);
}
