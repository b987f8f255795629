/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

/*
 * What clients send.  Queries are answered to whom the TLS connection
 * proves to be there; commands carry a signature of their own over their
 * exact words, a challenge that is good once, and the digest of their body.
 */

void
clients_reply_text(struct core *c, int64_t request, const char *text)
{
	struct json *body = json_object();

	json_put_int(body, "id", request);
	json_put_int(body, "err", OK);
	enum err e = peers_send_bulk(
	    c->peers, ROLE_CONTROL, MSG_CLIENT_REPLY, body, text, strlen(text));

	if (e == ERR_LIMIT)
		clients_refuse(c, request, ERR_LIMIT, NULL);
	else if (e != OK)
		log_warn("an answer to a client is lost");
}

void
clients_reply(struct core *c, int64_t request, struct json *v)
{
	char *text = json_print(v);

	clients_reply_text(c, request, text);
	free(text);
	json_free(v);
}

void
clients_refuse(
    struct core *c, int64_t request, enum err e, const struct errmsg *why)
{
	struct json *body = json_object();
	struct json *v = json_object();
	char *text;

	json_put_str(v, "error",
	    why != NULL && why->text[0] != '\0' ? why->text : err_text(e));
	text = json_print(v);
	json_free(v);
	json_put_int(body, "id", request);
	json_put_int(body, "err", e);
	peers_send_bulk(
	    c->peers, ROLE_CONTROL, MSG_CLIENT_REPLY, body, text, strlen(text));
	free(text);
}

void
clients_document(void *core, int64_t request, enum err e, const char *text)
{
	if (e == OK)
		clients_reply_text(core, request, text);
	else
		clients_refuse(core, request, e, NULL);
}

/* ---- Commands ---- */

/* The change is in the log, on the disk: now the client may hear of it. */
static void
confirm(void *arg, const char *key)
{
	clients_reply(arg, strtoll(key, NULL, 10), json_object());
}

void
clients_confirm(struct core *c, int64_t request, struct record *r)
{
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)request);
	record_post(r, true, request != 0 ? confirm : NULL, c, key);
}

static enum err
do_ask(const struct call *k, struct errmsg *why)
{
	if (k->client->role == CLIENT_VIEWER)
		return err_say(why, ERR_DENIED, "a viewer may not ask");
	return runs_start(k->core->runs, k->client->name,
	    json_words(k->params, "goal"), k->request, why);
}

/* Changes of trust go on to the vault, which checks the same signature
 * again and is the only one that can carry them out. */
static enum err
send_trust(struct core *c, int64_t request, const struct json *envelope,
    struct str raw)
{
	struct json *body = json_object();

	json_put_int(body, "id", request);
	json_put_str(body, "text", json_words(envelope, "text"));
	json_put_str(body, "signature", json_words(envelope, "signature"));
	return peers_send_bulk(
	    c->peers, ROLE_VAULT, MSG_TRUST_COMMAND, body, raw.p, raw.len);
}

static enum err
do_trust(const struct call *k, struct errmsg *why)
{
	return send_trust(k->core, k->request, k->envelope, k->raw) == OK
	    ? OK
	    : err_say(why, ERR_BUSY, "the vault is away");
}

static struct new_manifest *
find_new_manifest(struct core *c, int64_t request)
{
	size_t i;

	for (i = 0; i < NEW_MANIFESTS_MAX; i++)
		if (c->new_manifests[i].request == request)
			return &c->new_manifests[i];
	return NULL;
}

static void
forget_new_manifest(struct new_manifest *n)
{
	free(n->text);
	free(n->body);
	json_free(n->envelope);
	memset(n, 0, sizeof(*n));
}

/* The document is on the disk: should the vault trust it and the house end
 * in the same moment, it is there. */
static void
manifest_kept(void *arg, const char *key)
{
	struct core *c = arg;
	int64_t request = strtoll(key, NULL, 10);
	struct new_manifest *n = find_new_manifest(c, request);
	struct errmsg why = {"the vault is away"};

	if (n == NULL ||
	    send_trust(c, request, n->envelope,
		(struct str){n->body, strlen(n->body)}) == OK)
		return;
	forget_new_manifest(n);
	clients_refuse(c, request, ERR_BUSY, &why);
}

