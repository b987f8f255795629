/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"

/* The verdict on an act: when it is proposed, and again when it is spent. */

/* Used up to the deadline of the call, should it come to that. */
static int64_t
longest_s(const struct open_act *o)
{
	const struct slot *t = act_slot(o);

	return t != NULL ? (slot_manifest(t)->call_ms + 999) / 1000 : 0;
}

void
act_case(struct open_act *o, struct names *labels, struct judge_case *ret)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	const struct slot *t = act_slot(o);

	memset(ret, 0, sizeof(*ret));
	memset(labels, 0, sizeof(*labels));
	ports->run_labels(ports->arg, o->act->run, labels);
	ret->act = o->act;
	ret->labels = labels;
	ret->manifest = t != NULL ? &slot_manifest(t)->digest : NULL;
	ret->cost[DIM_TIME] = longest_s(o);
	if (act_is_model_call(o))
		bill_estimate(o->acts->s.bill, o->act, act_provider(o), ret);
}

struct judgement
act_judge_now(struct open_act *o, struct names *ret_labels)
{
	struct judge_case c;

	act_case(o, ret_labels, &c);
	return judge_decide(o->acts->s.judge, &c);
}

static struct json *
verdict_details(const struct judgement *v, const struct names *labels)
{
	struct json *details = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct buf b;

	buf_init(&b, NAMES_MAX * (NAME_MAX_LEN + 1));
	names_write(labels, &b);
	digest_hex(&v->policies, hex);
	json_put_str(details, "verdict", verdict_name(v->verdict));
	json_put_str(details, "rule", v->rules);
	json_put_str(details, "policy", hex);
	json_put_str(details, "labels", b.p);
	if (v->grant != NULL)
		json_put_str(details, "grant", v->grant->grant.id);
	buf_done(&b);
	return details;
}

/* What the act is judged by stands in it from now on. */
static void
take_verdict(
    struct open_act *o, const struct judgement *v, const struct names *labels)
{
	struct act *a = o->act;

	memcpy(a->rule, v->rules, sizeof(a->rule));
	a->keys = v->keys;
	a->cli_key = v->cli_key;
	a->ttl_s = v->ttl_s;
	a->labels = *labels;
}

void
act_judge_question(struct open_act *o)
{
	struct names labels;
	struct judgement v = act_judge_now(o, &labels);

	if (v.verdict == VERDICT_ASK)
		take_verdict(o, &v, &labels);
}

static void
deny(struct open_act *o, const struct judgement *v, const char *denies)
{
	struct names labels;
	struct judge_case c;
	struct buf text;

	buf_init(&text, RESULT_MAX);
	buf_addf(&text, "%s%s", v->rules, denies);
	if (v->entity[0] != '\0')
		buf_addf(&text, ", because of %s", v->entity);
	act_case(o, &labels, &c);
	judge_say_budgets(o->acts->s.judge, &c, &text);
	act_end(o, ACT_DENIED, text.p);
	buf_done(&text);
}

static void
judge(struct open_act *o, struct record *r, bool first)
{
	struct names labels;
	struct judgement v = act_judge_now(o, &labels);

	take_verdict(o, &v, &labels);
	/* Restored between the two, it was judged before. */
	if (o->act->state == ACT_PROPOSED)
		act_arrow(r, o, ACT_JUDGED, verdict_details(&v, &labels));
	if (v.verdict == VERDICT_ALLOW)
		act_arrow(r, o, ACT_ALLOWED, NULL);
	if (first)
		record_new_act(r, o->act);
	else
		record_act(r, o->act);
	record_post(r, false, NULL, NULL, NULL);
	switch (v.verdict) {
	case VERDICT_ALLOW:
		act_go_on(o);
		break;
	case VERDICT_ASK:
		act_ask(o);
		break;
	case VERDICT_DENY:
		deny(o, &v, " denies it");
		break;
	}
}

void
act_judge(struct open_act *o)
{
	judge(o, record_new(o->acts->ledger), false);
}

void
act_judge_first(struct open_act *o, struct record *birth)
{
	judge(o, birth, true);
}

static bool
deny_now(struct open_act *o, const char *why, const char *rules)
{
	char text[SPOKE_TEXT_MAX + 128];

	snprintf(text, sizeof(text), "%s%s", rules, why);
	act_end(o, ACT_DENIED, text);
	return false;
}

/* A yes was given to a question; is this still the question? */
static bool
same_question(const struct open_act *o, const struct judgement *now,
    const struct names *labels)
{
	const struct act *a = o->act;

	return strcmp(a->rule, now->rules) == 0 && now->keys <= a->keys &&
	    (!now->cli_key || a->cli_key) && names_equal(&a->labels, labels);
}

/* It was judged by the effect that its manifest named then. */
static bool
same_effect(const struct open_act *o)
{
	const struct slot *t = act_slot(o);
	char tool[NAME_MAX_LEN + 1];
	char name[NAME_MAX_LEN + 1];
	const struct manifest_function *f;
	struct json *args;
	bool same;

	if (t == NULL)
		return true;
	if (tool_name_split(o->act->tool, tool, name) != OK ||
	    json_parse(o->act->args, strlen(o->act->args), &args) != OK)
		return false;
	f = manifest_function(slot_manifest(t), name);
	same = f != NULL &&
	    manifest_effect(slot_manifest(t), f, args) == o->act->effect;
	json_free(args);
	return same;
}

bool
act_may_still(struct open_act *o)
{
	struct names labels;
	struct judgement now = act_judge_now(o, &labels);
	const struct acts_ports *ports = &o->acts->s.ports;
	struct errmsg why = {""};

	if (o->act->state == ACT_ALLOWED &&
	    ports->run_is_late(ports->arg, o->act))
		return deny_now(o,
		    "it comes too late after what set its automation off", "");
	if (!same_effect(o))
		return deny_now(
		    o, "the tool was replaced, and does something else", "");
	if (now.verdict == VERDICT_DENY) {
		deny(o, &now, " denies it now");
		return false;
	}
	if (o->act->state == ACT_APPROVED) {
		if (now.verdict == VERDICT_ASK &&
		    !same_question(o, &now, &labels))
			return deny_now(o,
			    " asks now, and what was approved was another "
			    "question; ask again",
			    now.rules);
		if (act_check_yeses(o, &why) != OK)
			return deny_now(o, why.text, "");
		return true;
	}
	take_verdict(o, &now, &labels);
	if (now.verdict == VERDICT_ASK) {
		act_ask(o);
		return false;
	}
	free(o->grant);
	o->grant = NULL;
	if (now.grant != NULL) {
		o->grant = xstrdup(now.grant->text);
		snprintf(o->grant_signature, sizeof(o->grant_signature), "%s",
		    now.grant->signature);
	}
	return true;
}
