/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "judge/judge_priv.h"
#include "sys/clock.h"

/* What the house itself demands, whatever the policies say. */
#define RULE_HALTED "house:halted"
#define RULE_SAFE "house:safe-mode"
#define RULE_SIGNATURE "house:signature"
#define RULE_GONE "house:client-gone"
#define RULE_PRICE "house:price"

struct judge *
judge_new(const struct judge_setup *s)
{
	struct judge *j = xalloc(sizeof(*j));

	j->setup = *s;
	return j;
}

void
judge_free(struct judge *j)
{
	size_t i;

	if (j == NULL)
		return;
	for (i = 0; i < j->n_policies; i++) {
		policy_free(j->policies[i].rules);
		free(j->policies[i].text);
	}
	for (i = 0; i < j->n_grants; i++) {
		free(j->grants[i]->text);
		free(j->grants[i]);
	}
	meters_free(&j->meters);
	free(j);
}

struct safety *
judge_safety(struct judge *j)
{
	return &j->safety;
}

/* ---- Policies ---- */

const struct judge_policy *
judge_policy_at(const struct judge *j, size_t i)
{
	return i < j->n_policies ? &j->policies[i] : NULL;
}

const struct judge_policy *
judge_policy(const struct judge *j, const char *scope)
{
	size_t i;

	for (i = 0; i < j->n_policies; i++)
		if (strcmp(j->policies[i].scope, scope) == 0)
			return &j->policies[i];
	return NULL;
}

/* The place of a scope, or a new one; NULL when there is no room. */
static struct judge_policy *
find_place(struct judge *j, const char *scope)
{
	struct judge_policy *p = &j->policies[j->n_policies];
	size_t i;

	for (i = 0; i < j->n_policies; i++)
		if (strcmp(j->policies[i].scope, scope) == 0)
			return &j->policies[i];
	if (j->n_policies == SCOPES_MAX ||
	    str_copy(p->scope, sizeof(p->scope), scope) != OK)
		return NULL;
	j->n_policies++;
	return p;
}

static bool
all_readable(const struct judge *j)
{
	size_t i;

	for (i = 0; i < j->n_policies; i++)
		if (j->policies[i].rules == NULL)
			return false;
	return judge_policy(j, "box") != NULL;
}

enum err
judge_put_policy(struct judge *j, const char *scope, int64_t n,
    const char *text, struct errmsg *why)
{
	struct judge_policy *p;
	struct policy *rules;
	enum err e = policy_parse(text, strlen(text), &rules, why);

	if (e != OK)
		return e;
	p = find_place(j, scope);
	if (p == NULL) {
		policy_free(rules);
		return err_say(why, ERR_LIMIT,
		    "%d scopes have a policy already", SCOPES_MAX);
	}
	policy_free(p->rules);
	free(p->text);
	p->rules = rules;
	p->text = xstrdup(text);
	p->n = n;
	if (n > p->last)
		p->last = n;
	crypto_hash(text, strlen(text), &p->digest);
	if (all_readable(j))
		safety_set(&j->safety, SAFE_POLICY, false, "");
	return OK;
}

struct json *
judge_policy_json(const struct judge_policy *p, bool whole)
{
	struct json *v = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&p->digest, hex);
	json_put_str(v, "scope", p->scope);
	json_put_int(v, "version", p->n);
	json_put_int(v, "newest", p->last);
	json_put_str(v, "digest", hex);
	json_put_bool(v, "readable", p->rules != NULL);
	if (whole)
		json_put_str(v, "text", p->text);
	return v;
}

bool
judge_is_scope(const char *scope)
{
	static const char *const kinds[] = {"agent:", "client:"};
	size_t i;

	if (strcmp(scope, "box") == 0 || strcmp(scope, "profile:default") == 0)
		return true;
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (strncmp(scope, kinds[i], strlen(kinds[i])) == 0)
			return str_is_name(scope + strlen(kinds[i]));
	return false;
}

/* ---- Loading ---- */

