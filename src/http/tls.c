/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include <errno.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pem.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/crypto.h"

#define AHEAD_SIZE 1024

struct tls_config {
	size_t users; /* Its owner, and each connection. */
	bool plain;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt own;
	mbedtls_x509_crt root;
	mbedtls_pk_context key;
};

struct tls {
	struct tls_config *config;
	mbedtls_ssl_context ssl;
	int fd;
	bool wants_write;
	size_t begun; /* Bytes in a record that is not all sent. */
	uint8_t ahead[AHEAD_SIZE]; /* Read, and not given to the library. */
	size_t ahead_at;
	size_t ahead_len;
};

/*
 * The house speaks TLS 1.3 with certificates of its own making.  The library
 * can do what the open web needs as well; none of that is offered here.
 */
static const int suites[] = {MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256, 0};
static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
static const uint16_t signatures[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_NONE};
/* Who wants another protocol is refused; who names none gets this one. */
static const char *protocols[] = {"http/1.1", NULL};
static const mbedtls_x509_crt_profile profile = {
    .allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256),
    .allowed_pks = MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
	MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA),
    .allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1),
    .rsa_min_bitlen = UINT32_MAX};

/* Keys are trusted, dates are not known. */
static int
ignore_dates(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	(void)arg;
	(void)crt;
	(void)depth;
	*flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED |
	    MBEDTLS_X509_BADCERT_FUTURE);
	return 0;
}

static int
parse_crt(mbedtls_x509_crt *crt, const char *pem)
{
	return mbedtls_x509_crt_parse(
	    crt, (const unsigned char *)pem, strlen(pem) + 1);
}

