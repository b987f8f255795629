/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "accept/accept.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "sys/clock.h"
#include "vault/vault_priv.h"

/* Commands that change whom the house trusts, and what it keeps for them. */

enum err
vault_save(struct vault *v, struct errmsg *why)
{
	enum err e = box_save_trust(VAULT_FOLDER, &v->trust);

	if (e != OK)
		return err_say(why, e,
		    "the trust table cannot be written; check the disk");
	return OK;
}

/* On the disk and told, or as it was `before`. */
static enum err
keep(struct vault *v, const struct trust *before, struct errmsg *why)
{
	enum err e = vault_save(v, why);

	if (e == OK)
		vault_tell_trust(v);
	else
		v->trust = *before;
	return e;
}

struct trust_change {
	struct vault *vault;
	int64_t request;
	const struct client *owner;
	const struct json *body;
	const char *what; /* It will have been, when it is made. */
};

static enum err
do_pair_open(const struct trust_change *ch, struct errmsg *why)
{
	char *told;
	enum err e = pairing_open(ch->vault, ch->owner, ch->body, &told, why);

	if (e != OK)
		return e;
	vault_answer(ch->vault, ch->request, ch->what, ch->owner, told);
	free(told);
	return OK;
}

static enum err
do_pair_confirm(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct client c;
	enum err e = pairing_confirm(v, ch->body, &c, why);

	if (e != OK)
		return e;
	vault_tell_trust(v);
	terms_watch(v);
	vault_answer(v, ch->request, ch->what, &c, NULL);
	return OK;
}

static enum err
do_pair_refuse(const struct trust_change *ch, struct errmsg *why)
{
	struct client c;
	enum err e = pairing_refuse(ch->vault, ch->body, &c, why);

	if (e == OK)
		vault_answer(ch->vault, ch->request, ch->what, &c, NULL);
	return e;
}

static enum err
do_certificate(const struct trust_change *ch, struct errmsg *why)
{
	struct json *told = json_object();
	struct client c = {.name = ""};
	char *text;
	struct buf cert;
	enum err e;

	buf_init(&cert, FILE_READ_MAX);
	e = pairing_certify(ch->vault, ch->body, ch->owner, &c, &cert, why);
	if (e == OK) {
		vault_tell_trust(ch->vault);
		pairing_tell(ch->vault);
		terms_watch(ch->vault);
		json_put_str(told, "certificate", cert.p);
		text = json_print(told);
		vault_answer(ch->vault, ch->request, ch->what, &c, text);
		free(text);
	}
	json_free(told);
	buf_done(&cert);
	return e;
}

static enum err
do_recovery_make(const struct trust_change *ch, struct errmsg *why)
{
	char *told = NULL;
	enum err e = terms_check_owner(ch->owner, 0, why);

	/* It makes an owner without an end. */
	if (e == OK)
		e = recovery_make(ch->vault, ch->owner, ch->body, &told, why);
	if (e != OK)
		return e;
	pairing_tell(ch->vault);
	vault_answer(ch->vault, ch->request, ch->what, ch->owner, told);
	free(told);
	return OK;
}

static enum err
do_recovery_revoke(const struct trust_change *ch, struct errmsg *why)
{
	enum err e = recovery_revoke(ch->vault, why);

	if (e != OK)
		return e;
	pairing_tell(ch->vault);
	vault_answer(ch->vault, ch->request, ch->what, ch->owner, NULL);
	return OK;
}

/* What it left to come back by goes with it: a window, a code. */
static void
forget_ways_back(
    struct vault *v, const struct trust_change *ch, const struct client *c)
{
	static const char gone[] = "{\"recovery_revoked\":true}";
	bool had_code = recovery_client_lost(v, &c->id);

	pairing_client_lost(v, &c->id);
	pairing_tell(v);
	vault_answer(v, ch->request, ch->what, c, had_code ? gone : NULL);
	if (had_code)
		vault_answer(v, 0, "recovery-revoked", c, NULL);
}