static void
keep_manifest(struct core *c, const struct new_manifest *n)
{
	struct record *r = record_new(c->ledger);
	struct json *row = json_object();
	struct digest d;
	char hex[DIGEST_HEX_SIZE];
	char key[24];

	crypto_hash(n->text, strlen(n->text), &d);
	digest_hex(&d, hex);
	json_put_str(row, "digest", hex);
	json_put_str(row, "body", n->text);
	record_row(r, ROW_MANIFEST, row);
	snprintf(key, sizeof(key), "%lld", (long long)n->request);
	record_post(r, true, manifest_kept, c, key);
}

static enum err
check_manifest(const struct call *k, const char *text, struct errmsg *why)
{
	struct manifest *m;
	bool same_name;
	enum err e = manifest_parse(text, strlen(text), &m, why);

	if (e != OK)
		return e;
	same_name = strcmp(m->name, json_words(k->params, "tool")) == 0;
	manifest_free(m);
	return same_name
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "the command names another tool than its manifest");
}

static enum err
do_tool_add(const struct call *k, struct errmsg *why)
{
	const char *text = json_words(k->params, "manifest");
	struct new_manifest *n = find_new_manifest(k->core, 0);
	enum err e;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner adds tools");
	if (n == NULL || find_new_manifest(k->core, k->request) != NULL)
		return err_say(why, ERR_BUSY,
		    "other tools are being added; try again in a moment");
	e = check_manifest(k, text, why);
	if (e != OK)
		return e;
	n->request = k->request;
	n->text = xstrdup(text);
	n->envelope = json_copy(k->envelope);
	n->body = xstrndup(k->raw.p, k->raw.len);
	keep_manifest(k->core, n);
	return OK;
}

static enum err
do_approve(const struct call *k, struct errmsg *why)
{
	struct yes yes = {.act = json_str(k->params, "act"),
	    .signature = json_str(k->params, "signature"),
	    .grant = json_str(k->params, "grant"),
	    .grant_signature = json_str(k->params, "grant_signature")};

	return acts_approve(k->core->acts, k->client, &yes, k->request, why);
}

static enum err
do_deny(const struct call *k, struct errmsg *why)
{
	return acts_deny(k->core->acts, k->client, json_str(k->params, "act"),
	    json_str(k->params, "reason"), k->request, why);
}

/* body: {"before"}.  What is forgotten and that it was are one commit. */
static enum err
do_prune(const struct call *k, struct errmsg *why)
{
	struct core *c = k->core;
	int64_t size = (int64_t)ledger_head(c->ledger)->size;
	int64_t before = json_int(k->params, "before", -1);
	struct json *body;
	struct json *row;
	struct record *r;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner prunes the log");
	if (before < 0 || before > size)
		return err_say(why, ERR_INPUT,
		    "the log has %lld entries; name a number up to that",
		    (long long)size);
	body = json_object();
	json_put_int(body, "before", before);
	json_put_str(body, "name", k->client->name);
	row = json_object();
	json_put_int(row, "before", before);
	r = record_new(c->ledger);
	record_log(r, "pruned", NULL, NULL, body);
	record_row(r, ROW_PRUNE, row);
	clients_confirm(c, k->request, r);
	return OK;
}

void
clients_on_backup(
    void *core, int64_t request, enum err e, int slot, uint64_t size)
{
	struct errmsg why;
	struct json *v;

	if (e != OK) {
		err_say(&why, e, "the backup failed (%s); is there room?",
		    err_text(e));
		clients_refuse(core, request, e, &why);
		return;
	}
	v = json_object();
	json_put_int(v, "slot", slot);
	json_put_int(v, "log_size", (int64_t)size);
	clients_reply(core, request, v);
}

static enum err
do_backup(const struct call *k, struct errmsg *why)
{
	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner makes backups");
	return care_backup(k->core->care, k->request, why);
}

static const struct {
	const char *name;
	enum err (*run)(const struct call *k, struct errmsg *why);
} commands[] = {
    {"ask", do_ask},
    {"approve", do_approve},
    {"deny", do_deny},
    {"backup", do_backup},
    {"halt", safety_halt},
    {"resume", safety_resume},
    {"policy.activate", rules_activate},
    {"policy.rollback", rules_rollback},
    {"policy.explain", rules_explain},
    {"grant.add", rules_grant},
    {"grant.revoke", do_trust},
    {"pair.open", do_trust},
    {"clients.revoke", do_trust},
    {"clients.lend", do_trust},
    {"secret.set", do_trust},
    {"secret.remove", do_trust},
    {"tool.add", do_tool_add},
    {"audit.prune", do_prune},
};

