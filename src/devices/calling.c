/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "devices/devices_priv.h"
#include "words/words.h"

/*
 * The rooms of things, and other names for them, as an owner says them.  They
 * help to find a thing and to say which one is meant, and allow nothing: what
 * is judged and signed is the entity.
 */

#define CALLED "called" /* The name of the setting. */
#define CALLED_TEXT_MAX (8 * 1024)

static size_t
place_of(const struct devices *d, const char *key)
{
	size_t i = 0;

	while (i < d->n_called && strcmp(d->called[i]->key, key) != 0)
		i++;
	return i;
}

const struct called *
devices_called(const struct devices *d, const char *key)
{
	size_t i = place_of(d, key);

	return i < d->n_called ? d->called[i] : NULL;
}

const char *
device_area(const struct device *one)
{
	return one->called != NULL && one->called->area[0] != '\0'
	    ? one->called->area
	    : one->entity->area;
}

static struct json *
aliases_of(const struct called *c)
{
	struct json *list = json_array();
	size_t i;

	for (i = 0; c != NULL && i < c->n_aliases; i++)
		json_push(list, json_string(c->aliases[i]));
	return list;
}

struct json *
device_aliases(const struct device *one)
{
	return aliases_of(one->called);
}

static bool
says_nothing(const struct called *c)
{
	return c->area[0] == '\0' && c->n_aliases == 0;
}

/* In the place of what was said of this key before. */
static enum err
keep(struct devices *d, const struct called *c)
{
	struct device *one = devices_by_key(d, c->key);
	size_t i = place_of(d, c->key);

	if (i == d->n_called && says_nothing(c))
		return OK;
	if (i == DEVICES_CALLED_MAX)
		return ERR_LIMIT;
	if (i == d->n_called)
		d->called[d->n_called++] = xalloc(sizeof(*c));
	*d->called[i] = *c;
	if (one != NULL)
		one->called = d->called[i];
	if (!says_nothing(c))
		return OK;
	free(d->called[i]);
	d->called[i] = d->called[--d->n_called];
	if (one != NULL)
		one->called = NULL;
	return OK;
}

enum err
devices_check_word(const char *text, struct errmsg *why)
{
	struct clean c;
	struct buf shown;
	bool plain;

	if (strlen(text) > DEVICE_WORD_MAX)
		return err_say(why, ERR_LIMIT,
		    "a room or a name has at most %d bytes", DEVICE_WORD_MAX);
	buf_init(&shown, 8 * DEVICE_WORD_MAX);
	json_escape_visible(&shown, text, strlen(text));
	plain = shown.p != NULL && strcmp(shown.p, text) == 0 &&
	    strpbrk(text, "\"\\") == NULL;
	buf_done(&shown);
	/* What is left of it when it is compared. */
	if (!plain || words_clean(text, false, &c) != OK || c.n == 0)
		return err_say(why, ERR_INPUT,
		    "a room or a name has letters or digits, and no quotes "
		    "or hidden characters");
	return OK;
}

/* ---- The row ---- */

static struct json *
row_of(const struct called *c)
{
	struct json *row = json_object();
	struct json *v = json_object();
	struct buf text;

	buf_init(&text, CALLED_TEXT_MAX);
	json_put_str(v, "area", c->area);
	json_put(v, "aliases", aliases_of(c));
	json_canonical(v, &text);
	json_put_str(row, "scope", c->key);
	json_put_str(row, "name", CALLED);
	json_put_str(row, "value", text.p);
	buf_done(&text);
	json_free(v);
	return row;
}

