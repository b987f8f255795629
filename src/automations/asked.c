/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "automations/automations_priv.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "home/command.h"
#include "offline/offline.h"
#include "sys/clock.h"

/* What clients ask and command. */

#define KIND "automation"

void
held_setting(
    struct record *r, const char *scope, const char *name, const char *value)
{
	struct json *row = json_object();

	json_put_str(row, "scope", scope);
	json_put_str(row, "name", name);
	json_put_str(row, "value", value);
	record_row(r, value[0] != '\0' ? ROW_SETTING : ROW_SETTING_GONE, row);
}

static enum err
check_owner(const struct request *k, struct errmsg *why)
{
	return k->client->role == CLIENT_OWNER
	    ? OK
	    : err_say(why, ERR_DENIED, "only an owner changes automations");
}

/* Which there are may be about to change. */
static enum err
check_free(
    const struct automations *as, const struct request *k, struct errmsg *why)
{
	enum err e = check_owner(k, why);

	if (e == OK && as->changing.request != 0)
		e = err_say(why, ERR_BUSY,
		    "automations are being changed; try again in a moment");
	return e;
}

static struct held *
named(struct automations *as, const struct request *k, struct errmsg *why)
{
	struct held *h = automations_find(as, json_words(k->params, "name"));

	if (h == NULL)
		err_say(why, ERR_NOTFOUND,
		    "there is no automation '%.40s'; 'durward automation' "
		    "lists them",
		    json_words(k->params, "name"));
	return h;
}

static struct json *
log_body(const struct held *h, const char *client)
{
	struct json *body = json_object();

	json_put_str(body, "name", h->name);
	json_put_int(body, "version", h->version);
	json_put_str(body, "by", client);
	return body;
}

/* ---- Adding ---- */

/* Can the value ever be so? */
static bool
is_possible(const struct home_domain *d, const struct automation_test *t)
{
	size_t i;

	if (d->kind == HOME_NUMBER)
		return json_is_number(t->wanted);
	if (t->op != OP_IS || !json_is_string(t->wanted))
		return false;
	for (i = 0; i < d->n_options; i++)
		if (strcmp(d->options[i].name, json_text(t->wanted)) == 0)
			return true;
	return d->kind == HOME_TEXT;
}

static enum err
check_test(const struct automations *as, const struct automation_test *t,
    struct errmsg *why)
{
	const struct entity *e = devices_entity(as->s.devices, t->entity);
	int n = e != NULL ? entity_value(e, t->value) : -1;
	struct buf b;
	size_t i;

	if (e == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "the home has no '%.64s'; 'durward home' lists what is "
		    "there",
		    t->entity);
	if (n >= 0 && is_possible(&e->values[n].domain, t))
		return OK;
	buf_init(&b, RECORD_MAX_LEN);
	for (i = 0; i < e->n_values && n < 0; i++)
		buf_addf(&b, "%s%s", i > 0 ? ", " : "", e->values[i].name);
	if (n >= 0)
		home_domain_words(&e->values[n].domain, &b);
	err_say(why, ERR_INPUT,
	    n >= 0 ? "the %.40s of %.64s is %.200s, and never what is tested"
		   : "there is no value '%.40s' of %.64s; it has: %.200s",
	    t->value, t->entity, b.p != NULL ? b.p : "none");
	buf_done(&b);
	return ERR_INPUT;
}

/* With what stands in the place of a room now. */
static enum err
check_call(const struct automations *as, const char *tool,
    const struct json *args, enum effect *ret, struct errmsg *why)
{
	bool is_room = strcmp(tool, HOME_TOOL ".set") == 0 &&
	    (json_has(args, "area") || json_has(args, "kind"));
	struct json *chosen = NULL;
	enum err e = OK;

	if (is_room)
		e = devices_choose(as->s.devices, args, &chosen, why);
	if (e == OK)
		e = runs_check_call(
		    as->s.runs, tool, chosen != NULL ? chosen : args, ret, why);
	json_free(chosen);
	return e;
}

enum err
automation_is_harmless(const struct automations *as, const struct automation *a,
    bool *ret, struct errmsg *why)
{
	struct offline_call c;
	enum effect effect;
	struct json *args;
	enum err e;

	if (offline_call(a->goal, &c) != OK ||
	    json_parse(c.args, strlen(c.args), &args) != OK)
		return err_say(why, ERR_INPUT,
		    "then.call: a function like home.set is wanted");
	e = check_call(as, c.tool, args, &effect, why);
	json_free(args);
	if (e == OK)
		*ret = effect == EFFECT_READ || effect == EFFECT_REVERSIBLE;
	return e;
}

/* What others command the home with is not for it to read. */
static enum err
check_topic(const struct automations *as, const char *topic, struct errmsg *why)
{
	return devices_hear(as->s.devices, topic)
	    ? err_say(why, ERR_INPUT,
		  "when.topic: a device of the home is commanded there; what "
		  "it says itself stands on another topic")
	    : OK;
}