static void
load_setting(struct judge *j, const char *name, const char *value)
{
	char kernel[64] = "";
	long long house;
	long long wall;
	long long boot;

	if (strcmp(name, "halted") == 0)
		j->safety.halted = strcmp(value, "yes") == 0;
	else if (strcmp(name, "clock") == 0 &&
	    sscanf(value, "%lld %lld %lld %63s", &house, &wall, &boot,
		kernel) >= 3) {
		j->saved.house_ms = house;
		j->saved.wall_ms = wall;
		j->saved.boot_ms = boot;
		j->saved.same_boot =
		    kernel[0] != '\0' && strcmp(kernel, j->setup.kernel) == 0;
	}
}

/* One that cannot be read keeps its place, so that it is not taken for one
 * that says nothing. */
static enum err
load_policy(struct judge *j, const struct json *row)
{
	const char *scope = json_words(row, "scope");
	struct errmsg why = {""};
	struct judge_policy *p;
	enum err e = judge_put_policy(
	    j, scope, json_int(row, "n", 0), json_words(row, "body"), &why);

	p = find_place(j, scope);
	if (p != NULL)
		p->last = json_int(row, "last", 0);
	if (e == OK)
		return OK;
	log_err("the policy of '%s': %s", scope, why.text);
	if (p != NULL) {
		p->n = json_int(row, "n", 0);
		p->text = xstrdup(json_words(row, "body"));
	}
	safety_set(&j->safety, SAFE_POLICY, true, why.text);
	return OK;
}

enum err
judge_load(struct judge *j, enum ledger_row table, const struct json *row)
{
	switch (table) {
	case ROW_SETTING:
		/* The box's own: an automation may have any name. */
		if (strcmp(json_words(row, "scope"), "box") == 0)
			load_setting(j, json_words(row, "name"),
			    json_words(row, "value"));
		return OK;
	case ROW_ACTIVE_VERSION:
		return strcmp(json_words(row, "kind"), "policy") == 0
		    ? load_policy(j, row)
		    : OK;
	case ROW_USAGE:
		meter_add(&j->meters, json_words(row, "key"),
		    json_int(row, "at", 0), json_int(row, "amount", 0));
		return OK;
	case ROW_GRANT:
		return grants_load(j, row);
	default:
		return OK;
	}
}

/* ---- The verdict ---- */

static enum fact
port_fact(void *arg, const char *name)
{
	struct judging *g = arg;

	if (strcmp(name, "clock") == 0)
		return g->judge->steady.trusted ? FACT_TRUE : FACT_FALSE;
	return g->judge->setup.fact(g->judge->setup.arg, name);
}

static int64_t
port_used(void *arg, const struct policy_line *line)
{
	struct judging *g = arg;
	char key[METER_KEY_SIZE];

	judging_meter_key(g, line, "rate", key);
	return meter_sum(
	    &g->judge->meters, key, line->span_s, judge_now_ms(g->judge));
}

static int64_t
port_spent(void *arg, const struct policy_line *line, enum dimension d)
{
	struct judging *g = arg;
	char key[METER_KEY_SIZE];

	judging_meter_key(g, line, dimension_name(d), key);
	return meter_sum(
	    &g->judge->meters, key, line->span_s, judge_now_ms(g->judge));
}

static bool
port_granted(void *arg, const struct policy_line *line)
{
	struct judging *g = arg;
	char rule[4 * NAME_MAX_LEN];
	const struct held_grant *found;

	snprintf(rule, sizeof(rule), "%s:%s", line->layer, line->name);
	found = grants_find(g->judge, g->c, g->args, rule);
	/* One act rests on one grant: only that is counted and checked. */
	if (found == NULL || (g->grant != NULL && g->grant != found))
		return false;
	g->grant = found;
	return true;
}

/* Each of them is judged. */
static void
name_entities(struct judging *g)
{
	size_t i;

	if (entities_of(g->args, &g->named) != OK)
		return;
	for (i = 0; i < g->named.n; i++)
		g->entity[i] = g->named.name[i];
	g->q.entities = g->entity;
	g->q.n_entities = g->named.n;
}

