/* SPDX-License-Identifier: Apache-2.0 */
#include "box/box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cert/cert.h"
#include "sys/clock.h"
#include "sys/file.h"

#define ROOT_KEY "root.key"
#define ROOT_CERT "root.crt"
#define TLS_KEY "tls.key"
#define TLS_CERT "tls.crt"
#define TRUST "trust.json"

static enum err
save(const char *folder, const char *name, const struct buf *b)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_replace(path, b->p, b->len, 0600);
}

enum err
box_save_trust(const char *folder, const struct trust *trust)
{
	struct json *v = trust_write(trust);
	struct buf b;
	enum err e;

	buf_init(&b, FILE_READ_MAX);
	json_canonical(v, &b);
	json_free(v);
	e = b.overflow ? ERR_LIMIT : save(folder, TRUST, &b);
	buf_done(&b);
	return e;
}

static enum err
load_trust(const char *folder, struct trust *ret)
{
	struct json *v = NULL;
	char *text = NULL;
	enum err e = file_load(folder, TRUST, &text);

	if (e == OK)
		e = json_parse(text, strlen(text), &v);
	if (e == OK)
		e = trust_read(v, ret);
	json_free(v);
	free(text);
	return e;
}

enum err
box_load(const char *folder, struct box_files *ret, struct trust *ret_trust)
{
	enum err e = file_load_secret(folder, ROOT_KEY, &ret->root_key);

	if (e == OK)
		e = file_load(folder, ROOT_CERT, &ret->root_cert);
	if (e == OK)
		e = file_load_secret(folder, TLS_KEY, &ret->tls_key);
	if (e == OK)
		e = file_load(folder, TLS_CERT, &ret->tls_cert);
	if (e == OK)
		e = load_trust(folder, ret_trust);
	return e;
}

/* ---- The first start ---- */

struct making {
	struct key *root;
	struct key *tls;
	struct buf root_key;
	struct buf root_cert;
	struct buf tls_key;
	struct buf tls_cert;
};

static enum err
make_keys(struct making *m, const char *box_name)
{
	struct public_key pub;
	enum err e;

	m->root = key_generate();
	m->tls = key_generate();
	key_write_pem(m->root, &m->root_key);
	key_write_pem(m->tls, &m->tls_key);
	key_public(m->tls, &pub);
	e = cert_make_root(m->root_key.p, box_name, &m->root_cert);
	if (e == OK)
		e = cert_make_server(m->root_key.p, m->root_cert.p, &pub,
		    box_name, clock_wall_ms(), &m->tls_cert);
	return e;
}

/* The trust table comes last: with it the box exists. */
static enum err
save_all(const char *folder, const struct making *m, const struct trust *t)
{
	enum err e = save(folder, ROOT_KEY, &m->root_key);

	if (e == OK)
		e = save(folder, ROOT_CERT, &m->root_cert);
	if (e == OK)
		e = save(folder, TLS_KEY, &m->tls_key);
	if (e == OK)
		e = save(folder, TLS_CERT, &m->tls_cert);
	if (e == OK)
		e = box_save_trust(folder, t);
	return e;
}

static enum err
first_owner(struct trust *t, const struct making *m,
    const struct public_key *owner, const char *name)
{
	struct client c = {
	    .key = *owner, .role = CLIENT_OWNER, .paired_ms = clock_wall_ms()};

	public_id(owner, &c.id);
	snprintf(c.name, sizeof(c.name), "%s", name);
	key_public(m->root, &t->box_key);
	public_id(&t->box_key, &t->box);
	return trust_add_client(t, &c);
}

enum err
box_make(const char *folder, const char *box_name,
    const struct public_key *owner, const char *owner_name,
    struct buf *ret_cert, struct buf *ret_root, struct errmsg *why)
{
	static struct trust trust;
	struct making m;
	char path[1024];
	enum err e;

	snprintf(path, sizeof(path), "%s/" TRUST, folder);
	if (access(path, F_OK) == 0)
		return err_say(why, ERR_EXISTS,
		    "there is a box in %.180s already", folder);
	memset(&m, 0, sizeof(m));
	buf_init(&m.root_key, FILE_READ_MAX);
	buf_init(&m.root_cert, FILE_READ_MAX);
	buf_init(&m.tls_key, FILE_READ_MAX);
	buf_init(&m.tls_cert, FILE_READ_MAX);
	e = make_keys(&m, box_name);
	if (e == OK)
		e = first_owner(&trust, &m, owner, owner_name);
	if (e == OK)
		e = cert_make(
		    m.root_key.p, m.root_cert.p, owner, owner_name, ret_cert);
	if (e == OK)
		e = save_all(folder, &m, &trust);
	if (e == OK)
		buf_adds(ret_root, m.root_cert.p);
	else
		err_say(why, e, "the box cannot be made in %.160s: %s", folder,
		    err_text(e));
	key_free(m.root);
	key_free(m.tls);
	explicit_bzero(m.root_key.p, m.root_key.len);
	explicit_bzero(m.tls_key.p, m.tls_key.len);
	buf_done(&m.root_key);
	buf_done(&m.root_cert);
	buf_done(&m.tls_key);
	buf_done(&m.tls_cert);
	return e;
}
