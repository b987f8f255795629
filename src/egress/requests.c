/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "egress/egress_priv.h"

static void
forget(struct request *r)
{
	if (r->body != NULL)
		explicit_bzero(r->body, r->len);
	free(r->body);
	memset(r, 0, sizeof(*r));
}

static struct request *
find_run(struct requests *rs, const char *run)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (strcmp(rs->all[i].run, run) == 0)
			return &rs->all[i];
	return NULL;
}

static struct request *
find_oldest(struct requests *rs)
{
	struct request *oldest = &rs->all[0];
	size_t i;

	for (i = 1; i < RUNS_OPEN_MAX; i++)
		if (rs->all[i].until_ms < oldest->until_ms)
			oldest = &rs->all[i];
	return oldest;
}

enum err
requests_put(struct requests *rs, const char *run, int64_t step,
    const char *body, size_t len, int64_t now_ms)
{
	struct request *r;

	if (run[0] == '\0' || strlen(run) >= sizeof(r->run) || step < 0)
		return ERR_INPUT;
	if (len > MODEL_REQUEST_MAX)
		return ERR_LIMIT;
	r = find_run(rs, run);
	if (r == NULL)
		r = find_run(rs, "");
	if (r == NULL)
		r = find_oldest(rs);
	forget(r);
	memcpy(r->run, run, strlen(run));
	r->step = step;
	r->body = xalloc(len + 1);
	memcpy(r->body, body, len);
	r->len = len;
	r->until_ms = now_ms + MODEL_REQUEST_KEPT_MS;
	return OK;
}

char *
requests_take(struct requests *rs, const char *run, int64_t step,
    int64_t now_ms, size_t *ret_len)
{
	struct request *r = run[0] != '\0' ? find_run(rs, run) : NULL;
	char *body;

	if (r == NULL || r->step != step || now_ms >= r->until_ms)
		return NULL;
	body = r->body;
	*ret_len = r->len;
	memset(r, 0, sizeof(*r));
	return body;
}

void
requests_drop(struct requests *rs, const char *run, int64_t step)
{
	struct request *r = run[0] != '\0' ? find_run(rs, run) : NULL;

	if (r != NULL && r->step == step)
		forget(r);
}

void
requests_expire(struct requests *rs, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (rs->all[i].run[0] != '\0' && now_ms >= rs->all[i].until_ms)
			forget(&rs->all[i]);
}

/* ---- The request beside its order ---- */

/* What a dialect calls the most tokens of a reply. */
static const struct {
	enum dialect dialect;
	const char *in; /* The object that it stands in; NULL: the request. */
	const char *name;
} ceilings[] = {
    {DIALECT_OLLAMA, "options", "num_predict"},
    {DIALECT_OPENAI, NULL, "max_tokens"},
    {DIALECT_OPENAI, NULL, "max_completion_tokens"},
    {DIALECT_ANTHROPIC, NULL, "max_tokens"},
};

static enum err
check_ceiling(const struct json *request, enum dialect d, int64_t most,
    struct errmsg *why)
{
	bool found = false;
	size_t i;

	/* Servers read more than their own dialect: none may say more. */
	for (i = 0; i < ARRAY_LEN(ceilings); i++) {
		const struct json *in = ceilings[i].in != NULL
		    ? json_get(request, ceilings[i].in)
		    : request;
		int64_t n = json_int(in, ceilings[i].name, -1);

		if (!json_has(in, ceilings[i].name))
			continue;
		if (n < 1 || n > most)
			return err_say(why, ERR_DENIED,
			    "the request wants more output than its order "
			    "allows ('%s')",
			    ceilings[i].name);
		found = found || ceilings[i].dialect == d;
	}
	if (!found)
		return err_say(why, ERR_DENIED,
		    "the request has no ceiling for its output");
	return OK;
}

/* Some providers have tools of their own, which search or run something there
 * without anybody being asked. */
static bool
has_foreign_tools(const struct json *request)
{
	const struct json *t = json_first(json_get(request, "tools"));

	for (; t != NULL; t = json_next(t)) {
		const char *type = json_words(t, "type");

		if (json_has(t, "type") && strcmp(type, "function") != 0 &&
		    strcmp(type, "custom") != 0)
			return true;
	}
	return false;
}

/* Content is text and calls: what names an address would be fetched by the
 * server, and what is said with it. */
static bool
has_foreign_content(const struct json *content)
{
	static const char *const known[] = {
	    "text", "thinking", "redacted_thinking", "tool_use", "tool_result"};
	const struct json *p = json_first(content);
	size_t i;

	for (; p != NULL && json_is_array(content); p = json_next(p)) {
		for (i = 0; i < ARRAY_LEN(known); i++)
			if (strcmp(json_words(p, "type"), known[i]) == 0)
				break;
		if (i == ARRAY_LEN(known) ||
		    has_foreign_content(json_get(p, "content")))
			return true;
	}
	return false;
}

