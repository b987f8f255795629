/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFY_NOTIFY_PRIV_H
#define NOTIFY_NOTIFY_PRIV_H

#include "notify/notify.h"
#include "push/offer.h"
#include "push/target.h"

/* All tries of egress and the pauses between them, and some. */
#define NOTICE_DONE_MS                                                         \
	(PUSH_TRIES_MAX * (PUSH_TRY_MS + PUSH_WAIT_MS) + 60 * 1000)
#define ENDED_MAX 8 /* Targets that services ended, of which people hear. */

struct kept {
	struct target target; /* Borrows from `text`. */
	char *text; /* NULL: a free place. */
	char signature[SIGNATURE_TEXT_SIZE];
	struct push_rate rate;
	bool under_way; /* Egress has not said how it went. */
	int64_t since_ms; /* Boot clock. */
	bool again; /* Something else began to wait meanwhile. */
	int64_t waits; /* A request that is told, or 0. */
	int64_t sent;
	int64_t withheld;
	struct errmsg last; /* Why the last one failed, or "". */
};

/* What a browser offered, until an owner allows or refuses it. */
struct offered {
	struct digest client;
	char *url; /* NULL: a free place. */
	char p256dh[PUBLIC_HEX_SIZE];
	char auth[PUSH_AUTH_HEX_SIZE];
};

struct ended {
	char name[NAME_MAX_LEN + 1]; /* "": a free place. */
	struct errmsg why;
};

struct notify {
	struct notify_setup s;
	struct kept all[PUSH_TARGETS_MAX];
	struct offered offers[PUSH_OFFERS_MAX];
	struct ended ended[ENDED_MAX];
	size_t next_ended;
};

/* ---- notify.c ---- */

NODISCARD enum err notify_check_owner(
    const struct request *k, struct errmsg *why);

/* ---- offers.c ---- */

/* A setting that is an offer is taken up; all others are passed over. */
void offers_load(struct notify *n, const struct json *row);
/* The client is gone. */
void offers_forget_dead(struct notify *n);
/* An owner allowed it, or its browser has none any more: goes with `r`. */
void offers_drop(
    struct notify *n, const struct digest *client, struct record *r);
/* What `who` may see of them: only an owner needs all. */
struct json *offers_list(const struct notify *n, const struct client *who);
void offers_put_digest(struct json *row, struct str url);

#endif
