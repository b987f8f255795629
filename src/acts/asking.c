/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

/*
 * Asking: an act waits for a person, or for two.  Each client is shown a
 * sheet of its own; a signature over exactly those bytes is its yes.  Nobody
 * answering is a no.
 */

void
act_forget_sheets(struct open_act *o)
{
	size_t i;

	for (i = 0; i < o->n_sheets; i++)
		free(o->sheets[i].text);
	o->n_sheets = 0;
}

size_t
act_count_yeses(const struct open_act *o)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < o->n_sheets; i++)
		n += o->sheets[i].is_signed;
	return n;
}

static void
on_unanswered(void *arg)
{
	struct open_act *o = arg;

	o->timer = 0;
	/* While nobody may answer, the question stays; it is asked anew when
	 * the house goes on. */
	if (!safety_is_free(judge_safety(o->acts->s.judge)))
		return;
	act_end(o, ACT_DENIED, "nobody answered in time");
}

/* The time that is left of an earlier question stays the time that is left:
 * asking again must not put the end off.  A second attempt is a question of
 * its own. */
static void
new_question(struct open_act *o, bool anew)
{
	struct acts *a = o->acts;
	int64_t now_ms = judge_now_ms(a->s.judge);
	int64_t left_ms;

	act_forget_sheets(o);
	if (!anew || o->act->until_ms == 0)
		o->act->until_ms = now_ms +
		    (o->act->ttl_s > 0 ? o->act->ttl_s : SHEET_LIFE_S) * 1000;
	left_ms = o->act->until_ms - now_ms;
	if (left_ms < 1000)
		left_ms = 1000;
	acts_token(o->act->nonce);
	loop_timer_cancel(a->s.loop, o->timer);
	o->timer =
	    loop_timer(a->s.loop, clock_boot_ms() + left_ms, on_unanswered, o);
}

void
act_ask(struct open_act *o)
{
	bool anew = o->act->state == ACT_ASKED || o->act->state == ACT_APPROVED;
	const char *forbidden = act_forbidden(o);
	struct json *details;
	struct record *r;

	if (forbidden != NULL) {
		act_end(o, ACT_DENIED, forbidden);
		return;
	}
	details = json_object();

	free(o->grant);
	o->grant = NULL;
	act_judge_question(o);
	new_question(o, anew);
	json_put_str(details, "rule", o->act->rule);
	json_put_int(details, "ttl_s", o->act->ttl_s);
	json_put_int(details, "keys", o->act->keys);
	json_put_int(details, "attempt", o->act->attempt);
	if (o->act->state == ACT_ASKED) {
		/* Asked before a restart: the same act, a new question. */
		r = record_new(o->acts->ledger);
		record_log(r, "asked-again", o->act->run, o->act->id, details);
	} else {
		r = act_go(o, ACT_ASKED, details);
	}
	record_post(r, true, NULL, NULL, NULL);
}

void
acts_ask_anew(struct acts *a)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL &&
		    (a->open[i]->act->state == ACT_ASKED ||
			a->open[i]->act->state == ACT_APPROVED))
			act_ask(a->open[i]);
}

/* ---- Sheets ---- */

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

/* What stands on a sheet and must last as long as it is written. */
struct sheet_texts {
	char price[BILL_TEXT_SIZE];
	char schema[DIGEST_HEX_SIZE];
	char attempt[64];
	struct buf labels;
	struct buf network;
	struct buf secrets;
	struct buf folders;
};

static void
texts_init(struct sheet_texts *t)
{
	buf_init(&t->labels, NAMES_MAX * (NAME_MAX_LEN + 1));
	buf_init(&t->network, REACH_TEXT_MAX);
	buf_init(&t->secrets, MANIFEST_SECRETS_MAX);
	buf_init(&t->folders, MANIFEST_FOLDERS_MAX);
}

static void
texts_done(struct sheet_texts *t)
{
	buf_done(&t->labels);
	buf_done(&t->network);
	buf_done(&t->secrets);
	buf_done(&t->folders);
}

/* What the call may reach, and what its tool has. */
static void
write_means(const struct open_act *o, struct sheet_texts *t)
{
	const struct slot *slot = act_slot(o);
	struct reach reach;

	act_reach(o, &reach);
	reach_write(&reach, &t->network);
	if (slot == NULL) {
		buf_adds(&t->secrets, "none");
		buf_adds(&t->folders, "none");
		return;
	}
	manifest_write_secrets(slot_manifest(slot), &t->secrets);
	manifest_write_folders(slot_manifest(slot), &t->folders);
}

