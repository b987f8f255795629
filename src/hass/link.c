/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "hass/hass_priv.h"
#include "http/parse.h"
#include "sys/clock.h"
#include "sys/sock.h"
#include "ws/ws.h"

#define CONNECT_MS 5000
#define KEY_LEN 24 /* 16 bytes in base64. */

struct hass_link {
	int fd;
	int64_t until_ms; /* For all that is asked. */
	int64_t id; /* Of the last question. */
	struct ws in;
	struct buf got; /* Read and not taken yet. */
};

/* ---- Bytes ---- */

static enum err
wait_for(const struct hass_link *l, short events, struct errmsg *why)
{
	struct pollfd pfd = {.fd = l->fd, .events = events};
	int64_t left_ms = l->until_ms - clock_boot_ms();

	if (left_ms > 0 && poll(&pfd, 1, (int)left_ms) == 1)
		return OK;
	return err_say(why, ERR_EXPIRED, "Home Assistant does not answer");
}

static enum err
send_all(struct hass_link *l, const struct buf *b, struct errmsg *why)
{
	size_t at = 0;

	while (at < b->len) {
		enum err e = wait_for(l, POLLOUT, why);
		ssize_t n;

		if (e != OK)
			return e;
		n = send(l->fd, b->p + at, b->len - at, MSG_NOSIGNAL);
		if (n < 0)
			return err_say(why, ERR_CLOSED,
			    "Home Assistant ended the connection");
		at += (size_t)n;
	}
	return OK;
}

/* More of what it says, behind what is there. */
static enum err
read_more(struct hass_link *l, struct errmsg *why)
{
	char chunk[16 * 1024];
	enum err e = wait_for(l, POLLIN, why);
	ssize_t n;

	if (e != OK)
		return e;
	n = recv(l->fd, chunk, sizeof(chunk), 0);
	if (n <= 0)
		return err_say(
		    why, ERR_CLOSED, "Home Assistant ended the connection");
	buf_add(&l->got, chunk, (size_t)n);
	return OK;
}

static void
drop_taken(struct hass_link *l, size_t n)
{
	memmove(l->got.p, l->got.p + n, l->got.len - n);
	l->got.len -= n;
}

/* ---- The handshake (RFC 6455 section 4.1) ---- */

static enum err
ask_for_socket(struct hass_link *l, const struct host_grant *where,
    const char *key, struct errmsg *why)
{
	struct buf out;
	enum err e;

	buf_init(&out, HTTP_HEAD_MAX);
	buf_addf(&out,
	    "GET /api/websocket HTTP/1.1\r\nHost: %s:%d\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
	    where->name, (int)where->port, key);
	e = send_all(l, &out, why);
	buf_done(&out);
	return e;
}

static enum err
take_socket(struct hass_link *l, const char *key, struct errmsg *why)
{
	struct str k = {key, strlen(key)};
	char accept[WS_ACCEPT_LEN + 1];
	struct http_head h;
	enum err e = ERR_BUSY;

	while (e == ERR_BUSY) {
		e = read_more(l, why);
		if (e != OK)
			return e;
		e = http_parse_response(l->got.p, l->got.len, &h);
	}
	if (e != OK || h.status != 101 || ws_accept(k, accept) != OK ||
	    !str_eq(http_head_find(&h, "sec-websocket-accept"), accept))
		return err_say(why, ERR_INPUT,
		    "what answers there is no Home Assistant; its address "
		    "ends in :%d mostly",
		    HASS_PORT);
	drop_taken(l, h.head_len);
	return OK;
}

static enum err
shake_hands(
    struct hass_link *l, const struct host_grant *where, struct errmsg *why)
{
	uint8_t bytes[16];
	char key[KEY_LEN + 1];
	enum err e;

	crypto_random(bytes, sizeof(bytes));
	base64_write(key, bytes, sizeof(bytes));
	e = ask_for_socket(l, where, key, why);
	return e == OK ? take_socket(l, key, why) : e;
}

/* ---- Messages ---- */

static enum err
say(struct hass_link *l, const struct json *v, struct errmsg *why)
{
	uint8_t mask[WS_MASK_LEN];
	char *text = json_print(v);
	struct buf out;
	enum err e;

	crypto_random(mask, sizeof(mask));
	buf_init(&out, HASS_MESSAGE_MAX);
	ws_put_masked_text(&out, mask, text, strlen(text));
	e = send_all(l, &out, why);
	buf_done(&out);
	free(text);
	return e;
}

