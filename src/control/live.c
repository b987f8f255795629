/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "approval/command.h"
#include "base/limits.h"
#include "base/log.h"
#include "control/control_priv.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

/*
 * A browser's WebSocket.  All messages are JSON objects:
 *
 *	ours:	{"hello": {"box", "boot", "challenge"}}
 *	theirs:	{"session": {"text", "signature"}}: a command named "session"
 *		over that challenge, signed by the browser's key
 *	ours:	{"session": {"name", "role"}}, or {"refused": {"error",
 *		"waits"}} and the end; waits: an owner has not confirmed it yet
 *
 * and from then on, in any sequence:
 *
 *	theirs:	{"id", "query", "params"} or
 *		{"id", "command": {"text", "signature", "body"}}
 *	ours:	{"id", "status", "body"}: the answer, with the HTTP status
 *
 * Who it is says the vault.  There is no cookie and no token: a session is
 * this one connection, and each command is signed all the same.
 */

static struct live *
find(struct control *c, int64_t conn)
{
	size_t i;

	for (i = 0; i < CONNS_FRONT_MAX; i++)
		if (c->live[i].conn == conn)
			return &c->live[i];
	return NULL;
}

/* Nothing that it says counts from now on, and nothing is told to it.  What
 * the core still works at for it keeps its place: who connects again and again
 * has no more under way than who stays. */
static void
forget(struct control *c, struct live *l)
{
	size_t i;

	for (i = 0; i < LIVE_REQUESTS_MAX; i++)
		if (c->requests[i].conn == l->conn)
			c->requests[i].conn = 0;
	loop_timer_cancel(c->loop, l->timer);
	memset(l, 0, sizeof(*l));
}

static void
send_json(const struct live *l, struct json *v)
{
	struct buf b;

	buf_init(&b, LANE_BODY_MAX);
	json_print_into(v, &b);
	json_free(v);
	if (http_socket_send(l->server, l->conn, b.p, b.len) != OK)
		log_debug("a browser is gone before its answer");
	buf_done(&b);
}

static void
say_hello(struct control *c, struct live *l)
{
	struct json *v = json_object();
	struct json *hello = json_object();
	uint8_t bytes[TOKEN_SIZE / 2];
	char hex[DIGEST_HEX_SIZE];

	crypto_random(bytes, sizeof(bytes));
	hex_write(l->challenge, bytes, sizeof(bytes));
	digest_hex(&c->box, hex);
	json_put_str(hello, "box", hex);
	json_put_str(hello, "boot", peers_boot(c->peers));
	json_put_str(hello, "challenge", l->challenge);
	json_put(v, "hello", hello);
	send_json(l, v);
}

/* ---- Who it is ---- */

static void
refuse(const struct live *l, const char *words, bool waits)
{
	struct json *v = json_object();
	struct json *refused = json_object();

	json_put_str(refused, "error", words);
	json_put_bool(refused, "waits", waits);
	json_put(v, "refused", refused);
	send_json(l, v);
	http_socket_close(l->server, l->conn, WS_POLICY, "");
}

/* Strangers have no place for longer than it takes to be none.  It is no word
 * on who it is: a phone that slept comes again. */
static void
on_late(void *arg)
{
	struct live *l = arg;

	l->timer = 0;
	http_socket_close(
	    l->server, l->conn, WS_POLICY, "no session was opened in time");
}

/* The challenge is of this very connection, and good once. */
static void
ask_vault(struct control *c, struct live *l, const struct json *session)
{
	const char *text = json_words(session, "text");
	const char *signature = json_words(session, "signature");
	struct json *body;
	struct command cmd;

	if (l->asked || command_read(text, strlen(text), &cmd) != OK ||
	    strcmp(cmd.challenge, l->challenge) != 0) {
		refuse(l,
		    "the session's challenge is not that of this "
		    "connection",
		    false);
		return;
	}
	l->asked = true;
	body = json_object();
	json_put_int(body, "id", l->conn);
	json_put_str(body, "text", text);
	json_put_str(body, "signature", signature);
	if (peers_send(c->peers, ROLE_VAULT, MSG_SESSION_WANTED, body) != OK)
		http_socket_close(
		    l->server, l->conn, WS_LATER, "the house is starting");
}

/* {"id", "client", "name", "role"} or {"id", "error", "waits"}. */
void
live_on_session(void *role, struct msg *m)
{
	struct control *c = role;
	struct live *l = find(c, json_int(m->body, "id", 0));
	const char *hex = json_words(m->body, "client");
	struct digest client;
	struct json *session;
	struct json *v;

	if (l == NULL || l->conn == 0 || !l->asked || l->open)
		return;
	if (digest_read(hex, strlen(hex), &client) != OK) {
		refuse(l, json_words(m->body, "error"),
		    json_flag(m->body, "waits"));
		return;
	}
	/* On the port of clients it counts as the certificate's already, and
	 * ends with that. */
	if (l->server == c->front &&
	    http_claim(c->front, l->conn, &client) != OK)
		return;
	loop_timer_cancel(c->loop, l->timer);
	l->timer = 0;
	l->open = true;
	memcpy(l->client, hex, sizeof(l->client));
	session = json_object();
	json_put_str(session, "name", json_words(m->body, "name"));
	json_put_str(session, "role", json_words(m->body, "role"));
	v = json_object();
	json_put(v, "session", session);
	send_json(l, v);
}

void
live_cut(struct control *c, const char *client, const char *why)
{
	size_t i;

	for (i = 0; i < CONNS_FRONT_MAX; i++) {
		struct live *l = &c->live[i];

		if (l->conn == 0 || strcmp(l->client, client) != 0)
			continue;
		refuse(l, why, false);
		forget(c, l);
	}
}

