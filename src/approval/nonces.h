/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_NONCES_H
#define APPROVAL_NONCES_H

/*
 * A bounded memory of 128-bit values (32 hex digits) that are good once.
 * Two uses: challenges, issued here and spent once; and nonces of sheets,
 * made elsewhere and burned here.  Values are forgotten when their time is
 * over, since whoever carries them is refused by then anyway.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

struct nonces;

struct nonces *nonces_new(size_t most);
void nonces_free(struct nonces *n);

/* Remember a value until `until_ms`.  ERR_REPLAY when it is remembered
 * already, ERR_LIMIT when all places are taken. */
NODISCARD enum err nonces_remember(
    struct nonces *n, const char *value, int64_t until_ms, int64_t now_ms);

/* The same for a value of our own, for `owner`: who has
 * CHALLENGES_EACH_MAX of them loses the one that ends first, so that asking
 * is not refused and nobody pushes out what another holds. */
NODISCARD enum err nonces_issue(struct nonces *n, const struct digest *owner,
    const char *value, int64_t until_ms, int64_t now_ms);

/* Forget a remembered value: OK once, ERR_NOTFOUND ever after. */
NODISCARD enum err nonces_spend(
    struct nonces *n, const char *value, int64_t now_ms);

#endif
