/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "runs/runs_priv.h"
#include "tool/reach.h"

/*
 * How a proposal becomes an act, and is judged.  What comes from the mind
 * is read strictly; what does not fit is recorded as refused and told to
 * the run in words.
 */

/* A provider is called by what its manifest says of it, with a model that
 * stands there. */
static enum err
check_provider(const struct manifest *m, const struct manifest_function *f,
    const char *tool, const struct json *args, struct errmsg *why)
{
	char name[CALL_NAME_SIZE];

	manifest_call_name(m, f, name);
	if (strcmp(name, tool) != 0)
		return err_say(why, ERR_NOTFOUND,
		    "there is no function '%.64s'; the provider '%s' is "
		    "called '%s'",
		    tool, m->name, name);
	if (manifest_is_provider(m) &&
	    manifest_model(m, json_words(args, "model")) == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "the provider '%s' offers no model '%.128s'", m->name,
		    json_words(args, "model"));
	return OK;
}

/* What is commanded is what an owner accepted. */
static enum err
check_accepted(
    const struct manifest *m, const struct json *args, struct errmsg *why)
{
	const char *entity = json_words(args, "entity");

	if (!manifest_is_home(m) || manifest_device(m, entity) != NULL)
		return OK;
	return err_say(why, ERR_DENIED,
	    "'%.64s' is no device that an owner accepted; 'durward home' lists "
	    "what is there, 'durward home accept' accepts",
	    entity);
}

/* The effect of a known function whose arguments fit. */
enum err
runs_check_call(struct runs *rs, const char *tool, const struct json *args,
    enum effect *ret, struct errmsg *why)
{
	const struct house_function *h = rs->s.house(tool);
	char name[NAME_MAX_LEN + 1];
	char function[NAME_MAX_LEN + 1];
	const struct manifest_function *f;
	struct reach reach;
	struct slot *t;
	enum err e;

	if (h != NULL) {
		*ret = h->call.effect;
		return manifest_check_args(&h->call, args, why);
	}
	if (tool_name_split(tool, name, function) != OK)
		return err_say(why, ERR_INPUT,
		    "'%.64s' is no name of a tool's function", tool);
	t = slots_find(rs->s.slots, name);
	if (t == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "there is no tool '%s'; 'durward tool' lists what is "
		    "there",
		    name);
	if (slot_is_disabled(t))
		return err_say(why, ERR_DENIED,
		    "the tool '%s' is disabled; 'durward tool enable %s' "
		    "enables it",
		    name, name);
	f = manifest_function(slot_manifest(t), function);
	if (f == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "the tool '%s' has no function '%s'", name, function);
	*ret = manifest_effect(slot_manifest(t), f, args);
	e = manifest_check_args(f, args, why);
	if (e == OK)
		e = check_accepted(slot_manifest(t), args, why);
	if (e == OK)
		e = check_provider(slot_manifest(t), f, tool, args, why);
	return e == OK ? reach_of_call(slot_manifest(t), f, args, &reach, why)
		       : e;
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

/* One of the words that may stand behind an argument's name. */
static bool
is_origin(const char *p, size_t len)
{
	static const char *const words[] = {
	    "model", "fact", "result", "person"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], p, len) == 0)
			return true;
	return false;
}

static bool
origins_fit(const char *origins, const struct json *args)
{
	const struct json *m = json_first(args);

	if (m == NULL)
		return strcmp(origins, "none") == 0;
	/* In the order of the canonical arguments, so nothing stands twice. */
	for (; m != NULL; m = json_next(m)) {
		size_t name = strlen(json_name(m));
		size_t len;

		if (strncmp(origins, json_name(m), name) != 0 ||
		    origins[name] != ':')
			return false;
		origins += name + 1;
		len = strcspn(origins, ",");
		if (!is_origin(origins, len))
			return false;
		origins += len + (origins[len] == ',' ? 1 : 0);
	}
	return *origins == '\0';
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
read_proposal(struct runs *rs, const struct json *v, struct proposal *ret,
    struct errmsg *why)
{
	const char *run = json_str(v, "run");
	struct json *args;
	enum err e;

	ret->run = runs_find(rs, run != NULL ? run : "");
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
	e = runs_check_call(rs, ret->tool, args, &ret->effect, why);
	if (e == OK)
		e = check_listed(rs, ret->run, ret->tool, args, why);
	if (e == OK && !origins_fit(ret->origins, args))
		e = err_say(why, ERR_INPUT,
		    "the proposal does not say where each argument is from");
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

void
runs_on_proposal(struct runs *rs, const struct msg *m)
{
	struct proposal p;
	struct errmsg why = {""};
	struct wish w;

	keep_wish(rs, m->body);
	if (read_proposal(rs, m->body, &p, &why) != OK) {
		refuse(rs, &p, &why);
		return;
	}
	/* Proposed again after a restart: its act is on its way, or its end
	 * was told with the steps. */
	if ((p.run->acted >> p.step & 1) != 0)
		return;
	w = (struct wish){.run = p.run->id,
	    .step = p.step,
	    .principal = p.run->principal,
	    .agent_id = p.run->agent_id,
	    .client = p.run->client,
	    .tool = p.tool,
	    .opinion = keep_opinion(p.run, p.effect),
	    .motive = keep_motive(p.run, p.tool),
	    .effect = p.effect,
	    .args = p.args,
	    .origins = p.origins};
	if (acts_begin(rs->acts, &w, &why) == OK)
		runs_acted(rs, p.run->id, p.step);
	else
		refuse(rs, &p, &why);
}
