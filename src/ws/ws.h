/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WS_WS_H
#define WS_WS_H

/*
 * WebSocket (RFC 6455) as bytes alone: the handshake, what the other side
 * sends, what is sent to it.  http/server.h puts a server's on connections and
 * has the time; the few lines of a client's say so.
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
#define WS_MASK_LEN 4

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2), with a NUL.
 * ERR_INPUT when the key is not 16 bytes in base64. */
NODISCARD enum err ws_accept(struct str key, char ret[WS_ACCEPT_LEN + 1]);

/* What the other side has sent so far: a client, or a server. */
struct ws {
	size_t max; /* Bytes of a message. */
	bool from_server; /* Who sends without a mask (section 5.1). */
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

/* For what a client sends: messages of at most WS_MESSAGE_MAX. */
void ws_init(struct ws *w);
/* For what a server sends: messages of at most `max` bytes. */
void ws_init_client(struct ws *w, size_t max);
void ws_done(struct ws *w);

enum ws_event {
	WS_MORE, /* All was used, and there is nothing to tell. */
	WS_TEXT,
	WS_PING, /* To be answered with the same bytes. */
	WS_PONG,
	WS_CLOSED, /* By the other side, with this code. */
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
/* A client's, under a mask that nobody can guess. */
void ws_put_masked_text(struct buf *out, const uint8_t mask[WS_MASK_LEN],
    const char *p, size_t len);
/* `why` is at most WS_CONTROL_MAX - 2 bytes; WS_NO_CODE sends neither. */
void ws_put_close(struct buf *out, enum ws_code code, const char *why);

#endif
