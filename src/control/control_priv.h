/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROL_CONTROL_PRIV_H
#define CONTROL_CONTROL_PRIV_H

#include "http/server.h"
#include "ipc/peers.h"
#include "redact/scanner.h"

struct control {
	struct peers *peers;
	struct loop *loop;
	struct scanner *scanner;
	struct json *identity;
	int api_fd;
	int pairing_fd;
	struct http_server *api;
	struct http_server *pairing;
	uint64_t window_timer;
};

/* As soon as both the sockets and the identity are there. */
void control_listen(struct control *c);

/* ---- api.c ---- */
http_request_fn api_on_request;

/* {"id", "err"} and the answer's text. */
peer_fn api_on_reply;

/* The HTTP status (RFC 9110) that tells an error of the house. */
int api_status(enum err e);

/* ---- door.c ---- */
http_request_fn door_on_request;
peer_fn door_on_window;
peer_fn door_on_answer;

#endif
