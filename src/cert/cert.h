/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CERT_CERT_H
#define CERT_CERT_H

/*
 * Certificates (RFC 5280) and signing requests (RFC 2986), as PEM.
 *
 * They carry keys, not trust: clients are trusted by the digest of their
 * key in the trust table, the box by the digest of its root's key.  Nobody
 * of the house checks dates, and but for the listener's they are wide.
 */

#include "base/buf.h"
#include "base/err.h"
#include "crypto/key.h"

/* The box's root, signed by itself.  It is good for names and addresses of a
 * home alone (RFC 5280, 4.2.1.10): a phone that believes it believes nobody
 * else because of it.  Names: .local, .home.arpa, localhost, durward. */
NODISCARD enum err cert_make_root(
    const char *root_key_pem, const char *name, struct buf *out);

/* A client's certificate under the root. */
NODISCARD enum err cert_make(const char *root_key_pem,
    const char *root_cert_pem, const struct public_key *subject,
    const char *name, struct buf *out);

/* The listener's.  `names`: DNS names and addresses, joined by spaces, the
 * first also its common name; it holds from a day before `wall_ms` on for
 * LEAF_DAYS, which is for browsers: the house's own clients look at keys.
 * ERR_INPUT, ERR_LIMIT beyond HOUSE_NAMES_MAX. */
NODISCARD enum err cert_make_server(const char *root_key_pem,
    const char *root_cert_pem, const struct public_key *subject,
    const char *names, int64_t wall_ms, struct buf *out);

NODISCARD enum err csr_make(
    const char *key_pem, const char *name, struct buf *out);

/* The key of a request whose own signature holds.  ERR_INPUT,
 * ERR_SIGNATURE. */
NODISCARD enum err csr_read(const char *pem, struct public_key *ret);

/* What people compare: SHA-256 of its DER, as systems show it. */
NODISCARD enum err cert_fingerprint(const char *pem, struct digest *ret);

/* The key inside a certificate. */
NODISCARD enum err cert_key(const char *pem, struct public_key *ret);

#endif