static struct tls_config *
config_new(int endpoint)
{
	struct tls_config *c = xalloc(sizeof(*c));

	c->users = 1;
	mbedtls_ssl_config_init(&c->conf);
	mbedtls_x509_crt_init(&c->own);
	mbedtls_x509_crt_init(&c->root);
	mbedtls_pk_init(&c->key);
	if (mbedtls_ssl_config_defaults(&c->conf, endpoint,
		MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
		fatal("the TLS library does not start");
	mbedtls_ssl_conf_min_tls_version(&c->conf, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_max_tls_version(&c->conf, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_ciphersuites(&c->conf, suites);
	mbedtls_ssl_conf_groups(&c->conf, groups);
	mbedtls_ssl_conf_sig_algs(&c->conf, signatures);
	mbedtls_ssl_conf_cert_profile(&c->conf, &profile);
	mbedtls_ssl_conf_rng(
	    &c->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_verify(&c->conf, ignore_dates, NULL);
	return c;
}

static enum err
set_own(struct tls_config *c, const char *cert_pem, const char *key_pem)
{
	if (parse_crt(&c->own, cert_pem) != 0 ||
	    mbedtls_pk_parse_key(&c->key, (const unsigned char *)key_pem,
		strlen(key_pem) + 1, NULL, 0, mbedtls_psa_get_random,
		MBEDTLS_PSA_RANDOM_STATE) != 0 ||
	    mbedtls_ssl_conf_own_cert(&c->conf, &c->own, &c->key) != 0)
		return ERR_INPUT;
	return OK;
}

static enum err
set_root(struct tls_config *c, const char *root_pem)
{
	if (root_pem == NULL) {
		mbedtls_ssl_conf_authmode(&c->conf, MBEDTLS_SSL_VERIFY_NONE);
		return OK;
	}
	if (parse_crt(&c->root, root_pem) != 0)
		return ERR_INPUT;
	mbedtls_ssl_conf_ca_chain(&c->conf, &c->root, NULL);
	mbedtls_ssl_conf_authmode(&c->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
	return OK;
}

enum err
tls_server_config(const char *chain_pem, const char *key_pem,
    const char *root_pem, struct tls_config **ret)
{
	struct tls_config *c = config_new(MBEDTLS_SSL_IS_SERVER);
	enum err e = set_own(c, chain_pem, key_pem);

	if (mbedtls_ssl_conf_alpn_protocols(&c->conf, protocols) != 0)
		fatal("the TLS library does not start");
	if (e == OK)
		e = set_root(c, root_pem);
	if (e != OK) {
		tls_config_free(c);
		return e;
	}
	*ret = c;
	return OK;
}

enum err
tls_client_config(const char *root_pem, const char *cert_pem,
    const char *key_pem, struct tls_config **ret)
{
	struct tls_config *c = config_new(MBEDTLS_SSL_IS_CLIENT);
	enum err e = set_root(c, root_pem);

	if (e == OK && cert_pem != NULL)
		e = set_own(c, cert_pem, key_pem);
	if (e != OK) {
		tls_config_free(c);
		return e;
	}
	*ret = c;
	return OK;
}

void
tls_config_free(struct tls_config *c)
{
	if (c == NULL || --c->users > 0)
		return;
	mbedtls_ssl_config_free(&c->conf);
	mbedtls_x509_crt_free(&c->own);
	mbedtls_x509_crt_free(&c->root);
	mbedtls_pk_free(&c->key);
	free(c);
}

static int
bio_send(void *arg, const unsigned char *p, size_t len)
{
	struct tls *t = arg;
	ssize_t n = write(t->fd, p, len);

	if (n >= 0)
		return (int)n;
	return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE
						 : MBEDTLS_ERR_NET_CONN_RESET;
}

/* The library reads five bytes and then what they announce; a small record
 * comes with one call all the same. */
static int
bio_recv(void *arg, unsigned char *p, size_t len)
{
	struct tls *t = arg;
	bool direct = t->ahead_len == 0 && len >= sizeof(t->ahead);
	ssize_t n = (ssize_t)t->ahead_len;

	if (direct)
		n = read(t->fd, p, len);
	else if (t->ahead_len == 0)
		n = read(t->fd, t->ahead, sizeof(t->ahead));
	if (n == 0)
		return MBEDTLS_ERR_SSL_CONN_EOF;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR
		    ? MBEDTLS_ERR_SSL_WANT_READ
		    : MBEDTLS_ERR_NET_CONN_RESET;
	if (direct)
		return (int)n;
	if (t->ahead_len == 0) {
		t->ahead_len = (size_t)n;
		t->ahead_at = 0;
	}
	len = len < t->ahead_len ? len : t->ahead_len;
	memcpy(p, t->ahead + t->ahead_at, len);
	t->ahead_at += len;
	t->ahead_len -= len;
	return (int)len;
}

struct tls *
tls_new(struct tls_config *c, int fd)
{
	struct tls *t = xalloc(sizeof(*t));

	c->users++;
	t->config = c;
	t->fd = fd;
	mbedtls_ssl_init(&t->ssl);
	/* The root is pinned, so the name that was dialled does not count. */
	if (mbedtls_ssl_setup(&t->ssl, &c->conf) != 0 ||
	    mbedtls_ssl_set_hostname(&t->ssl, NULL) != 0)
		fatal("out of memory for a TLS connection");
	mbedtls_ssl_set_bio(&t->ssl, t, bio_send, bio_recv, NULL);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	if (!t->config->plain)
		mbedtls_ssl_close_notify(&t->ssl);
	mbedtls_ssl_free(&t->ssl);
	tls_config_free(t->config);
	free(t);
}

static enum err
result(struct tls *t, int rc)
{
	t->wants_write = rc == MBEDTLS_ERR_SSL_WANT_WRITE;
	switch (rc) {
	case MBEDTLS_ERR_SSL_WANT_READ:
	case MBEDTLS_ERR_SSL_WANT_WRITE:
	case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
		return ERR_BUSY;
	case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
	case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		return ERR_DENIED;
	default:
		return ERR_CLOSED;
	}
}

/* ---- Without TLS ---- */

enum err
tls_plain_config(const char *cert_pem, struct tls_config **ret)
{
	struct tls_config *c = config_new(MBEDTLS_SSL_IS_SERVER);

	c->plain = true;
	if (parse_crt(&c->own, cert_pem) != 0) {
		tls_config_free(c);
		return ERR_INPUT;
	}
	*ret = c;
	return OK;
}

static enum err
plain_result(struct tls *t, ssize_t n, bool writes, size_t *ret_len)
{
	t->wants_write = n < 0 && writes;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? ERR_BUSY
							 : ERR_CLOSED;
	if (n == 0)
		return ERR_CLOSED;
	*ret_len = (size_t)n;
	return OK;
}

static enum err
plain_read(struct tls *t, void *p, size_t size, size_t *ret_len)
{
	return plain_result(t, read(t->fd, p, size), false, ret_len);
}

static enum err
plain_write(struct tls *t, const void *p, size_t len, size_t *ret_len)
{
	return plain_result(t, write(t->fd, p, len), true, ret_len);
}

/* ---- With it ---- */

enum err
tls_handshake(struct tls *t)
{
	int rc;

	if (t->config->plain)
		return OK;
	rc = mbedtls_ssl_handshake(&t->ssl);
	return rc == 0 ? OK : result(t, rc);
}

bool
tls_wants_write(const struct tls *t)
{
	return t->wants_write;
}

enum err
tls_read(struct tls *t, void *p, size_t size, size_t *ret_len)
{
	int rc;

	if (t->config->plain)
		return plain_read(t, p, size, ret_len);
	rc = mbedtls_ssl_read(&t->ssl, p, size);
	if (rc <= 0)
		return rc == 0 ? ERR_CLOSED : result(t, rc);
	*ret_len = (size_t)rc;
	return OK;
}

enum err
tls_write(struct tls *t, const void *p, size_t len, size_t *ret_len)
{
	int rc;

	if (t->config->plain)
		return plain_write(t, p, len, ret_len);
	/* The library sends the rest of the record that it began, and takes
	 * as written whatever it is given now. */
	if (t->begun > 0)
		len = t->begun;
	rc = mbedtls_ssl_write(&t->ssl, p, len);
	t->begun = rc == MBEDTLS_ERR_SSL_WANT_WRITE ? len : 0;
	if (rc < 0)
		return result(t, rc);
	*ret_len = (size_t)rc;
	return OK;
}

bool
tls_has_more(const struct tls *t)
{
	return mbedtls_ssl_get_bytes_avail(&t->ssl) > 0 || t->ahead_len > 0;
}

bool
tls_config_has_name(const struct tls_config *c, struct str name)
{
	const mbedtls_x509_sequence *at = &c->own.subject_alt_names;
	bool found = false;

	for (; at != NULL && at->buf.p != NULL && !found; at = at->next) {
		mbedtls_x509_subject_alternative_name san;

		if (mbedtls_x509_parse_subject_alt_name(&at->buf, &san) != 0)
			continue;
		found = san.type == MBEDTLS_X509_SAN_DNS_NAME &&
		    san.san.unstructured_name.len == name.len &&
		    strncasecmp((const char *)san.san.unstructured_name.p,
			name.p, name.len) == 0;
		mbedtls_x509_free_subject_alt_name(&san);
	}
	return found;
}

enum err
tls_peer_id(struct tls *t, struct digest *ret)
{
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&t->ssl);

	if (crt == NULL)
		return ERR_NOTFOUND;
	crypto_hash(crt->pk_raw.p, crt->pk_raw.len, ret);
	return OK;
}

enum err
tls_peer_root(struct tls *t, struct digest *ret, char *ret_pem, size_t size)
{
	const mbedtls_x509_crt *chain = mbedtls_ssl_get_peer_cert(&t->ssl);
	mbedtls_x509_crt leaf;
	mbedtls_x509_crt root;
	uint32_t flags = 0;
	size_t len;
	enum err e = ERR_DENIED;

	if (chain == NULL || chain->next == NULL || chain->next->next != NULL)
		return ERR_NOTFOUND;
	mbedtls_x509_crt_init(&leaf);
	mbedtls_x509_crt_init(&root);
	if (mbedtls_x509_crt_parse_der(&leaf, chain->raw.p, chain->raw.len) ==
		0 &&
	    mbedtls_x509_crt_parse_der(
		&root, chain->next->raw.p, chain->next->raw.len) == 0 &&
	    mbedtls_x509_crt_verify(
		&leaf, &root, NULL, NULL, &flags, ignore_dates, NULL) == 0 &&
	    mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n",
		"-----END CERTIFICATE-----\n", root.raw.p, root.raw.len,
		(unsigned char *)ret_pem, size, &len) == 0) {
		crypto_hash(root.pk_raw.p, root.pk_raw.len, ret);
		e = OK;
	}
	mbedtls_x509_crt_free(&leaf);
	mbedtls_x509_crt_free(&root);
	return e;
}

enum err
tls_exporter(struct tls *t, const char *label, uint8_t ret[DIGEST_LEN])
{
	static const unsigned char none[1];

	if (mbedtls_ssl_export_keying_material(&t->ssl, ret, DIGEST_LEN, label,
		strlen(label), none, 0, 0) != 0)
		return ERR_STATE;
	return OK;
}
