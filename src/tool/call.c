/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tool/tool_priv.h"

/* A call as a manifest sees it: what it is called by, and what fits. */

const char *const manifest_types[ARG_TYPES] = {
    [ARG_STRING] = "string",
    [ARG_INTEGER] = "integer",
    [ARG_NUMBER] = "number",
    [ARG_BOOLEAN] = "boolean",
};

const struct manifest_function *
manifest_function(const struct manifest *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n_functions; i++)
		if (strcmp(m->functions[i].name, name) == 0)
			return &m->functions[i];
	return NULL;
}

void
manifest_call_name(const struct manifest *m, const struct manifest_function *f,
    char ret[CALL_NAME_SIZE])
{
	if (manifest_is_provider(m))
		snprintf(ret, CALL_NAME_SIZE, "model.%s.%s",
		    m->provider.cloud ? "cloud" : "house", m->name);
	else
		snprintf(ret, CALL_NAME_SIZE, "%s.%s", m->name, f->name);
}

/* "model.cloud.NAME" */
static const char *
provider_in(const char *full)
{
	static const char *const places[] = {"model.house.", "model.cloud."};
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++)
		if (strncmp(full, places[i], strlen(places[i])) == 0)
			return full + strlen(places[i]);
	return NULL;
}

enum err
tool_name_split(const char *full, char ret_tool[NAME_MAX_LEN + 1],
    char ret_function[NAME_MAX_LEN + 1])
{
	const char *provider = provider_in(full);
	const char *dot = strchr(full, '.');
	size_t len = dot != NULL ? (size_t)(dot - full) : 0;

	if (provider != NULL) {
		memcpy(ret_function, "chat", sizeof("chat"));
		return str_is_name(provider) && strchr(provider, '.') == NULL &&
			str_copy(ret_tool, NAME_MAX_LEN + 1, provider) == OK
		    ? OK
		    : ERR_INPUT;
	}
	if (dot == NULL || len == 0 || len > NAME_MAX_LEN ||
	    strchr(dot + 1, '.') != NULL || !str_is_name(dot + 1) ||
	    str_copy(ret_function, NAME_MAX_LEN + 1, dot + 1) != OK)
		return ERR_INPUT;
	memcpy(ret_tool, full, len);
	ret_tool[len] = '\0';
	return str_is_name(ret_tool) ? OK : ERR_INPUT;
}

static const struct manifest_arg *
find_arg(const struct manifest_function *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n_args; i++)
		if (strcmp(f->args[i].name, name) == 0)
			return &f->args[i];
	return NULL;
}

static bool
fits(const struct manifest_arg *a, const struct json *v)
{
	switch (a->type) {
	case ARG_STRING:
		return json_is_string(v) &&
		    strlen(json_text(v)) <= (size_t)a->max;
	case ARG_INTEGER:
		return json_is_integer(v) && json_double(v) <= (double)a->max;
	case ARG_NUMBER:
		return json_is_number(v) && json_double(v) <= (double)a->max;
	case ARG_BOOLEAN:
		return json_is_bool(v);
	}
	return false;
}

enum err
manifest_check_args(const struct manifest_function *f, const struct json *args,
    struct errmsg *why)
{
	const struct json *m;
	size_t i;

	if (!json_is_object(args))
		return err_say(
		    why, ERR_INPUT, "the arguments are not a JSON object");
	for (m = json_first(args); m != NULL; m = json_next(m)) {
		const struct manifest_arg *a = find_arg(f, json_name(m));

		if (a == NULL)
			return err_say(why, ERR_INPUT,
			    "'%s' has no argument '%.64s'", f->name,
			    json_name(m));
		if (!fits(a, m))
			return err_say(why, ERR_INPUT,
			    "argument '%s' of '%s' must be a %s of at most "
			    "%lld",
			    a->name, f->name, manifest_types[a->type],
			    (long long)a->max);
	}
	for (i = 0; i < f->n_args; i++)
		if (f->args[i].required && !json_has(args, f->args[i].name))
			return err_say(why, ERR_INPUT,
			    "'%s' needs the argument '%s'", f->name,
			    f->args[i].name);
	return OK;
}