void
begin_judging(struct judge *j, const struct judge_case *c, struct judging *ret)
{
	const struct act *a = c->act;

	memset(ret, 0, sizeof(*ret));
	ret->judge = j;
	ret->c = c;
	/* Our own row: it was parsed before it became an act. */
	if (json_parse(a->args, strlen(a->args), &ret->args) != OK)
		fatal("the arguments of act %s are damaged", a->id);
	judging_find_layers(ret);
	ret->ports = (struct policy_ports){.arg = ret,
	    .fact = port_fact,
	    .used = port_used,
	    .spent = port_spent,
	    .granted = port_granted};
	ret->q = (struct policy_question){.tool = a->tool,
	    .effect = a->effect,
	    .args = ret->args,
	    .principal = a->principal,
	    .agent = a->agent_id[0] != '\0' ? a->agent_id : "house",
	    .client = a->client[0] != '\0' ? a->client : NULL,
	    .labels = c->labels,
	    .minute = judge_minute(j),
	    .ports = &ret->ports};
	memcpy(ret->q.cost, c->cost, sizeof(ret->q.cost));
	if (strncmp(a->tool, "home.", 5) == 0)
		name_entities(ret);
}

void
end_judging(struct judging *g)
{
	json_free(g->args);
	policy_free(g->scope);
}

static void
ask_by_house(struct judgement *v, int keys, const char *rule)
{
	v->verdict = VERDICT_ASK;
	v->keys = keys;
	v->ttl_s = SHEET_LIFE_S;
	snprintf(v->rules, sizeof(v->rules), "%s", rule);
}

/* The role that acts believes only signatures: what is allowed by a rule
 * alone must be asked all the same, unless a grant stands for it.  Money
 * takes two, and no grant. */
static void
demand_signature(struct judging *g, struct judgement *v)
{
	if (v->verdict == VERDICT_DENY)
		return;
	if (g->c->act->effect == EFFECT_MONEY) {
		if (v->verdict == VERDICT_ALLOW)
			ask_by_house(v, 2, RULE_SIGNATURE);
		v->keys = 2;
		return;
	}
	if (v->verdict != VERDICT_ALLOW)
		return;
	if (g->grant == NULL)
		g->grant = grants_find(g->judge, g->c, g->args, RULE_SIGNATURE);
	if (g->grant == NULL)
		ask_by_house(v, 1, RULE_SIGNATURE);
}

static bool
is_harmless(const struct act *a)
{
	return a->effect == EFFECT_READ && strncmp(a->tool, "house.", 6) == 0;
}

/* Who wished it was revoked since, or its time is over. */
static bool
is_orphan(const struct judging *g)
{
	const char *name = g->c->act->client;
	const struct client *c =
	    trust_client_by_name(g->judge->setup.trust, name);

	return name[0] != '\0' &&
	    (c == NULL || !client_is_live(c, judge_wall_ms(g->judge)));
}

static bool
is_stopped(const struct judging *g, struct judgement *v)
{
	const struct safety *s = &g->judge->safety;

	if (is_orphan(g)) {
		v->verdict = VERDICT_DENY;
		v->keys = 1;
		snprintf(v->rules, sizeof(v->rules), RULE_GONE);
		return true;
	}
	/* Without the box's own layer the others would decide alone. */
	if ((safety_is_free(s) && all_readable(g->judge)) ||
	    is_harmless(g->c->act))
		return false;
	v->verdict = VERDICT_DENY;
	v->keys = 1;
	snprintf(v->rules, sizeof(v->rules), "%s",
	    s->halted ? RULE_HALTED : RULE_SAFE);
	return true;
}

static void
digest_policies(const struct judging *g, struct digest *ret)
{
	struct crypto_part parts[LAYERS_MAX];
	size_t n = 0;
	size_t i;

	for (i = 0; i < g->judge->n_policies; i++) {
		const struct judge_policy *p = &g->judge->policies[i];
		size_t k;

		for (k = 0; k < g->n_layers; k++)
			if (g->layers[k].policy == p->rules)
				parts[n++] = (struct crypto_part){
				    p->digest.b, DIGEST_LEN};
	}
	/* Of one layer, the usual case, it is the policy's own. */
	if (n == 1)
		memcpy(ret->b, parts[0].p, DIGEST_LEN);
	else
		crypto_hash_parts(parts, n, ret);
}

