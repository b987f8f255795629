/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "control/control_priv.h"

/* The API of paired clients: translate, pass on, nothing else. */

int
api_status(enum err e)
{
	static const int statuses[ERR_COUNT] = {[OK] = 200,
	    [ERR_INPUT] = 400,
	    [ERR_LIMIT] = 429,
	    [ERR_NOTFOUND] = 404,
	    [ERR_EXISTS] = 409,
	    [ERR_STATE] = 409,
	    [ERR_DENIED] = 403,
	    [ERR_SIGNATURE] = 403,
	    [ERR_EXPIRED] = 403,
	    [ERR_REPLAY] = 403,
	    [ERR_BUSY] = 503};

	if ((unsigned)e >= ERR_COUNT || statuses[e] == 0)
		return 500;
	return statuses[e];
}

void
control_reply(
    struct control *c, int64_t id, int status, const char *json, size_t len)
{
	if (!live_reply(c, id, status, json, len))
		http_reply(c->api, id, status, json, len);
}

void
control_refuse(struct control *c, int64_t id, int status, const char *words)
{
	struct buf b;

	buf_init(&b, 512);
	buf_adds(&b, "{\"error\":");
	json_escape(&b, words, strlen(words));
	buf_adds(&b, "}");
	control_reply(c, id, status, b.p, b.len);
	buf_done(&b);
}

static bool
is_plain(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == '\0' ||
		    strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.:",
			s.p[i]) == NULL)
			return false;
	return s.len > 0 && s.len <= NAME_MAX_LEN;
}

static int
digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
				    : -1;
}

/* Words of people are nothing but %xx; false when they are not, or no text. */
static bool
read_words(struct str s, struct buf *ret)
{
	size_t i;

	for (i = 0; i + 2 < s.len && s.p[i] == '%'; i += 3) {
		int high = digit_of(s.p[i + 1]);
		int low = digit_of(s.p[i + 2]);
		char c = (char)(high * 16 + low);

		if (high < 0 || low < 0 || c == '\0')
			return false;
		buf_add(ret, &c, 1);
	}
	return i == s.len && i > 0 && !ret->overflow &&
	    str_is_utf8(ret->p, ret->len);
}

/* Of plain characters only: names, ids, numbers.  Digits alone become a
 * number, unless they are long enough for an id. */
static bool
read_value(struct str value, const char *name, struct json *ret)
{
	struct buf words;
	bool ok;

	if (is_plain(value)) {
		if (value.len <= 15 &&
		    strspn(value.p, "0123456789") >= value.len)
			json_put_int(ret, name, strtoll(value.p, NULL, 10));
		else
			json_put_strn(ret, name, value.p, value.len);
		return true;
	}
	buf_init(&words, MEMORY_QUERY_MAX);
	ok = read_words(value, &words);
	if (ok)
		json_put_str(ret, name, words.p);
	buf_done(&words);
	return ok;
}

/* KEY=VALUE joined by '&'. */
static enum err
read_params(struct str query, struct json *ret)
{
	while (query.len > 0) {
		const char *end = memchr(query.p, '&', query.len);
		size_t n = end != NULL ? (size_t)(end - query.p) : query.len;
		const char *eq = memchr(query.p, '=', n);
		struct str key = {
		    query.p, eq != NULL ? (size_t)(eq - query.p) : 0};
		struct str value = {eq != NULL ? eq + 1 : query.p, 0};
		char name[NAME_MAX_LEN + 1];

		if (eq == NULL)
			return ERR_INPUT;
		value.len = n - key.len - 1;
		if (!is_plain(key))
			return ERR_INPUT;
		memcpy(name, key.p, key.len);
		name[key.len] = '\0';
		if (json_has(ret, name) || json_count(ret) == QUERY_PARAMS_MAX)
			return ERR_INPUT;
		if (!read_value(value, name, ret))
			return ERR_INPUT;
		query.p += n + (end != NULL ? 1 : 0);
		query.len -= n + (end != NULL ? 1 : 0);
	}
	return OK;
}

static struct json *
new_message(int64_t id, const char *client)
{
	struct json *body = json_object();

	json_put_int(body, "id", id);
	json_put_str(body, "client", client);
	return body;
}

void
api_query(struct control *c, int64_t id, const char *client, struct str name,
    struct json *params)
{
	struct json *body;

	if (!is_plain(name)) {
		json_free(params);
		control_refuse(c, id, 400, "the query is malformed");
		return;
	}
	body = new_message(id, client);
	json_put_strn(body, "query", name.p, name.len);
	json_put(body, "params", params);
	if (peers_send(c->peers, ROLE_CORE, MSG_CLIENT_REQUEST, body) != OK)
		control_refuse(c, id, 503, "the house is starting; try again");
}

