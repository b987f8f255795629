/* SPDX-License-Identifier: Apache-2.0 */
#include "acts/acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

/* The open acts: their places, their arrows and their ends. */

struct acts *
acts_new(const struct acts_setup *s)
{
	struct acts *a = xalloc(sizeof(*a));

	a->s = *s;
	return a;
}

void
acts_use_ledger(struct acts *a, struct ledger *ledger)
{
	a->ledger = ledger;
}

void
acts_token(char ret[TOKEN_SIZE])
{
	uint8_t bytes[TOKEN_SIZE / 2];

	crypto_random(bytes, sizeof(bytes));
	hex_write(ret, bytes, sizeof(bytes));
}

struct open_act *
acts_find(struct acts *a, const char *id)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL && strcmp(a->open[i]->act->id, id) == 0)
			return a->open[i];
	return NULL;
}

const struct act *
acts_open(struct acts *a, const char *id)
{
	const struct open_act *o = acts_find(a, id);

	return o != NULL ? o->act : NULL;
}

struct open_act *
acts_take_place(struct acts *a, struct act *act)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		if (a->open[i] != NULL)
			continue;
		a->open[i] =
		    a->spare != NULL ? a->spare : xalloc(sizeof(*a->open[i]));
		a->spare = NULL;
		a->open[i]->acts = a;
		a->open[i]->act = act;
		return a->open[i];
	}
	act_free(act);
	return NULL;
}

void
act_forget(struct open_act *o)
{
	struct acts *a = o->acts;
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] == o)
			a->open[i] = NULL;
	act_forget_sheets(o);
	loop_timer_cancel(a->s.loop, o->timer);
	free(o->grant);
	free(o->done.text);
	json_free(o->used);
	json_free(o->end_row);
	act_free(o->act);
	free(a->spare);
	memset(o, 0, sizeof(*o));
	a->spare = o;
}

struct slot *
act_slot(const struct open_act *o)
{
	char tool[NAME_MAX_LEN + 1];
	char name[NAME_MAX_LEN + 1];

	/* "home.find" is the house's own, "home.set" what an owner signed. */
	if (act_house_function(o) != NULL ||
	    tool_name_split(o->act->tool, tool, name) != OK)
		return NULL;
	return slots_find(o->acts->s.slots, tool);
}

const struct house_function *
act_house_function(const struct open_act *o)
{
	return o->acts->s.ports.house(o->act->tool);
}

const struct manifest *
act_provider(const struct open_act *o)
{
	const struct slot *t = act_slot(o);

	return t != NULL && manifest_is_provider(slot_manifest(t))
	    ? slot_manifest(t)
	    : NULL;
}

bool
act_is_model_call(const struct open_act *o)
{
	return act_provider(o) != NULL;
}

bool
act_is_apart(const struct open_act *o)
{
	const struct slot *t = act_slot(o);

	return act_house_function(o) != NULL ||
	    (t != NULL && !manifest_is_contained(slot_manifest(t)));
}

const char *
act_forbidden(const struct open_act *o)
{
	const struct slot *t = act_slot(o);

	if (act_house_function(o) != NULL)
		return NULL;
	if (t == NULL)
		return "its tool was removed";
	return slot_is_disabled(t)
	    ? "its tool is disabled; 'durward tool enable' enables it"
	    : NULL;
}

void
act_arrow(struct record *r, struct open_act *o, enum act_state to,
    struct json *details)
{
	struct act *a = o->act;

	if (act_step(a, to) != OK)
		fatal("act %s cannot go from %s to %s", a->id,
		    act_state_name(a->state), act_state_name(to));
	record_log(r, act_state_name(to), a->run, a->id,
	    details != NULL ? details : json_object());
}

struct record *
act_go(struct open_act *o, enum act_state to, struct json *details)
{
	struct record *r = record_new(o->acts->ledger);

	act_arrow(r, o, to, details);
	record_act(r, o->act);
	return r;
}

