/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "sys/file.h"

#define STORE_FILE "secrets.json"
#define WORDS_SIZE (NAME_MAX_LEN + DIGEST_HEX_SIZE + 64)

struct kept {
	char name[NAME_MAX_LEN + 1];
	int64_t version;
	int64_t at_ms; /* Wall clock, for people. */
	uint8_t *sealed;
	size_t len;
};

struct secrets {
	char folder[512];
	struct digest box;
	struct kek kek;
	struct kept kept[SECRETS_MAX];
	size_t n;
	int64_t floor; /* The last version of what was removed; none below. */
	struct kept old[REDACT_OLD_MAX]; /* What was replaced, or removed. */
	size_t n_old; /* Ever; the oldest give way. */
	struct errmsg broken;
};

/* What a value is sealed together with: under another name, in another
 * version or another box it does not open. */
static void
bound_words(const struct secrets *s, const char *name, int64_t version,
    char ret[WORDS_SIZE])
{
	char box[DIGEST_HEX_SIZE];

	digest_hex(&s->box, box);
	snprintf(ret, WORDS_SIZE, "durward-secret/1|%s|%lld|%s", name,
	    (long long)version, box);
}

/* `n` when there is none. */
static size_t
place_of(const struct secrets *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->kept[i].name, name) == 0)
			break;
	return i;
}

static const struct kept *
find(const struct secrets *s, const char *name)
{
	size_t i = place_of(s, name);

	return i < s->n ? &s->kept[i] : NULL;
}

/* ---- The file ---- */

static void
path_of(const struct secrets *s, char *ret, size_t size)
{
	snprintf(ret, size, "%s/" STORE_FILE, s->folder);
}

static struct json *
kept_to_json(const struct kept *k)
{
	struct json *v = json_object();
	char *hex = xalloc(2 * k->len + 1);

	hex_write(hex, k->sealed, k->len);
	json_put_str(v, "name", k->name);
	json_put_int(v, "version", k->version);
	json_put_int(v, "at_ms", k->at_ms);
	json_put_str(v, "sealed", hex);
	free(hex);
	return v;
}

static enum err
save(const struct secrets *s)
{
	struct json *v = json_object();
	struct json *list = json_array();
	char path[1024];
	struct buf b;
	size_t i;
	enum err e;

	for (i = 0; i < s->n; i++)
		json_push(list, kept_to_json(&s->kept[i]));
	json_put_int(v, "format", 1);
	json_put_int(v, "floor", s->floor);
	json_put_str(v, "key", s->kek.id);
	json_put(v, "secrets", list);
	buf_init(&b, SECRETS_FILE_MAX);
	json_print_into(v, &b);
	json_free(v);
	path_of(s, path, sizeof(path));
	e = b.overflow ? ERR_LIMIT : file_replace(path, b.p, b.len, 0600);
	buf_done(&b);
	return e;
}

static enum err
read_kept(struct secrets *s, const struct json *v)
{
	struct kept *k = &s->kept[s->n];
	const char *name = json_words(v, "name");
	const char *hex = json_words(v, "sealed");
	size_t len = strlen(hex) / 2;

	if (s->n == SECRETS_MAX || !str_is_name(name) ||
	    find(s, name) != NULL || len < AEAD_OVERHEAD ||
	    len > SECRET_MAX + AEAD_OVERHEAD)
		return ERR_CORRUPT;
	*k = (struct kept){.version = json_int(v, "version", 0),
	    .at_ms = json_int(v, "at_ms", 0),
	    .sealed = xalloc(len),
	    .len = len};
	s->n++; /* From here on it is freed with the rest. */
	if (k->version < 1 || str_copy(k->name, sizeof(k->name), name) != OK)
		return ERR_CORRUPT;
	return hex_read(hex, strlen(hex), k->sealed, len) == OK ? OK
								: ERR_CORRUPT;
}

static enum err
read_store(struct secrets *s, const struct buf *text, char *key, size_t size)
{
	struct json *v = NULL;
	const struct json *m;
	enum err e = json_parse(text->p, text->len, &v);

	if (e == OK &&
	    (json_int(v, "format", 0) != 1 ||
		!json_is_array(json_get(v, "secrets")) ||
		json_int(v, "floor", 0) < 0 ||
		str_copy(key, size, json_words(v, "key")) != OK))
		e = ERR_CORRUPT;
	if (e == OK)
		s->floor = json_int(v, "floor", 0);
	if (e == OK)
		for (m = json_first(json_get(v, "secrets"));
		     m != NULL && e == OK; m = json_next(m))
			e = read_kept(s, m);
	json_free(v);
	return e;
}

