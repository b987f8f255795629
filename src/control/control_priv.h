/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROL_CONTROL_PRIV_H
#define CONTROL_CONTROL_PRIV_H

#include "approval/sheet.h"
#include "http/server.h"
#include "ipc/peers.h"
#include "redact/scanner.h"

/* A browser's connection: a challenge first, then a client. */
struct live {
	int64_t conn; /* 0: a free place. */
	struct http_server *server; /* That has the connection. */
	char challenge[TOKEN_SIZE];
	bool asked; /* The vault, who it is. */
	bool open;
	char client[DIGEST_HEX_SIZE];
	struct control *control;
	uint64_t timer; /* Until it is open. */
};

struct live_request {
	int64_t id; /* 0: a free place. */
	int64_t conn; /* 0: gone, but the answer is still to come. */
	int64_t theirs; /* The number that the browser gave it. */
	char client[DIGEST_HEX_SIZE];
	int64_t until_ms; /* What has no answer by then gets none. */
};

struct control {
	struct peers *peers;
	struct loop *loop;
	struct scanner *scanner;
	struct json *identity;
	struct public_key box_key; /* Of the root in it. */
	struct digest box;
	char validator[TOKEN_SIZE + 2]; /* Of what this process serves. */
	int api_fd;
	int pairing_fd;
	int certificate_fd; /* -1: none. */
	struct http_server *api;
	struct http_server *front;
	struct http_server *first; /* Before TLS; NULL: none. */
	uint64_t window_timer;
	uint64_t shut_timer; /* While those who are told so hear it. */
	bool has_browsers; /* Paired ones, so the front stays open, */
	bool web_on; /* unless an owner switched it off. */
	bool has_recovery; /* A code on paper is good for a knock. */
	/* Of phones, which find the web app on the port of clients. */
	struct digest certificates[CLIENTS_MAX];
	size_t n_certificates;
	struct live live[CONNS_FRONT_MAX];
	struct live_request requests[LIVE_REQUESTS_MAX];
};

/* ---- listen.c ---- */

/* As soon as both the sockets and the identity are there. */
void control_listen(struct control *c);
peer_fn listen_on_identity;

/* Answer a request, whichever way it came. */
void control_reply(
    struct control *c, int64_t id, int status, const char *json, size_t len);
void control_refuse(
    struct control *c, int64_t id, int status, const char *words);

/* ---- api.c ---- */
http_request_fn api_on_request;

/* The same, of a client that is known: what follows is its answer.  Takes
 * `params` over. */
void api_query(struct control *c, int64_t id, const char *client,
    struct str name, struct json *params);
/* `v`: {"text", "signature", "body"}. */
void api_command(
    struct control *c, int64_t id, const char *client, const struct json *v);

/* {"id", "err"} and the answer's text. */
peer_fn api_on_reply;

/* The HTTP status (RFC 9110) that tells an error of the house. */
int api_status(enum err e);

/* ---- front.c: the web app ---- */
http_request_fn front_on_request;
/* Does a phone ask, whose certificate says no more than that it may? */
bool front_is_for(const struct control *c, const struct http_request *r);

/* ---- first.c: what a phone gets before it can trust anything ---- */
http_request_fn first_on_request;

/* ---- live.c: browsers that showed who they are ---- */
void live_begin(struct control *c, const struct http_request *r);
/* Every browser of this client hears that it is one no more. */
void live_cut(struct control *c, const char *client);
/* False when no browser asked this. */
bool live_reply(
    struct control *c, int64_t id, int status, const char *json, size_t len);
peer_fn live_on_session;

/* ---- door.c: who is not paired yet ---- */
http_request_fn door_on_request;
/* Is the port open for a code on paper and nothing else? */
bool door_is_for_codes(const struct control *c);
peer_fn door_on_window;
peer_fn door_on_web;
peer_fn door_on_answer;

#endif
