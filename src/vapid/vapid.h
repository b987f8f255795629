/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAPID_VAPID_H
#define VAPID_VAPID_H

/*
 * The key by which push services know the house again (RFC 8292), and the one
 * thing it signs: a token for one service, which is built here, from the
 * service's origin and the time alone.
 *
 * A browser that subscribes names the key, and its push service then takes
 * messages for it from who has that key.
 */

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"

#define VAPID_FILE "push.key"
#define VAPID_TOKEN_MS (12 * 3600 * (int64_t)1000) /* A day is the most. */
#define VAPID_ORIGIN_MAX 270 /* Scheme, name and port. */
#define VAPID_HEADER_MAX 1024

struct vapid;

/* The key in `folder`, made where there is none.  ERR_INPUT: damaged. */
NODISCARD enum err vapid_open(const char *folder, struct vapid **ret);
void vapid_close(struct vapid *v);
void vapid_public(const struct vapid *v, struct public_key *ret);

/* The value of `authorization` (RFC 8292 section 3), "vapid t=..., k=...",
 * for a service of this origin: "https://push.example" with a port behind it
 * where that is not 443, and nothing else (RFC 6454 section 6.2).  ERR_INPUT
 * in words. */
NODISCARD enum err vapid_header(const struct vapid *v, const char *origin,
    int64_t wall_ms, struct buf *out, struct errmsg *why);

#endif
