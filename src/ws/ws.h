/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WS_WS_H
#define WS_WS_H

/*
 * WebSocket (RFC 6455), a server's side, as bytes alone: the handshake, what
 * a client sends, what is sent to it.  http/server.h puts it on connections and
 * has the time.
 *
 * There are no extensions, so the reserved bits are nought.  Messages are
 * text: who sends another kind is told 1003.  Origin is for who knows which
 * pages are the house's own.
 */

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* What closes a connection (section 7.4.1). */
enum ws_code {
	WS_DONE = 1000,
	WS_AWAY = 1001,
	WS_PROTOCOL = 1002,
	WS_KIND = 1003,
	WS_NO_CODE = 1005, /* A close that says none; never sent. */
	WS_TEXT_WRONG = 1007,
	WS_POLICY = 1008,
	WS_TOO_BIG = 1009,
	WS_LATER = 1013,
};

#define WS_ACCEPT_LEN 28
#define WS_CONTROL_MAX 125

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2), with a NUL.
 * ERR_INPUT when the key is not 16 bytes in base64. */
NODISCARD enum err ws_accept(struct str key, char ret[WS_ACCEPT_LEN + 1]);

/* What one client has sent so far. */
struct ws {
	struct buf message; /* Of WS_TEXT, until the next call. */
	uint8_t control[WS_CONTROL_MAX]; /* Of WS_PING and WS_PONG. */
	size_t control_len;
	uint16_t code; /* Of WS_CLOSED and WS_BROKEN. */
	uint8_t head[14];
	size_t head_len;
	uint64_t left; /* Bytes of the frame that are still to come. */
	size_t at; /* And those that have. */
	bool in_frame; /* Its head is whole. */
	bool in_message; /* More fragments are to come. */
	bool given; /* The message was given, and can go. */
	bool over; /* Nothing that comes now counts. */
};

void ws_init(struct ws *w);
void ws_done(struct ws *w);

enum ws_event {
	WS_MORE, /* All was used, and there is nothing to tell. */
	WS_TEXT,
	WS_PING, /* To be answered with the same bytes. */
	WS_PONG,
	WS_CLOSED, /* By the client, with this code. */
	WS_BROKEN, /* Close with this code: nobody knows what follows. */
};

/* Take bytes up to the next event; `ret_used` says how many were taken. */
enum ws_event ws_take(
    struct ws *w, const char *p, size_t len, size_t *ret_used);

/* Has a frame or a message begun that is not whole? */
bool ws_is_midway(const struct ws *w);

/* Frames of ours, unmasked and whole.  `overflow` of the buffer tells when
 * there was no room; then nothing of the frame is in it. */
void ws_put_text(struct buf *out, const char *p, size_t len);
void ws_put_ping(struct buf *out);
void ws_put_pong(struct buf *out, const void *p, size_t len);
/* `why` is at most WS_CONTROL_MAX - 2 bytes; WS_NO_CODE sends neither. */
void ws_put_close(struct buf *out, enum ws_code code, const char *why);

#endif
