/* SPDX-License-Identifier: Apache-2.0 */
#include "ws/ws.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/crypto.h"

#define KEY_LEN 24

/* Bits of a frame's first two bytes (section 5.2). */
#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define MASKED 0x80
#define SHORT_LEN 0x7f
#define LEN_16 126
#define LEN_64 127

enum opcode {
	OP_CONTINUE = 0,
	OP_TEXT = 1,
	OP_BINARY = 2,
	OP_CLOSE = 8,
	OP_PING = 9,
	OP_PONG = 10,
};

/* 16 bytes in base64: 22 digits and its filling. */
static bool
is_key(struct str key)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	size_t i;

	if (key.len != KEY_LEN || memcmp(key.p + KEY_LEN - 2, "==", 2) != 0)
		return false;
	for (i = 0; i < KEY_LEN - 2; i++)
		if (memchr(digits, key.p[i], sizeof(digits) - 1) == NULL)
			return false;
	return true;
}

enum err
ws_accept(struct str key, char ret[WS_ACCEPT_LEN + 1])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[KEY_LEN + sizeof(guid)];
	uint8_t sum[SHA1_LEN];

	if (!is_key(key))
		return ERR_INPUT;
	memcpy(text, key.p, KEY_LEN);
	memcpy(text + KEY_LEN, guid, sizeof(guid));
	crypto_sha1(text, sizeof(text) - 1, sum);
	base64_write(ret, sum, sizeof(sum));
	return OK;
}

void
ws_init(struct ws *w)
{
	memset(w, 0, sizeof(*w));
	w->max = WS_MESSAGE_MAX;
	buf_init(&w->message, w->max);
}

void
ws_init_client(struct ws *w, size_t max)
{
	memset(w, 0, sizeof(*w));
	w->from_server = true;
	w->max = max;
	buf_init(&w->message, max);
}

void
ws_done(struct ws *w)
{
	buf_done(&w->message);
}

bool
ws_is_midway(const struct ws *w)
{
	return !w->over && (w->head_len > 0 || w->in_message);
}

static enum ws_event
broken(struct ws *w, enum ws_code code)
{
	w->over = true;
	w->code = (uint16_t)code;
	buf_done(&w->message);
	return WS_BROKEN;
}

/* ---- The head of a frame ---- */

static enum opcode
opcode_of(const struct ws *w)
{
	return w->head[0] & OPCODE;
}

static bool
is_control(const struct ws *w)
{
	return opcode_of(w) >= OP_CLOSE;
}

static size_t
length_bytes(const struct ws *w)
{
	uint8_t n = w->head[1] & SHORT_LEN;

	return n == LEN_64 ? 8 : n == LEN_16 ? 2 : 0;
}

/* How long the head is, as far as what has come of it says. */
static size_t
head_size(const struct ws *w)
{
	size_t mask = w->from_server ? 0 : WS_MASK_LEN;

	return w->head_len < 2 ? 2 : 2 + length_bytes(w) + mask;
}

/* What the first two bytes must not say; 0 when they may. */
static int
wrong_start(const struct ws *w)
{
	enum opcode op = opcode_of(w);
	uint8_t n = w->head[1] & SHORT_LEN;

	bool masked = (w->head[1] & MASKED) != 0;

	if ((w->head[0] & RESERVED) != 0 || masked == w->from_server)
		return WS_PROTOCOL;
	switch (op) {
	case OP_CONTINUE:
		return w->in_message ? 0 : WS_PROTOCOL;
	case OP_TEXT:
		return w->in_message ? WS_PROTOCOL : 0;
	case OP_BINARY:
		return w->in_message ? WS_PROTOCOL : WS_KIND;
	case OP_CLOSE:
	case OP_PING:
	case OP_PONG:
		/* Never in fragments, and never long. */
		return (w->head[0] & FIN) != 0 && n <= WS_CONTROL_MAX
		    ? 0
		    : WS_PROTOCOL;
	}
	return WS_PROTOCOL;
}

/* The length, which has one way to be written; 0 when it is right. */
static int
read_length(struct ws *w)
{
	static const uint64_t least[] = {[0] = 0, [2] = LEN_16, [8] = 0x10000};
	size_t n = length_bytes(w);
	uint64_t v = n == 0 ? w->head[1] & SHORT_LEN : 0;
	size_t i;

	for (i = 0; i < n; i++)
		v = v << 8 | w->head[2 + i];
	if (v < least[n] || v >> 63 != 0)
		return WS_PROTOCOL;
	if (!is_control(w) && v > w->max - w->message.len)
		return WS_TOO_BIG;
	w->left = v;
	return 0;
}

/* Take bytes of the head; true once it is whole. */
static bool
take_head(struct ws *w, const char *p, size_t len, size_t *used, int *ret_wrong)
{
	*ret_wrong = 0;
	while (*used < len && w->head_len < head_size(w)) {
		w->head[w->head_len++] = (uint8_t)p[(*used)++];
		if (w->head_len == 2)
			*ret_wrong = wrong_start(w);
		if (*ret_wrong != 0)
			return false;
	}
	if (w->head_len < 2 || w->head_len < head_size(w))
		return false;
	*ret_wrong = read_length(w);
	w->at = 0;
	w->in_frame = *ret_wrong == 0;
	if (w->in_frame && is_control(w))
		w->control_len = 0;
	return w->in_frame;
}

/* ---- What is in it ---- */