/* The next event that counts; a ping may wait, since all is over soon. */
static enum err
next_text(struct hass_link *l, struct errmsg *why)
{
	enum ws_event event = WS_MORE;
	size_t used = 0;
	enum err e;

	while (event != WS_TEXT) {
		if (l->got.len == 0 && (e = read_more(l, why)) != OK)
			return e;
		event = ws_take(&l->in, l->got.p, l->got.len, &used);
		drop_taken(l, used);
		if (event == WS_CLOSED || event == WS_BROKEN)
			return err_say(why, ERR_CLOSED,
			    "Home Assistant says what cannot be read");
	}
	return OK;
}

static enum err
hear(struct hass_link *l, struct json **ret, struct errmsg *why)
{
	enum err e = next_text(l, why);

	if (e == OK &&
	    json_parse(l->in.message.p, l->in.message.len, ret) != OK)
		e = err_say(
		    why, ERR_INPUT, "Home Assistant says what is no JSON");
	return e;
}

/* It says that it wants a token, gets it, and says whether that is one. */
static enum err
show_token(struct hass_link *l, const struct secret *token, struct errmsg *why)
{
	struct json *v = NULL;
	enum err e = hear(l, &v, why);

	if (e == OK && strcmp(json_words(v, "type"), "auth_required") != 0)
		e = err_say(why, ERR_INPUT,
		    "what answers there is no Home Assistant: it wants no "
		    "token");
	json_free(v);
	if (e != OK)
		return e;
	v = json_object();
	json_put_str(v, "type", "auth");
	json_put_strn(
	    v, "access_token", secret_reveal(token), secret_len(token));
	e = say(l, v, why);
	json_free(v);
	v = NULL;
	if (e == OK)
		e = hear(l, &v, why);
	if (e == OK && strcmp(json_words(v, "type"), "auth_ok") != 0)
		e = err_say(why, ERR_DENIED,
		    "Home Assistant does not take this token; it makes one "
		    "in its profile, under Security, as a long-lived access "
		    "token");
	json_free(v);
	return e;
}

enum err
hass_open(const struct host_grant *where, const struct secret *token,
    struct hass_link **ret, struct errmsg *why)
{
	struct hass_link *l;
	enum err e;
	int fd;

	e = sock_connect_tcp(where->name, where->port, CONNECT_MS, &fd, why);
	if (e != OK)
		return e;
	l = xalloc(sizeof(*l));
	l->fd = fd;
	l->until_ms = clock_boot_ms() + HASS_MS;
	ws_init_client(&l->in, HASS_MESSAGE_MAX);
	buf_init(&l->got, HASS_MESSAGE_MAX);
	e = shake_hands(l, where, why);
	if (e == OK)
		e = show_token(l, token, why);
	if (e == OK)
		*ret = l;
	else
		hass_close(l);
	return e;
}

void
hass_close(struct hass_link *l)
{
	close(l->fd);
	ws_done(&l->in);
	buf_done(&l->got);
	free(l);
}

/* "unknown_command" is what an older one says. */
static enum err
take_result(const struct json *v, const char *type, struct json **ret,
    struct errmsg *why)
{
	const struct json *error = json_get(v, "error");

	if (json_flag(v, "success") && json_has(v, "result")) {
		*ret = json_copy(json_get(v, "result"));
		return OK;
	}
	if (strcmp(json_words(error, "code"), "unknown_command") == 0)
		return ERR_NOTFOUND;
	return err_say(why, ERR_DENIED,
	    "Home Assistant refuses %s: %.200s (the token must be one of an "
	    "administrator)",
	    type, json_words(error, "message"));
}

enum err
hass_ask(struct hass_link *l, const char *type, struct json *body,
    struct json **ret, struct errmsg *why)
{
	struct json *v = NULL;
	enum err e;

	json_put_int(body, "id", ++l->id);
	json_put_str(body, "type", type);
	e = say(l, body, why);
	json_free(body);
	/* What it says besides is not asked for. */
	while (e == OK &&
	    (v == NULL || json_int(v, "id", -1) != l->id ||
		strcmp(json_words(v, "type"), "result") != 0)) {
		json_free(v);
		v = NULL;
		e = hear(l, &v, why);
	}
	if (e == OK)
		e = take_result(v, type, ret, why);
	json_free(v);
	return e;
}
