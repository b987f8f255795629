/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automations/automations_priv.h"
#include "base/log.h"
#include "sys/clock.h"

/* The list, and how it is kept. */

struct automations *
automations_new(const struct automations_setup *s)
{
	struct automations *as = xalloc(sizeof(*as));

	as->s = *s;
	return as;
}

struct held *
automations_find(const struct automations *as, const char *name)
{
	size_t i;

	for (i = 0; i < as->n; i++)
		if (strcmp(as->list[i]->name, name) == 0)
			return as->list[i];
	return NULL;
}

struct held *
automations_make(struct automations *as, const char *name)
{
	struct held *h = automations_find(as, name);

	if (h != NULL || as->n == AUTOMATIONS_MAX || !automation_is_name(name))
		return h;
	h = xalloc(sizeof(*h));
	snprintf(h->name, sizeof(h->name), "%s", name);
	h->holds = HOLDS_UNKNOWN;
	h->next_ms = INT64_MAX;
	as->list[as->n++] = h;
	return h;
}

void
automations_forget(struct automations *as, struct held *h)
{
	size_t i;

	for (i = 0; i < as->n; i++)
		if (as->list[i] == h)
			break;
	as->n--;
	memmove(
	    &as->list[i], &as->list[i + 1], (as->n - i) * sizeof(as->list[0]));
	automation_free(h->a);
	json_free(h->said);
	free(h->text);
	free(h);
}

enum err
document_fits(const struct json *document, struct errmsg *why)
{
	struct buf b;
	bool fits;

	buf_init(&b, AUTOMATION_TEXT_MAX);
	json_canonical(document, &b);
	fits = !b.overflow;
	buf_done(&b);
	return fits
	    ? OK
	    : err_say(why, ERR_INPUT, "an automation has at most %d bytes",
		  AUTOMATION_TEXT_MAX);
}

enum err
held_take(struct held *h, const struct json *document, int64_t version,
    struct errmsg *why)
{
	struct automation *a;
	struct buf b;
	enum err e = document_fits(document, why);

	if (e == OK)
		e = automation_read(document, &a, why);
	if (e != OK)
		return e;
	buf_init(&b, AUTOMATION_TEXT_MAX);
	json_canonical(document, &b);
	automation_free(h->a);
	json_free(h->said);
	free(h->text);
	h->said = NULL;
	h->unread = false;
	h->a = a;
	h->text = buf_steal(&b);
	h->version = version;
	if (version > h->last)
		h->last = version;
	return OK;
}

bool
held_is_signed(const struct automations *as, const struct held *h)
{
	const struct client *c = trust_client_by_name(as->s.trust, h->client);

	return c != NULL && c->role == CLIENT_OWNER &&
	    client_is_live(c, judge_wall_ms(as->s.judge));
}

const struct json *
held_value(const struct automations *as, const struct held *h)
{
	const struct automation_test *t = &h->a->test;

	return automation_has_topic(h->a)
	    ? h->said
	    : devices_value(as->s.devices, t->entity, t->value);
}

void
held_begin(struct automations *as, struct held *h)
{
	memset(&h->fired, 0, sizeof(h->fired));
	memset(&h->low, 0, sizeof(h->low));
	h->holds = HOLDS_UNKNOWN;
	h->next_ms = INT64_MAX;
	if (!h->a->is_timed)
		h->holds =
		    automation_test_holds(&h->a->test, held_value(as, h));
}

/* ---- What was there when the house ended ---- */

static void
load_place(struct automations *as, const char *value)
{
	char lat[32] = "";
	char lon[32] = "";

	if (sscanf(value, "%31s %31s", lat, lon) != 2 ||
	    !automation_read_degrees(lat, 90, &as->place.lat) ||
	    !automation_read_degrees(lon, 180, &as->place.lon))
		return;
	as->place.known = true;
	snprintf(as->place_text, sizeof(as->place_text), "%s", value);
}

static void
load_setting(struct automations *as, const struct json *row)
{
	const char *scope = json_words(row, "scope");
	const char *value = json_words(row, "value");
	struct held *h;

	if (strcmp(scope, SCOPE_HOME) == 0 &&
	    strcmp(json_words(row, "name"), "place") == 0)
		load_place(as, value);
	if (strcmp(scope, SCOPE_OFF) != 0 && strcmp(scope, SCOPE_DONE) != 0)
		return;
	h = automations_make(as, json_words(row, "name"));
	if (h == NULL)
		return;
	if (strcmp(scope, SCOPE_OFF) == 0)
		snprintf(h->off, sizeof(h->off), "%s", value);
	else
		h->done_ms = strtoll(value, NULL, 10);
}

static void
load_version(struct automations *as, const struct json *row)
{
	struct held *h = automations_make(as, json_words(row, "scope"));
	const char *body = json_words(row, "body");
	struct errmsg why = {""};
	struct json *v = NULL;

	if (h == NULL || json_parse(body, strlen(body), &v) != OK ||
	    held_take(h, v, json_int(row, "n", 0), &why) != OK)
		log_err("the automation '%s' cannot be read: %s",
		    json_words(row, "scope"), why.text);
	json_free(v);
	if (h == NULL)
		return;
	h->last = json_int(row, "last", 0);
	snprintf(h->client, sizeof(h->client), "%s", json_words(row, "client"));
}

void
automations_load(
    struct automations *as, enum ledger_row table, const struct json *row)
{
	if (table == ROW_SETTING)
		load_setting(as, row);
	else if (table == ROW_ACTIVE_VERSION &&
	    strcmp(json_words(row, "kind"), "automation") == 0)
		load_version(as, row);
}

void
automations_start(struct automations *as)
{
	size_t i;

	as->started = true;
	for (i = as->n; i-- > 0;)
		if (as->list[i]->a == NULL)
			automations_forget(as, as->list[i]);
		else
			held_begin(as, as->list[i]);
	automations_look(as);
}
