/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "approval/sealing.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "sys/clock.h"
#include "tool/manifest.h"
#include "vault/vault_priv.h"

/*
 * Secrets come in sealed by a client for the key of this start, and go out to
 * the runner, for one start of a container whose manifest names them, and to
 * egress, for one call of a provider of models whose manifest names its key.
 * Neither gets what the other's manifests name.  The bridge gets the one that
 * is named BROKER_SECRET, which nobody else does.
 */

/* The core compares the table with the one that it logged last, so that a
 * change of the secrets without an entry is seen, and an old copy of them. */
struct json *
giving_table(const struct vault *v)
{
	struct json *table = trust_write(&v->trust);
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	if (secrets_digest(v->secrets, &d)) {
		digest_hex(&d, hex);
		json_put_str(table, "secrets", hex);
	}
	return table;
}

/* {"id"}: what there is, without a value, and the key to seal with. */
void
giving_on_list(void *role, struct msg *m)
{
	struct vault *v = role;
	struct json *body = secrets_list(v->secrets);
	char signature[SIGNATURE_TEXT_SIZE];
	char hex[PUBLIC_HEX_SIZE];
	struct public_key pub;
	struct signature sig;

	seal_key_public(v->sealing, &pub);
	sealing_sign(v->root_key, &v->trust.box, &pub, &sig);
	public_hex(&pub, hex);
	signature_text(&sig, signature);
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_str(body, "seal", hex);
	json_put_str(body, "seal_signature", signature);
	peers_send(v->peers, ROLE_CORE, MSG_SECRETS, body);
}

/* ---- In ---- */

static void
answer_change(struct vault *v, int64_t request, const char *what,
    const char *name, int64_t version, const struct client *owner)
{
	struct json *body = json_object();

	redaction_renew(v);
	vault_tell_trust(v);
	json_put_int(body, "id", request);
	json_put_bool(body, "ok", true);
	json_put_str(body, "what", what);
	json_put_str(body, "secret", name);
	json_put_int(body, "version", version);
	json_put_str(body, "name", owner->name);
	peers_send(v->peers, ROLE_CORE, MSG_TRUST_ANSWER, body);
}

static enum err
unseal(struct vault *v, const char *hex, struct secret **ret)
{
	size_t len = strlen(hex) / 2;
	uint8_t *sealed;
	enum err e;

	if (len > SEAL_MAX + SEAL_OVERHEAD)
		return ERR_LIMIT;
	sealed = xalloc(len + 1);
	e = hex_read(hex, strlen(hex), sealed, len);
	if (e == OK)
		e = seal_open(v->sealing, sealed, len, ret);
	free(sealed);
	return e;
}

/* body: {"name", "sealed", "rotate"} */
enum err
giving_set(struct vault *v, int64_t request, const struct client *owner,
    const struct json *body, struct errmsg *why)
{
	const char *name = json_words(body, "name");
	struct secret *value = NULL;
	enum err e;

	if (json_flag(body, "rotate") && secrets_version(v->secrets, name) == 0)
		return err_say(why, ERR_NOTFOUND,
		    "there is no secret of this name to rotate; 'durward "
		    "secret set' gives a new one");
	e = unseal(v, json_words(body, "sealed"), &value);
	if (e != OK)
		return err_say(why, e,
		    "the value was not sealed for this start of the vault; "
		    "try again");
	e = secrets_put(v->secrets, name, value, clock_wall_ms(), why);
	secret_free(value);
	if (e == OK)
		answer_change(v, request, "secret-set", name,
		    secrets_version(v->secrets, name), owner);
	return e;
}

/* body: {"name"} */
enum err
giving_remove(struct vault *v, int64_t request, const struct client *owner,
    const struct json *body, struct errmsg *why)
{
	const char *name = json_words(body, "name");
	int64_t version = secrets_version(v->secrets, name);
	enum err e = secrets_remove(v->secrets, name, why);

	if (e == OK)
		answer_change(
		    v, request, "secret-removed", name, version, owner);
	return e;
}

/* ---- Out ---- */

/* Only bytes that an owner signed are read at all. */
static enum err
read_trusted(struct vault *v, const struct msg *m, struct manifest **ret,
    struct errmsg *why)
{
	struct manifest *doc;
	struct digest d;
	size_t i;
	enum err e;

	crypto_hash(m->bulk, m->bulk_len, &d);
	for (i = 0; i < v->trust.n_tools; i++)
		if (digest_equal(&v->trust.tools[i].manifest, &d))
			break;
	if (i == v->trust.n_tools)
		return err_say(why, ERR_DENIED,
		    "the vault gives no secrets to a manifest that no owner "
		    "signed");
	e = manifest_parse(m->bulk, m->bulk_len, &doc, why);
	if (e != OK)
		return e;
	if (!trust_has_manifest(&v->trust, doc->name, &doc->digest)) {
		manifest_free(doc);
		return err_say(why, ERR_DENIED,
		    "the manifest was signed for another tool");
	}
	*ret = doc;
	return OK;
}

static enum err
get_one(struct vault *v, const struct manifest_secret *w, struct secret **ret,
    struct errmsg *why)
{
	struct secret *s;
	enum err e;

	if (strcmp(w->name, BROKER_SECRET) == 0)
		return err_say(why, ERR_DENIED,
		    "the secret '" BROKER_SECRET "' is for the home's broker "
		    "alone; give the tool's another name");
	e = secrets_get(v->secrets, w->name, &s, why);
	if (e != OK)
		return e;
	if (w->file[0] == '\0' &&
	    memchr(secret_reveal(s), '\0', secret_len(s)) != NULL) {
		secret_free(s);
		return err_say(why, ERR_INPUT,
		    "the secret '%s' holds a zero byte, which no environment "
		    "variable can; its manifest must take it as a file",
		    w->name);
	}
	*ret = s;
	return OK;
}