/* The act is gone after this. */
static void
tell_end(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;

	if (o->answer_to != 0)
		ports->answer(ports->arg, o->answer_to);
	ports->tell_run(ports->arg, o->act);
	act_forget(o);
}

/* The end is written: now it is told. */
static void
ended(void *arg, const char *id)
{
	struct open_act *o = acts_find(arg, id);

	if (o != NULL)
		tell_end(o);
}

/* What nobody waits for is told at once; but while the disk does not keep up
 * no run is made to go on. */
static void
post_end(struct open_act *o, struct record *r)
{
	struct acts *a = o->acts;
	const struct acts_ports *ports = &a->s.ports;
	/* Doing it again would be visible, or a client waits to be told. */
	bool durable = act_intent_of(o->act->effect) == INTENT_DURABLE ||
	    o->answer_to != 0;

	if (durable || ledger_is_busy(a->ledger) ||
	    !ports->run_hears(ports->arg, o->act->run)) {
		record_post(r, durable, ended, a, o->act->id);
		return;
	}
	record_post(r, false, NULL, NULL, NULL);
	tell_end(o);
}

static void
release_container(struct open_act *o)
{
	struct slot *t = act_slot(o);

	if (o->holds && t != NULL)
		slot_call_ended(t);
	o->holds = false;
}

/* What came out of it is seen by the run from now on. */
static void
pass_labels(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	struct names labels;
	struct judge_case c;
	struct names more;

	act_case(o, &labels, &c);
	judge_labels(o->acts->s.judge, &c, &more);
	if (more.n > 0 || more.all)
		ports->run_saw(ports->arg, o->act->run, &more);
}

/* What may have been done in an earlier attempt is not denied, nor failed
 * for certain. */
static enum act_state
end_of(const struct act *a, enum act_state state, const char *text,
    struct buf *ret)
{
	bool doubt =
	    a->attempt > 1 && (state == ACT_DENIED || state == ACT_FAILED);

	/* What was taken out of it may have had a shorter name. */
	buf_init(ret, RESULT_MAX + 256);
	buf_addf(ret, "%.*s%s", (int)str_cut(text, RESULT_MAX), text,
	    doubt ? "; it may have been done before the crash" : "");
	return doubt ? ACT_UNKNOWN : state;
}

void
act_end(struct open_act *o, enum act_state state, const char *text)
{
	struct acts *a = o->acts;
	bool began = o->started_ms != 0;
	struct json *details;
	struct record *r;
	struct buf result;

	loop_timer_cancel(a->s.loop, o->timer);
	o->timer = 0;
	act_close_network(o);
	act_stop_model(o);
	release_container(o);
	state = end_of(o->act, state, text, &result);
	free(o->act->result);
	o->act->result = buf_steal(&result);
	if (state != ACT_DENIED)
		pass_labels(o);
	details = record_result(o->act->result);
	if (o->used != NULL)
		json_put(details, act_is_model_call(o) ? "model" : "network",
		    json_copy(o->used));
	r = act_go(o, state, details);
	/* What was lost with its egress nobody tells any more of. */
	if (began && act_is_model_call(o) && !o->act->lost)
		bill_end(a->s.bill, o->act, act_provider(o), o->used,
		    &o->charges, r);
	if (o->end_row != NULL)
		record_row(r, o->end_table, o->end_row);
	o->end_row = NULL;
	judge_settle(a->s.judge, &o->charges,
	    began ? (clock_boot_ms() - o->started_ms) / 1000 + 1 : -1, r);
	post_end(o, r);
}

/* ---- Beginning ---- */