static void
fill_tool(struct open_act *o, struct sheet_texts *texts, struct sheet *s)
{
	const struct slot *t = act_slot(o);
	const struct manifest *m;

	s->image = s->schema = s->entities = text_of("none");
	if (t == NULL)
		return;
	m = slot_manifest(t);
	s->manifest = m->digest;
	digest_hex(&m->schema, texts->schema);
	s->image = text_of(m->image);
	s->schema = text_of(texts->schema);
}

static void
fill_words(struct open_act *o, struct sheet_texts *texts, struct sheet *s)
{
	const struct act *a = o->act;

	names_write(&a->labels, &texts->labels);
	snprintf(texts->attempt, sizeof(texts->attempt),
	    a->attempt > 1 ? "%d, and it may have been done already" : "first",
	    a->attempt);
	s->rule = text_of(a->rule);
	s->keys = a->keys;
	s->key = text_of(a->cli_key ? SHEET_KEY_CLI : SHEET_KEY_ANY);
	s->attempt = text_of(texts->attempt);
	s->principal = text_of(a->principal);
	s->tool = text_of(a->tool);
	s->effect = text_of(effect_name(a->effect));
	s->args = text_of(a->args);
	s->origins = text_of(a->origins[0] != '\0' ? a->origins : "none");
	s->labels = text_of(texts->labels.p);
	write_means(o, texts);
	s->network = text_of(texts->network.p);
	s->secrets = text_of(texts->secrets.p);
	s->folders = text_of(texts->folders.p);
	s->price = text_of(
	    bill_say(o->acts->s.bill, a, act_provider(o), texts->price));
	s->decision = text_of("approve");
	crypto_hash(s->args.p, s->args.len, &s->args_digest);
}

static enum err
fill_sheet(struct open_act *o, const struct client *client,
    struct sheet_texts *texts, struct sheet *s)
{
	struct acts *a = o->acts;
	const char *epoch = a->s.ports.epoch(a->s.ports.arg);
	const struct tree *kept = ledger_kept(a->ledger);
	struct names labels;
	struct judgement v;

	if (epoch[0] == '\0')
		return ERR_BUSY;
	v = act_judge_now(o, &labels);
	s->policy = v.policies;
	s->box = a->s.trust->box;
	s->client = client->id;
	memcpy(s->nonce, o->act->nonce, sizeof(s->nonce));
	memcpy(s->boot, a->s.boot, sizeof(s->boot));
	memcpy(s->epoch, epoch, sizeof(s->epoch));
	memcpy(s->run, o->act->run, sizeof(s->run));
	memcpy(s->act, o->act->id, sizeof(s->act));
	s->issued_ms = clock_boot_ms();
	s->lives_s = (o->act->until_ms - judge_now_ms(a->s.judge) + 999) / 1000;
	if (s->lives_s < 1)
		s->lives_s = 1;
	/* Only what is on the disk may be shown as the log. */
	s->log_size = (int64_t)kept->size;
	tree_root(kept, &s->log_root);
	fill_tool(o, texts, s);
	fill_words(o, texts, s);
	return OK;
}

static enum err
make_sheet(struct open_act *o, const struct client *client, char **ret_text,
    struct errmsg *why)
{
	struct sheet_texts texts;
	struct sheet s;
	struct buf b;
	enum err e;

	memset(&s, 0, sizeof(s));
	texts_init(&texts);
	buf_init(&b, SHEET_MAX);
	e = fill_sheet(o, client, &texts, &s);
	if (e != OK)
		err_say(why, e,
		    "the tools role is starting; try again in a moment");
	else if (sheet_write(&s, &b) != OK)
		e = err_say(why, ERR_LIMIT, "the act does not fit on a sheet");
	if (e == OK)
		*ret_text = buf_steal(&b);
	buf_done(&b);
	texts_done(&texts);
	return e;
}

