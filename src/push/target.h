/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_TARGET_H
#define PUSH_TARGET_H

/*
 * A target: where the house may say that something waits, as an owner signed
 * it with a key of the command line.  It is a standing grant for one message
 * that never changes: what is said stands in push/message.h, and nothing of
 * what waits is part of it.  Like a grant it ends, and is taken back by its
 * id (approval/trust.h).
 *
 * The core keeps and counts it; egress, which sends, checks all of it again
 * and counts by itself.
 *
 * Pure.
 */

#include "approval/trust.h"
#include "base/limits.h"
#include "net/host.h"
#include "webpush/webpush.h"

struct target {
	struct digest box;
	struct digest client; /* The owner that signed. */
	char id[TRUST_ID_SIZE];
	struct str name; /* For people; one house has each once. */
	struct str kind; /* TARGET_NTFY or TARGET_WEBPUSH. */
	struct str place; /* TARGET_OUTSIDE, or TARGET_HOUSE. */
	struct str url; /* https:// */
	int64_t hourly; /* 1 to PUSH_HOURLY_MAX. */
	int64_t issued_ms; /* As in a grant. */
	int64_t until_ms;
	/* Of TARGET_WEBPUSH alone. */
	struct digest whom; /* The client whose browser it is: ends with it. */
	struct str p256dh; /* As push/offer.h has them. */
	struct str auth;
};

/* Any server that takes a POST of text: ntfy, and what speaks like it. */
#define TARGET_NTFY "ntfy"
/* The push service of a browser (RFC 8030), with a message that it cannot
 * read (RFC 8291). */
#define TARGET_WEBPUSH "webpush"
#define TARGET_OUTSIDE "outside" /* Public addresses alone, */
#define TARGET_HOUSE "house" /* or those of the house alone. */

/* ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err target_write(const struct target *t, struct buf *out);
/* Its texts borrow from `text`.  ERR_INPUT with what is wrong. */
NODISCARD enum err target_read(
    const char *text, size_t len, struct target *ret, struct errmsg *why);

/* Signed by a live owner of this box, on a command line, not taken back and
 * not over?  ERR_INPUT, ERR_SIGNATURE, ERR_EXPIRED, ERR_DENIED in words. */
NODISCARD enum err target_verify(const struct trust *t, struct str text,
    const struct signature *sig, int64_t wall_ms, struct target *ret,
    struct errmsg *why);

/* The same without the signature, of one that was verified before. */
NODISCARD enum err target_is_live(const struct trust *t, const struct target *g,
    int64_t wall_ms, struct errmsg *why);

/* Where it is. */
void target_url(const struct target *t, struct url *ret);

bool target_is_webpush(const struct target *t);

/* Whom it tells: a browser's client, or the owner who signed. */
const struct digest *target_whom(const struct target *t);

/* Whom to seal for; of one that was read, of TARGET_WEBPUSH. */
void target_webpush(const struct target *t, struct webpush_to *ret);

/* "https://push.example", with its port where that is not 443 (RFC 6454). */
#define TARGET_ORIGIN_SIZE (sizeof("https://:65535") + HOST_MAX)
void target_origin(const struct target *t, char ret[TARGET_ORIGIN_SIZE]);

/* ---- How often ---- */

/* When the last were sent; zero it before the first use. */
struct push_rate {
	int64_t at_ms[PUSH_HOURLY_MAX]; /* A ring; 0: never. */
	size_t next;
};

/* One more of `hourly` in any hour?  Then it is counted. */
bool push_rate_take(struct push_rate *r, int64_t hourly, int64_t now_ms);

#endif
