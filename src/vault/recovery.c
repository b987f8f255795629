/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "crypto/seal.h"
#include "recovery/code.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "vault/vault_priv.h"

/*
 * The code on paper, by which a person who lost every client pairs an owner.
 * Its hash lies in a file of its own and not in the trust table, which others
 * read: who knows the hash could join by it.
 */

#define FILE_NAME "recovery"
#define PATH VAULT_FOLDER "/" FILE_NAME
#define SEALED_LEN (RECOVERY_CODE_SIZE - 1 + SEAL_OVERHEAD)

/* The hash, and behind a space its maker's id. */
static enum err
read_file(const char *text, struct recovery *ret)
{
	size_t len = strlen(text);
	enum err e;

	memset(&ret->maker, 0, sizeof(ret->maker));
	if (len < DIGEST_HEX_SIZE)
		return digest_read(text, len, &ret->hash);
	e = digest_read(text, DIGEST_HEX_SIZE - 1, &ret->hash);
	return e == OK && text[DIGEST_HEX_SIZE - 1] == ' '
	    ? digest_read(
		  text + DIGEST_HEX_SIZE, len - DIGEST_HEX_SIZE, &ret->maker)
	    : ERR_INPUT;
}

/* Its maker was revoked, and a power cut left the file. */
static bool
is_of_the_lost(const struct vault *v)
{
	const struct client *c = trust_client(&v->trust, &v->recovery.maker);

	return c != NULL && c->revoked;
}

enum err
recovery_load(struct vault *v)
{
	char *text = NULL;
	enum err e = file_load(VAULT_FOLDER, FILE_NAME, &text);

	if (e == ERR_NOTFOUND)
		return OK;
	if (e == OK)
		e = read_file(text, &v->recovery);
	v->recovery.exists = e == OK && !is_of_the_lost(v);
	free(text);
	return e;
}

static enum err
save(const struct recovery *r, struct errmsg *why)
{
	char text[2 * DIGEST_HEX_SIZE];
	enum err e;

	digest_hex(&r->hash, text);
	text[DIGEST_HEX_SIZE - 1] = ' ';
	digest_hex(&r->maker, text + DIGEST_HEX_SIZE);
	e = file_replace(PATH, text, strlen(text), 0600);
	if (e != OK)
		return err_say(why, e,
		    "the code's hash cannot be written; check the disk");
	return OK;
}

/* body: {"reply_key"}: nobody between us and who asks reads the code. */
enum err
recovery_make(struct vault *v, const struct client *owner,
    const struct json *body, char **ret_told, struct errmsg *why)
{
	const char *hex = json_words(body, "reply_key");
	struct recovery_code c;
	char text[RECOVERY_CODE_SIZE];
	char sealed_hex[2 * SEALED_LEN + 1];
	uint8_t sealed[SEALED_LEN];
	struct public_key to;
	struct recovery made = {.exists = true, .maker = owner->id};
	struct json *told;
	enum err e = public_read(hex, strlen(hex), &to);

	memcpy(c.box_hash, v->trust.box.b, sizeof(c.box_hash));
	crypto_random(c.secret, sizeof(c.secret));
	recovery_write(&c, text);
	recovery_hash(c.secret, &made.hash);
	if (e == OK)
		e = seal_to(&to, text, sizeof(text) - 1, sealed);
	explicit_bzero(&c, sizeof(c));
	explicit_bzero(text, sizeof(text));
	if (e != OK)
		return err_say(why, ERR_INPUT,
		    "the command needs a reply_key to seal the code with");
	e = save(&made, why);
	if (e != OK)
		return e;
	v->recovery = made;
	hex_write(sealed_hex, sealed, sizeof(sealed));
	told = json_object();
	json_put_str(told, "sealed", sealed_hex);
	*ret_told = json_print(told);
	json_free(told);
	return OK;
}

enum err
recovery_revoke(struct vault *v, struct errmsg *why)
{
	if (!v->recovery.exists)
		return err_say(why, ERR_NOTFOUND, "there is no recovery code");
	if (file_remove(PATH) != OK || file_sync_folder(PATH) != OK)
		return err_say(why, ERR_IO,
		    "the code's hash cannot be deleted; check the disk");
	v->recovery.exists = false;
	return OK;
}

/* It could come back by the code, as an owner. */
bool
recovery_client_lost(struct vault *v, const struct digest *client)
{
	struct errmsg why;

	if (!v->recovery.exists || !digest_equal(&v->recovery.maker, client))
		return false;
	if (recovery_revoke(v, &why) != OK) {
		log_err("%s", why.text);
		v->recovery.exists = false; /* Nor is it after a restart. */
	}
	return true;
}

/* A few tries, and then a while none. */
static enum err
check_rate(struct recovery *r, struct errmsg *why)
{
	int64_t now_ms = clock_boot_ms();

	if (r->window_ms == 0 || now_ms >= r->window_ms + PAIR_WINDOW_MS) {
		r->window_ms = now_ms;
		r->tries_left = PAIR_TRIES_MAX;
	}
	if (r->tries_left == 0)
		return err_say(why, ERR_BUSY,
		    "too many wrong tries; wait %d minutes",
		    PAIR_WINDOW_MS / 60000);
	r->tries_left--;
	return OK;
}

static enum err
check_code(const struct recovery *r, const struct json *body,
    const struct client *c, struct errmsg *why)
{
	const char *exporter = json_words(body, "exporter");
	const char *hmac = json_words(body, "hmac");
	struct digest channel;
	struct digest want;
	struct digest got;
	enum err e = digest_read(hmac, strlen(hmac), &got);

	if (e == OK)
		e = digest_read(exporter, strlen(exporter), &channel);
	if (e == OK)
		recovery_hmac(&r->hash, channel.b, &c->key, c->name, &want);
	if (e != OK || !digest_equal(&want, &got))
		return err_say(why, ERR_SIGNATURE,
		    "the recovery code is not the one that the box gave last, "
		    "or was used or revoked");
	return OK;
}

/* The code is gone from the disk before anybody is in the table by it, so no
 * power cut makes it good twice; who cannot be admitted leaves it as it was. */
static enum err
use(struct vault *v, const struct client *c, struct buf *cert,
    struct errmsg *why)
{
	struct recovery was = v->recovery;
	struct errmsg lost;
	enum err e = recovery_revoke(v, why);

	if (e != OK)
		return e;
	e = pairing_admit(v, c, cert, why);
	if (e != OK && save(&was, &lost) == OK)
		v->recovery = was;
	return e;
}

enum err
recovery_knock(struct vault *v, const struct json *body, struct client *ret,
    struct buf *cert, struct errmsg *why)
{
	enum err e;

	if (!v->recovery.exists)
		return err_say(why, ERR_EXPIRED,
		    "there is no recovery code, or it was used");
	e = check_rate(&v->recovery, why);
	if (e == OK)
		e = pairing_read(body, ret, why);
	if (e == OK && ret->kind != CLIENT_CLI)
		e = err_say(
		    why, ERR_DENIED, "a recovery code is for a command line");
	if (e == OK)
		e = check_code(&v->recovery, body, ret, why);
	if (e != OK)
		return e;
	ret->role = CLIENT_OWNER;
	return use(v, ret, cert, why);
}
