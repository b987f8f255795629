/* SPDX-License-Identifier: Apache-2.0 */
#include "client/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/str.h"
#include "cert/cert.h"
#include "sys/file.h"

#define KEY "key.pem"
#define CERT "cert.pem"
#define ROOT "root.pem"
#define WHERE "client.json"

enum err
identity_folder(const char *wish, char *ret, size_t size, struct errmsg *why)
{
	const char *env = getenv("DURWARD_CLIENT");
	const char *home = getenv("HOME");
	int n;

	if (wish == NULL && env != NULL && env[0] != '\0')
		wish = env;
	if (wish != NULL)
		n = snprintf(ret, size, "%s", wish);
	else if (home != NULL)
		n = snprintf(ret, size, "%s/.config/durward", home);
	else
		return err_say(why, ERR_STATE,
		    "HOME is not set; name the folder with DURWARD_CLIENT");
	return (size_t)n < size
	    ? OK
	    : err_say(why, ERR_LIMIT, "the folder's name is too long");
}

static enum err
save(const char *folder, const char *name, const char *text, struct errmsg *why)
{
	char path[1200];
	enum err e;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	e = file_replace(path, text, strlen(text), 0600);
	if (e != OK)
		return err_say(why, e, "%.200s cannot be written", path);
	return OK;
}

static enum err
load_where(const char *folder, struct identity *ret)
{
	struct json *v = NULL;
	char *text = NULL;
	const char *name;
	const char *host;
	enum err e = file_load(folder, WHERE, &text);

	if (e == OK)
		e = json_parse(text, strlen(text), &v);
	if (e == OK) {
		name = json_str(v, "name");
		host = json_str(v, "host");
		ret->port = (uint16_t)json_int(v, "port", 0);
		ret->pairing_port = (uint16_t)json_int(v, "pairing_port", 0);
		if (name == NULL || host == NULL || ret->port == 0 ||
		    str_copy(ret->name, sizeof(ret->name), name) != OK ||
		    str_copy(ret->host, sizeof(ret->host), host) != OK)
			e = ERR_INPUT;
	}
	json_free(v);
	free(text);
	return e;
}

enum err
identity_load(const char *folder, struct identity *ret, struct errmsg *why)
{
	struct public_key pub;
	enum err e;

	memset(ret, 0, sizeof(*ret));
	e = str_copy(ret->folder, sizeof(ret->folder), folder);
	if (e == OK)
		e = load_where(folder, ret);
	if (e == OK)
		e = file_load_secret(folder, KEY, &ret->key_pem);
	if (e == OK)
		e = file_load(folder, CERT, &ret->cert_pem);
	if (e == OK)
		e = file_load(folder, ROOT, &ret->root_pem);
	if (e == OK)
		e = key_read_pem(secret_reveal(ret->key_pem), &ret->key);
	if (e == OK)
		e = cert_key(ret->root_pem, &ret->box_key);
	if (e != OK) {
		identity_done(ret);
		return err_say(why, e,
		    "this client is not paired (%.120s: %s); get a token with "
		    "'durward pair' on the console, then 'durward pair TOKEN' "
		    "here",
		    folder, err_text(e));
	}
	key_public(ret->key, &pub);
	public_id(&pub, &ret->id);
	public_id(&ret->box_key, &ret->box);
	return OK;
}

void
identity_done(struct identity *i)
{
	secret_free(i->key_pem);
	free(i->cert_pem);
	free(i->root_pem);
	key_free(i->key);
	memset(i, 0, sizeof(*i));
}

/* Like mkdir -p, each new folder for its owner alone. */
static enum err
make_folders(const char *folder, struct errmsg *why)
{
	char path[1024];
	size_t i;

	if (str_copy(path, sizeof(path), folder) != OK)
		return err_say(why, ERR_LIMIT, "the folder's name is too long");
	for (i = 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		path[i] = '\0';
		mkdir(path, 0700);
		path[i] = '/';
	}
	if (file_mkdir(path, 0700) != OK)
		return err_say(why, ERR_IO, "%.200s cannot be made", folder);
	return OK;
}

enum err
identity_make_key(
    const char *folder, struct secret **ret_pem, struct errmsg *why)
{
	struct key *k;
	struct buf b;
	enum err e = make_folders(folder, why);

	if (e != OK)
		return e;
	if (file_load_secret(folder, KEY, ret_pem) == OK)
		return OK;
	k = key_generate();
	buf_init(&b, 1024);
	key_write_pem(k, &b);
	key_free(k);
	e = save(folder, KEY, b.p, why);
	if (e == OK)
		*ret_pem = secret_new(b.p, b.len);
	explicit_bzero(b.p, b.len);
	buf_done(&b);
	return e;
}

enum err
identity_save(
    const char *folder, const struct identity_parts *parts, struct errmsg *why)
{
	struct json *v = json_object();
	char *text;
	enum err e;

	json_put_str(v, "name", parts->name);
	json_put_str(v, "host", parts->host);
	json_put_int(v, "port", parts->port);
	json_put_int(v, "pairing_port", parts->pairing_port);
	text = json_print(v);
	json_free(v);
	e = save(folder, CERT, parts->cert_pem, why);
	if (e == OK)
		e = save(folder, ROOT, parts->root_pem, why);
	if (e == OK)
		e = save(folder, WHERE, text, why);
	free(text);
	return e;
}
