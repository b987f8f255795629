/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rules_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "sys/clock.h"

#define KIND "policy"
#define SCOPE_BOX "box"

struct rules *
rules_new(const struct rules_setup *s)
{
	struct rules *rs = xalloc(sizeof(*rs));

	rs->s = *s;
	return rs;
}

static struct json *
active_row(const char *scope, int64_t n)
{
	struct json *row = json_object();

	json_put_str(row, "kind", KIND);
	json_put_str(row, "scope", scope);
	json_put_int(row, "n", n);
	return row;
}

static void
log_active(struct record *r, const struct judge_policy *p, const char *who)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&p->digest, hex);
	json_put_str(body, "scope", p->scope);
	json_put_int(body, "version", p->n);
	json_put_str(body, "policy", hex);
	json_put_str(body, "name", who);
	record_log(r, "policy-activated", NULL, NULL, body);
}

/* The policy that the judge has just taken, as a new version. */
static struct record *
new_version(struct rules *rs, const struct judge_policy *p, const char *who)
{
	struct record *r = record_new(rs->s.requests->ledger);
	struct json *row = active_row(p->scope, p->n);
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&p->digest, hex);
	json_put_str(row, "digest", hex);
	json_put_str(row, "body", p->text);
	json_put_str(row, "client", who);
	json_put_int(row, "wall_ms", clock_wall_ms());
	record_row(r, ROW_VERSION, row);
	record_row(r, ROW_ACTIVE, active_row(p->scope, p->n));
	log_active(r, p, who);
	return r;
}

void
rules_write_first(struct rules *rs)
{
	const struct judge_policy *p = judge_policy(rs->s.judge, SCOPE_BOX);

	record_post(new_version(rs, p, "init"), true, NULL, NULL, NULL);
}

static enum err
check_owner(const struct request *k, const char *scope, struct errmsg *why)
{
	if (k->client->role != CLIENT_OWNER)
		return err_say(
		    why, ERR_DENIED, "only an owner changes the rules");
	if (!judge_is_scope(scope))
		return err_say(why, ERR_INPUT,
		    "a scope is box, profile:default, agent:NAME or "
		    "client:NAME");
	return OK;
}

/* ---- Warnings about lines that can match nothing ---- */

static bool
knows_tool(void *arg, const char *glob)
{
	const struct rules *rs = arg;
	const struct house_function *h;
	char name[CALL_NAME_SIZE];
	struct slot *t;
	size_t i;
	size_t j;

	for (i = 0; (h = rs->s.house_at(i)) != NULL; i++)
		if (str_glob(glob, h->name))
			return true;
	for (i = 0; (t = slots_at(rs->s.slots, i)) != NULL; i++) {
		const struct manifest *m = slot_manifest(t);

		for (j = 0; j < m->n_functions; j++) {
			manifest_call_name(m, &m->functions[j], name);
			if (str_glob(glob, name))
				return true;
		}
	}
	return false;
}

static bool
knows_fact(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "clock") == 0 || strcmp(name, "limits") == 0 ||
	    strcmp(name, "runner") == 0;
}

/* An activation that is being written down. */
struct activation {
	struct rules *rules;
	int64_t request;
	struct buf warnings;
};

static void
activated(void *arg, const char *key)
{
	struct activation *a = arg;
	struct json *v = json_object();

	(void)key;
	json_put_str(v, "warnings", a->warnings.p != NULL ? a->warnings.p : "");
	request_answer(a->rules->s.requests, a->request, v);
	buf_done(&a->warnings);
	free(a);
}

static void
write_activation(
    struct rules *rs, const struct request *k, const struct judge_policy *p)
{
	struct policy_known known = {
	    .arg = rs, .tool = knows_tool, .fact = knows_fact};
	struct activation *a = xalloc(sizeof(*a));

	a->rules = rs;
	a->request = k->id;
	buf_init(&a->warnings, RESULT_MAX);
	policy_warn(p->rules, &known, &a->warnings);
	record_post(
	    new_version(rs, p, k->client->name), true, activated, a, NULL);
}

/* The rules have changed: what they kept from going may go now. */
static void
after_change(struct rules *rs, bool was_free)
{
	if (!was_free && safety_is_free(judge_safety(rs->s.judge)))
		rs->s.go_on(rs->s.arg);
}

