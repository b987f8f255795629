/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "tool/tool_priv.h"

static enum err
read_text(const struct json *v, const char *name, char *to, size_t size,
    struct errmsg *why)
{
	const char *s = json_str(v, name);

	if (s == NULL || s[0] == '\0' || str_copy(to, size, s) != OK)
		return SAY(why, "'%s' is missing, no text, or too long", name);
	return OK;
}

static enum err
read_number(const struct json *v, const char *name, int64_t least, int64_t most,
    int64_t otherwise, int64_t *ret, struct errmsg *why)
{
	int64_t n = json_int(v, name, otherwise);

	if (json_has(v, name) && !json_is_integer(json_get(v, name)))
		return SAY(why, "'%s' is no whole number", name);
	if (n < least || n > most)
		return SAY(why, "'%s' must be %lld to %lld", name,
		    (long long)least, (long long)most);
	*ret = n;
	return OK;
}

/* What later versions will know must not be taken for granted by this one:
 * an unknown member could be a limit that nobody keeps. */
enum err
manifest_check_members(const struct json *v, const char *what,
    const char *const *known, size_t n, struct errmsg *why)
{
	const struct json *m;
	size_t i;

	if (!json_is_object(v))
		return SAY(why, "'%s' is no object", what);
	for (m = json_first(v); m != NULL; m = json_next(m)) {
		for (i = 0; i < n; i++)
			if (strcmp(known[i], json_name(m)) == 0)
				break;
		if (i == n)
			return SAY(why, "unknown member '%.64s'", json_name(m));
	}
	return OK;
}

static enum err
read_flag(const struct json *v, const char *name, bool *ret, struct errmsg *why)
{
	if (json_has(v, name) && !json_is_bool(json_get(v, name)))
		return SAY(why, "'%s' is neither true nor false", name);
	*ret = json_flag(v, name);
	return OK;
}

/* Words for models, which the view takes from the document.  Models and
 * people must see the same. */
static enum err
check_about(const struct json *v, const char *name, struct errmsg *why)
{
	const char *about = json_str(v, "about");

	if (!json_has(v, "about"))
		return OK;
	if (about == NULL || about[0] == '\0' || strlen(about) > ABOUT_MAX)
		return SAY(why, "'about' of '%s' must be 1 to %d bytes of text",
		    name, ABOUT_MAX);
	return OK;
}

static enum err
read_arg(const struct json *v, struct manifest_arg *ret, struct errmsg *why)
{
	static const char *const known[] = {"type", "required", "max", "about"};
	const char *type = json_str(v, "type");
	size_t i;
	enum err e;

	if (!str_is_name(json_name(v)) ||
	    str_copy(ret->name, sizeof(ret->name), json_name(v)) != OK)
		return SAY(why, "an argument's name is malformed");
	for (i = 0; i < ARG_TYPES && type != NULL; i++)
		if (strcmp(manifest_types[i], type) == 0)
			break;
	if (type == NULL || i == ARG_TYPES)
		return SAY(why,
		    "argument '%s' needs a type: string, integer, number or "
		    "boolean",
		    ret->name);
	ret->type = (enum arg_type)i;
	e = manifest_check_members(v, ret->name, known, ARRAY_LEN(known), why);
	if (e == OK)
		e = check_about(v, ret->name, why);
	if (e == OK)
		e = read_flag(v, "required", &ret->required, why);
	if (e != OK)
		return e;
	return read_number(v, "max", 0, INT64_C(1) << 53,
	    ret->type == ARG_STRING ? ARGS_MAX : INT64_C(1) << 53, &ret->max,
	    why);
}

/* It must be there in every call, as text. */
static enum err
read_url_arg(
    const struct json *v, struct manifest_function *ret, struct errmsg *why)
{
	const char *name = json_str(v, "network");
	size_t i;

	if (!json_has(v, "network"))
		return OK;
	for (i = 0; i < ret->n_args && name != NULL; i++)
		if (strcmp(ret->args[i].name, name) == 0 &&
		    ret->args[i].required && ret->args[i].type == ARG_STRING)
			return str_copy(
			    ret->url_arg, sizeof(ret->url_arg), name);
	return SAY(why,
	    "'network' of '%s' must name a required text argument: the URL "
	    "whose host it reaches",
	    ret->name);
}