static enum err
run_command(struct call *k, struct str name, struct errmsg *why)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (str_eq(name, commands[i].name))
			return commands[i].run(k, why);
	return err_say(why, ERR_NOTFOUND, "there is no command '%.*s'",
	    (int)(name.len < 64 ? name.len : 64), name.p);
}

/* The signature, then the challenge: a wrong signature must not be able to
 * spend somebody's challenge. */
static enum err
check_command(struct core *c, const struct msg *m, const struct digest *tls,
    struct call *k, struct command *cmd, struct errmsg *why)
{
	const char *text = json_str(m->body, "text");
	const char *signature = json_str(m->body, "signature");
	struct signature sig;
	struct str bytes;
	enum err e;

	if (text == NULL || signature == NULL ||
	    signature_read(signature, &sig) != OK)
		return err_say(why, ERR_INPUT,
		    "a command needs its text and its signature");
	bytes.p = text;
	bytes.len = strlen(text);
	e = command_verify(&c->trust, peers_boot(c->peers), bytes, &sig, k->raw,
	    cmd, &k->client, why);
	if (e != OK)
		return e;
	if (!digest_equal(&cmd->client, tls))
		return err_say(why, ERR_DENIED,
		    "the command was signed by another client than the one "
		    "connected");
	if (nonces_spend(c->challenges, cmd->challenge, clock_boot_ms()) != OK)
		return err_say(why, ERR_REPLAY,
		    "the challenge is unknown, old or used; ask for a new one");
	return OK;
}

static enum err
on_command(struct core *c, struct msg *m, int64_t request,
    const struct digest *tls, struct errmsg *why)
{
	struct call k = {.core = c,
	    .request = request,
	    .envelope = m->body,
	    .raw = {m->bulk, m->bulk_len}};
	struct json *body = NULL;
	struct command cmd;
	enum err e = check_command(c, m, tls, &k, &cmd, why);

	if (e != OK)
		return e;
	if (json_parse(m->bulk, m->bulk_len, &body) != OK ||
	    !json_is_object(body)) {
		json_free(body);
		return err_say(
		    why, ERR_INPUT, "the body is not a strict JSON object");
	}
	k.params = body;
	e = run_command(&k, cmd.name, why);
	json_free(body);
	return e;
}

static enum err
on_query(struct core *c, const struct msg *m, int64_t request,
    const struct digest *tls, struct errmsg *why)
{
	const char *name = json_str(m->body, "query");
	query_fn *fn;
	struct call q = {.core = c,
	    .request = request,
	    .params = json_get(m->body, "params")};

	if (trust_live_client(&c->trust, tls, &q.client) != OK)
		return err_say(why, ERR_DENIED,
		    "this client is not paired, or was revoked; pair it again "
		    "with 'durward pair TOKEN'");
	fn = queries_find(name != NULL ? name : "", q.client);
	if (fn == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "there is no such query, or not for a client of role '%s'",
		    client_role_name(q.client->role));
	fn(&q);
	return OK;
}

/* What stops the house is heard even while the disk does not keep up. */
static bool
is_halt(const struct msg *m)
{
	const char *text = json_words(m->body, "text");
	struct command cmd;

	return command_read(text, strlen(text), &cmd) == OK &&
	    str_eq(cmd.name, "halt");
}

/* {"id", "client", "query", "params"} or
 * {"id", "client", "text", "signature"} with the body as bulk. */
void
clients_on_request(void *role, struct msg *m)
{
	struct core *c = role;
	int64_t request = json_int(m->body, "id", 0);
	const char *hex = json_str(m->body, "client");
	struct errmsg why = {""};
	struct digest tls;
	enum err e;

	if (hex == NULL || digest_read(hex, strlen(hex), &tls) != OK)
		e = ERR_INPUT;
	else if (!c->have_trust)
		e = err_say(&why, ERR_BUSY, "the house is starting");
	else if (request <= 0)
		e = ERR_INPUT;
	else if (ledger_is_busy(c->ledger) && !is_halt(m))
		e = err_say(&why, ERR_BUSY, "the disk is slow; try again");
	else if (json_has(m->body, "query"))
		e = on_query(c, m, request, &tls, &why);
	else
		e = on_command(c, m, request, &tls, &why);
	if (e != OK)
		clients_refuse(c, request, e, &why);
}

