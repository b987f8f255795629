/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

/*
 * Asking: an act waits for a person.  Each client is shown a sheet of its
 * own; a signature over exactly those bytes is the yes.  Nobody answering
 * is a no.
 */

static void
on_unanswered(void *arg)
{
	struct open_act *o = arg;

	o->timer = 0;
	acts_end(o->core, o, ACT_DENIED, "nobody answered in time");
}

/* The time that is left of an earlier question stays the time that is left:
 * asking again must not put the end off. */
static void
new_question(struct core *c, struct open_act *o)
{
	int64_t now_ms = clock_boot_ms();
	size_t i;

	for (i = 0; i < o->n_sheets; i++)
		free(o->sheets[i].text);
	o->n_sheets = 0;
	if (o->timer != 0)
		o->act->ttl_s -= (now_ms - o->act->asked_ms) / 1000;
	if (o->act->ttl_s < 1)
		o->act->ttl_s = 1;
	core_token(o->act->nonce);
	o->act->asked_ms = now_ms;
	loop_timer_cancel(c->loop, o->timer);
	o->timer = loop_timer(
	    c->loop, now_ms + o->act->ttl_s * 1000, on_unanswered, o);
}

void
asking_begin(struct core *c, struct open_act *o)
{
	struct json *details = json_object();
	struct record *r;

	new_question(c, o);
	json_put_str(details, "rule", o->act->rule);
	json_put_int(details, "ttl_s", o->act->ttl_s);
	if (o->act->state == ACT_ASKED) {
		/* Asked before a restart: the same act, a new question. */
		r = record_new(c->ledger);
		record_log(r, "asked-again", o->act->run, o->act->id, details);
	} else {
		r = acts_step(c, o, ACT_ASKED, details);
	}
	record_post(r, true, NULL, NULL, NULL);
}

/* The acting role was restarted: its epoch is on no sheet any more. */
void
asking_renew_all(struct core *c)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (c->acts[i] != NULL && c->acts[i]->act->state == ACT_ASKED)
			asking_begin(c, c->acts[i]);
}

static struct shown_sheet *
find_shown(struct open_act *o, const struct digest *client)
{
	size_t i;

	for (i = 0; i < o->n_sheets; i++)
		if (digest_equal(&o->sheets[i].client, client))
			return &o->sheets[i];
	return NULL;
}

static struct str
text_of(const char *s)
{
	struct str t = {s, strlen(s)};

	return t;
}

static enum err
fill_sheet(struct core *c, const struct act *a, const struct client *client,
    char schema[DIGEST_HEX_SIZE], struct sheet *s)
{
	struct slot *t = tooling_find(c, a->tool);
	if (t == NULL || c->tools_epoch[0] == '\0')
		return ERR_BUSY;
	s->box = c->trust.box;
	s->client = client->id;
	memcpy(s->nonce, a->nonce, sizeof(s->nonce));
	memcpy(s->boot, peers_boot(c->peers), sizeof(s->boot));
	memcpy(s->epoch, c->tools_epoch, sizeof(s->epoch));
	memcpy(s->run, a->run, sizeof(s->run));
	memcpy(s->act, a->id, sizeof(s->act));
	s->issued_ms = a->asked_ms;
	s->lives_s = a->ttl_s;
	s->log_size = (int64_t)ledger_kept(c->ledger)->size;
	tree_root(ledger_kept(c->ledger), &s->log_root);
	s->policy = c->policy_digest;
	s->rule = text_of(a->rule);
	s->principal = text_of(a->principal);
	s->tool = text_of(a->tool);
	s->effect = text_of(effect_name(a->effect));
	s->manifest = slot_manifest(t)->digest;
	s->image = text_of(slot_manifest(t)->image);
	digest_hex(&slot_manifest(t)->schema, schema);
	s->schema = text_of(schema);
	s->args = text_of(a->args);
	crypto_hash(a->args, strlen(a->args), &s->args_digest);
	s->origins = text_of(a->origins);
	s->entities = s->network = s->secrets = s->price = s->labels =
	    text_of("none");
	s->decision = text_of("approve");
	return OK;
}

enum err
asking_sheet(struct core *c, struct open_act *o, const struct client *client,
    const char **ret_text, struct errmsg *why)
{
	struct shown_sheet *shown = find_shown(o, &client->id);
	char schema[DIGEST_HEX_SIZE];
	struct sheet s;
	struct buf b;

	if (o->act->state != ACT_ASKED)
		return err_say(why, ERR_STATE, "this act waits for no answer");
	if (!client_may_approve(client))
		return err_say(why, ERR_DENIED,
		    "a client of role '%s' is no approver, so it is shown no "
		    "sheet",
		    client_role_name(client->role));
	if (shown != NULL) {
		*ret_text = shown->text;
		return OK;
	}
	if (o->n_sheets == SHEETS_PER_ACT_MAX)
		return err_say(why, ERR_LIMIT,
		    "%d clients look at this act already", SHEETS_PER_ACT_MAX);
	memset(&s, 0, sizeof(s));
	if (fill_sheet(c, o->act, client, schema, &s) != OK)
		return err_say(why, ERR_BUSY,
		    "the tools role is starting; try again in a moment");
	buf_init(&b, SHEET_MAX);
	if (sheet_write(&s, &b) != OK) {
		buf_done(&b);
		return err_say(
		    why, ERR_LIMIT, "the act does not fit on a sheet");
	}
	shown = &o->sheets[o->n_sheets++];
	shown->client = client->id;
	shown->text = buf_steal(&b);
	*ret_text = shown->text;
	return OK;
}