/* body: {"client": name} */
static enum err
do_revoke(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	const char *name = json_str(ch->body, "client");
	const struct client *c =
	    trust_client_by_name(&v->trust, name != NULL ? name : "");
	enum err e;

	if (c == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "no live client has this name; 'durward clients' lists "
		    "them");
	e = trust_revoke(&v->trust, &c->id);
	if (e != OK)
		return err_say(why, e,
		    "the last owner with a key of the command line and "
		    "without an end cannot be revoked, since a browser pairs "
		    "nobody; pair another one first with 'durward pair --role "
		    "owner'");
	e = keep(v, &before, why);
	if (e != OK)
		return e;
	forget_ways_back(v, ch, c);
	return OK;
}

static enum err
do_extend(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	enum err e = terms_extend(v, ch->body, ch->owner, why);

	if (e == OK)
		e = keep(v, &before, why);
	if (e != OK)
		return e;
	pairing_tell(v);
	terms_watch(v);
	vault_answer(v, ch->request, ch->what,
	    trust_client_by_name(&v->trust, json_words(ch->body, "client")),
	    NULL);
	return OK;
}

/* What the change was, for the log: the tool, and its manifest from now on
 * ("" for none). */
static void
answer_tool(
    const struct trust_change *ch, const char *tool, const char *manifest)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&ch->owner->id, hex);
	json_put_int(body, "id", ch->request);
	json_put_bool(body, "ok", true);
	json_put_str(body, "what", ch->what);
	json_put_str(body, "tool", tool);
	json_put_str(body, "manifest", manifest);
	json_put_str(body, "client", hex);
	json_put_str(body, "name", ch->owner->name);
	peers_send(ch->vault->peers, ROLE_CORE, MSG_TRUST_ANSWER, body);
}

/* body: {"tool", "digest", "manifest", ...}: from now on the tool's digest is
 * that of these bytes. */
static enum err
do_tool_set(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	const char *tool = json_str(ch->body, "tool");
	const char *hex = json_str(ch->body, "digest");
	const char *manifest = json_str(ch->body, "manifest");
	struct digest want;
	struct digest got;
	enum err e;

	if (tool == NULL || hex == NULL || manifest == NULL ||
	    !str_is_name(tool) || digest_read(hex, strlen(hex), &want) != OK)
		return err_say(why, ERR_INPUT, "the command is malformed");
	crypto_hash(manifest, strlen(manifest), &got);
	if (!digest_equal(&want, &got))
		return err_say(
		    why, ERR_DENIED, "the digest is not the manifest's");
	e = trust_set_tool(&v->trust, tool, &want);
	if (e != OK)
		return err_say(
		    why, e, "%d tools are trusted already", TOOLS_MAX);
	e = keep(v, &before, why);
	if (e != OK)
		return e;
	answer_tool(ch, tool, hex);
	return OK;
}

/* body: {"tool", ...}: from now on it has none.  To remove a tool that is
 * disabled takes nothing from the table. */
static enum err
do_tool_unset(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	const char *tool = json_words(ch->body, "tool");
	enum err e;

	if (!str_is_name(tool))
		return err_say(why, ERR_INPUT, "the command is malformed");
	if (trust_unset_tool(&v->trust, tool) == OK) {
		e = keep(v, &before, why);
		if (e != OK)
			return e;
	}
	answer_tool(ch, tool, "");
	return OK;
}

/* "" for a document: from now on it has none. */
static void
answer_automation(
    const struct trust_change *ch, const char *name, const char *document)
{
	struct json *body = json_object();

	json_put_int(body, "id", ch->request);
	json_put_bool(body, "ok", true);
	json_put_str(body, "what", ch->what);
	json_put_str(body, "automation", name);
	json_put_str(body, "document", document);
	json_put_str(body, "by", ch->owner->name);
	peers_send(ch->vault->peers, ROLE_CORE, MSG_TRUST_ANSWER, body);
}

static enum err
forget_automation(
    const struct trust_change *ch, const char *name, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	enum err e = OK;

	if (trust_unset_automation(&v->trust, name) == OK)
		e = keep(v, &before, why);
	if (e != OK)
		return e;
	answer_automation(ch, name, "");
	return OK;
}

/* body: {"automation"}: an object.  That it waits for a topic is all of it
 * that counts here, and its digest then stands in the table. */