/* {"id", "challenge"} from the vault. */
void
clients_on_challenge(void *role, struct msg *m)
{
	struct core *c = role;
	const char *challenge = json_str(m->body, "challenge");
	char box[DIGEST_HEX_SIZE];
	int64_t now_ms = clock_boot_ms();
	struct json *v;

	if (challenge == NULL ||
	    nonces_issue(c->challenges, challenge, now_ms + CHALLENGE_LIFE_MS,
		now_ms) != OK) {
		clients_refuse(c, json_int(m->body, "id", 0), ERR_LIMIT, NULL);
		return;
	}
	digest_hex(&c->trust.box, box);
	v = json_object();
	json_put_str(v, "challenge", challenge);
	json_put_str(v, "boot", peers_boot(c->peers));
	json_put_str(v, "box", box);
	clients_reply(c, json_int(m->body, "id", 0), v);
}

/* Its connections end, and what it said yes to waits for another. */
static void
cut_client(struct core *c, const char *id)
{
	struct json *body = json_object();
	struct digest d;

	if (digest_read(id, strlen(id), &d) == OK)
		acts_client_lost(c->acts, &d);

	json_put_str(body, "client", id);
	peers_send(c->peers, ROLE_CONTROL, MSG_CLIENT_CUT, body);
}

/* What stands in the table, written where the next start finds it. */
static struct json *
trust_row(const struct core *c)
{
	struct json *row = json_object();

	json_put_str(row, "scope", "box");
	json_put_str(row, "name", "trust");
	json_put_str(row, "value", c->trust_digest);
	return row;
}

/* The vault saves before it tells, so a kill in between would leave no
 * entry: at the start the table must be the one that was logged last.  While
 * the house runs each change comes with its own entry. */
void
clients_compare_trust(struct core *c, const struct json *table)
{
	char before[DIGEST_HEX_SIZE];
	struct json *body;
	struct record *r;
	struct digest d;
	struct buf b;

	memcpy(before, c->trust_digest, sizeof(before));
	buf_init(&b, LANE_BODY_MAX);
	json_canonical(table, &b);
	crypto_hash(b.p, b.len, &d);
	buf_done(&b);
	digest_hex(&d, c->trust_digest);
	if (c->trust_compared || strcmp(before, c->trust_digest) == 0) {
		c->trust_compared = true;
		return;
	}
	c->trust_compared = true;
	body = json_object();
	json_put_str(body, "table", c->trust_digest);
	r = record_new(c->ledger);
	record_log(r, "trust-found", NULL, NULL, body);
	record_row(r, ROW_SETTING, trust_row(c));
	record_post(r, true, NULL, NULL, NULL);
}

/* {"id", "ok", "error", "what", "client", "direct"} from the vault.  With
 * "direct" the vault answers the client itself: it is a secret. */
void
clients_on_trust_answer(void *role, struct msg *m)
{
	struct core *c = role;
	int64_t request = json_int(m->body, "id", 0);
	const char *what = json_words(m->body, "what");
	bool ours = request != 0 && !json_flag(m->body, "direct");
	struct errmsg why;
	struct record *r;
	struct new_manifest *n =
	    request != 0 ? find_new_manifest(c, request) : NULL;

	if (!json_flag(m->body, "ok")) {
		if (n != NULL)
			forget_new_manifest(n);
		err_say(&why, OK, "%s", json_words(m->body, "error"));
		clients_refuse(c, request, ERR_DENIED, &why);
		return;
	}
	if (strcmp(what, "client-revoked") == 0)
		cut_client(c, json_words(m->body, "client"));
	if (n != NULL) {
		if (tooling_put(c, n->text, &why) != OK)
			log_warn("the new manifest is left out: %s", why.text);
		forget_new_manifest(n);
	}
	r = record_new(c->ledger);
	record_log(r, what, NULL, NULL, json_copy(m->body));
	if (strcmp(what, "grant-revoked") == 0)
		rules_grant_revoked(c, json_words(m->body, "grant"), r);
	record_row(r, ROW_SETTING, trust_row(c));
	clients_confirm(c, ours ? request : 0, r);
}
