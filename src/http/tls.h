/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

/*
 * TLS 1.3 (RFC 8446) and nothing older, without tickets: the only door to
 * mbedTLS's TLS.  Both sides verify chains against one root; dates do not
 * count, since a Pi has no clock after a power cut.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

struct tls_config;

/* `root_pem` NULL: clients need no certificate.  Otherwise one under the
 * root is demanded, with or without SNI. */
NODISCARD enum err tls_server_config(const char *chain_pem, const char *key_pem,
    const char *root_pem, struct tls_config **ret);

/* `root_pem` NULL: the caller checks tls_peer_root() itself.  `cert_pem`
 * and `key_pem` NULL: no certificate of ours. */
NODISCARD enum err tls_client_config(const char *root_pem, const char *cert_pem,
    const char *key_pem, struct tls_config **ret);
/* No TLS at all: for what must be said before a client can trust anything.
 * `cert_pem` has the names of this machine. */
NODISCARD enum err tls_plain_config(
    const char *cert_pem, struct tls_config **ret);
/* Connections that are open keep it until they end. */
void tls_config_free(struct tls_config *c);

struct tls;

/* The descriptor is non-blocking and stays the caller's. */
struct tls *tls_new(struct tls_config *c, int fd);
void tls_free(struct tls *t);

/* ERR_BUSY: wait until the socket is ready for what tls_wants_write() says,
 * and write the same bytes again, to which more may have been added.
 * ERR_DENIED: a certificate was refused.  ERR_CLOSED. */
NODISCARD enum err tls_handshake(struct tls *t);
bool tls_wants_write(const struct tls *t);
NODISCARD enum err tls_read(
    struct tls *t, void *p, size_t size, size_t *ret_len);
NODISCARD enum err tls_write(
    struct tls *t, const void *p, size_t len, size_t *ret_len);

/* Are there bytes that were read already, of which the socket says nothing
 * any more?  Who stops before ERR_BUSY asks. */
bool tls_has_more(const struct tls *t);

/* Is it a name of the certificate that we show? */
bool tls_config_has_name(const struct tls_config *c, struct str name);

/* SHA-256 of the SPKI of the peer's certificate.  ERR_NOTFOUND. */
NODISCARD enum err tls_peer_id(struct tls *t, struct digest *ret);

/* SHA-256 of the SPKI of the root at the end of the chain that the peer
 * sent, when the chain leads there; and its PEM. */
NODISCARD enum err tls_peer_root(
    struct tls *t, struct digest *ret, char *ret_pem, size_t size);

/* 32 bytes that only the two ends of this connection know (RFC 8446, 7.5). */
NODISCARD enum err tls_exporter(
    struct tls *t, const char *label, uint8_t ret[DIGEST_LEN]);

#endif
