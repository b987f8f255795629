/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "rules/rules_priv.h"

/*
 * What owners say of models: which of them a role asks, and what they cost.
 * Each is a setting, a log entry of the owner's words, and what is in force
 * from then on.
 */

#define SCOPE_USE "model"
#define SCOPE_PRICE "price"

void
rules_load_model(struct rules *rs, const struct json *row)
{
	const char *scope = json_words(row, "scope");
	const char *value = json_words(row, "value");
	struct errmsg why = {""};
	struct price p;
	enum err e = OK;

	if (strcmp(scope, SCOPE_USE) == 0 &&
	    roster_is_role(json_words(row, "name"))) {
		e = roster_use(
		    rs->s.roster, json_words(row, "name"), value, &why);
	} else if (strcmp(scope, SCOPE_PRICE) == 0 &&
	    strchr(json_words(row, "name"), '/') != NULL) {
		e = price_read((struct str){value, strlen(value)}, &p, &why);
		if (e == OK)
			e = roster_put_price(rs->s.roster, &p, &why);
	}
	if (e != OK)
		log_warn("a setting of models is not taken: %s", why.text);
}

static void
put_setting(
    struct record *r, const char *scope, const char *name, const char *value)
{
	struct json *row = json_object();

	json_put_str(row, "scope", scope);
	json_put_str(row, "name", name);
	json_put_str(row, "value", value);
	record_row(r, ROW_SETTING, row);
}

static bool
is_offered(const struct rules *rs, const char *ref)
{
	char provider[NAME_MAX_LEN + 1];
	const char *model;
	struct slot *t;

	if (roster_split(ref, provider, &model) != OK)
		return false;
	t = slots_find(rs->s.slots, provider);
	return t != NULL && manifest_is_provider(slot_manifest(t)) &&
	    manifest_model(slot_manifest(t), model) != NULL;
}

static enum err
check_offered(const struct rules *rs, const char *list, struct errmsg *why)
{
	char ref[MODEL_REF_SIZE];

	while (roster_next(&list, ref))
		if (!is_offered(rs, ref))
			return err_say(why, ERR_NOTFOUND,
			    "no provider here offers '%.120s'; 'durward model "
			    "list' says which models there are",
			    ref);
	return OK;
}

static enum err
check_owner(const struct request *k, struct errmsg *why)
{
	return k->client->role == CLIENT_OWNER
	    ? OK
	    : err_say(why, ERR_DENIED,
		  "only an owner says which models are asked and what they "
		  "cost");
}

/* body: {"role", "models"}; without models, any of them again. */
enum err
rules_use_models(void *room, const struct request *k, struct errmsg *why)
{
	struct rules *rs = room;
	const char *role = json_words(k->params, "role");
	const char *models = json_words(k->params, "models");
	struct json *body;
	struct record *r;
	enum err e = check_owner(k, why);

	if (e == OK)
		e = check_offered(rs, models, why);
	if (e == OK)
		e = roster_use(rs->s.roster, role, models, why);
	if (e != OK)
		return e;
	body = json_object();
	json_put_str(body, "role", role);
	json_put_str(body, "models", models);
	json_put_str(body, "name", k->client->name);
	r = record_new(rs->s.requests->ledger);
	record_log(r, "models-used", NULL, NULL, body);
	put_setting(r, SCOPE_USE, role, models);
	request_confirm(rs->s.requests, k->id, r);
	return OK;
}

/* ---- Prices ---- */

static enum err
read_rows(const struct json *rows, struct price *ret, size_t *ret_n,
    struct errmsg *why)
{
	const struct json *row = json_first(rows);
	enum err e = OK;
	size_t n = 0;

	if (!json_is_array(rows) || json_count(rows) == 0 ||
	    json_count(rows) > PRICES_AT_ONCE_MAX)
		return err_say(why, ERR_INPUT, "there are 1 to %d prices in it",
		    PRICES_AT_ONCE_MAX);
	for (; row != NULL && e == OK; row = json_next(row)) {
		const char *text = json_text(row);

		if (text == NULL)
			return err_say(why, ERR_INPUT, "a price is a text");
		e = price_read(
		    (struct str){text, strlen(text)}, &ret[n++], why);
	}
	*ret_n = n;
	return e;
}

static void
put_price_row(struct record *r, const struct price *p, struct json *list)
{
	char day[PRICE_DAY_SIZE];
	struct buf name;
	struct buf b;

	price_day_write(p->day, day);
	buf_init(&name, 2 * MODEL_REF_SIZE);
	buf_addf(&name, "%s %s", p->model, day);
	buf_init(&b, 2 * MODEL_REF_SIZE);
	price_write(p, &b);
	put_setting(r, SCOPE_PRICE, name.p, b.p);
	json_push(list, json_string(b.p));
	buf_done(&name);
	buf_done(&b);
}

