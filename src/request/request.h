/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REQUEST_REQUEST_H
#define REQUEST_REQUEST_H

/*
 * Requests: what a client sent, as the rooms of the core get it, and the
 * ways to answer.  A query is answered at once or when it was read; what
 * changes something is answered when its record is on the disk.
 *
 * Who may send what is checked before (core/clients.c).
 */

#include "approval/trust.h"
#include "ipc/peers.h"
#include "ledger/ledger.h"

/* A request whose answer another role has to give first. */
struct awaited {
	struct requests *requests;
	int64_t id; /* 0: a free place. */
	enum msg_type answer;
	const char *why;
	uint64_t timer;
};

/* Where requests come from and answers go. */
struct requests {
	struct peers *peers;
	struct ledger *ledger;
	struct awaited awaited[AWAITED_MAX];
};

/* A query's parameters, or a command's body. */
struct request {
	int64_t id;
	const struct client *client;
	const struct json *params;
	const struct json *envelope; /* A command's {"text", "signature"}. */
	struct str raw; /* A command's body as it was signed. */
};

/* `room` is what the handler belongs to. */
typedef void query_fn(void *room, const struct request *q);
typedef enum err command_fn(
    void *room, const struct request *k, struct errmsg *why);

/* Takes `body` over. */
void request_answer(struct requests *rs, int64_t id, struct json *body);
void request_answer_text(struct requests *rs, int64_t id, const char *text);
/* A reading_fn that answers a client; `requests` are the requests. */
void request_document(void *requests, int64_t id, enum err e, const char *text);
/* The same for entries of the log, which prove nothing when something was
 * taken out of them: a value that became a secret after it was said stands
 * there as it did. */
void request_evidence(void *requests, int64_t id, enum err e, const char *text);
void request_refuse(
    struct requests *rs, int64_t id, enum err e, const struct errmsg *why);

/* From here on it waits for this answer of another role.  A client that waits
 * for longer than `wait_ms` is told `why`, which outlives it and says what to
 * do.  ERR_BUSY when too many wait. */
NODISCARD enum err request_await(struct requests *rs, int64_t id,
    enum msg_type answer, int64_t wait_ms, const char *why);
/* The answer is there, or will not come.  False when nobody waits for it any
 * more, or ever did: then it is no answer. */
bool request_take(struct requests *rs, int64_t id, enum msg_type answer);

/* Write the record, then tell the client that it is on the disk; an id of 0
 * is nobody's. */
void request_confirm(struct requests *rs, int64_t id, struct record *r);
/* And more than that: takes `answer` over. */
void request_confirm_with(
    struct requests *rs, int64_t id, struct json *answer, struct record *r);

/* A change of trust: the vault checks the same signature again and is the
 * only one that can carry it out.  What it answers is awaited.  ERR_CLOSED
 * while it is away, ERR_BUSY. */
NODISCARD enum err request_send_trust(struct requests *rs, int64_t id,
    const struct json *envelope, struct str raw);

#endif