static void
fill_act(struct act *a, const struct wish *w)
{
	struct buf args;

	acts_token(a->id);
	snprintf(a->run, sizeof(a->run), "%s", w->run);
	snprintf(a->principal, sizeof(a->principal), "%s", w->principal);
	snprintf(a->agent_id, sizeof(a->agent_id), "%s", w->agent_id);
	snprintf(a->client, sizeof(a->client), "%s", w->client);
	snprintf(a->tool, sizeof(a->tool), "%s", w->tool);
	a->step = w->step;
	a->effect = w->effect;
	a->keys = 1;
	a->attempt = 1;
	/* From here on these are the bytes: shown, signed and sent. */
	buf_init(&args, 6 * ARGS_MAX);
	json_escape_visible(&args, w->args, strlen(w->args));
	a->args = buf_steal(&args);
	a->origins = xstrdup(w->origins);
	if (w->opinion != NULL)
		a->opinion = xstrdup(w->opinion);
	if (w->motive != NULL)
		a->motive = xstrdup(w->motive);
}

static struct json *
proposal_details(const struct act *a)
{
	struct json *v = json_object();

	json_put_str(v, "tool", a->tool);
	json_put_str(v, "effect", effect_name(a->effect));
	json_put_str(v, "args", a->args);
	json_put_str(v, "origins", a->origins);
	json_put_str(v, "principal", a->principal);
	json_put_int(v, "step", a->step);
	return v;
}

enum err
acts_begin(struct acts *a, const struct wish *w, struct errmsg *why)
{
	struct open_act *o = acts_take_place(a, act_new());
	struct json *details;
	struct record *r;

	if (o == NULL)
		return err_say(
		    why, ERR_LIMIT, "%d acts are open already", ACTS_OPEN_MAX);
	fill_act(o->act, w);
	details = proposal_details(o->act);
	if (strlen(o->act->args) > ARGS_MAX || !record_fits(details)) {
		json_free(details);
		act_forget(o);
		return err_say(why, ERR_LIMIT,
		    "the arguments are too large to be recorded");
	}
	r = record_new(a->ledger);
	record_log(r, "proposed", o->act->run, o->act->id, details);
	act_judge_first(o, r);
	return OK;
}

enum err
acts_explain(struct acts *a, const struct wish *w, const struct names *labels,
    struct buf *out, struct judgement *ret, struct errmsg *why)
{
	struct open_act o = {.acts = a, .act = act_new()};
	struct names own;
	struct judge_case c;
	enum err e = OK;

	fill_act(o.act, w);
	act_case(&o, &own, &c);
	c.labels = labels;
	if (strlen(o.act->args) > ARGS_MAX) {
		e = err_say(why, ERR_LIMIT, "the arguments are too large");
	} else {
		judge_explain(a->s.judge, &c, out);
		*ret = judge_decide(a->s.judge, &c);
	}
	act_free(o.act);
	return e;
}

void
acts_put_words(struct acts *a, const char *id, struct json *v)
{
	const struct open_act *o = acts_find(a, id);

	if (o != NULL)
		question_put_words(o->act, v);
}

static struct json *
asked_to_json(const struct open_act *o)
{
	struct judge *j = o->acts->s.judge;
	struct digest yeses[SHEETS_PER_ACT_MAX];
	size_t n = 0;
	size_t i;

	for (i = 0; i < o->n_sheets; i++)
		if (o->sheets[i].is_signed)
			yeses[n++] = o->sheets[i].client;
	return question_summary(o->act, o->act->until_ms - judge_now_ms(j),
	    o->acts->s.trust, judge_wall_ms(j), yeses, n);
}

struct json *
acts_asked_to_json(const struct acts *a)
{
	struct json *v = json_object();
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL && a->open[i]->act->state == ACT_ASKED)
			json_push(list, asked_to_json(a->open[i]));
	json_put(v, "approvals", list);
	return v;
}

size_t
acts_count(const struct acts *a, const char *run, enum act_state state)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		const struct open_act *o = a->open[i];

		n += o != NULL &&
		    (run == NULL || strcmp(o->act->run, run) == 0) &&
		    (state == ACT_STATE_COUNT || o->act->state == state);
	}
	return n;
}