static enum err
read_function(
    const struct json *v, struct manifest_function *ret, struct errmsg *why)
{
	static const char *const known[] = {
	    "effect", "args", "network", "about"};
	const char *effect = json_str(v, "effect");
	const struct json *args = json_get(v, "args");
	const struct json *m;
	enum err e;

	if (!str_is_name(json_name(v)) || strchr(json_name(v), '.') != NULL ||
	    str_copy(ret->name, sizeof(ret->name), json_name(v)) != OK)
		return SAY(why, "a function's name is malformed");
	ret->effect = effect_by_name(effect != NULL ? effect : "");
	if (ret->effect == EFFECT_COUNT)
		return SAY(why,
		    "function '%s' needs an effect: read, reversible, "
		    "physical, external, money or system",
		    ret->name);
	e = manifest_check_members(v, ret->name, known, ARRAY_LEN(known), why);
	if (e == OK)
		e = check_about(v, ret->name, why);
	if (e != OK)
		return e;
	if (args != NULL && !json_is_object(args))
		return SAY(why, "'args' of '%s' is no object", ret->name);
	for (m = json_first(args); m != NULL; m = json_next(m)) {
		if (ret->n_args == FUNCTION_ARGS_MAX)
			return SAY(why, "'%s' has more than %d arguments",
			    ret->name, FUNCTION_ARGS_MAX);
		e = read_arg(m, &ret->args[ret->n_args++], why);
		if (e != OK)
			return e;
	}
	return read_url_arg(v, ret, why);
}

static enum err
read_functions(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	const struct json *functions = json_get(v, "functions");
	const struct json *m;
	struct buf canonical;
	enum err e;

	if (!json_is_object(functions) || json_count(functions) == 0 ||
	    json_count(functions) > FUNCTIONS_MAX)
		return SAY(
		    why, "'functions' needs 1 to %d members", FUNCTIONS_MAX);
	for (m = json_first(functions); m != NULL; m = json_next(m)) {
		e = read_function(m, &ret->functions[ret->n_functions++], why);
		if (e != OK)
			return e;
	}
	buf_init(&canonical, 2 * MANIFEST_MAX);
	json_canonical(functions, &canonical);
	crypto_hash(canonical.p, canonical.len, &ret->schema);
	buf_done(&canonical);
	return OK;
}

static enum err
read_command(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	const struct json *command = json_get(v, "command");
	const struct json *m;

	if (!json_is_array(command) || json_count(command) == 0 ||
	    json_count(command) > COMMAND_WORDS_MAX)
		return SAY(
		    why, "'command' needs 1 to %d words", COMMAND_WORDS_MAX);
	for (m = json_first(command); m != NULL; m = json_next(m)) {
		if (json_text(m) == NULL ||
		    str_copy(ret->command[ret->n_command++],
			sizeof(ret->command[0]), json_text(m)) != OK)
			return SAY(why, "'command' holds no short texts");
	}
	return OK;
}

static enum err
read_image(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	struct digest d;
	enum err e = read_text(v, "image", ret->image, sizeof(ret->image), why);

	if (e != OK)
		return e;
	if (strncmp(ret->image, "sha256:", 7) != 0 ||
	    digest_read(ret->image + 7, strlen(ret->image + 7), &d) != OK)
		return SAY(why, "'image' must be sha256: and 64 hex digits");
	return OK;
}