static enum err
find_asked(struct core *c, const struct json *body, struct open_act **ret,
    struct errmsg *why)
{
	const char *id = json_str(body, "act");
	struct open_act *o = acts_find(c, id != NULL ? id : "");

	if (o == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "no open act has this id; 'durward approvals' lists what "
		    "waits");
	if (o->act->state != ACT_ASKED)
		return err_say(why, ERR_STATE,
		    "this act waits for no answer, it is %s",
		    act_state_name(o->act->state));
	*ret = o;
	return OK;
}

enum err
asking_binds(struct core *c, const struct open_act *o, struct errmsg *why)
{
	struct slot *t = tooling_find(c, o->act->tool);
	struct sheet_binding binding = {.boot = peers_boot(c->peers),
	    .epoch = c->tools_epoch,
	    .now_ms = clock_boot_ms(),
	    .act = o->act->id,
	    .tool = o->act->tool,
	    .effect = effect_name(o->act->effect),
	    .args = text_of(o->act->args)};
	struct sheet sheet;

	if (t == NULL ||
	    sheet_read(o->signed_sheet, strlen(o->signed_sheet), &sheet) != OK)
		return err_say(why, ERR_STATE, "the tool is gone");
	binding.manifest = &slot_manifest(t)->digest;
	return sheet_binds(&sheet, &binding, why);
}

static struct json *
approval_details(
    const struct client *client, const char *sheet, const char *signature)
{
	struct json *v = json_object();
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&client->id, hex);
	json_put_str(v, "client", hex);
	json_put_str(v, "name", client->name);
	crypto_hash(sheet, strlen(sheet), &d);
	digest_hex(&d, hex);
	json_put_str(v, "sheet_sha256", hex);
	json_put_str(v, "signature", signature);
	return v;
}

static void
approved(void *arg, const char *id)
{
	struct core *c = arg;
	struct open_act *o = acts_find(c, id);

	if (o == NULL || o->act->state != ACT_APPROVED)
		return;
	clients_reply(c, o->answer_to, json_object());
	o->answer_to = 0;
	acts_go_on(c, o);
}

static void
take_yes(struct core *c, struct open_act *o, const struct client *client,
    const char *sheet, const char *signature)
{
	struct json *row = json_object();
	struct record *r;
	char hex[DIGEST_HEX_SIZE];

	loop_timer_cancel(c->loop, o->timer);
	o->timer = 0;
	o->signed_sheet = xstrdup(sheet);
	snprintf(o->signature, sizeof(o->signature), "%s", signature);
	digest_hex(&client->id, hex);
	json_put_str(row, "act", o->act->id);
	json_put_str(row, "client", hex);
	json_put_str(row, "body", sheet);
	json_put_str(row, "signature", signature);
	r = acts_step(
	    c, o, ACT_APPROVED, approval_details(client, sheet, signature));
	record_row(r, ROW_SHEET, row);
	record_post(r, true, approved, c, o->act->id);
}

/* body: {"act", "signature"}.  The sheet is the one that was shown to this
 * client; no other bytes are taken from outside. */
enum err
asking_approve(const struct call *k, struct errmsg *why)
{
	const char *text = json_str(k->params, "signature");
	const struct shown_sheet *shown;
	struct open_act *o;
	struct signature sig;
	struct sheet sheet;
	struct str bytes;
	enum err e = find_asked(k->core, k->params, &o, why);

	if (e != OK)
		return e;
	shown = find_shown(o, &k->client->id);
	if (shown == NULL)
		return err_say(why, ERR_STATE,
		    "this client has not been shown the sheet; read it with "
		    "'durward approvals' first");
	if (text == NULL || signature_read(text, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	bytes = text_of(shown->text);
	e = sheet_verify(&k->core->trust, bytes, &sig, &sheet, why);
	if (e != OK)
		return e;
	o->answer_to = k->request;
	take_yes(k->core, o, k->client, shown->text, text);
	return OK;
}

/* body: {"act", "reason"} */
enum err
asking_deny(const struct call *k, struct errmsg *why)
{
	const char *reason = json_str(k->params, "reason");
	struct open_act *o;
	struct buf b;
	enum err e = find_asked(k->core, k->params, &o, why);

	if (e != OK)
		return e;
	if (!client_may_approve(k->client))
		return err_say(why, ERR_DENIED,
		    "a client of role '%s' may not answer",
		    client_role_name(k->client->role));
	buf_init(&b, GOAL_MAX);
	buf_addf(&b, "%s said no", k->client->name);
	if (reason != NULL && reason[0] != '\0') {
		buf_adds(&b, ": ");
		json_escape_visible(&b, reason, strlen(reason));
	}
	o->answer_to = k->request;
	acts_end(k->core, o, ACT_DENIED, b.p);
	buf_done(&b);
	return OK;
}