void
devices_load(struct devices *d, const struct json *row)
{
	const char *value = json_words(row, "value");
	struct called c = {.n_aliases = 0};
	const struct json *a;
	struct json *v;

	registry_load(d, row);
	floors_load(d, row);
	if (strcmp(json_words(row, "name"), CALLED) != 0 ||
	    strlen(json_words(row, "scope")) != HOME_KEY_LEN)
		return;
	if (json_parse(value, strlen(value), &v) != OK)
		return;
	snprintf(c.key, sizeof(c.key), "%s", json_words(row, "scope"));
	snprintf(c.area, sizeof(c.area), "%s", json_words(v, "area"));
	a = json_first(json_get(v, "aliases"));
	for (; a != NULL && c.n_aliases < DEVICE_ALIASES_MAX; a = json_next(a))
		snprintf(c.aliases[c.n_aliases++], sizeof(c.aliases[0]), "%s",
		    json_text(a));
	if (keep(d, &c) != OK)
		log_warn("more devices have rooms and names of their owner's "
			 "than this version can hold");
	json_free(v);
}

/* ---- Commands ---- */

static enum err
find_named(struct devices *d, const struct request *k, struct called *ret,
    struct errmsg *why)
{
	const char *id = json_words(k->params, "entity");
	const struct device *one = devices_by_id(d, id);

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "only an owner says what things of the home are called");
	if (one == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "the home has no entity '%.100s'; 'durward home' lists "
		    "what is there",
		    id);
	memset(ret, 0, sizeof(*ret));
	if (one->called != NULL)
		*ret = *one->called;
	snprintf(ret->key, sizeof(ret->key), "%s", one->entity->key);
	return OK;
}

/* It counts at once, and is on the disk before it is confirmed. */
static enum err
say(struct devices *d, const struct request *k, const struct called *c,
    struct errmsg *why)
{
	struct json *body;
	struct record *r;

	if (keep(d, c) != OK)
		return err_say(why, ERR_LIMIT,
		    "%d devices have rooms and names of yours already; take "
		    "some away first",
		    DEVICES_CALLED_MAX);
	body = json_object();
	json_put_str(body, "name", k->client->name);
	json_put_str(body, "entity", json_words(k->params, "entity"));
	json_put_str(body, "area", c->area);
	json_put(body, "aliases", aliases_of(c));
	r = record_new(d->s.requests->ledger);
	record_log(r, "home-called", NULL, NULL, body);
	record_row(
	    r, says_nothing(c) ? ROW_SETTING_GONE : ROW_SETTING, row_of(c));
	request_confirm(d->s.requests, k->id, r);
	return OK;
}

enum err
devices_set_area(void *room, const struct request *k, struct errmsg *why)
{
	const char *area = json_words(k->params, "area");
	struct devices *d = room;
	struct called c;
	enum err e = find_named(d, k, &c, why);

	if (e == OK && area[0] != '\0')
		e = devices_check_word(area, why);
	if (e != OK)
		return e;
	snprintf(c.area, sizeof(c.area), "%s", area);
	return say(d, k, &c, why);
}

static void
drop_alias(struct called *c, const char *alias)
{
	size_t i;

	for (i = 0; i < c->n_aliases; i++) {
		if (strcmp(c->aliases[i], alias) != 0)
			continue;
		memmove(c->aliases[i], c->aliases[--c->n_aliases],
		    sizeof(c->aliases[0]));
		return;
	}
}

enum err
devices_set_alias(void *room, const struct request *k, struct errmsg *why)
{
	const char *alias = json_words(k->params, "alias");
	struct devices *d = room;
	struct called c;
	size_t before;
	enum err e = find_named(d, k, &c, why);

	if (e == OK)
		e = devices_check_word(alias, why);
	if (e != OK)
		return e;
	before = c.n_aliases;
	drop_alias(&c, alias);
	if (json_flag(k->params, "remove") && c.n_aliases == before)
		return err_say(
		    why, ERR_NOTFOUND, "it is not called '%s'", alias);
	if (!json_flag(k->params, "remove")) {
		if (c.n_aliases == DEVICE_ALIASES_MAX)
			return err_say(why, ERR_LIMIT,
			    "it has %d other names already; take one away "
			    "with --remove",
			    DEVICE_ALIASES_MAX);
		snprintf(c.aliases[c.n_aliases++], sizeof(c.aliases[0]), "%s",
		    alias);
	}
	return say(d, k, &c, why);
}
