/* SPDX-License-Identifier: Apache-2.0 */
#include "vapid/vapid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "net/host.h"
#include "sys/file.h"

#define HTTPS_PORT 443

struct vapid {
	struct key *key;
};

static enum err
make(const char *folder, struct key **ret)
{
	struct key *key = key_generate();
	char path[1024];
	struct buf pem;
	enum err e;

	snprintf(path, sizeof(path), "%s/" VAPID_FILE, folder);
	buf_init(&pem, FILE_READ_MAX);
	key_write_pem(key, &pem);
	e = file_replace(path, pem.p, pem.len, 0600);
	explicit_bzero(pem.p, pem.len);
	buf_done(&pem);
	if (e != OK) {
		key_free(key);
		return e;
	}
	*ret = key;
	return OK;
}

enum err
vapid_open(const char *folder, struct vapid **ret)
{
	struct secret *pem = NULL;
	struct key *key = NULL;
	enum err e = file_load_secret(folder, VAPID_FILE, &pem);

	if (e == OK)
		e = key_read_pem(secret_reveal(pem), &key);
	else if (e == ERR_NOTFOUND)
		e = make(folder, &key);
	secret_free(pem);
	if (e != OK)
		return e;
	*ret = xalloc(sizeof(**ret));
	(*ret)->key = key;
	return OK;
}

void
vapid_close(struct vapid *v)
{
	if (v == NULL)
		return;
	key_free(v->key);
	free(v);
}

void
vapid_public(const struct vapid *v, struct public_key *ret)
{
	key_public(v->key, ret);
}

/* RFC 4648 section 5, without padding. */
static void
add_base64url(const void *p, size_t len, struct buf *out)
{
	char *text = xalloc(BASE64_LEN(len) + 1);
	char *c;

	base64_write(text, p, len);
	for (c = text; *c != '\0' && *c != '='; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	buf_add(out, text, (size_t)(c - text));
	free(text);
}

/* Only what is written as an origin is one. */
static enum err
check_origin(const char *origin, struct errmsg *why)
{
	char again[VAPID_ORIGIN_MAX + 1];
	struct url url;
	enum err e = OK;

	if (strlen(origin) > VAPID_ORIGIN_MAX)
		return err_say(why, ERR_INPUT, "the origin is too long");
	e = url_read(origin, &url, why);
	if (e != OK)
		return e;
	if (!url.tls)
		return err_say(
		    why, ERR_INPUT, "the origin must begin with https://");
	if (url.port == HTTPS_PORT)
		snprintf(again, sizeof(again), "https://%s", url.host);
	else
		snprintf(again, sizeof(again), "https://%s:%u", url.host,
		    (unsigned)url.port);
	if (strcmp(again, origin) != 0)
		return err_say(why, ERR_INPUT,
		    "an origin is https:// and a name in small letters, a "
		    "port where it is not 443, and no more");
	return OK;
}

/* Some services refuse a token that says nobody to write to, and one whose
 * `sub` cannot be looked up.  The house has no address that they could know,
 * and they need not know its owner's; so it is their own. */
static void
add_claims(const char *origin, int64_t wall_ms, struct buf *out)
{
	struct json *claims = json_object();
	char *text;

	json_put_str(claims, "aud", origin);
	json_put_int(claims, "exp", (wall_ms + VAPID_TOKEN_MS) / 1000);
	json_put_str(claims, "sub", origin);
	text = json_print(claims);
	add_base64url(text, strlen(text), out);
	free(text);
	json_free(claims);
}

enum err
vapid_header(const struct vapid *v, const char *origin, int64_t wall_ms,
    struct buf *out, struct errmsg *why)
{
	static const char head[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
	struct public_key pub;
	struct signature sig;
	struct buf token;
	enum err e = check_origin(origin, why);

	if (e != OK)
		return e;
	buf_init(&token, VAPID_HEADER_MAX);
	add_base64url(head, sizeof(head) - 1, &token);
	buf_adds(&token, ".");
	add_claims(origin, wall_ms, &token);
	key_sign(v->key, token.p, token.len, &sig);
	buf_adds(&token, ".");
	add_base64url(sig.b, SIGNATURE_LEN, &token);
	key_public(v->key, &pub);
	buf_addf(out, "vapid t=%s, k=", token.p);
	add_base64url(pub.b, PUBLIC_LEN, out);
	e = token.overflow || out->overflow ? ERR_LIMIT : OK;
	buf_done(&token);
	return e;
}
