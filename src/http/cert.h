/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CERT_H
#define HTTP_CERT_H

/*
 * Certificates (RFC 5280) and signing requests (RFC 2986), as PEM.
 *
 * They carry keys, not trust: clients are trusted by the digest of their
 * key in the trust table, the box by the digest of its root's key.  Dates
 * are therefore wide, and nobody checks them.
 */

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"

/* The box's root, signed by itself. */
NODISCARD enum err cert_make_root(
    const char *root_key_pem, const char *name, struct buf *out);

/* A certificate under the root: for the listener or for a client. */
enum cert_use { CERT_SERVER, CERT_CLIENT };
NODISCARD enum err cert_make(const char *root_key_pem,
    const char *root_cert_pem, const struct public_key *subject,
    const char *name, enum cert_use use, struct buf *out);

NODISCARD enum err csr_make(
    const char *key_pem, const char *name, struct buf *out);

/* The key of a request whose own signature holds.  ERR_INPUT,
 * ERR_SIGNATURE. */
NODISCARD enum err csr_read(const char *pem, struct public_key *ret);

/* The key inside a certificate. */
NODISCARD enum err cert_key(const char *pem, struct public_key *ret);

#endif
