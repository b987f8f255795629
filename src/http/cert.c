/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cert.h"

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crypto/crypto.h"

#define PEM_MAX 4096
#define NOT_BEFORE "20200101000000"
#define NOT_AFTER "20491231235959"
#define RNG mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE

static enum err
subject_name(const char *name, char *ret, size_t size)
{
	if (!str_is_name(name))
		return ERR_INPUT;
	snprintf(ret, size, "CN=%s,O=Durward", name);
	return OK;
}

static int
parse_key(mbedtls_pk_context *pk, const char *pem)
{
	return mbedtls_pk_parse_key(
	    pk, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0, RNG);
}

static int
parse_public(mbedtls_pk_context *pk, const struct public_key *pub)
{
	uint8_t spki[SPKI_LEN];

	public_spki(pub, spki);
	return mbedtls_pk_parse_public_key(pk, spki, sizeof(spki));
}

struct making {
	mbedtls_x509write_cert crt;
	mbedtls_pk_context issuer;
	mbedtls_pk_context subject;
};

static int
set_common(struct making *m, const char *subject, const char *issuer)
{
	uint8_t serial[16];
	int rc;

	crypto_random(serial, sizeof(serial));
	serial[0] = (serial[0] & 0x7f) | 0x40; /* Positive, 16 bytes long. */
	mbedtls_x509write_crt_set_version(&m->crt, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&m->crt, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&m->crt, &m->subject);
	mbedtls_x509write_crt_set_issuer_key(&m->crt, &m->issuer);
	rc = mbedtls_x509write_crt_set_serial_raw(
	    &m->crt, serial, sizeof(serial));
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_validity(
		    &m->crt, NOT_BEFORE, NOT_AFTER);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_subject_name(&m->crt, subject);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_issuer_name(&m->crt, issuer);
	return rc;
}

