/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "cert/cert.h"
#include "cert/profile.h"
#include "crypto/crypto.h"
#include "pairing/pairing_priv.h"
#include "sys/file.h"
#include "sys/spawn.h"

/*
 * A certificate for a phone.  The key is made here and leaves in a PKCS #12
 * box alone (RFC 7292), which the distribution's openssl writes: phones read
 * none but old ones, which the house's own cryptography has no part of.
 */

#define PASSWORD_LEN 20 /* Of base32: 100 bits. */
#define PASSWORD_BYTES 15
#define PATH_SIZE 1024
#define SEQUENCE_LONG "\x30\x82" /* X.690, 8.1.3: two bytes of length. */

struct boxing {
	const char *name;
	char p12_path[PATH_SIZE];
	char profile_path[PATH_SIZE];
	char password[BASE32_LEN(PASSWORD_BYTES) + 1];
	struct buf key; /* PEM. */
	struct buf p12;
};

static enum err
find_openssl(struct errmsg *why)
{
	static const char *const argv[] = {"openssl", "version", NULL};
	struct buf out;
	enum err e;

	buf_init(&out, PROGRAM_WORDS_MAX);
	e = spawn_and_wait(argv, OPENSSL_MS, &out);
	buf_done(&out);
	if (e != OK)
		return err_say(why, ERR_NOTFOUND,
		    "this needs the program openssl, which is not here; "
		    "install it (Debian, Raspberry Pi OS: sudo apt install "
		    "openssl) and try again");
	return OK;
}

static enum err
take_path(
    const char *name, const char *end, char ret[PATH_SIZE], struct errmsg *why)
{
	int n = snprintf(ret, PATH_SIZE, "%s.%s", name, end);

	if (n >= PATH_SIZE)
		return err_say(why, ERR_LIMIT, "the name is too long");
	if (access(ret, F_OK) == 0)
		return err_say(why, ERR_EXISTS,
		    "%.200s is here already; delete it, or go to another "
		    "folder",
		    ret);
	return OK;
}

static void
make_password(struct boxing *b)
{
	uint8_t bits[PASSWORD_BYTES];

	crypto_random(bits, sizeof(bits));
	base32_write(b->password, bits, sizeof(bits));
	b->password[PASSWORD_LEN] = '\0';
	explicit_bzero(bits, sizeof(bits));
}

static enum err
make_request(struct boxing *b, struct buf *csr, struct errmsg *why)
{
	struct key *key = key_generate();
	enum err e;

	key_write_pem(key, &b->key);
	key_free(key);
	e = csr_make(b->key.p, b->name, csr);
	if (e != OK)
		return err_say(why, e,
		    "a name has small letters, digits and '-', and begins "
		    "with a letter");
	return OK;
}

/* Password, key and certificate go to openssl in one file that stands on no
 * disk: it takes the first line for the one and the rest for the others. */
static enum err
make_box(struct boxing *b, const char *cert_pem, struct errmsg *why)
{
	static const char *const argv[] = {"openssl", "pkcs12", "-export",
	    "-in", "/dev/fd/3", "-passout", "file:/dev/fd/3", "-name",
	    "Durward", "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES",
	    "-macalg", "sha1", NULL};
	struct spawn s = {.argv = argv};
	const uint8_t *p;
	struct buf in;
	enum err e;

	buf_init(&in, FILE_READ_MAX);
	buf_addf(&in, "%s\n%s%s", b->password, b->key.p, cert_pem);
	e = file_sealed("box", in.p, in.len, &s.extra_fd);
	if (e == OK) {
		e = spawn_and_collect(&s, OPENSSL_MS, &b->p12);
		close(s.extra_fd);
	}
	explicit_bzero(in.p, in.len);
	buf_done(&in);
	/* What it warns of comes the same way, and would spoil the box. */
	p = (const uint8_t *)b->p12.p;
	if (e == OK &&
	    (b->p12.len < 4 || memcmp(p, SEQUENCE_LONG, 2) != 0 ||
		b->p12.len != 4u + (size_t)p[2] * 256 + p[3]))
		e = ERR_INPUT;
	if (e != OK)
		return err_say(why, e,
		    "openssl made no PKCS #12 file (%s)%s%.200s", err_text(e),
		    b->p12.len > 0 ? ": " : "",
		    b->p12.len > 0 && e == ERR_STATE ? b->p12.p : "");
	return OK;
}