/* body: {"scope", "text"} */
enum err
rules_activate(void *room, const struct request *k, struct errmsg *why)
{
	struct rules *rs = room;
	const char *scope = json_words(k->params, "scope");
	const char *text = json_words(k->params, "text");
	bool was_free = safety_is_free(judge_safety(rs->s.judge));
	const struct judge_policy *p;
	enum err e = check_owner(k, scope, why);

	if (e != OK)
		return e;
	p = judge_policy(rs->s.judge, scope);
	e = judge_put_policy(
	    rs->s.judge, scope, p != NULL ? p->last + 1 : 1, text, why);
	if (e != OK)
		return e;
	write_activation(rs, k, judge_policy(rs->s.judge, scope));
	after_change(rs, was_free);
	return OK;
}

/* ---- Back to an earlier version ---- */

struct rollback {
	struct rules *rules;
	int64_t request;
	char scope[2 * NAME_MAX_LEN];
	int64_t n;
	char client[NAME_MAX_LEN + 1];
};

static void
finish_rollback(struct rollback *b, const char *body, struct errmsg *why)
{
	struct rules *rs = b->rules;
	bool was_free = safety_is_free(judge_safety(rs->s.judge));
	const struct judge_policy *p;
	struct record *r;
	enum err e = judge_put_policy(rs->s.judge, b->scope, b->n, body, why);

	if (e != OK) {
		request_refuse(rs->s.requests, b->request, e, why);
		return;
	}
	p = judge_policy(rs->s.judge, b->scope);
	r = record_new(rs->s.requests->ledger);
	record_row(r, ROW_ACTIVE, active_row(b->scope, b->n));
	log_active(r, p, b->client);
	request_confirm(rs->s.requests, b->request, r);
	after_change(rs, was_free);
}

static void
on_version(void *arg, int64_t id, enum err e, const char *text)
{
	struct rollback *b = arg;
	struct errmsg why = {"there is no such version; 'durward policy show' "
			     "tells the newest"};
	struct json *v = NULL;

	(void)id;
	if (e == OK && json_parse(text, strlen(text), &v) == OK &&
	    json_str(v, "body") != NULL)
		finish_rollback(b, json_str(v, "body"), &why);
	else
		request_refuse(
		    b->rules->s.requests, b->request, ERR_NOTFOUND, &why);
	json_free(v);
	free(b);
}

/* body: {"scope", "n"}; without a number, the one before the active. */
enum err
rules_rollback(void *room, const struct request *k, struct errmsg *why)
{
	struct rules *rs = room;
	const char *scope = json_words(k->params, "scope");
	const struct judge_policy *p;
	struct rollback *b;
	enum err e = check_owner(k, scope, why);

	if (e != OK)
		return e;
	p = judge_policy(rs->s.judge, scope);
	if (p == NULL)
		return err_say(why, ERR_NOTFOUND, "%s has no policy", scope);
	b = xalloc(sizeof(*b));
	b->rules = rs;
	b->request = k->id;
	b->n = json_int(k->params, "n", p->n - 1);
	snprintf(b->scope, sizeof(b->scope), "%s", scope);
	snprintf(b->client, sizeof(b->client), "%s", k->client->name);
	ledger_read_version(
	    rs->s.requests->ledger, KIND, b->scope, b->n, on_version, b, 0);
	return OK;
}

/* ---- Looking ---- */

/* Of one scope, its text; of a version, that one's; else the list. */
void
rules_query_policy(void *room, const struct request *q)
{
	struct rules *rs = room;
	const char *scope = json_str(q->params, "scope");
	int64_t n = json_int(q->params, "n", 0);
	const struct judge_policy *p;
	struct errmsg why;
	struct json *list;
	struct json *v;
	size_t i;

	if (scope != NULL && n > 0) {
		ledger_read_version(rs->s.requests->ledger, KIND, scope, n,
		    request_document, rs->s.requests, q->id);
		return;
	}
	p = judge_policy(rs->s.judge, scope != NULL ? scope : SCOPE_BOX);
	if (scope != NULL && p == NULL) {
		err_say(&why, ERR_NOTFOUND, "'%.80s' has no rules of its own",
		    scope);
		request_refuse(rs->s.requests, q->id, ERR_NOTFOUND, &why);
		return;
	}
	if (scope != NULL) {
		request_answer(
		    rs->s.requests, q->id, judge_policy_json(p, true));
		return;
	}
	v = json_object();
	list = json_array();
	for (i = 0; (p = judge_policy_at(rs->s.judge, i)) != NULL; i++)
		json_push(list, judge_policy_json(p, false));
	json_put(v, "policies", list);
	request_answer(rs->s.requests, q->id, v);
}