/* ---- What it wants ---- */

/* Places are counted by client, however many connections it has.  The last
 * ones, of each and of all, are for commands: who follows everything can
 * still halt the house, and so can the others. */
static struct live_request *
take_place(
    struct control *c, const struct live *l, int64_t theirs, bool is_command)
{
	size_t spare = is_command ? 0 : LIVE_REQUESTS_SPARE;
	int64_t now_ms = clock_boot_ms();
	struct live_request *place = NULL;
	size_t free_places = 0;
	size_t own = 0;
	size_t i;

	for (i = 0; i < LIVE_REQUESTS_MAX; i++) {
		struct live_request *r = &c->requests[i];

		if (r->id == 0 || now_ms >= r->until_ms) {
			free_places++;
			place = r;
		} else if (strcmp(r->client, l->client) == 0) {
			own++;
		}
	}
	if (place == NULL || free_places <= spare ||
	    own + spare >= LIVE_REQUESTS_EACH_MAX + LIVE_REQUESTS_SPARE)
		return NULL;
	place->id = http_new_id();
	place->conn = l->conn;
	place->theirs = theirs;
	memcpy(place->client, l->client, sizeof(place->client));
	place->until_ms = now_ms + ANSWER_WAIT_MS;
	return place;
}

static void
send_answer(const struct live *l, int64_t theirs, int status, const char *json,
    size_t len)
{
	struct buf b;

	buf_init(&b, HTTP_REPLY_MAX + 64);
	buf_addf(&b, "{\"id\":%lld,\"status\":%d,\"body\":", (long long)theirs,
	    status);
	buf_add(&b, json, len);
	buf_adds(&b, "}");
	if (b.overflow ||
	    http_socket_send(l->server, l->conn, b.p, b.len) != OK)
		log_debug("a browser is gone before its answer");
	buf_done(&b);
}

bool
live_reply(
    struct control *c, int64_t id, int status, const char *json, size_t len)
{
	struct live_request *r = NULL;
	const struct live *l;
	size_t i;

	for (i = 0; i < LIVE_REQUESTS_MAX && r == NULL; i++)
		if (id != 0 && c->requests[i].id == id)
			r = &c->requests[i];
	if (r == NULL)
		return false;
	r->id = 0;
	l = r->conn != 0 ? find(c, r->conn) : NULL;
	if (l != NULL)
		send_answer(l, r->theirs, status, json, len);
	return true;
}

static void
run_request(struct control *c, struct live *l, const struct json *v)
{
	static const char busy[] =
	    "{\"error\":\"too much is asked at once; wait for answers\"}";
	const char *query = json_words(v, "query");
	const struct json *params = json_get(v, "params");
	int64_t theirs = json_int(v, "id", 0);
	bool is_command =
	    json_has(v, "command") || strcmp(query, "challenge") == 0;
	struct live_request *r = take_place(c, l, theirs, is_command);

	if (r == NULL)
		send_answer(l, theirs, 429, busy, sizeof(busy) - 1);
	else if (json_has(v, "command"))
		api_command(c, r->id, l->client, json_get(v, "command"));
	else
		api_query(c, r->id, l->client,
		    (struct str){query, strlen(query)},
		    params != NULL ? json_copy(params) : json_object());
}

static void
on_message(void *arg, int64_t conn, struct str text)
{
	struct control *c = arg;
	struct live *l = find(c, conn);
	struct json *v = NULL;

	if (l == NULL)
		return;
	if (json_parse(text.p, text.len, &v) != OK || !json_is_object(v))
		http_socket_close(l->server, conn, WS_POLICY,
		    "a message is one strict JSON object");
	else if (l->open)
		run_request(c, l, v);
	else
		ask_vault(c, l, json_get(v, "session"));
	json_free(v);
}

static void
on_gone(void *arg, int64_t conn)
{
	struct control *c = arg;
	struct live *l = find(c, conn);

	if (l != NULL)
		forget(c, l);
}

/* The oldest of this port that has not shown who it is; NULL: none. */
static struct live *
find_stranger(struct control *c, const struct http_server *of)
{
	struct live *oldest = NULL;
	size_t i;

	for (i = 0; i < CONNS_FRONT_MAX; i++) {
		struct live *l = &c->live[i];

		if (l->conn != 0 && !l->open && l->server == of &&
		    (oldest == NULL || l->since_ms < oldest->since_ms))
			oldest = l;
	}
	return oldest;
}

/* Strangers need no certificate on the port of browsers, and must not keep
 * out who came by the other one. */
static struct live *
find_place(struct control *c, const struct http_request *r)
{
	struct live *l = find(c, 0);

	if (l != NULL)
		return l;
	l = find_stranger(c, c->front);
	if (l == NULL && r->server == c->api)
		l = find_stranger(c, c->api);
	if (l != NULL) {
		http_socket_close(
		    l->server, l->conn, WS_POLICY, "others want its place");
		forget(c, l);
	}
	return l;
}

void
live_begin(struct control *c, const struct http_request *r)
{
	static const struct http_socket port = {on_message, on_gone};
	static const char no[] = "{\"error\":\"this is a WebSocket\"}";
	struct live *l = r->wants_socket ? find_place(c, r) : NULL;

	if (l == NULL || http_upgrade(r->server, r->id, &port, c) != OK) {
		http_reply(r->server, r->id, 426, no, sizeof(no) - 1);
		return;
	}
	l->conn = r->id;
	l->server = r->server;
	l->control = c;
	l->since_ms = clock_boot_ms();
	l->timer =
	    loop_timer(c->loop, clock_boot_ms() + LIVE_SESSION_MS, on_late, l);
	say_hello(c, l);
}