/* People are told which of them it was. */
static void
name_denied(const struct judging *g, char ret[NAME_MAX_LEN + 1])
{
	struct policy_question q = g->q;
	size_t i;

	q.n_entities = 1;
	for (i = 0; i < g->q.n_entities && g->q.n_entities > 1; i++) {
		q.entities = &g->q.entities[i];
		if (policy_decide(&q, g->layers, g->n_layers).verdict !=
		    VERDICT_DENY)
			continue;
		memcpy(ret, g->named.name[i], sizeof(g->named.name[i]));
		return;
	}
}

struct judgement
judge_decide(struct judge *j, const struct judge_case *c)
{
	struct judgement v;
	struct policy_answer a;
	struct judging g;
	struct buf rules;

	memset(&v, 0, sizeof(v));
	begin_judging(j, c, &g);
	digest_policies(&g, &v.policies);
	if (!is_stopped(&g, &v)) {
		a = policy_decide(&g.q, g.layers, g.n_layers);
		v.verdict = a.verdict;
		v.keys = a.keys;
		v.cli_key = a.cli_key;
		v.ttl_s = a.ttl_s;
		if (v.verdict == VERDICT_DENY)
			name_denied(&g, v.entity);
		buf_init(&rules, sizeof(v.rules) - 1);
		policy_spoke_text(&a, g.layers, g.n_layers, &rules);
		snprintf(v.rules, sizeof(v.rules), "%s", rules.p);
		buf_done(&rules);
		if (effect_needs_yes(c->act->effect))
			demand_signature(&g, &v);
		if (c->unpriced && v.verdict == VERDICT_ALLOW)
			ask_by_house(&v, 1, RULE_PRICE);
		v.grant = v.verdict == VERDICT_ALLOW ? g.grant : NULL;
	}
	end_judging(&g);
	return v;
}

void
judge_explain(struct judge *j, const struct judge_case *c, struct buf *out)
{
	struct judgement v = judge_decide(j, c);
	const char *instead = "";
	char words[384];
	struct judging g;

	if (strcmp(v.rules, RULE_HALTED) == 0)
		buf_adds(out,
		    "Nothing is done now: the house was halted. An owner "
		    "says 'durward resume'.\n");
	else if (strcmp(v.rules, RULE_SAFE) == 0)
		buf_adds(out,
		    "Nothing is done now: the house is in safe mode. "
		    "'durward doctor' says why, and how to leave it.\n");
	else if (strcmp(v.rules, RULE_SIGNATURE) == 0)
		instead = words;
	else if (strcmp(v.rules, RULE_PRICE) == 0)
		instead =
		    "Nobody has said what this model costs today, so it is "
		    "asked each time; 'durward model price' says it.\n";
	snprintf(words, sizeof(words),
	    "The rules let %s pass, but no rule alone does an act of effect "
	    "%s: it takes the signature of %s.\n",
	    c->act->tool, effect_name(c->act->effect),
	    v.keys > 1
		? "two clients"
		: "a client, or a grant ('durward approve ACT --always')");
	begin_judging(j, c, &g);
	policy_explain(&g.q, g.layers, g.n_layers, instead, out);
	grants_explain(j, c, g.args, out);
	end_judging(&g);
	if (v.grant != NULL)
		buf_addf(out, "  The grant %.8s of rule %.*s stands for it.\n",
		    v.grant->grant.id, (int)v.grant->grant.rule.len,
		    v.grant->grant.rule.p);
}

void
judge_labels(struct judge *j, const struct judge_case *c, struct names *ret)
{
	struct judging g;

	begin_judging(j, c, &g);
	policy_labels(&g.q, g.layers, g.n_layers, ret);
	end_judging(&g);
}

void
judge_sinks(struct judge *j, const struct judge_case *c, struct names *ret)
{
	struct judging g;

	begin_judging(j, c, &g);
	policy_sinks(&g.q, g.layers, g.n_layers, ret);
	end_judging(&g);
}