/* Would it do anything at all? */
static enum err
check_parts(const struct automations *as, const struct automation *a,
    struct errmsg *why)
{
	bool harmless;
	enum err e = OK;
	size_t i;

	if (automation_has_topic(a))
		e = check_topic(as, a->topic.name, why);
	else if (!a->is_timed)
		e = check_test(as, &a->test, why);
	else if (a->time.base != AT_CLOCK && !as->place.known)
		e = err_say(why, ERR_STATE,
		    "the house does not know where it is, so it knows no "
		    "sunrise and sunset; 'durward home place LATITUDE "
		    "LONGITUDE' says it");
	for (i = 0; i < a->n_ifs && e == OK; i++)
		if (!a->ifs[i].is_hours)
			e = check_test(as, &a->ifs[i].test, why);
	if (e != OK || !a->is_call)
		return e;
	e = automation_is_harmless(as, a, &harmless, why);
	if (e != OK || harmless || automation_rate_is_low(&a->rate))
		return e;
	return err_say(why, ERR_INPUT,
	    "rate: more than %d/min is for what only reads or can be undone",
	    AUTOMATION_LOW_TIMES);
}

static void
record_version(struct record *r, const struct held *h)
{
	struct json *row = json_object();
	struct json *active = json_object();
	struct json *body = log_body(h, h->client);
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	crypto_hash(h->text, strlen(h->text), &d);
	digest_hex(&d, hex);
	json_put_str(row, "kind", KIND);
	json_put_str(row, "scope", h->name);
	json_put_int(row, "n", h->version);
	json_put_str(active, "kind", KIND);
	json_put_str(active, "scope", h->name);
	json_put_int(active, "n", h->version);
	json_put_str(row, "digest", hex);
	json_put_str(row, "body", h->text);
	json_put_str(row, "client", h->client);
	json_put_int(row, "wall_ms", clock_wall_ms());
	record_row(r, ROW_VERSION, row);
	record_row(r, ROW_ACTIVE, active);
	json_put_str(body, "document", h->text);
	record_log(r, "automation-added", NULL, NULL, body);
}

void
automations_keep(struct automations *as, const char *client, int64_t request,
    const struct json *document, struct record *r)
{
	struct held *h = automations_make(as, json_words(document, "name"));
	struct errmsg why = {""};
	char value[24];

	if (h == NULL || held_take(h, document, h->last + 1, &why) != OK)
		fatal("an automation that was checked is none: %s", why.text);
	snprintf(h->client, sizeof(h->client), "%s", client);
	h->off[0] = '\0';
	h->done_ms = judge_wall_ms(as->s.judge);
	held_begin(as, h);
	record_version(r, h);
	held_setting(r, SCOPE_OFF, h->name, "");
	snprintf(value, sizeof(value), "%lld", (long long)h->done_ms);
	held_setting(r, SCOPE_DONE, h->name, value);
	request_confirm(as->s.requests, request, r);
	automations_look(as);
}

/* All that can be wrong with it is told before anybody trusts it. */
static enum err
check_document(const struct automations *as, const struct json *document,
    const struct automation *a, struct errmsg *why)
{
	enum err e = check_parts(as, a, why);
	size_t i = 0;

	if (e == OK)
		e = document_fits(document, why);
	while (i < as->n && strcmp(as->list[i]->name, a->name) != 0)
		i++;
	return e == OK && i == AUTOMATIONS_MAX
	    ? err_say(why, ERR_LIMIT,
		  "there are %d automations already; remove one",
		  AUTOMATIONS_MAX)
	    : e;
}

enum err
automations_add(void *room, const struct request *k, struct errmsg *why)
{
	struct automations *as = room;
	const struct json *document = json_get(k->params, "automation");
	struct automation *a;
	enum err e = check_free(as, k, why);

	if (e == OK)
		e = automation_read(document, &a, why);
	if (e != OK)
		return e;
	e = check_document(as, document, a, why);
	if (e == OK && trusted_is_needed(as, a->name, a))
		e = trusted_ask(as, k, a->name, document, why);
	else if (e == OK)
		automations_keep(as, k->client->name, k->id, document,
		    record_new(as->s.requests->ledger));
	automation_free(a);
	return e;
}

/* ---- Removing, and switching ---- */

static struct json *
row_of(const char *scope)
{
	struct json *row = json_object();

	json_put_str(row, "kind", KIND);
	json_put_str(row, "scope", scope);
	json_put_int(row, "n", 0);
	return row;
}

void
automations_drop(struct automations *as, const char *client, int64_t request,
    const char *name, struct record *r)
{
	struct held *h = automations_find(as, name);

	if (h != NULL) {
		record_row(r, ROW_ACTIVE_GONE, row_of(h->name));
		record_row(r, ROW_VERSION_GONE, row_of(h->name));
		held_setting(r, SCOPE_OFF, h->name, "");
		held_setting(r, SCOPE_DONE, h->name, "");
		record_log(
		    r, "automation-removed", NULL, NULL, log_body(h, client));
		automations_forget(as, h);
	}
	request_confirm(as->s.requests, request, r);
}