/* body: {"rows": ["openai/gpt-5-nano 2026-09-22 in=0.05 out=0.4", ...]} */
enum err
rules_price_models(void *room, const struct request *k, struct errmsg *why)
{
	struct rules *rs = room;
	struct price rows[PRICES_AT_ONCE_MAX];
	struct json *body;
	struct json *list;
	struct record *r;
	size_t n = 0;
	size_t i;
	enum err e = check_owner(k, why);

	if (e == OK)
		e = read_rows(json_get(k->params, "rows"), rows, &n, why);
	/* What there is room for stands, should there be none for the rest. */
	for (i = 0; i < n && e == OK; i++)
		e = roster_put_price(rs->s.roster, &rows[i], why);
	if (e != OK)
		n = i > 0 && e == ERR_LIMIT ? i - 1 : 0;
	if (n == 0)
		return e;
	list = json_array();
	r = record_new(rs->s.requests->ledger);
	for (i = 0; i < n; i++)
		put_price_row(r, &rows[i], list);
	body = json_object();
	json_put(body, "prices", list);
	json_put_str(body, "name", k->client->name);
	record_log(r, "models-priced", NULL, NULL, body);
	if (e != OK) {
		record_post(r, true, NULL, NULL, NULL);
		return e;
	}
	request_confirm(rs->s.requests, k->id, r);
	return OK;
}

/* ---- Looking ---- */

static struct json *
model_json(
    struct rules *rs, const char *provider, const struct manifest_model *m)
{
	int64_t today = price_day(judge_wall_ms(rs->s.judge));
	struct json *row = json_object();
	char ref[MODEL_REF_SIZE];
	const struct price *p;
	struct buf b;

	snprintf(ref, sizeof(ref), "%s/%s", provider, m->name);
	p = roster_price(rs->s.roster, ref, today);
	json_put_str(row, "model", m->name);
	json_put_int(row, "context", m->context);
	json_put_int(
	    row, "tokens", judge_tallied(rs->s.judge, ref, DIM_TOKENS));
	json_put_int(
	    row, "usd_millionths", judge_tallied(rs->s.judge, ref, DIM_USD));
	if (p != NULL) {
		buf_init(&b, 2 * MODEL_REF_SIZE);
		price_write(p, &b);
		json_put_str(row, "price", b.p + strlen(ref) + 1);
		buf_done(&b);
	}
	return row;
}

int64_t
rules_spent(struct rules *rs)
{
	int64_t sum = 0;
	struct slot *t;
	size_t i;
	size_t j;

	for (i = 0; (t = slots_at(rs->s.slots, i)) != NULL; i++) {
		const struct manifest *m = slot_manifest(t);
		char ref[MODEL_REF_SIZE];

		if (!manifest_is_provider(m))
			continue;
		for (j = 0; j < m->provider.n_models; j++) {
			snprintf(ref, sizeof(ref), "%s/%s", m->name,
			    m->provider.models[j].name);
			sum += judge_tallied(rs->s.judge, ref, DIM_USD);
		}
	}
	return sum;
}

static const char *
state_of(const struct rules *rs, const struct slot *t)
{
	const struct manifest *m = slot_manifest(t);

	if (slot_is_disabled(t))
		return "disabled";
	return trust_has_manifest(rs->s.trust, m->name, &m->digest)
	    ? "signed"
	    : "not-signed";
}

static struct json *
provider_json(struct rules *rs, const struct slot *t)
{
	const struct manifest *m = slot_manifest(t);
	struct json *row = json_object();
	struct json *list = json_array();
	size_t i;

	json_put_str(row, "provider", m->name);
	json_put_str(row, "state", state_of(rs, t));
	json_put_str(row, "dialect", dialect_name(m->provider.dialect));
	json_put_str(row, "url", m->provider.url);
	json_put_str(row, "place", m->provider.cloud ? "cloud" : "house");
	if (m->n_secrets > 0)
		json_put_str(row, "key", m->secrets[0].name);
	for (i = 0; i < m->provider.n_models; i++)
		json_push(
		    list, model_json(rs, m->name, &m->provider.models[i]));
	json_put(row, "models", list);
	return row;
}

/* {"providers", "roles", "prices"} */
void
rules_query_models(void *room, const struct request *q)
{
	struct rules *rs = room;
	struct json *v = json_object();
	struct json *providers = json_array();
	struct json *roles = json_object();
	struct json *prices = json_array();
	const struct price *p;
	struct slot *t;
	struct buf b;
	size_t i;

	for (i = 0; (t = slots_at(rs->s.slots, i)) != NULL; i++)
		if (manifest_is_provider(slot_manifest(t)))
			json_push(providers, provider_json(rs, t));
	for (i = 0; roster_role(i) != NULL; i++)
		json_put_str(roles, roster_role(i),
		    roster_list(rs->s.roster, roster_role(i)));
	for (i = 0; (p = roster_price_at(rs->s.roster, i)) != NULL; i++) {
		buf_init(&b, 2 * MODEL_REF_SIZE);
		price_write(p, &b);
		json_push(prices, json_string(b.p));
		buf_done(&b);
	}
	json_put(v, "providers", providers);
	json_put(v, "roles", roles);
	json_put(v, "prices", prices);
	request_answer(rs->s.requests, q->id, v);
}
