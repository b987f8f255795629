/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "known/known.h"
#include "tool/reach.h"

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
	struct entities named;
	size_t i;

	if (!manifest_is_home(m))
		return OK;
	if (entities_of(args, &named) != OK)
		return err_say(why, ERR_INPUT,
		    "name one entity, or a room, a kind or both, or at most "
		    "%d entities, each once",
		    HOME_MANY_MAX);
	for (i = 0; i < named.n; i++)
		if (manifest_device(m, named.name[i]) == NULL)
			return err_say(why, ERR_DENIED,
			    "'%.64s' is no device that an owner accepted; "
			    "'durward home' lists what is there, 'durward "
			    "home accept' accepts",
			    named.name[i]);
	return OK;
}

enum err
known_check(const struct house_function *h, struct slots *slots,
    const char *tool, const struct json *args, enum effect *ret,
    struct errmsg *why)
{
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
	t = slots_find(slots, name);
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