#define LEFT_ALONE "; nothing is changed in it"

static enum err
load(struct secrets *s, struct errmsg *why)
{
	char key[sizeof(s->kek.id)] = "";
	char path[1024];
	struct buf b;
	enum err e;

	path_of(s, path, sizeof(path));
	buf_init(&b, SECRETS_FILE_MAX);
	e = file_read(path, &b);
	if (e == OK)
		e = read_store(s, &b, key, sizeof(key));
	buf_done(&b);
	if (e == ERR_NOTFOUND)
		return OK; /* Nothing was ever kept. */
	if (e != OK)
		return err_say(why, ERR_CORRUPT,
		    "the vault's file " STORE_FILE " cannot be read or is "
		    "damaged" LEFT_ALONE
		    "; put a good copy in its place and start the house anew");
	if (s->kek.key == NULL)
		return err_say(why, ERR_CORRUPT,
		    "the key of the vault's secrets is missing" LEFT_ALONE
		    "; put 'kek' or the credential back and start the house "
		    "anew");
	if (strcmp(key, s->kek.id) != 0)
		return err_say(why, ERR_CORRUPT,
		    "the vault's secrets were sealed with another key than "
		    "the %s that is there now" LEFT_ALONE,
		    s->kek.provider);
	return OK;
}

struct secrets *
secrets_open(
    const char *folder, const char *credential, const struct digest *box)
{
	struct secrets *s = xalloc(sizeof(*s));
	enum err e;

	snprintf(s->folder, sizeof(s->folder), "%s", folder);
	s->box = *box;
	e = kek_load(&s->kek, folder, credential);
	if (e != OK && (e != ERR_NOTFOUND || credential != NULL))
		err_say(&s->broken, e,
		    "the key of the vault's secrets (%s) cannot be read, or "
		    "is no key of 32 bytes" LEFT_ALONE,
		    credential != NULL ? "credential durward-kek" : "file kek");
	else
		e = load(s, &s->broken);
	if (e != OK)
		log_err("%s", s->broken.text);
	return s;
}

void
secrets_free(struct secrets *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		free(s->kept[i].sealed);
	for (i = 0; i < REDACT_OLD_MAX; i++)
		free(s->old[i].sealed);
	aead_key_free(s->kek.key);
	free(s);
}

/* ---- Changes ---- */

const char *
secrets_broken(const struct secrets *s)
{
	return s->broken.text;
}

int64_t
secrets_version(const struct secrets *s, const char *name)
{
	const struct kept *k = find(s, name);

	return k != NULL ? k->version : 0;
}

static enum err
check_use(const struct secrets *s, const char *name, struct errmsg *why)
{
	if (s->broken.text[0] != '\0')
		return err_say(why, ERR_CORRUPT, "%s", s->broken.text);
	if (!str_is_name(name))
		return err_say(why, ERR_INPUT,
		    "a secret's name has small letters, digits, '-', '_' and "
		    "'.', and begins with a letter");
	return OK;
}

static void
seal(const struct secrets *s, struct kept *k, const struct secret *value)
{
	char words[WORDS_SIZE];

	bound_words(s, k->name, k->version, words);
	k->len = secret_len(value) + AEAD_OVERHEAD;
	k->sealed = xalloc(k->len);
	aead_seal(s->kek.key, words, secret_reveal(value), secret_len(value),
	    k->sealed);
}

/* It may still be said. */
static void
keep_old(struct secrets *s, const struct kept *k)
{
	struct kept *place = &s->old[s->n_old % REDACT_OLD_MAX];

	if (k->sealed == NULL)
		return;
	free(place->sealed);
	*place = *k;
	s->n_old++;
}

/* Make it so on the disk, or leave all as it was; behind the last there is
 * always an empty place. */
static enum err
replace(struct secrets *s, struct kept *at, const struct kept *by,
    struct errmsg *why)
{
	static const struct kept none;
	struct kept before = *at;
	struct kept *last;
	int64_t floor = s->floor;
	size_t n = s->n;
	enum err e;

	if (at == &s->kept[s->n])
		s->n++;
	last = &s->kept[s->n - 1];
	*at = by != NULL ? *by : *last;
	if (by == NULL)
		s->n--;
	if (by == NULL && before.version > s->floor)
		s->floor = before.version;
	e = save(s);
	if (e == OK) {
		keep_old(s, &before);
		if (by == NULL)
			*last = none;
		return OK;
	}
	if (by != NULL)
		free(by->sealed);
	*at = before;
	s->floor = floor;
	s->n = n;
	return err_say(
	    why, e, "the vault's secrets cannot be written; check the disk");
}