static enum err
read_limits(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	static const char *const known[] = {"memory_mib", "pids", "call_ms",
	    "net_mib", "volume_mib", "workspace_mib"};
	const struct json *limits = json_get(v, "limits");
	enum err e = OK;

	if (limits != NULL)
		e = manifest_check_members(
		    limits, "limits", known, ARRAY_LEN(known), why);
	if (e == OK)
		e = read_number(
		    limits, "memory_mib", 4, 4096, 64, &ret->memory_mib, why);
	if (e == OK)
		e = read_number(limits, "pids", 1, 1024, 16, &ret->pids, why);
	if (e == OK)
		e = read_number(limits, "call_ms", CALL_MS_MIN, 3600 * 1000,
		    CALL_MS, &ret->call_ms, why);
	if (e == OK)
		e = read_number(
		    limits, "net_mib", 1, 4096, 64, &ret->net_mib, why);
	if (e == OK)
		e = read_number(limits, "volume_mib", 1, VOLUME_MIB_MAX,
		    VOLUME_MIB, &ret->volume_mib, why);
	if (e == OK)
		e = read_number(limits, "workspace_mib", 0, WORKSPACE_MIB_MAX,
		    0, &ret->workspace_mib, why);
	if (e == OK)
		e = read_number(
		    v, "idle_s", 1, 24 * 3600, 600, &ret->idle_s, why);
	if (e == OK)
		e = read_number(
		    v, "warm_s", 1, 24 * 3600, WARM_S, &ret->warm_s, why);
	return e;
}

/* ---- The network ---- */

static enum err
add_port(struct manifest *m, uint16_t port, struct errmsg *why)
{
	size_t i;

	for (i = 0; i < m->n_ports; i++)
		if (m->ports[i] == port)
			return OK;
	if (m->n_ports == TOOL_PORTS_MAX)
		return SAY(why, "more than %d ports", TOOL_PORTS_MAX);
	m->ports[m->n_ports++] = port;
	return OK;
}

static enum err
read_hosts(const struct json *v, const char *name, struct manifest *m,
    struct host_grant *hosts, size_t *n, struct errmsg *why)
{
	const struct json *list = json_get(v, name);
	const struct json *h;
	struct errmsg detail;
	enum err e = OK;

	if (list != NULL &&
	    (!json_is_array(list) || json_count(list) > TOOL_HOSTS_MAX))
		return SAY(why, "'%s' must be a list of at most %d hosts", name,
		    TOOL_HOSTS_MAX);
	for (h = json_first(list); h != NULL && e == OK; h = json_next(h)) {
		if (json_text(h) == NULL ||
		    host_grant_read(json_text(h), &hosts[*n], &detail) != OK)
			return SAY(why, "'%s': %.120s", name,
			    json_text(h) != NULL ? detail.text : "no text");
		e = add_port(m, hosts[(*n)++].port, why);
	}
	return e;
}

/* What functions with a URL may reach. */
static enum err
read_ports(const struct json *v, struct manifest *m, struct errmsg *why)
{
	const struct json *list = json_get(v, "ports");
	const struct json *p;
	enum err e = OK;
	size_t i;

	if (list != NULL && !json_is_array(list))
		return SAY(why, "'ports' must be a list of numbers");
	for (p = json_first(list); p != NULL && e == OK; p = json_next(p)) {
		if (!json_is_integer(p) || json_double(p) < 1 ||
		    json_double(p) > 65535)
			return SAY(why, "'ports' must be numbers to 65535");
		e = add_port(m, (uint16_t)json_double(p), why);
	}
	for (i = 0; i < m->n_functions && e == OK && list == NULL; i++) {
		if (m->functions[i].url_arg[0] == '\0')
			continue;
		e = add_port(m, 80, why);
		if (e == OK)
			e = add_port(m, 443, why);
	}
	return e;
}

static enum err
read_network(const struct json *v, struct manifest *m, struct errmsg *why)
{
	enum err e =
	    read_hosts(v, "network", m, m->network, &m->n_network, why);
	size_t i;

	for (i = 0; i < m->n_network && e == OK; i++)
		if (m->network[i].has_address)
			e = SAY(why,
			    "'network': an address is for 'lan'; the names "
			    "of public hosts are looked up");
	if (e == OK)
		e = read_hosts(v, "lan", m, m->lan, &m->n_lan, why);
	if (e == OK)
		e = read_ports(v, m, why);
	return e;
}

bool
manifest_has_network(const struct manifest *m)
{
	return m->n_ports > 0;
}

static enum err
read_name(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	enum err e = read_text(v, "name", ret->name, sizeof(ret->name), why);

	/* "model" is what all providers are called by. */
	if (e == OK &&
	    (!str_is_name(ret->name) || strchr(ret->name, '.') != NULL ||
		strcmp(ret->name, "model") == 0))
		e = SAY(why, "'name' must be small letters, digits and '-'");
	if (e == OK)
		e = read_text(
		    v, "version", ret->version, sizeof(ret->version), why);
	return e;
}