static enum err
do_automation_set(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	const struct json *document = json_get(ch->body, "automation");
	const char *name = json_words(document, "name");
	char hex[DIGEST_HEX_SIZE];
	struct digest d;
	struct buf b;
	enum err e;

	if (!json_has(json_get(document, "when"), "topic"))
		return forget_automation(ch, name, why);
	buf_init(&b, LANE_BULK_MAX);
	json_canonical(document, &b);
	crypto_hash(b.p, b.len, &d);
	buf_done(&b);
	e = trust_set_automation(&v->trust, name, &d);
	if (e == ERR_LIMIT)
		return err_say(why, e,
		    "%d automations wait for a topic already; remove one",
		    AUTOMATION_TOPICS_MAX);
	if (e != OK)
		return err_say(why, e, "the command is malformed");
	e = keep(v, &before, why);
	if (e != OK)
		return e;
	digest_hex(&d, hex);
	answer_automation(ch, name, hex);
	return OK;
}

/* body: {"name"} */
static enum err
do_automation_unset(const struct trust_change *ch, struct errmsg *why)
{
	return forget_automation(ch, json_words(ch->body, "name"), why);
}

static void
answer_grant(const struct trust_change *ch, const char *grant)
{
	struct json *body = json_object();

	json_put_int(body, "id", ch->request);
	json_put_bool(body, "ok", true);
	json_put_str(body, "what", ch->what);
	json_put_str(body, "grant", grant);
	peers_send(ch->vault->peers, ROLE_CORE, MSG_TRUST_ANSWER, body);
}

/* body: {"grant": id}: its tombstone lasts as long as any grant could. */
static enum err
do_grant_revoke(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	const char *id = json_words(ch->body, "grant");
	enum err e = trust_revoke_grant(
	    &v->trust, id, clock_wall_ms() + GRANT_MS_MAX, clock_wall_ms());

	if (e == ERR_INPUT)
		return err_say(why, e, "this is no id of a grant");
	if (e != OK)
		return err_say(why, e,
		    "%d grants that were taken back are remembered already",
		    GRANTS_REVOKED_MAX);
	e = keep(v, &before, why);
	if (e != OK)
		return e;
	answer_grant(ch, id);
	return OK;
}

/* body: {"client", "tools", "until_ms"}: the answering of questions, lent to
 * a viewer. */
static enum err
do_lend(const struct trust_change *ch, struct errmsg *why)
{
	struct vault *v = ch->vault;
	struct trust before = v->trust;
	const char *name = json_words(ch->body, "client");
	const char *tools = json_words(ch->body, "tools");
	int64_t until_ms = json_int(ch->body, "until_ms", 0);
	enum err e =
	    tools[0] == '\0' ? OK : terms_check_owner(ch->owner, until_ms, why);

	if (e != OK)
		return e;
	e = trust_lend(&v->trust, name, tools, until_ms, clock_wall_ms());
	if (e != OK)
		return err_say(why, e,
		    "only a viewer that is paired takes a loan, of at most "
		    "%lld hours",
		    (long long)(LENT_MS_MAX / 3600000));
	e = keep(v, &before, why);
	if (e != OK)
		return e;
	vault_answer(v, ch->request, ch->what,
	    trust_client_by_name(&v->trust, name), NULL);
	return OK;
}

static enum err
do_secret_set(const struct trust_change *ch, struct errmsg *why)
{
	return giving_set(ch->vault, ch->request, ch->owner, ch->body, why);
}

static enum err
do_secret_remove(const struct trust_change *ch, struct errmsg *why)
{
	return giving_remove(ch->vault, ch->request, ch->owner, ch->body, why);
}