/* As they would be judged: of a room, what is in it. */
static enum err
write_args(struct rules *rs, struct wish *w, const struct json *args,
    struct buf *canonical, struct errmsg *why)
{
	struct json *chosen;
	enum err e = runs_choose(rs->s.runs, w->tool, args, &chosen, why);

	if (e != OK)
		return e;
	if (chosen != NULL)
		args = chosen;
	e = runs_check_call(rs->s.runs, w->tool, args, &w->effect, why);
	json_canonical(args, canonical);
	json_free(chosen);
	w->args = canonical->p;
	return e;
}

/* body: {"tool", "args", "principal", "client", "labels"}: would it be
 * allowed? */
enum err
rules_explain(void *room, const struct request *k, struct errmsg *why)
{
	struct rules *rs = room;
	const struct json *args = json_get(k->params, "args");
	struct wish w = {.run = "",
	    .principal = json_words(k->params, "principal"),
	    .agent_id = "",
	    .client = k->client->name,
	    .tool = json_words(k->params, "tool"),
	    .origins = ""};
	struct names labels;
	struct json *v;
	struct buf text;
	struct buf canonical;
	struct judgement verdict;
	enum err e;

	if (k->client->role == CLIENT_PROGRAM)
		return err_say(
		    why, ERR_DENIED, "the rules are not told to programs");
	if (!json_is_object(args) ||
	    names_read(json_words(k->params, "labels"), &labels) != OK)
		return err_say(why, ERR_INPUT,
		    "explain needs a tool, an object of arguments, and labels "
		    "joined by commas");
	if (w.principal[0] == '\0')
		w.principal = k->client->name;
	buf_init(&canonical, 6 * ARGS_MAX);
	e = write_args(rs, &w, args, &canonical, why);
	if (e != OK) {
		buf_done(&canonical);
		return e;
	}
	buf_init(&text, RESULT_MAX);
	e = acts_explain(rs->s.acts, &w, &labels, &text, &verdict, why);
	if (e == OK) {
		v = json_object();
		json_put_str(v, "text", text.p);
		json_put_str(v, "verdict", verdict_name(verdict.verdict));
		json_put_str(v, "rule", verdict.rules);
		json_put_int(v, "keys", verdict.keys);
		request_answer(rs->s.requests, k->id, v);
	}
	buf_done(&text);
	buf_done(&canonical);
	return e;
}

/* ---- Grants ---- */

void
rules_query_grants(void *room, const struct request *q)
{
	struct rules *rs = room;
	struct json *v = json_object();

	json_put(v, "grants", judge_list_grants(rs->s.judge));
	request_answer(rs->s.requests, q->id, v);
}

/* What was used of what limits: {"grants", "budgets", "more"}. */
void
rules_query_spend(void *room, const struct request *q)
{
	struct rules *rs = room;
	struct json *v = json_object();
	int64_t more;

	json_put(v, "grants", judge_list_grants(rs->s.judge));
	json_put(v, "budgets", judge_list_budgets(rs->s.judge, &more));
	json_put_int(v, "more", more);
	request_answer(rs->s.requests, q->id, v);
}

/* body: {"grant", "signature"}: one that was written by hand. */
enum err
rules_grant(void *room, const struct request *k, struct errmsg *why)
{
	struct rules *rs = room;
	const char *text = json_words(k->params, "grant");
	const char *hex = json_words(k->params, "signature");
	struct str bytes = {text, strlen(text)};
	struct signature sig;
	struct record *r;
	struct grant g;
	enum err e;

	if (signature_read(hex, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = grant_verify(
	    rs->s.trust, bytes, &sig, judge_wall_ms(rs->s.judge), &g, why);
	if (e == OK && !digest_equal(&g.client, &k->client->id))
		e = err_say(why, ERR_DENIED,
		    "a grant is brought by the owner who signed it");
	if (e != OK)
		return e;
	r = record_new(rs->s.requests->ledger);
	e = judge_add_grant(rs->s.judge, k->client->name, text, hex, r, why);
	if (e != OK) {
		record_drop(r);
		return e;
	}
	request_confirm(rs->s.requests, k->id, r);
	return OK;
}

void
rules_grant_revoked(struct rules *rs, const char *id, struct record *r)
{
	if (judge_revoke_grant(rs->s.judge, id, r) != OK)
		log_warn("a grant that is not here was taken back");
}