static int
set_purpose(struct making *m, bool is_root, enum cert_use use)
{
	mbedtls_asn1_sequence eku;
	int rc = mbedtls_x509write_crt_set_basic_constraints(
	    &m->crt, is_root, is_root ? 0 : -1);

	if (rc != 0)
		return rc;
	if (is_root)
		return mbedtls_x509write_crt_set_key_usage(
		    &m->crt, MBEDTLS_X509_KU_KEY_CERT_SIGN);
	memset(&eku, 0, sizeof(eku));
	eku.buf.tag = MBEDTLS_ASN1_OID;
	/* id-kp-serverAuth, id-kp-clientAuth (RFC 5280, 4.2.1.12) */
	eku.buf.p = (unsigned char *)(use == CERT_SERVER
		? "\x2b\x06\x01\x05\x05\x07\x03\x01"
		: "\x2b\x06\x01\x05\x05\x07\x03\x02");
	eku.buf.len = 8;
	rc = mbedtls_x509write_crt_set_key_usage(
	    &m->crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_ext_key_usage(&m->crt, &eku);
	return rc;
}

static int
set_server_name(struct making *m, const char *name)
{
	mbedtls_x509_san_list san;

	memset(&san, 0, sizeof(san));
	san.node.type = MBEDTLS_X509_SAN_DNS_NAME;
	san.node.san.unstructured_name.p = (unsigned char *)(size_t)name;
	san.node.san.unstructured_name.len = strlen(name);
	return mbedtls_x509write_crt_set_subject_alternative_name(
	    &m->crt, &san);
}

static enum err
write_crt(struct making *m, struct buf *out)
{
	unsigned char pem[PEM_MAX];

	if (mbedtls_x509write_crt_pem(&m->crt, pem, sizeof(pem), RNG) != 0)
		return ERR_IO;
	buf_adds(out, (const char *)pem);
	return OK;
}

static void
making_init(struct making *m)
{
	mbedtls_x509write_crt_init(&m->crt);
	mbedtls_pk_init(&m->issuer);
	mbedtls_pk_init(&m->subject);
}

static void
making_done(struct making *m)
{
	mbedtls_x509write_crt_free(&m->crt);
	mbedtls_pk_free(&m->issuer);
	mbedtls_pk_free(&m->subject);
}

enum err
cert_make_root(const char *root_key_pem, const char *name, struct buf *out)
{
	struct making m;
	char subject[128];
	enum err e = subject_name(name, subject, sizeof(subject));

	if (e != OK)
		return e;
	making_init(&m);
	if (parse_key(&m.issuer, root_key_pem) != 0 ||
	    parse_key(&m.subject, root_key_pem) != 0 ||
	    set_common(&m, subject, subject) != 0 ||
	    set_purpose(&m, true, CERT_SERVER) != 0)
		e = ERR_INPUT;
	else
		e = write_crt(&m, out);
	making_done(&m);
	return e;
}

/* The root's subject, as the writer wants it. */
static enum err
issuer_name(const char *root_cert_pem, char *ret, size_t size)
{
	mbedtls_x509_crt root;
	int rc;

	mbedtls_x509_crt_init(&root);
	rc = mbedtls_x509_crt_parse(&root, (const unsigned char *)root_cert_pem,
	    strlen(root_cert_pem) + 1);
	if (rc == 0)
		rc = mbedtls_x509_dn_gets(ret, size, &root.subject) < 0;
	mbedtls_x509_crt_free(&root);
	return rc == 0 ? OK : ERR_INPUT;
}

enum err
cert_make(const char *root_key_pem, const char *root_cert_pem,
    const struct public_key *subject, const char *name, enum cert_use use,
    struct buf *out)
{
	struct making m;
	char subject_text[128];
	char issuer_text[256];
	enum err e = subject_name(name, subject_text, sizeof(subject_text));

	if (e == OK)
		e = issuer_name(
		    root_cert_pem, issuer_text, sizeof(issuer_text));
	if (e != OK)
		return e;
	making_init(&m);
	if (parse_key(&m.issuer, root_key_pem) != 0 ||
	    parse_public(&m.subject, subject) != 0 ||
	    set_common(&m, subject_text, issuer_text) != 0 ||
	    set_purpose(&m, false, use) != 0 ||
	    (use == CERT_SERVER && set_server_name(&m, name) != 0))
		e = ERR_INPUT;
	else
		e = write_crt(&m, out);
	making_done(&m);
	return e;
}

enum err
csr_make(const char *key_pem, const char *name, struct buf *out)
{
	mbedtls_x509write_csr csr;
	mbedtls_pk_context pk;
	unsigned char pem[PEM_MAX];
	char subject[128];
	enum err e = subject_name(name, subject, sizeof(subject));

	if (e != OK)
		return e;
	mbedtls_x509write_csr_init(&csr);
	mbedtls_pk_init(&pk);
	mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
	if (parse_key(&pk, key_pem) != 0 ||
	    mbedtls_x509write_csr_set_subject_name(&csr, subject) != 0) {
		e = ERR_INPUT;
	} else {
		mbedtls_x509write_csr_set_key(&csr, &pk);
		if (mbedtls_x509write_csr_pem(&csr, pem, sizeof(pem), RNG) != 0)
			e = ERR_IO;
		else
			buf_adds(out, (const char *)pem);
	}
	mbedtls_x509write_csr_free(&csr);
	mbedtls_pk_free(&pk);
	return e;
}

/* The point of a P-256 key out of its SubjectPublicKeyInfo. */
static enum err
public_of_spki(const unsigned char *p, size_t len, struct public_key *ret)
{
	struct public_key pub;
	uint8_t again[SPKI_LEN];

	if (len != SPKI_LEN)
		return ERR_INPUT;
	memcpy(pub.b, p + SPKI_LEN - PUBLIC_LEN, PUBLIC_LEN);
	public_spki(&pub, again);
	if (memcmp(again, p, SPKI_LEN) != 0)
		return ERR_INPUT;
	*ret = pub;
	return OK;
}

static enum err
public_of_pk(const mbedtls_pk_context *pk, struct public_key *ret)
{
	unsigned char der[256];
	int len = mbedtls_pk_write_pubkey_der(pk, der, sizeof(der));

	if (len < 0)
		return ERR_INPUT;
	/* It writes at the end of the buffer. */
	return public_of_spki(der + sizeof(der) - len, (size_t)len, ret);
}

/* mbedTLS parses a request but does not check that its sender has the
 * private key. */
static enum err
check_own_signature(mbedtls_x509_csr *csr)
{
	struct digest hash;

	if (csr->MBEDTLS_PRIVATE(sig_md) != MBEDTLS_MD_SHA256)
		return ERR_UNSUPPORTED;
	crypto_hash(csr->cri.p, csr->cri.len, &hash);
	if (mbedtls_pk_verify(&csr->pk, MBEDTLS_MD_SHA256, hash.b, DIGEST_LEN,
		csr->MBEDTLS_PRIVATE(sig).p,
		csr->MBEDTLS_PRIVATE(sig).len) != 0)
		return ERR_SIGNATURE;
	return OK;
}

enum err
csr_read(const char *pem, struct public_key *ret)
{
	mbedtls_x509_csr csr;
	enum err e = ERR_INPUT;

	mbedtls_x509_csr_init(&csr);
	if (mbedtls_x509_csr_parse(
		&csr, (const unsigned char *)pem, strlen(pem) + 1) == 0)
		e = check_own_signature(&csr);
	if (e == OK)
		e = public_of_pk(&csr.pk, ret);
	mbedtls_x509_csr_free(&csr);
	return e;
}

enum err
cert_key(const char *pem, struct public_key *ret)
{
	mbedtls_x509_crt crt;
	enum err e = ERR_INPUT;

	mbedtls_x509_crt_init(&crt);
	if (mbedtls_x509_crt_parse(
		&crt, (const unsigned char *)pem, strlen(pem) + 1) == 0)
		e = public_of_spki(crt.pk_raw.p, crt.pk_raw.len, ret);
	mbedtls_x509_crt_free(&crt);
	return e;
}