enum err
automations_remove(void *room, const struct request *k, struct errmsg *why)
{
	struct automations *as = room;
	const char *name = json_words(k->params, "name");
	enum err e = check_free(as, k, why);

	if (e != OK)
		return e;
	/* Also one of which the vault alone knows, behind a kill. */
	if (trusted_is_needed(as, name, NULL))
		return trusted_ask(as, k, name, NULL, why);
	if (named(as, k, why) == NULL)
		return ERR_NOTFOUND;
	automations_drop(as, k->client->name, k->id, name,
	    record_new(as->s.requests->ledger));
	return OK;
}

static enum err
switch_it(struct automations *as, const struct request *k, bool on,
    struct errmsg *why)
{
	enum err e = check_owner(k, why);
	struct json *body;
	struct record *r;
	struct held *h;

	if (e != OK)
		return e;
	h = named(as, k, why);
	if (h == NULL)
		return ERR_NOTFOUND;
	h->off[0] = '\0';
	if (!on)
		snprintf(h->off, sizeof(h->off), "%s switched it off",
		    k->client->name);
	else
		held_begin(as, h);
	body = log_body(h, k->client->name);
	r = record_new(as->s.requests->ledger);
	record_log(
	    r, on ? "automation-on" : "automation-off", NULL, NULL, body);
	held_setting(r, SCOPE_OFF, h->name, h->off);
	request_confirm(as->s.requests, k->id, r);
	automations_look(as);
	return OK;
}

enum err
automations_enable(void *room, const struct request *k, struct errmsg *why)
{
	return switch_it(room, k, true, why);
}

enum err
automations_disable(void *room, const struct request *k, struct errmsg *why)
{
	return switch_it(room, k, false, why);
}

/* ---- The place ---- */

enum err
automations_place(void *room, const struct request *k, struct errmsg *why)
{
	struct automations *as = room;
	const char *lat = json_words(k->params, "lat");
	const char *lon = json_words(k->params, "lon");
	struct automation_place p = {.known = true};
	enum err e = check_owner(k, why);
	struct json *body;
	struct record *r;

	if (e != OK)
		return e;
	if (strlen(lat) > 24 || strlen(lon) > 24 ||
	    !automation_read_degrees(lat, 90, &p.lat) ||
	    !automation_read_degrees(lon, 180, &p.lon))
		return err_say(why, ERR_INPUT,
		    "a place is a latitude from -90 to 90 and a longitude "
		    "from -180 to 180, in degrees: 52.52 13.405");
	as->place = p;
	snprintf(as->place_text, sizeof(as->place_text), "%s %s", lat, lon);
	body = json_object();
	json_put_str(body, "place", as->place_text);
	json_put_str(body, "by", k->client->name);
	r = record_new(as->s.requests->ledger);
	record_log(r, "home-place", NULL, NULL, body);
	held_setting(r, SCOPE_HOME, "place", as->place_text);
	request_confirm(as->s.requests, k->id, r);
	automations_look(as);
	return OK;
}

/* ---- Looking ---- */

static struct json *
describe(const struct automations *as, const struct held *h, bool whole)
{
	struct json *v = json_object();
	struct buf b;

	buf_init(&b, 16 * AUTOMATION_TEXT_MAX);
	automation_say(h->a, &b);
	json_put_str(v, "name", h->name);
	json_put_strn(
	    v, "text", b.p, whole ? b.len : str_cut(b.p, AUTOMATION_SHOWN_MAX));
	json_put_str(v, "by", h->client);
	json_put_int(v, "version", h->version);
	json_put_str(v, "off",
	    h->off[0] != '\0'            ? h->off
		: !held_is_signed(as, h) ? "who signed it is no owner any more"
		: !held_is_trusted(as, h)
		? "it is not as it was signed; add it again"
		: "");
	if (h->next_ms != INT64_MAX)
		json_put_int(v, "next_ms", h->next_ms);
	if (h->said != NULL)
		json_put(v, "value", json_copy(h->said));
	if (whole)
		json_put_str(v, "document", h->text);
	buf_done(&b);
	return v;
}

void
automations_query(void *room, const struct request *q)
{
	struct automations *as = room;
	const char *name = json_str(q->params, "name");
	struct json *v = json_object();
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < as->n; i++)
		if (as->list[i]->a != NULL &&
		    (name == NULL || strcmp(name, as->list[i]->name) == 0))
			json_push(
			    list, describe(as, as->list[i], name != NULL));
	json_put_str(v, "place", as->place_text);
	json_put(v, "automations", list);
	request_answer(as->s.requests, q->id, v);
}
