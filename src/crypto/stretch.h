/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_STRETCH_H
#define CRYPTO_STRETCH_H

/*
 * A key from what a person remembers: PBKDF2-HMAC-SHA-256 (RFC 8018 section
 * 5.2), one block of it.  Who guesses pays the same `rounds` for each guess.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

#define STRETCH_LEN 32

/* `rounds` is at least 1.  The caller wipes `ret`. */
void stretch(const struct secret *words, const void *salt, size_t salt_len,
    uint32_t rounds, uint8_t ret[STRETCH_LEN]);

#endif