static enum err
find_asked(
    struct acts *a, const char *id, struct open_act **ret, struct errmsg *why)
{
	struct open_act *o = acts_find(a, id != NULL ? id : "");

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
acts_sheet(struct acts *a, const char *id, const struct client *client,
    const char **ret_text, struct errmsg *why)
{
	struct shown_sheet *shown;
	struct open_act *o;
	char *text;
	enum err e = find_asked(a, id, &o, why);

	if (e != OK)
		return e;
	shown = find_shown(o, &client->id);
	if (!client_may_answer(
		client, text_of(o->act->tool), judge_wall_ms(a->s.judge)))
		return err_say(why, ERR_DENIED,
		    "a client of role '%s' is no approver, so it is shown no "
		    "sheet",
		    client_role_name(client->role));
	if (shown == NULL) {
		if (o->n_sheets == SHEETS_PER_ACT_MAX)
			return err_say(why, ERR_LIMIT,
			    "%d clients look at this act already",
			    SHEETS_PER_ACT_MAX);
		e = make_sheet(o, client, &text, why);
		if (e != OK)
			return e;
		shown = &o->sheets[o->n_sheets++];
		memset(shown, 0, sizeof(*shown));
		shown->client = client->id;
		shown->text = text;
	}
	*ret_text = shown->text;
	return OK;
}

/* ---- Yes ---- */

/* One sheet against the table, the act and this moment. */
static enum err
check_yes(struct open_act *o, const struct shown_sheet *shown,
    const struct signature *sig, struct sheet *ret, struct errmsg *why)
{
	struct acts *a = o->acts;
	static const struct digest none;
	const struct slot *t = act_slot(o);
	struct sheet_texts texts;
	struct sheet_binding binding = {.boot = a->s.boot,
	    .epoch = a->s.ports.epoch(a->s.ports.arg),
	    .now_ms = clock_boot_ms(),
	    .act = o->act->id,
	    .tool = o->act->tool,
	    .effect = effect_name(o->act->effect),
	    .manifest = t != NULL ? &slot_manifest(t)->digest : &none,
	    .args = text_of(o->act->args)};
	enum err e = sheet_verify(a->s.trust, text_of(shown->text), sig,
	    judge_wall_ms(a->s.judge), ret, why);

	if (e != OK)
		return e;
	texts_init(&texts);
	write_means(o, &texts);
	binding.network = texts.network.p;
	binding.secrets = texts.secrets.p;
	binding.folders = texts.folders.p;
	e = sheet_binds(ret, &binding, why);
	texts_done(&texts);
	return e;
}

enum err
act_check_yeses(struct open_act *o, struct errmsg *why)
{
	struct sheet sheets[SHEETS_PER_ACT_MAX];
	struct signature sig;
	size_t n = 0;
	size_t i;
	enum err e = OK;

	for (i = 0; i < o->n_sheets && e == OK; i++) {
		if (!o->sheets[i].is_signed)
			continue;
		e = signature_read(o->sheets[i].signature, &sig);
		if (e == OK)
			e = check_yes(
			    o, &o->sheets[i], &sig, &sheets[n++], why);
	}
	return e == OK ? sheets_suffice(sheets, n, o->act->keys, why) : e;
}

static struct json *
yes_details(const struct client *client, const struct shown_sheet *shown)
{
	struct json *v = json_object();
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&client->id, hex);
	json_put_str(v, "client", hex);
	json_put_str(v, "name", client->name);
	crypto_hash(shown->text, strlen(shown->text), &d);
	digest_hex(&d, hex);
	json_put_str(v, "sheet_sha256", hex);
	json_put_str(v, "signature", shown->signature);
	return v;
}

static struct json *
yes_row(const struct open_act *o, const struct shown_sheet *shown)
{
	struct json *row = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&shown->client, hex);
	json_put_str(row, "act", o->act->id);
	json_put_str(row, "client", hex);
	json_put_str(row, "nonce", o->act->nonce);
	json_put_str(row, "body", shown->text);
	json_put_str(row, "signature", shown->signature);
	return row;
}

static void
answer(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;

	if (o->answer_to != 0)
		ports->answer(ports->arg, o->answer_to);
	o->answer_to = 0;
}

static void
approved(void *arg, const char *id)
{
	struct open_act *o = acts_find(arg, id);

	if (o == NULL)
		return;
	answer(o);
	if (o->act->state == ACT_APPROVED)
		act_go_on(o);
}

/* The yes is written down; with the last one that is needed the act goes
 * on. */
static struct record *
take_yes(struct open_act *o, const struct client *client,
    struct shown_sheet *shown, const char *signature)
{
	struct record *r;

	shown->is_signed = true;
	snprintf(shown->signature, sizeof(shown->signature), "%s", signature);
	if (act_count_yeses(o) < (size_t)o->act->keys) {
		r = record_new(o->acts->ledger);
		record_log(r, "yes", o->act->run, o->act->id,
		    yes_details(client, shown));
	} else {
		loop_timer_cancel(o->acts->s.loop, o->timer);
		o->timer = 0;
		r = act_go(o, ACT_APPROVED, yes_details(client, shown));
	}
	record_row(r, ROW_YES, yes_row(o, shown));
	return r;
}