/* transport "container" */
static enum err
read_container(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	static const char *const known[] = {"name", "version", "transport",
	    "kind", "image", "command", "volume", "limits", "idle_s",
	    "functions", "description", "network", "lan", "ports", "secrets",
	    "warm_s", "folders"};
	enum err e = manifest_check_members(
	    v, "the manifest", known, ARRAY_LEN(known), why);

	if (e == OK && json_has(v, "kind") &&
	    strcmp(json_words(v, "kind"), "call") != 0)
		e = SAY(why, "'kind' must be \"call\"");
	if (e == OK)
		e = read_image(v, ret, why);
	if (e == OK)
		e = read_command(v, ret, why);
	if (e == OK)
		e = read_limits(v, ret, why);
	if (e == OK)
		e = read_functions(v, ret, why);
	if (e == OK)
		e = read_network(v, ret, why);
	if (e == OK)
		e = manifest_read_secrets(v, ret, why);
	if (e == OK)
		e = manifest_read_folders(v, ret, why);
	if (e == OK)
		e = read_flag(v, "volume", &ret->volume, why);
	return e;
}

/* transport "home" */
static enum err
read_home(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	static const char *const known[] = {"name", "version", "transport",
	    "description", "functions", "devices"};
	enum err e = manifest_check_members(
	    v, "the manifest", known, ARRAY_LEN(known), why);

	if (e == OK)
		e = read_functions(v, ret, why);
	return e == OK ? manifest_read_devices(v, ret, why) : e;
}

bool
manifest_is_contained(const struct manifest *m)
{
	return !m->is_home && !manifest_is_provider(m);
}

static enum err
read_manifest(const struct json *v, struct manifest *ret, struct errmsg *why)
{
	const char *transport = json_words(v, "transport");
	enum err e = read_name(v, ret, why);

	if (e != OK)
		return e;
	if (strcmp(transport, "container") == 0)
		return read_container(v, ret, why);
	if (strcmp(transport, "model") == 0)
		return manifest_read_provider(v, ret, why);
	if (strcmp(transport, "home") == 0)
		return read_home(v, ret, why);
	return SAY(
	    why, "'transport' must be \"container\", \"model\" or \"home\"");
}

enum err
manifest_parse(
    const char *text, size_t len, struct manifest **ret, struct errmsg *why)
{
	struct manifest *m;
	struct json *v;
	enum err e;

	if (len > MANIFEST_MAX)
		return err_say(why, ERR_LIMIT, "manifest: larger than %d bytes",
		    MANIFEST_MAX);
	if (json_parse(text, len, &v) != OK)
		return SAY(why, "not strict JSON");
	m = xalloc(sizeof(*m));
	e = json_is_object(v) ? read_manifest(v, m, why)
			      : SAY(why, "not an object");
	json_free(v);
	if (e != OK) {
		manifest_free(m);
		return e;
	}
	crypto_hash(text, len, &m->digest);
	*ret = m;
	return OK;
}

void
manifest_free(struct manifest *m)
{
	if (m != NULL)
		manifest_free_devices(m);
	free(m);
}

struct json *
manifest_container(const struct manifest *m)
{
	struct json *v = json_object();
	struct json *command = json_array();
	struct json *ports = json_array();
	char port[8];
	size_t i;

	for (i = 0; i < m->n_command; i++)
		json_push(command, json_string(m->command[i]));
	for (i = 0; i < m->n_ports; i++) {
		snprintf(port, sizeof(port), "%d", (int)m->ports[i]);
		json_push(ports, json_string(port));
	}
	json_put_str(v, "tool", m->name);
	json_put_str(v, "image", m->image);
	json_put(v, "command", command);
	json_put_bool(v, "volume", m->volume);
	json_put_int(v, "volume_mib", m->volume_mib);
	json_put_int(v, "memory_mib", m->memory_mib);
	json_put_int(v, "workspace_mib", m->workspace_mib);
	json_put_int(v, "pids", m->pids);
	json_put(v, "ports", ports);
	json_put(v, "folders", manifest_folders(m));
	return v;
}
