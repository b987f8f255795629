/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENDER_SENDER_PRIV_H
#define SENDER_SENDER_PRIV_H

#include "push/target.h"
#include "sender/sender.h"

/* What was sent to a target, known by its id while the role lives. */
struct sent_to {
	char id[TRUST_ID_SIZE]; /* "": a free place. */
	struct push_rate rate;
	int64_t used_ms;
	int64_t silent_until_ms; /* As the service asked. */
};

/* One notification on its way. */
struct sending {
	struct sender *sender;
	char id[TRUST_ID_SIZE]; /* Of the target; "": a free place. */
	char *url;
	struct base_url at;
	bool outside;
	struct sent_to *to;
	int tries;
	/* For a browser: the message, and who sends it; else NULL. */
	uint8_t *sealed;
	char *authorization;
	int64_t token_wanted; /* A question to the vault, or 0. */
	uint64_t timer; /* For the token, before another try, or to its end. */
	uint64_t lookup;
	struct found found; /* Those alone that fit the place. */
	size_t next; /* Address to try. */
	struct address address;
	CURL *curl; /* NULL: no try is under way. */
	struct trip trip;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	size_t received;
	int64_t after_ms; /* As the service asks; -1. */
	long status;
	struct errmsg why;
};

struct sender {
	struct sender_setup s;
	struct sending all[PUSH_TARGETS_MAX];
	struct sent_to to[PUSH_TARGETS_MAX];
	int64_t tokens_wanted;
};

/* ---- post.c: one try ---- */

/* To s->address; post_ended() follows.  False when it cannot even begin;
 * s->why says why. */
bool post_begin(struct sending *s);
void post_drop(struct sending *s);

/* ---- sealed.c: before the first try to a browser's service ---- */

/* sending_look_up() or sending_end() follows. */
void sealed_begin(struct sending *s, const struct target *t);

/* ---- sender.c ---- */

void sending_look_up(struct sending *s);
/* Well, when s->why says nothing. */
void sending_end(struct sending *s);
void post_ended(struct sending *s, CURLcode code);

#endif