/* "Always like this": signed by the same owner, for this rule and tool. */
static enum err
check_grant(struct open_act *o, const struct client *client,
    const struct yes *yes, struct errmsg *why)
{
	struct signature sig;
	struct grant g;
	enum err e;

	if (yes->grant_signature == NULL ||
	    signature_read(yes->grant_signature, &sig) != OK)
		return err_say(
		    why, ERR_INPUT, "the grant's signature is malformed");
	e = grant_verify(o->acts->s.trust, text_of(yes->grant), &sig, &g, why);
	if (e != OK)
		return e;
	e = judge_has_room_for_grant(o->acts->s.judge, g.id, why);
	if (e != OK)
		return e;
	if (!digest_equal(&g.client, &client->id) ||
	    !str_eq(g.tool, o->act->tool) || !str_eq(g.rule, o->act->rule) ||
	    strchr(o->act->rule, ',') != NULL || o->act->keys > 1)
		return err_say(why, ERR_DENIED,
		    "a grant answers the one rule of one key that asks, for "
		    "this tool, and is signed by who says yes");
	return OK;
}

enum err
acts_approve(struct acts *a, const struct client *client, const struct yes *yes,
    int64_t request, struct errmsg *why)
{
	struct shown_sheet *shown;
	struct open_act *o;
	struct signature sig;
	struct sheet sheet;
	struct record *r;
	enum err e = find_asked(a, yes->act, &o, why);

	if (e != OK)
		return e;
	if (!safety_is_free(judge_safety(a->s.judge)))
		return err_say(why, ERR_STATE,
		    "the house is halted or in safe mode; 'durward doctor' "
		    "says how to go on");
	shown = find_shown(o, &client->id);
	if (shown == NULL)
		return err_say(why, ERR_STATE,
		    "this client has not been shown the sheet; read it with "
		    "'durward approvals' first");
	if (shown->is_signed)
		return err_say(why, ERR_EXISTS,
		    "this client has said yes; another one must say it too");
	if (o->answer_to != 0)
		return err_say(
		    why, ERR_BUSY, "another answer is being written");
	if (yes->signature == NULL ||
	    signature_read(yes->signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = check_yes(o, shown, &sig, &sheet, why);
	if (e == OK && yes->grant != NULL)
		e = check_grant(o, client, yes, why);
	if (e != OK)
		return e;
	r = take_yes(o, client, shown, yes->signature);
	if (yes->grant != NULL) {
		e = judge_add_grant(a->s.judge, client->name, yes->grant,
		    yes->grant_signature, r, why);
		if (e != OK)
			log_warn("a grant is left out: %s", why->text);
	}
	o->answer_to = request;
	record_post(r, true, approved, a, o->act->id);
	return OK;
}

/* ---- No ---- */

enum err
acts_deny(struct acts *a, const struct client *client, const char *id,
    const char *reason, int64_t request, struct errmsg *why)
{
	struct open_act *o;
	struct buf b;
	enum err e = find_asked(a, id, &o, why);

	if (e != OK)
		return e;
	if (!client_may_answer(
		client, text_of(o->act->tool), judge_wall_ms(a->s.judge)))
		return err_say(why, ERR_DENIED,
		    "a client of role '%s' may not answer",
		    client_role_name(client->role));
	if (o->answer_to != 0)
		return err_say(
		    why, ERR_BUSY, "another answer is being written");
	buf_init(&b, GOAL_MAX);
	buf_addf(&b, "%s said no", client->name);
	if (reason != NULL && reason[0] != '\0') {
		buf_adds(&b, ": ");
		json_escape_visible(&b, reason, strlen(reason));
	}
	o->answer_to = request;
	act_end(o, ACT_DENIED, b.p);
	buf_done(&b);
	return OK;
}

void
acts_client_lost(struct acts *a, const struct digest *client, const char *name)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		struct open_act *o = a->open[i];
		struct shown_sheet *shown;

		if (o == NULL || o->act->state != ACT_ASKED)
			continue;
		shown = find_shown(o, client);
		if (shown != NULL)
			shown->is_signed = false;
		/* Its name may be another's tomorrow. */
		if (strcmp(o->act->client, name) == 0 && o->answer_to == 0)
			act_end(o, ACT_DENIED,
			    "the client that wished it was revoked");
	}
}