enum err
secrets_put(struct secrets *s, const char *name, const struct secret *value,
    int64_t now_ms, struct errmsg *why)
{
	struct kept *at = &s->kept[place_of(s, name)];
	struct kept k = {.at_ms = now_ms};
	enum err e = check_use(s, name, why);

	k.version = secrets_version(s, name);
	k.version = (k.version > 0 ? k.version : s->floor) + 1;

	if (e != OK)
		return e;
	if (secret_len(value) == 0 || secret_len(value) > SECRET_MAX)
		return err_say(
		    why, ERR_LIMIT, "a secret has 1 to %d bytes", SECRET_MAX);
	if (at == &s->kept[SECRETS_MAX])
		return err_say(
		    why, ERR_LIMIT, "%d secrets are kept already", SECRETS_MAX);
	if (s->kek.key == NULL && kek_make(&s->kek, s->folder) != OK)
		return err_say(why, ERR_IO,
		    "the key of the vault's secrets cannot be written; check "
		    "the disk");
	snprintf(k.name, sizeof(k.name), "%s", name);
	seal(s, &k, value);
	return replace(s, at, &k, why);
}

enum err
secrets_remove(struct secrets *s, const char *name, struct errmsg *why)
{
	struct kept *at = &s->kept[place_of(s, name)];
	enum err e = check_use(s, name, why);

	if (e != OK)
		return e;
	if (at == &s->kept[s->n])
		return err_say(why, ERR_NOTFOUND,
		    "there is no secret of this name; 'durward secret list' "
		    "lists them");
	return replace(s, at, NULL, why);
}

static enum err
unseal(const struct secrets *s, const struct kept *k, struct secret **ret)
{
	char words[WORDS_SIZE];

	bound_words(s, k->name, k->version, words);
	return aead_open(s->kek.key, words, k->sealed, k->len, ret);
}

enum err
secrets_get(const struct secrets *s, const char *name, struct secret **ret,
    struct errmsg *why)
{
	const struct kept *k = find(s, name);
	enum err e = check_use(s, name, why);

	if (e != OK)
		return e;
	if (k == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "the secret '%s' is not there; give it with 'durward "
		    "secret set %s'",
		    name, name);
	if (unseal(s, k, ret) != OK)
		return err_say(why, ERR_CORRUPT,
		    "the secret '%s' is damaged, or another was put in its "
		    "place; give it anew with 'durward secret rotate %s'",
		    name, name);
	return OK;
}

/* The i-th of what is kept, and then of what was. */
static const struct kept *
value_at(const struct secrets *s, size_t i)
{
	const struct kept *k;

	if (s->broken.text[0] != '\0')
		return NULL;
	if (i < s->n)
		return &s->kept[i];
	k = i - s->n < REDACT_OLD_MAX ? &s->old[i - s->n] : NULL;
	return k != NULL && k->sealed != NULL ? k : NULL;
}

bool
secrets_value_at(const struct secrets *s, size_t i, const char **ret_name,
    int64_t *ret_version)
{
	const struct kept *k = value_at(s, i);

	if (k == NULL)
		return false;
	*ret_name = k->name;
	*ret_version = k->version;
	return true;
}

enum err
secrets_get_version(const struct secrets *s, const char *name, int64_t version,
    struct secret **ret)
{
	const struct kept *k;
	size_t i;

	for (i = 0; (k = value_at(s, i)) != NULL; i++)
		if (k->version == version && strcmp(k->name, name) == 0)
			return unseal(s, k, ret);
	return ERR_NOTFOUND;
}

bool
secrets_digest(const struct secrets *s, struct digest *ret)
{
	struct crypto_part parts[2 * SECRETS_MAX];
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct kept *k = &s->kept[i];

		parts[2 * i] = (struct crypto_part){k->name, sizeof(k->name)};
		parts[2 * i + 1] = (struct crypto_part){k->sealed, k->len};
	}
	if (s->n > 0)
		crypto_hash_parts(parts, 2 * s->n, ret);
	return s->n > 0;
}

struct json *
secrets_list(const struct secrets *s)
{
	struct json *v = json_object();
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct json *row = json_object();

		json_put_str(row, "name", s->kept[i].name);
		json_put_int(row, "version", s->kept[i].version);
		json_put_int(row, "at_ms", s->kept[i].at_ms);
		json_push(list, row);
	}
	json_put(v, "secrets", list);
	json_put_str(
	    v, "key", s->kek.provider != NULL ? s->kek.provider : "none");
	json_put_str(v, "error", s->broken.text);
	return v;
}