/* All that the manifest names, or nothing. */
static enum err
get_all(struct vault *v, const struct manifest *doc,
    struct secret *ret[TOOL_SECRETS_MAX], struct errmsg *why)
{
	enum err e = OK;
	size_t i;

	for (i = 0; i < doc->n_secrets && e == OK; i++)
		e = get_one(v, &doc->secrets[i], &ret[i], why);
	return e;
}

/* The list says what is what; the values are the bulk, one behind the other,
 * in memory that does not move while it fills. */
static void
give(struct vault *v, int64_t id, const struct manifest *doc,
    struct secret *const values[TOOL_SECRETS_MAX])
{
	struct json *body = json_object();
	struct json *list = json_array();
	char *bulk = xalloc(TOOL_SECRETS_MAX * SECRET_MAX);
	size_t len = 0;
	size_t i;

	for (i = 0; i < doc->n_secrets; i++) {
		struct json *row = json_object();

		json_put_str(row, "env", doc->secrets[i].env);
		json_put_str(row, "file", doc->secrets[i].file);
		json_put_int(row, "bytes", (int64_t)secret_len(values[i]));
		json_push(list, row);
		memcpy(bulk + len, secret_reveal(values[i]),
		    secret_len(values[i]));
		len += secret_len(values[i]);
	}
	json_put_int(body, "id", id);
	json_put_bool(body, "ok", true);
	json_put(body, "secrets", list);
	json_put(body, "container", manifest_container(doc));
	peers_send_bulk(v->peers, ROLE_RUNNER, MSG_SECRET, body, bulk, len);
	explicit_bzero(bulk, len);
	free(bulk);
}

static void
refuse(struct vault *v, const struct msg *m, enum msg_type type,
    const struct errmsg *why)
{
	struct json *body = json_object();

	log_warn("secrets are not given: %s", why->text);
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_bool(body, "ok", false);
	json_put_str(body, "error", why->text);
	peers_send(v->peers, m->from, type, body);
}

/* For a container. */
static enum err
read_tool(struct vault *v, const struct msg *m, struct manifest **ret,
    struct errmsg *why)
{
	enum err e = read_trusted(v, m, ret, why);

	if (e == OK && manifest_is_provider(*ret))
		e = err_say(why, ERR_DENIED,
		    "the key of a provider of models is for no container");
	return e;
}

/* {"id"} and the manifest's document. */
void
giving_on_wanted(void *role, struct msg *m)
{
	struct vault *v = role;
	struct secret *values[TOOL_SECRETS_MAX] = {NULL};
	struct manifest *doc = NULL;
	struct errmsg why = {""};
	size_t i;
	enum err e = read_tool(v, m, &doc, &why);

	if (e == OK)
		e = get_all(v, doc, values, &why);
	if (e == OK)
		give(v, json_int(m->body, "id", 0), doc, values);
	else
		refuse(v, m, MSG_SECRET, &why);
	for (i = 0; i < TOOL_SECRETS_MAX; i++)
		secret_free(values[i]);
	manifest_free(doc);
}

static enum err
read_provider(struct vault *v, const struct msg *m, struct manifest **ret,
    struct errmsg *why)
{
	enum err e = read_trusted(v, m, ret, why);

	if (e == OK && !manifest_is_provider(*ret))
		e = err_say(why, ERR_DENIED,
		    "'%s' is no provider of models: its secrets are for its "
		    "container",
		    (*ret)->name);
	else if (e == OK && (*ret)->n_secrets == 0)
		e = err_say(why, ERR_NOTFOUND,
		    "the manifest of '%s' names no key", (*ret)->name);
	return e;
}

/* {"id"} and the document of a provider's manifest. */
void
giving_on_key_wanted(void *role, struct msg *m)
{
	struct vault *v = role;
	struct secret *key = NULL;
	struct manifest *doc = NULL;
	struct errmsg why = {""};
	struct json *body;
	enum err e = read_provider(v, m, &doc, &why);

	if (e == OK)
		e = get_one(v, &doc->secrets[0], &key, &why);
	if (e == OK) {
		body = json_object();
		json_put_int(body, "id", json_int(m->body, "id", 0));
		json_put_bool(body, "ok", true);
		peers_send_bulk(v->peers, ROLE_EGRESS, MSG_KEY, body,
		    secret_reveal(key), secret_len(key));
	} else {
		refuse(v, m, MSG_KEY, &why);
	}
	secret_free(key);
	manifest_free(doc);
}

/* The bridge is who speaks with the home's broker. */
void
giving_on_broker_wanted(void *role, struct msg *m)
{
	struct vault *v = role;
	struct secret *key = NULL;
	struct errmsg why = {""};
	struct json *body;

	if (secrets_version(v->secrets, BROKER_SECRET) == 0)
		err_say(&why, ERR_NOTFOUND,
		    "its password is missing: 'durward secret "
		    "set " BROKER_SECRET "' gives it");
	else if (secrets_get(v->secrets, BROKER_SECRET, &key, &why) == OK) {
		body = json_object();
		json_put_bool(body, "ok", true);
		json_put_int(body, "version",
		    secrets_version(v->secrets, BROKER_SECRET));
		peers_send_bulk(v->peers, ROLE_BRIDGE, MSG_BROKER_KEY, body,
		    secret_reveal(key), secret_len(key));
	}
	if (key == NULL)
		refuse(v, m, MSG_BROKER_KEY, &why);
	secret_free(key);
}
