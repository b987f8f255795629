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
	question_put_words(o->act, details);
	if (o->act->state == ACT_ASKED) {
		/* Asked before a restart: the same act, a new question. */
		r = record_new(o->acts->ledger);
		record_log(r, "asked-again", o->act->run, o->act->id, details);
	} else {
		r = act_go(o, ACT_ASKED, details);
	}
	record_post(r, true, NULL, NULL, NULL);
	o->acts->s.ports.asked(o->acts->s.ports.arg, o->act);
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

bool
acts_waits_for(struct acts *a, const char *id, const struct client *c)
{
	struct open_act *o = acts_find(a, id);
	struct shown_sheet *shown = o != NULL ? find_shown(o, &c->id) : NULL;

	return o != NULL && (shown == NULL || !shown->is_signed) &&
	    question_may_answer(o->act, c, judge_wall_ms(a->s.judge));
}

static struct str
text_of(const char *s)
{
	struct str t = {s, strlen(s)};

	return t;
}

/* What of a question stays the same for all its clients. */
static void
question_of(struct open_act *o, struct question *ret)
{
	struct acts *a = o->acts;
	const struct slot *t = act_slot(o);

	memset(ret, 0, sizeof(*ret));
	ret->act = o->act;
	ret->manifest = t != NULL ? slot_manifest(t) : NULL;
	act_reach(o, &ret->reach);
	ret->boot = a->s.boot;
	ret->epoch = a->s.ports.epoch(a->s.ports.arg);
	ret->now_ms = clock_boot_ms();
}

static enum err
make_sheet(struct open_act *o, const struct client *client, char **ret_text,
    struct errmsg *why)
{
	struct acts *a = o->acts;
	const struct tree *kept = ledger_kept(a->ledger);
	char price[BILL_TEXT_SIZE];
	struct question q;
	struct names labels;

	question_of(o, &q);
	if (q.epoch[0] == '\0')
		return err_say(why, ERR_BUSY,
		    "the tools role is starting; try again in a moment");
	q.box = a->s.trust->box;
	q.policy = act_judge_now(o, &labels).policies;
	q.price = bill_say(a->s.bill, o->act, act_provider(o), price);
	q.left_ms = o->act->until_ms - judge_now_ms(a->s.judge);
	/* Only what is on the disk may be shown as the log. */
	q.log_size = (int64_t)kept->size;
	tree_root(kept, &q.log_root);
	return question_write(&q, &client->id, ret_text, why);
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

/* Every page that is open fetches one; who said yes keeps its own. */
static void
forget_oldest_sheet(struct open_act *o)
{
	size_t i = 0;

	while (i < o->n_sheets && o->sheets[i].is_signed)
		i++;
	if (i == o->n_sheets)
		fatal("more clients said yes to an act than it needs");
	free(o->sheets[i].text);
	memmove(&o->sheets[i], &o->sheets[i + 1],
	    (--o->n_sheets - i) * sizeof(o->sheets[0]));
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
		    "a client of role '%s' is no approver, or not for this "
		    "tool, so it is shown no sheet",
		    client_role_name(client->role));
	if (shown == NULL) {
		if (o->n_sheets == SHEETS_PER_ACT_MAX)
			forget_oldest_sheet(o);
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
	struct question q;

	question_of(o, &q);
	return question_check(&q, o->acts->s.trust, text_of(shown->text), sig,
	    judge_wall_ms(o->acts->s.judge), ret, why);
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
		    question_yes_details(
			client, shown->text, shown->signature));
	} else {
		loop_timer_cancel(o->acts->s.loop, o->timer);
		o->timer = 0;
		r = act_go(o, ACT_APPROVED,
		    question_yes_details(
			client, shown->text, shown->signature));
	}
	record_row(r, ROW_YES,
	    question_yes_row(
		o->act, &shown->client, shown->text, shown->signature));
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
	e = grant_verify(o->acts->s.trust, text_of(yes->grant), &sig,
	    judge_wall_ms(o->acts->s.judge), &g, why);
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
		    "a client of role '%s' may not answer, or not this",
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
		/* Nobody waits for it any more. */
		if (strcmp(o->act->client, name) == 0 && o->answer_to == 0)
			act_end(o, ACT_DENIED, "its client is paired no more");
	}
}