static const struct {
	const char *name;
	enum err (*run)(const struct trust_change *ch, struct errmsg *why);
	const char *what;
	/* They only take away; or accept devices of the home. */
	enum { NOT_BROWSERS, BROWSERS_TOO, BROWSERS_TO_ACCEPT } by;
} changes[] = {
    {"pair.open", do_pair_open, "pairing-opened", NOT_BROWSERS},
    {"pair.confirm", do_pair_confirm, "client-paired", NOT_BROWSERS},
    {"pair.refuse", do_pair_refuse, "client-refused", BROWSERS_TOO},
    {"clients.revoke", do_revoke, "client-revoked", BROWSERS_TOO},
    {"clients.lend", do_lend, "client-lent", NOT_BROWSERS},
    {"clients.extend", do_extend, "client-extended", NOT_BROWSERS},
    {"clients.certificate", do_certificate, "certificate-made", NOT_BROWSERS},
    {"recovery.make", do_recovery_make, "recovery-made", NOT_BROWSERS},
    {"recovery.revoke", do_recovery_revoke, "recovery-revoked", NOT_BROWSERS},
    {"tool.add", do_tool_set, "tool-added", NOT_BROWSERS},
    {"tool.update", do_tool_set, "tool-updated", BROWSERS_TO_ACCEPT},
    {"tool.enable", do_tool_set, "tool-enabled", NOT_BROWSERS},
    {"tool.rollback", do_tool_set, "tool-rolled-back", NOT_BROWSERS},
    {"tool.disable", do_tool_unset, "tool-disabled", BROWSERS_TOO},
    {"tool.remove", do_tool_unset, "tool-removed", NOT_BROWSERS},
    {"automation.add", do_automation_set, "automation-trusted", NOT_BROWSERS},
    {"automation.remove", do_automation_unset, "automation-untrusted",
	NOT_BROWSERS},
    {"grant.revoke", do_grant_revoke, "grant-revoked", BROWSERS_TOO},
    {"secret.set", do_secret_set, NULL, NOT_BROWSERS},
    {"secret.remove", do_secret_remove, NULL, NOT_BROWSERS},
};

/* The same checks that the core made, on our own table and our own
 * challenges: nobody's word is taken for it. */
static enum err
check_change(struct vault *v, const struct msg *m, struct command *cmd,
    struct trust_change *ch, struct errmsg *why)
{
	const char *text = json_str(m->body, "text");
	const char *signature = json_str(m->body, "signature");
	struct str body = {m->bulk, m->bulk_len};
	struct str bytes = {text, 0};
	struct signature sig;
	enum err e;

	if (text == NULL || signature == NULL ||
	    signature_read(signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the command is malformed");
	bytes.len = strlen(text);
	e = command_verify(&v->trust, peers_boot(v->peers), terms_wall_ms(v),
	    bytes, &sig, body, cmd, &ch->owner, why);
	if (e != OK)
		return e;
	if (ch->owner->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "only an owner changes whom the house trusts");
	if (nonces_spend(v->challenges, cmd->challenge, clock_boot_ms()) != OK)
		return err_say(why, ERR_REPLAY,
		    "the challenge is unknown, old or used; ask for a new one");
	return OK;
}

static enum err
check_kind(const struct trust_change *ch, size_t i, struct errmsg *why)
{
	if (ch->owner->kind != CLIENT_BROWSER || changes[i].by == BROWSERS_TOO)
		return OK;
	if (changes[i].by == BROWSERS_TO_ACCEPT)
		return accept_check(&ch->vault->trust, ch->body, why);
	return err_say(why, ERR_DENIED,
	    "this takes a key of the command line, and not a browser's");
}

static enum err
run_change(struct trust_change *ch, struct str name, struct errmsg *why)
{
	size_t i = 0;
	enum err e;

	while (i < ARRAY_LEN(changes) && !str_eq(name, changes[i].name))
		i++;
	if (i == ARRAY_LEN(changes))
		return err_say(why, ERR_NOTFOUND, "this is no change of trust");
	ch->what = changes[i].what;
	e = check_kind(ch, i, why);
	return e == OK ? changes[i].run(ch, why) : e;
}

void
changes_on_command(void *role, struct msg *m)
{
	struct vault *v = role;
	struct trust_change ch = {
	    .vault = v, .request = json_int(m->body, "id", 0)};
	struct errmsg why = {""};
	struct json *body = NULL;
	struct json *answer;
	struct command cmd;
	enum err e = check_change(v, m, &cmd, &ch, &why);

	if (e == OK)
		e = json_parse(m->bulk, m->bulk_len, &body);
	ch.body = body;
	if (e == OK)
		e = run_change(&ch, cmd.name, &why);
	json_free(body);
	if (e == OK)
		return;
	answer = json_object();
	json_put_int(answer, "id", ch.request);
	json_put_bool(answer, "ok", false);
	json_put_str(
	    answer, "error", why.text[0] != '\0' ? why.text : err_text(e));
	peers_send(v->peers, ROLE_CORE, MSG_TRUST_ANSWER, answer);
}