static void
take_payload(struct ws *w, const char *p, size_t len, size_t *used)
{
	static const uint8_t none[WS_MASK_LEN];
	const uint8_t *mask =
	    w->from_server ? none : w->head + w->head_len - WS_MASK_LEN;
	char plain[512];
	size_t n;
	size_t i;

	while (w->left > 0 && *used < len) {
		n = len - *used;
		n = n < sizeof(plain) ? n : sizeof(plain);
		n = n < w->left ? n : (size_t)w->left;
		for (i = 0; i < n; i++)
			plain[i] = (char)((uint8_t)p[*used + i] ^
			    mask[(w->at + i) % WS_MASK_LEN]);
		if (is_control(w)) {
			memcpy(w->control + w->control_len, plain, n);
			w->control_len += n;
		} else {
			buf_add(&w->message, plain, n);
		}
		w->at += n;
		w->left -= n;
		*used += n;
	}
}

/* Those that a client may send (sections 7.4.1 and 7.4.2, and the registry
 * that they made). */
static bool
is_code(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 &&
		   code != 1006) ||
	    (code >= 3000 && code <= 4999);
}

static enum ws_event
end_close(struct ws *w)
{
	unsigned code = WS_NO_CODE;

	if (w->control_len == 1)
		return broken(w, WS_PROTOCOL);
	if (w->control_len >= 2) {
		code = (unsigned)w->control[0] << 8 | w->control[1];
		if (!is_code(code))
			return broken(w, WS_PROTOCOL);
		if (!str_is_utf8(
			(const char *)w->control + 2, w->control_len - 2))
			return broken(w, WS_TEXT_WRONG);
	}
	w->over = true;
	w->code = (uint16_t)code;
	return WS_CLOSED;
}

static enum ws_event
end_fragment(struct ws *w)
{
	w->in_message = (w->head[0] & FIN) == 0;
	if (w->in_message)
		return WS_MORE;
	/* Of nothing at all it has no memory yet. */
	buf_adds(&w->message, "");
	if (!str_is_utf8(w->message.p, w->message.len))
		return broken(w, WS_TEXT_WRONG);
	w->given = true;
	return WS_TEXT;
}

static enum ws_event
end_frame(struct ws *w)
{
	enum opcode op = opcode_of(w);

	w->in_frame = false;
	w->head_len = 0;
	if (op == OP_CLOSE)
		return end_close(w);
	if (op == OP_PING)
		return WS_PING;
	return op == OP_PONG ? WS_PONG : end_fragment(w);
}

enum ws_event
ws_take(struct ws *w, const char *p, size_t len, size_t *ret_used)
{
	enum ws_event event = WS_MORE;
	size_t used = 0;
	int wrong;

	if (w->given)
		buf_done(&w->message);
	w->given = false;
	while (event == WS_MORE && used < len && !w->over) {
		if (!w->in_frame && !take_head(w, p, len, &used, &wrong)) {
			if (wrong != 0)
				event = broken(w, (enum ws_code)wrong);
			continue;
		}
		take_payload(w, p, len, &used);
		if (w->left == 0)
			event = end_frame(w);
	}
	*ret_used = w->over ? len : used;
	return event;
}

/* ---- Frames of ours ---- */

static size_t
write_head(enum opcode op, size_t len, uint8_t head[10])
{
	size_t n = 2;
	size_t i;

	head[0] = (uint8_t)(FIN | op);

	if (len < LEN_16) {
		head[1] = (uint8_t)len;
	} else {
		n = len > 0xffff ? 10 : 4;
		head[1] = n == 10 ? LEN_64 : LEN_16;
		for (i = 2; i < n; i++)
			head[i] = (uint8_t)((uint64_t)len >> 8 * (n - 1 - i));
	}
	return n;
}

static void
put_frame(struct buf *out, enum opcode op, const void *p, size_t len)
{
	uint8_t head[10];
	size_t n = write_head(op, len, head);

	if (out->len > out->max || out->max - out->len < n + len) {
		out->overflow = true;
		return;
	}
	buf_add(out, head, n);
	buf_add(out, p, len);
}

void
ws_put_text(struct buf *out, const char *p, size_t len)
{
	put_frame(out, OP_TEXT, p, len);
}

void
ws_put_masked_text(
    struct buf *out, const uint8_t mask[WS_MASK_LEN], const char *p, size_t len)
{
	uint8_t head[10];
	size_t n = write_head(OP_TEXT, len, head);
	size_t i;

	head[1] |= MASKED;
	buf_add(out, head, n);
	buf_add(out, mask, WS_MASK_LEN);
	for (i = 0; i < len; i++) {
		char c = (char)((uint8_t)p[i] ^ mask[i % WS_MASK_LEN]);

		buf_add(out, &c, 1);
	}
}

void
ws_put_ping(struct buf *out)
{
	put_frame(out, OP_PING, "", 0);
}

void
ws_put_pong(struct buf *out, const void *p, size_t len)
{
	assert(len <= WS_CONTROL_MAX);
	put_frame(out, OP_PONG, p, len);
}

void
ws_put_close(struct buf *out, enum ws_code code, const char *why)
{
	uint8_t body[WS_CONTROL_MAX] = {
	    (uint8_t)((unsigned)code >> 8), (uint8_t)((unsigned)code & 0xff)};
	size_t len = strlen(why);

	assert(len <= sizeof(body) - 2);
	memcpy(body + 2, why, len);
	put_frame(out, OP_CLOSE, body, code == WS_NO_CODE ? 0 : len + 2);
}
