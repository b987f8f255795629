/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_OFFER_H
#define PUSH_OFFER_H

/*
 * An offer: where a browser can be told that something waits (a subscription
 * of the Push API, RFC 8030 section 4), as it brings it itself.  It allows
 * nothing; it is what an owner may make a target of (push/target.h).
 *
 * Pure.
 */

#include "base/digest.h"
#include "base/limits.h"
#include "base/str.h"
#include "net/host.h"
#include "webpush/webpush.h"

#define PUSH_OFFERS_MAX 16 /* One of each browser. */
#define PUSH_AUTH_HEX_SIZE (2 * WEBPUSH_AUTH_LEN + 1)

/* https:// and a name.  ERR_INPUT, ERR_LIMIT in words. */
NODISCARD enum err offer_read_url(
    struct str text, struct url *ret, struct errmsg *why);

/* Both in hex: a point of P-256, uncompressed, and 16 bytes.  ERR_INPUT in
 * words. */
NODISCARD enum err offer_read_keys(struct str p256dh, struct str auth,
    struct webpush_to *ret, struct errmsg *why);

/* A text of lines for functions that read to a zero byte.  ERR_LIMIT. */
NODISCARD enum err offer_take(struct str s, char *to, size_t size);

#endif
