/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mcp/mcp_priv.h"

#define META "io.modelcontextprotocol/"

int64_t
mcp_request(struct mcp *m, const char *method)
{
	buf_addf(&m->out,
	    "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\",\"params\":{",
	    (long long)++m->last_id, method);
	return m->last_id;
}

/* In the modern era each request says who asks; in the legacy one only the
 * first, which says it in its own members. */
void
mcp_request_end(struct mcp *m, bool has_members)
{
	if (m->era != MCP_LEGACY)
		buf_addf(&m->out,
		    "%s\"_meta\":{\"" META "protocolVersion\":\"%s\",\"" META
		    "clientCapabilities\":{},\"" META
		    "clientInfo\":{\"name\":\"durward\",\"version\":\"1\"}}",
		    has_members ? "," : "", m->revision);
	buf_adds(&m->out, "}}\n");
}

void
mcp_notify(struct mcp *m, const char *method, const char *params)
{
	buf_addf(&m->out, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\"%s%s}\n",
	    method, params != NULL ? ",\"params\":" : "",
	    params != NULL ? params : "");
}

/* We declare neither roots nor sampling nor anything else that a server
 * could ask for. */
void
mcp_serve(struct mcp *m, const struct json *id, const char *method)
{
	struct buf text;

	buf_init(&text, MCP_ID_MAX);
	json_print_into(id, &text);
	if (text.overflow)
		mcp_give_up(m, "the server asks under an id that is too long");
	else if (m->out.len + OUT_KEPT > OUT_MAX)
		mcp_give_up(m, "the server does not read what it asks for");
	else if (strcmp(method, "ping") == 0)
		buf_addf(&m->out,
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n", text.p);
	else
		buf_addf(&m->out,
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32601,"
		    "\"message\":\"Method not found\"}}\n",
		    text.p);
	buf_done(&text);
}

enum reply
mcp_reply(const struct mcp *m, const struct json *message)
{
	const struct json *result = json_get(message, "result");
	const struct json *error = json_get(message, "error");
	const struct json *type = json_get(result, "resultType");

	if (result == NULL && json_is_object(error))
		return REPLY_ERROR;
	if (error != NULL || !json_is_object(result))
		return REPLY_INVALID;
	if (type == NULL || m->era == MCP_LEGACY ||
	    strcmp(json_words(result, "resultType"), "complete") == 0)
		return REPLY_RESULT;
	if (strcmp(json_words(result, "resultType"), "input_required") == 0)
		return REPLY_INPUT;
	return REPLY_INVALID;
}

int64_t
mcp_error_code(const struct json *message)
{
	return json_int(json_get(message, "error"), "code", 0);
}
