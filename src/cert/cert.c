/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/cert.h"

#include <arpa/inet.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
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

/* From a wall clock; 16 characters with the NUL. */
#define DATE_SIZE 16
#define DAY_S (24 * 3600)

struct making {
	mbedtls_x509write_cert crt;
	mbedtls_pk_context issuer;
	mbedtls_pk_context subject;
};

static int
set_common(struct making *m, const char *subject, const char *issuer,
    const char *from, const char *until)
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
		rc = mbedtls_x509write_crt_set_validity(&m->crt, from, until);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_subject_name(&m->crt, subject);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_issuer_name(&m->crt, issuer);
	return rc;
}

enum purpose { FOR_ROOT, FOR_SERVER, FOR_CLIENT };

static int
set_purpose(struct making *m, enum purpose use)
{
	bool is_root = use == FOR_ROOT;
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
	eku.buf.p = (unsigned char *)(use == FOR_SERVER
		? "\x2b\x06\x01\x05\x05\x07\x03\x01"
		: "\x2b\x06\x01\x05\x05\x07\x03\x02");
	eku.buf.len = 8;
	rc = mbedtls_x509write_crt_set_key_usage(
	    &m->crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	if (rc == 0)
		rc = mbedtls_x509write_crt_set_ext_key_usage(&m->crt, &eku);
	return rc;
}

/* A name, or the bytes of an address (RFC 5280, 4.2.1.6). */
static void
fill_san(mbedtls_x509_san_list *san, char *word, uint8_t address[16])
{
	mbedtls_x509_buf *v = &san->node.san.unstructured_name;

	san->node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
	v->p = address;
	v->len = 16;
	if (inet_pton(AF_INET6, word, address) == 1)
		return;
	v->len = 4;
	if (inet_pton(AF_INET, word, address) == 1)
		return;
	san->node.type = MBEDTLS_X509_SAN_DNS_NAME;
	v->p = (unsigned char *)word;
	v->len = strlen(word);
}

/* `words` is taken apart. */
static int
set_server_names(struct making *m, char *words)
{
	mbedtls_x509_san_list sans[HOUSE_NAMES_MAX];
	uint8_t addresses[HOUSE_NAMES_MAX][16];
	char *next = words;
	size_t n = 0;

	memset(sans, 0, sizeof(sans));
	while (next != NULL) {
		char *word = next;

		if (n == HOUSE_NAMES_MAX)
			return -1;
		next = strchr(word, ' ');
		if (next != NULL)
			*next++ = '\0';
		fill_san(&sans[n], word, addresses[n]);
		if (n > 0)
			sans[n - 1].next = &sans[n];
		n++;
	}
	return mbedtls_x509write_crt_set_subject_alternative_name(
	    &m->crt, sans);
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

/*
 * NameConstraints, permitted alone: a GeneralSubtree for each.  It is not
 * critical, against the letter of RFC 5280, since mbedTLS knows it not and
 * refuses what is; browsers hold to it in any case.
 */
#define NAME_CONSTRAINTS_OID "\x55\x1d\x1e"

static void
add_subtree(struct buf *out, uint8_t tag, const void *p, size_t len)
{
	uint8_t head[4] = {0x30, (uint8_t)(len + 2), tag, (uint8_t)len};

	buf_add(out, head, sizeof(head));
	buf_add(out, p, len);
}

static void
write_subtrees(struct buf *out)
{
	static const char *const names[] = {
	    "local", "home.arpa", "localhost", "durward"};
	static const uint8_t v4[][8] = {{10, 0, 0, 0, 255, 0, 0, 0},
	    {172, 16, 0, 0, 255, 240, 0, 0}, {192, 168, 0, 0, 255, 255, 0, 0},
	    {169, 254, 0, 0, 255, 255, 0, 0}, {100, 64, 0, 0, 255, 192, 0, 0},
	    {127, 0, 0, 0, 255, 0, 0, 0}};
	/* fc00::/7, fe80::/10, ::1/128; address and mask. */
	static const uint8_t v6[][32] = {{[0] = 0xfc, [16] = 0xfe},
	    {[0] = 0xfe, 0x80, [16] = 0xff, 0xc0},
	    {[15] = 1,
		[16] = 255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255,
		255}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		add_subtree(out, 0x82, names[i], strlen(names[i]));
	for (i = 0; i < ARRAY_LEN(v4); i++)
		add_subtree(out, 0x87, v4[i], sizeof(v4[i]));
	for (i = 0; i < ARRAY_LEN(v6); i++)
		add_subtree(out, 0x87, v6[i], sizeof(v6[i]));
}

/* DER's shortest form, up to 65,535. */
static size_t
head_len(size_t len)
{
	return len < 128 ? 2 : len < 256 ? 3 : 4;
}

static void
add_head(struct buf *out, uint8_t tag, size_t len)
{
	uint8_t head[4] = {tag, (uint8_t)len};

	if (head_len(len) == 3) {
		head[1] = 0x81;
		head[2] = (uint8_t)len;
	} else if (head_len(len) == 4) {
		head[1] = 0x82;
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
	}
	buf_add(out, head, head_len(len));
}

static int
set_constraints(struct making *m)
{
	struct buf trees;
	struct buf b;
	int rc;

	buf_init(&trees, 512);
	buf_init(&b, 1024);
	write_subtrees(&trees);
	/* SEQUENCE { [0] { ... } } */
	add_head(&b, 0x30, trees.len + head_len(trees.len));
	add_head(&b, 0xa0, trees.len);
	buf_add(&b, trees.p, trees.len);
	rc = mbedtls_x509write_crt_set_extension(&m->crt, NAME_CONSTRAINTS_OID,
	    sizeof(NAME_CONSTRAINTS_OID) - 1, 0, (const unsigned char *)b.p,
	    b.len);
	buf_done(&trees);
	buf_done(&b);
	return rc;
}

enum err
cert_make_root(const char *root_key_pem, const char *name, struct buf *out)
{
	struct making m;
	char subject[128];
	enum err e = subject_name(name, subject, sizeof(subject));

	/* The listener's certificate has the box's name: were it also that of
	 * its issuer, others would take it for one that signed itself. */
	if (e == OK &&
	    snprintf(subject, sizeof(subject), "CN=%s root,O=Durward", name) >=
		(int)sizeof(subject))
		e = ERR_INPUT;
	if (e != OK)
		return e;
	making_init(&m);
	if (parse_key(&m.issuer, root_key_pem) != 0 ||
	    parse_key(&m.subject, root_key_pem) != 0 ||
	    set_common(&m, subject, subject, NOT_BEFORE, NOT_AFTER) != 0 ||
	    set_purpose(&m, FOR_ROOT) != 0 || set_constraints(&m) != 0)
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

/* What a certificate under the root has, whosever it is. */
static enum err
begin_leaf(struct making *m, const char *root_key_pem,
    const char *root_cert_pem, const struct public_key *subject,
    const char *name, const char *from, const char *until)
{
	char subject_text[128];
	char issuer_text[256];
	enum err e = subject_name(name, subject_text, sizeof(subject_text));

	if (e == OK)
		e = issuer_name(
		    root_cert_pem, issuer_text, sizeof(issuer_text));
	if (e == OK &&
	    (parse_key(&m->issuer, root_key_pem) != 0 ||
		parse_public(&m->subject, subject) != 0 ||
		set_common(m, subject_text, issuer_text, from, until) != 0))
		e = ERR_INPUT;
	return e;
}

enum err
cert_make(const char *root_key_pem, const char *root_cert_pem,
    const struct public_key *subject, const char *name, struct buf *out)
{
	struct making m;
	enum err e;

	making_init(&m);
	e = begin_leaf(&m, root_key_pem, root_cert_pem, subject, name,
	    NOT_BEFORE, NOT_AFTER);
	if (e == OK && set_purpose(&m, FOR_CLIENT) != 0)
		e = ERR_INPUT;
	if (e == OK)
		e = write_crt(&m, out);
	making_done(&m);
	return e;
}

static enum err
write_date(int64_t wall_s, char ret[DATE_SIZE])
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(ret, DATE_SIZE, "%Y%m%d%H%M%S", &tm) != DATE_SIZE - 2)
		return ERR_INPUT;
	return OK;
}

enum err
cert_make_server(const char *root_key_pem, const char *root_cert_pem,
    const struct public_key *subject, const char *names, int64_t wall_ms,
    struct buf *out)
{
	char words[HOUSE_NAMES_BYTES_MAX];
	char name[NAME_MAX_LEN + 1];
	char from[DATE_SIZE];
	char until[DATE_SIZE];
	int64_t from_s = wall_ms / 1000 - DAY_S;
	struct making m;
	enum err e = str_copy(words, sizeof(words), names);

	size_t len = strcspn(names, ". ");

	if (e == OK && len >= sizeof(name))
		e = ERR_LIMIT;
	if (e == OK) {
		memcpy(name, names, len);
		name[len] = '\0';
		e = write_date(from_s, from);
	}
	if (e == OK)
		e = write_date(from_s + LEAF_DAYS * (int64_t)DAY_S, until);
	if (e != OK)
		return e;
	making_init(&m);
	e = begin_leaf(
	    &m, root_key_pem, root_cert_pem, subject, name, from, until);
	if (e == OK && set_purpose(&m, FOR_SERVER) != 0)
		e = ERR_INPUT;
	if (e == OK && set_server_names(&m, words) != 0)
		e = ERR_LIMIT;
	if (e == OK)
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

static enum err
read_crt(const char *pem, mbedtls_x509_crt *ret)
{
	mbedtls_x509_crt_init(ret);
	return mbedtls_x509_crt_parse(
		   ret, (const unsigned char *)pem, strlen(pem) + 1) == 0
	    ? OK
	    : ERR_INPUT;
}

enum err
cert_fingerprint(const char *pem, struct digest *ret)
{
	mbedtls_x509_crt crt;
	enum err e = read_crt(pem, &crt);

	if (e == OK)
		crypto_hash(crt.raw.p, crt.raw.len, ret);
	mbedtls_x509_crt_free(&crt);
	return e;
}

enum err
cert_key(const char *pem, struct public_key *ret)
{
	mbedtls_x509_crt crt;
	enum err e = read_crt(pem, &crt);

	if (e == OK)
		e = public_of_spki(crt.pk_raw.p, crt.pk_raw.len, ret);
	mbedtls_x509_crt_free(&crt);
	return e;
}
