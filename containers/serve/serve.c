/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (256 * 1024)
#define LEGACY "2025-11-25"
#define MODERN "2026-07-28"
#define META "io.modelcontextprotocol/"

static const struct function *functions;
static int n_functions;
static const char *server_name;
static bool modern; /* Is the request that is being answered? */

void
reply_set(struct reply *r, bool failed, const char *fmt, ...)
{
	va_list ap;
	int n;

	free(r->text);
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	r->text = malloc((size_t)n + 1);
	if (r->text == NULL)
		abort();
	va_start(ap, fmt);
	vsnprintf(r->text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	r->failed = failed;
}

const char *
arg_text(const cJSON *args, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(args, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static void
add_info(cJSON *to, const char *member)
{
	cJSON *info = cJSON_AddObjectToObject(to, member);

	cJSON_AddStringToObject(info, "name", server_name);
	cJSON_AddStringToObject(info, "version", "1");
}

static void
answer(const cJSON *id, const char *member, cJSON *value)
{
	cJSON *message = cJSON_CreateObject();
	char *text;

	if (modern && strcmp(member, "result") == 0) {
		cJSON_AddStringToObject(value, "resultType", "complete");
		add_info(
		    cJSON_AddObjectToObject(value, "_meta"), META "serverInfo");
	}
	cJSON_AddStringToObject(message, "jsonrpc", "2.0");
	cJSON_AddItemToObject(message, "id", cJSON_Duplicate(id, true));
	cJSON_AddItemToObject(message, member, value);
	text = cJSON_PrintUnformatted(message);
	cJSON_Delete(message);
	if (text == NULL)
		abort();
	puts(text);
	fflush(stdout);
	free(text);
}

static cJSON *
new_error(int code, const char *words)
{
	cJSON *error = cJSON_CreateObject();

	cJSON_AddNumberToObject(error, "code", code);
	cJSON_AddStringToObject(error, "message", words);
	return error;
}

static void
refuse(const cJSON *id, int code, const char *words)
{
	answer(id, "error", new_error(code, words));
}

static void
refuse_revision(const cJSON *id, const char *revision)
{
	cJSON *error = new_error(-32022, "Unsupported protocol version");
	cJSON *data = cJSON_AddObjectToObject(error, "data");

	cJSON_AddItemToArray(cJSON_AddArrayToObject(data, "supported"),
	    cJSON_CreateString(MODERN));
	cJSON_AddStringToObject(data, "requested", revision);
	answer(id, "error", error);
}

/* What we say of ourselves never changes while we live. */
static void
add_life(cJSON *result)
{
	if (!modern)
		return;
	cJSON_AddNumberToObject(result, "ttlMs", 3600000);
	cJSON_AddStringToObject(result, "cacheScope", "public");
}

static void
on_initialize(const cJSON *id, const cJSON *params)
{
	cJSON *result = cJSON_CreateObject();
	cJSON *capabilities = cJSON_AddObjectToObject(result, "capabilities");

	(void)params;
	cJSON_AddStringToObject(result, "protocolVersion", LEGACY);
	cJSON_AddObjectToObject(capabilities, "tools");
	add_info(result, "serverInfo");
	answer(id, "result", result);
}

static void
on_discover(const cJSON *id, const cJSON *params)
{
	cJSON *result = cJSON_CreateObject();
	cJSON *capabilities = cJSON_AddObjectToObject(result, "capabilities");

	(void)params;
	cJSON_AddItemToArray(
	    cJSON_AddArrayToObject(result, "supportedVersions"),
	    cJSON_CreateString(MODERN));
	cJSON_AddObjectToObject(capabilities, "tools");
	add_life(result);
	answer(id, "result", result);
}

static void
on_list(const cJSON *id, const cJSON *params)
{
	cJSON *result = cJSON_CreateObject();
	cJSON *tools = cJSON_AddArrayToObject(result, "tools");
	int i;

	(void)params;
	for (i = 0; i < n_functions; i++) {
		cJSON *t = cJSON_CreateObject();

		cJSON_AddStringToObject(t, "name", functions[i].name);
		cJSON_AddStringToObject(
		    t, "description", functions[i].description);
		cJSON_AddItemToObject(
		    t, "inputSchema", cJSON_Parse(functions[i].schema));
		cJSON_AddItemToArray(tools, t);
	}
	add_life(result);
	answer(id, "result", result);
}

static void
run_function(const cJSON *id, const struct function *f, const cJSON *args)
{
	struct reply reply = {NULL, false};
	cJSON *result = cJSON_CreateObject();
	cJSON *content = cJSON_AddArrayToObject(result, "content");
	cJSON *item = cJSON_CreateObject();

	f->run(args, &reply);
	cJSON_AddStringToObject(item, "type", "text");
	cJSON_AddStringToObject(
	    item, "text", reply.text != NULL ? reply.text : "");
	cJSON_AddItemToArray(content, item);
	cJSON_AddBoolToObject(result, "isError", reply.failed);
	answer(id, "result", result);
	free(reply.text);
}

static void
on_call(const cJSON *id, const cJSON *params)
{
	const char *name = arg_text(params, "name");
	int i;

	for (i = 0; i < n_functions; i++) {
		if (strcmp(functions[i].name, name) != 0)
			continue;
		run_function(id, &functions[i],
		    cJSON_GetObjectItemCaseSensitive(params, "arguments"));
		return;
	}
	refuse(id, -32602, "unknown tool");
}

static void
on_ping(const cJSON *id, const cJSON *params)
{
	(void)params;
	answer(id, "result", cJSON_CreateObject());
}

enum era { LEGACY_ONLY, MODERN_ONLY, BOTH };

static const struct method {
	const char *name;
	enum era era;
	void (*run)(const cJSON *id, const cJSON *params);
} methods[] = {
    {"initialize", LEGACY_ONLY, on_initialize},
    {"ping", LEGACY_ONLY, on_ping},
    {"server/discover", MODERN_ONLY, on_discover},
    {"tools/list", BOTH, on_list},
    {"tools/call", BOTH, on_call},
};

static const struct method *
find_method(const char *name)
{
	enum era other = modern ? LEGACY_ONLY : MODERN_ONLY;
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0 &&
		    methods[i].era != other)
			return &methods[i];
	return NULL;
}

/* Who does not say in which revision it speaks is of the legacy era. */
static void
on_request(const cJSON *id, const char *name, const cJSON *params)
{
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(params, "_meta");
	const char *revision = arg_text(meta, META "protocolVersion");
	const struct method *m;

	modern = revision[0] != '\0';
	m = find_method(name);
	if (modern && strcmp(revision, MODERN) != 0)
		refuse_revision(id, revision);
	else if (modern &&
	    !cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(
		meta, META "clientCapabilities")))
		refuse(id, -32602, "the client's capabilities are missing");
	else if (m == NULL)
		refuse(id, -32601, "Method not found");
	else
		m->run(id, params);
}

static void
on_line(const char *line)
{
	cJSON *message = cJSON_Parse(line);
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(message, "id");

	/* A notification asks for nothing. */
	if (id != NULL)
		on_request(id, arg_text(message, "method"),
		    cJSON_GetObjectItemCaseSensitive(message, "params"));
	cJSON_Delete(message);
}

int
serve(const char *name, const struct function *list, int n)
{
	static char line[LINE_MAX_BYTES];

	server_name = name;
	functions = list;
	n_functions = n;
	while (fgets(line, sizeof(line), stdin) != NULL)
		on_line(line);
	return 0;
}
