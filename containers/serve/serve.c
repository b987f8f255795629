/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (256 * 1024)
#define REVISION "2025-11-25"

static const struct function *functions;
static int n_functions;
static const char *server_name;

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
answer(const cJSON *id, const char *member, cJSON *value)
{
	cJSON *message = cJSON_CreateObject();
	char *text;

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

static void
refuse(const cJSON *id, int code, const char *words)
{
	cJSON *error = cJSON_CreateObject();

	cJSON_AddNumberToObject(error, "code", code);
	cJSON_AddStringToObject(error, "message", words);
	answer(id, "error", error);
}

static void
on_initialize(const cJSON *id, const cJSON *params)
{
	cJSON *result = cJSON_CreateObject();
	cJSON *capabilities = cJSON_AddObjectToObject(result, "capabilities");
	cJSON *info;

	(void)params;
	cJSON_AddStringToObject(result, "protocolVersion", REVISION);
	cJSON_AddObjectToObject(capabilities, "tools");
	info = cJSON_AddObjectToObject(result, "serverInfo");
	cJSON_AddStringToObject(info, "name", server_name);
	cJSON_AddStringToObject(info, "version", "1");
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

static const struct {
	const char *method;
	void (*run)(const cJSON *id, const cJSON *params);
} methods[] = {
    {"initialize", on_initialize},
    {"tools/list", on_list},
    {"tools/call", on_call},
    {"ping", on_ping},
};

static void
on_line(const char *line)
{
	cJSON *message = cJSON_Parse(line);
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(message, "id");
	const char *method = arg_text(message, "method");
	size_t i;

	/* A notification asks for nothing. */
	if (id == NULL) {
		cJSON_Delete(message);
		return;
	}
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].method, method) == 0)
			break;
	if (i < sizeof(methods) / sizeof(methods[0]))
		methods[i].run(
		    id, cJSON_GetObjectItemCaseSensitive(message, "params"));
	else
		refuse(id, -32601, "Method not found");
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