static void
pass_query(struct control *c, const struct http_request *r, const char *client,
    struct str name)
{
	struct json *params = json_object();

	if (read_params(r->query, params) == OK) {
		api_query(c, r->id, client, name, params);
		return;
	}
	json_free(params);
	control_refuse(c, r->id, 400, "the query is malformed");
}

/* What waits for the scanner, in or out. */
struct passing {
	struct control *control;
	int64_t id;
	int status; /* Of a reply. */
	struct json *body; /* Of a command's message. */
};

static struct passing *
new_passing(struct control *c, int64_t id)
{
	struct passing *p = xalloc(sizeof(*p));

	p->control = c;
	p->id = id;
	return p;
}

/* Nothing can be taken out of what was signed, so it is refused as it is. */
static void
send_command(void *arg, enum scan result, const char *bytes, size_t len)
{
	struct passing *p = arg;
	struct control *c = p->control;

	if (result == SCAN_CLEAN) {
		if (peers_send_bulk(c->peers, ROLE_CORE, MSG_CLIENT_REQUEST,
			p->body, bytes, len) != OK)
			control_refuse(
			    c, p->id, 503, "the house is starting; try again");
	} else {
		json_free(p->body);
		if (result == SCAN_REPLACED)
			control_refuse(c, p->id, 400,
			    "a secret that the vault keeps stands in this in "
			    "clear; nothing of it was taken up. Give tools "
			    "secrets by their manifest, and say "
			    "secret://NAME where you speak of one");
		else
			control_refuse(c, p->id, 503,
			    "the vault does not answer; try again");
	}
	free(p);
}

static void
send_reply(void *arg, enum scan result, const char *text, size_t len)
{
	struct passing *p = arg;
	struct control *c = p->control;

	if (result == SCAN_WITHHELD)
		control_refuse(
		    c, p->id, 503, "the vault does not answer; try again");
	else
		control_reply(c, p->id, p->status, text, len);
	free(p);
}

/* {"id", "err", "evidence"} and the answer's text. */
void
api_on_reply(void *role, struct msg *m)
{
	struct control *c = role;
	struct passing *p;

	if (c->api == NULL)
		return;
	p = new_passing(c, json_int(m->body, "id", 0));
	p->status = api_status((enum err)json_int(m->body, "err", ERR_IO));
	if (json_flag(m->body, "evidence"))
		send_reply(p, SCAN_CLEAN, m->bulk, m->bulk_len);
	else
		scanner_pass(c->scanner, m->bulk, m->bulk_len, send_reply, p);
}

/* The body travels as the bytes it was. */
void
api_command(
    struct control *c, int64_t id, const char *client, const struct json *v)
{
	const char *text = json_str(v, "text");
	const char *signature = json_str(v, "signature");
	const char *bytes = json_str(v, "body");
	struct passing *p;

	if (text == NULL || signature == NULL || bytes == NULL) {
		control_refuse(
		    c, id, 400, "a command needs text, signature and body");
		return;
	}
	p = new_passing(c, id);
	p->body = new_message(id, client);
	json_put_str(p->body, "text", text);
	json_put_str(p->body, "signature", signature);
	scanner_pass(c->scanner, bytes, strlen(bytes), send_command, p);
}

static void
pass_command(
    struct control *c, const struct http_request *r, const char *client)
{
	struct json *v = NULL;

	if (json_parse(r->body.p, r->body.len, &v) == OK)
		api_command(c, r->id, client, v);
	else
		control_refuse(c, r->id, 400, "the body is not strict JSON");
	json_free(v);
}

void
api_on_request(void *arg, const struct http_request *r)
{
	static const char prefix[] = "/v1/";
	struct control *c = arg;
	struct str name = {r->path.p + 4, r->path.len - 4};
	char client[DIGEST_HEX_SIZE];

	digest_hex(&r->client, client);
	if (front_is_for(c, r)) {
		front_on_request(c, r);
	} else if (!r->has_client) {
		control_refuse(c, r->id, 403, "a client certificate is needed");
	} else if (r->path.len <= 4 || memcmp(r->path.p, prefix, 4) != 0) {
		control_refuse(c, r->id, 404, "there is nothing here");
	} else if (str_eq(r->method, "POST") && str_eq(name, "command")) {
		pass_command(c, r, client);
	} else if (str_eq(r->method, "GET")) {
		pass_query(c, r, client, name);
	} else {
		control_refuse(c, r->id, 405, "GET a query, or POST a command");
	}
}