static enum err
write_files(struct boxing *b, const struct identity *i, struct errmsg *why)
{
	struct profile p = {.box = i->box,
	    .root_pem = i->root_pem,
	    .name = b->name,
	    .p12 = b->p12.p,
	    .p12_len = b->p12.len};
	struct buf text;
	enum err e;

	buf_init(&text, FILE_READ_MAX);
	e = profile_write(&p, &text);
	if (e == OK)
		e = file_replace(b->p12_path, b->p12.p, b->p12.len, 0600);
	if (e == OK)
		e = file_replace(b->profile_path, text.p, text.len, 0600);
	buf_done(&text);
	if (e != OK)
		return err_say(why, e,
		    "%.100s cannot be written; revoke '%s', and try again in "
		    "another folder under another name",
		    b->p12_path, b->name);
	return OK;
}

static void
show(const struct boxing *b, const struct identity *i)
{
	struct json *v = json_object();

	json_put_str(v, "name", b->name);
	json_put_str(v, "p12", b->p12_path);
	json_put_str(v, "profile", b->profile_path);
	json_put_str(v, "password", b->password);
	if (!terminal_print_json(v))
		terminal_print(
		    "%s (Android, others) and %s (iPhone, iPad) hold the key "
		    "of '%s'.\nTheir password, which nobody shows again:\n\n"
		    "  %s\n\n"
		    "Phones read only weak boxes, so the password is all that "
		    "protects the key:\nbring one file over once, by cable "
		    "or over a way that you trust, never by mail or\n"
		    "messenger; install it; then delete both files, here and "
		    "on the phone.\n\n"
		    "The phone then finds the web app at https://%s:%u and is "
		    "paired there, with the\ntoken that 'durward pair "
		    "--phone' shows: the certificate alone commands nothing.\n"
		    "'durward clients revoke %s' shuts it out.\n",
		    b->p12_path, b->profile_path, b->name, b->password, i->host,
		    (unsigned)i->port, b->name);
	json_free(v);
}

/* The certificate that the house makes for this request. */
static int
make(struct session *s, struct boxing *b, const char *expires,
    struct errmsg *why)
{
	struct json *body = json_object();
	struct json *answer = NULL;
	int code = EXIT_REACHED;
	struct buf csr;
	enum err e;

	buf_init(&csr, PEM_SIZE);
	make_password(b);
	e = make_request(b, &csr, why);
	json_put_str(body, "name", b->name);
	json_put_str(body, "csr", e == OK ? csr.p : "");
	buf_done(&csr);
	if (e != OK || !pairing_put_until(body, expires)) {
		json_free(body);
		return EXIT_USAGE;
	}
	answer = session_command(s, "clients.certificate", body, &code);
	if (answer == NULL)
		return code;
	e = make_box(b, json_words(answer, "certificate"), why);
	json_free(answer);
	if (e == OK)
		e = write_files(b, session_identity(s), why);
	if (e != OK)
		return EXIT_FAILED;
	show(b, session_identity(s));
	return EXIT_REACHED;
}

int
pairing_certificate(struct session *s, const char *name, const char *expires)
{
	struct boxing b = {.name = name};
	struct errmsg why = {""};
	int code = EXIT_FAILED;
	enum err e = find_openssl(&why);

	/* Before the house has made anything. */
	if (e == OK && !str_is_name(name))
		e = err_say(&why, ERR_INPUT,
		    "a name has small letters, digits and '-', and begins "
		    "with a letter");
	if (e == OK)
		e = take_path(name, "p12", b.p12_path, &why);
	if (e == OK)
		e = take_path(name, "mobileconfig", b.profile_path, &why);
	if (e == OK) {
		buf_init(&b.key, PEM_SIZE);
		buf_init(&b.p12, FILE_READ_MAX);
		code = make(s, &b, expires, &why);
		explicit_bzero(b.key.p, b.key.len);
		explicit_bzero(b.password, sizeof(b.password));
		buf_done(&b.key);
		buf_done(&b.p12);
	}
	if (why.text[0] != '\0')
		terminal_error("%s", why.text);
	return code;
}