static bool
has_foreign_messages(const struct json *request)
{
	const struct json *m = json_first(json_get(request, "messages"));

	for (; m != NULL; m = json_next(m))
		if (json_has(m, "images") || json_has(m, "audio") ||
		    has_foreign_content(json_get(m, "content")))
			return true;
	return false;
}

/* All that our dialects write, and nothing else: servers read more than they
 * say, some of them in capitals too, and by that they would take another
 * model, ask others, or answer more than once. */
static const struct {
	enum dialect dialect;
	const char *names[12];
} members[] = {
    {DIALECT_OLLAMA,
	{"model", "stream", "options", "format", "tools", "messages"}},
    {DIALECT_OPENAI,
	{"model", "stream", "stream_options", "max_tokens",
	    "max_completion_tokens", "tools", "tool_choice", "messages"}},
    {DIALECT_ANTHROPIC,
	{"model", "max_tokens", "stream", "tools", "tool_choice", "system",
	    "messages"}},
};

static bool
is_member(enum dialect d, const char *name)
{
	size_t i;
	size_t j;

	for (i = 0; i < ARRAY_LEN(members); i++)
		for (j = 0; members[i].names[j] != NULL; j++)
			if (members[i].dialect == d &&
			    strcmp(members[i].names[j], name) == 0)
				return true;
	return false;
}

static enum err
check_members(const struct json *request, enum dialect d, struct errmsg *why)
{
	static const char refused[] =
	    "the request has '%.64s', which its order does not cover";
	const struct json *m;

	for (m = json_first(request); m != NULL; m = json_next(m))
		if (!is_member(d, json_name(m)))
			return err_say(why, ERR_DENIED, refused, json_name(m));
	m = json_first(json_get(request, "options"));
	for (; m != NULL; m = json_next(m))
		if (strcmp(json_name(m), "num_ctx") != 0 &&
		    strcmp(json_name(m), "num_predict") != 0)
			return err_say(why, ERR_DENIED, refused, json_name(m));
	if (has_foreign_tools(request))
		return err_say(why, ERR_DENIED,
		    "the request wants a tool of the provider's own, which "
		    "its order does not cover");
	if (has_foreign_messages(request))
		return err_say(why, ERR_DENIED,
		    "the request holds more than text and calls, which its "
		    "order does not cover");
	return OK;
}

static enum err
check_body(const struct json *request, const struct json *args,
    const struct order *o, struct errmsg *why)
{
	const char *model = json_words(args, "model");
	enum dialect d = o->manifest->provider.dialect;
	enum err e;

	if (strcmp(json_words(request, "model"), model) != 0)
		return err_say(why, ERR_DENIED,
		    "the request is for another model than its order");
	if (manifest_model(o->manifest, model) == NULL)
		return err_say(why, ERR_DENIED,
		    "the manifest of '%s' has no model '%s'", o->room, model);
	e = check_ceiling(request, d, json_int(args, "output", 0), why);
	return e == OK ? check_members(request, d, why) : e;
}

static enum err
check_bytes(struct str body, const struct json *args, struct errmsg *why)
{
	const char *sha256 = json_words(args, "sha256");
	struct digest want;
	struct digest got;

	crypto_hash(body.p, body.len, &got);
	if (digest_read(sha256, strlen(sha256), &want) != OK ||
	    !digest_equal(&want, &got) ||
	    json_int(args, "bytes", -1) != (int64_t)body.len)
		return err_say(why, ERR_DENIED,
		    "the request is not the one that its order names");
	return OK;
}

/* "model.cloud.NAME" and "model.house.NAME": policies tell them apart. */
static enum err
check_place(const struct order *o, struct errmsg *why)
{
	const char *place =
	    o->manifest->provider.cloud ? "model.cloud." : "model.house.";

	if (!manifest_is_provider(o->manifest))
		return err_say(
		    why, ERR_DENIED, "'%s' is no provider of models", o->room);
	if (strncmp(o->tool, place, strlen(place)) != 0)
		return err_say(why, ERR_DENIED,
		    "the order says another place of '%s' than its manifest",
		    o->room);
	return OK;
}

enum err
request_agrees(struct str body, const struct order *o, struct errmsg *why)
{
	struct json *args = NULL;
	struct json *request = NULL;
	enum err e = check_place(o, why);

	if (e == OK && json_parse(o->args.p, o->args.len, &args) != OK)
		e = err_say(why, ERR_INPUT, "the order is malformed");
	if (e == OK)
		e = check_bytes(body, args, why);
	if (e == OK &&
	    (json_parse(body.p, body.len, &request) != OK ||
		!json_is_object(request)))
		e = err_say(
		    why, ERR_DENIED, "the request is not a strict JSON object");
	if (e == OK)
		e = check_body(request, args, o, why);
	json_free(request);
	json_free(args);
	return e;
}
