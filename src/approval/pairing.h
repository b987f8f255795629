/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_PAIRING_H
#define APPROVAL_PAIRING_H

/*
 * Pairing, as both ends must see it.
 *
 * A token is shown by the box and typed on the new client: a version, half
 * the hash of the box's key (so the client knows the box), and 80 random
 * bits (so the box knows the client).  The client proves the bits with an
 * HMAC over this very TLS connection, its key and its name.
 *
 * A browser cannot see its TLS connection: its HMAC is over the box's key
 * instead, and it is admitted only once a person has compared four words on
 * both screens and an owner has confirmed it.
 */

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/key.h"

#define PAIRING_VERSION 1
#define PAIRING_HASH_LEN 16
#define PAIRING_SECRET_LEN 10
#define PAIRING_BYTES (1 + PAIRING_HASH_LEN + PAIRING_SECRET_LEN)
#define PAIRING_TOKEN_SIZE (BASE32_LEN(PAIRING_BYTES) + 1)

/* Label of the TLS exporter (RFC 8446, 7.5). */
#define PAIRING_EXPORTER "EXPORTER-durward-pair-1"

struct pairing_token {
	uint8_t box_hash[PAIRING_HASH_LEN];
	uint8_t secret[PAIRING_SECRET_LEN];
};

void pairing_token_write(
    const struct pairing_token *t, char ret[PAIRING_TOKEN_SIZE]);
NODISCARD enum err pairing_token_read(
    const char *text, struct pairing_token *ret);

/* Is this the box that the token is from? */
bool pairing_token_is_of(
    const struct pairing_token *t, const struct digest *box);

/* `channel`: what the exporter gives, or for a browser the box's id. */
void pairing_hmac(const uint8_t secret[PAIRING_SECRET_LEN],
    const uint8_t channel[DIGEST_LEN], const struct public_key *client,
    const char *name, struct digest *ret);

/* The first half of a fingerprint (SHA-256) in groups, as people compare it. */
#define FINGERPRINT_SIZE 40
void pairing_fingerprint(const struct digest *d, char ret[FINGERPRINT_SIZE]);

/* What both screens show, of the ids of box and client and the secret. */
#define PAIRING_WORDS 4
void pairing_words(const uint8_t secret[PAIRING_SECRET_LEN],
    const struct digest *box, const struct digest *client,
    const char *ret[PAIRING_WORDS]);

#endif
