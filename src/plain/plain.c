/* SPDX-License-Identifier: Apache-2.0 */
#include "plain/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "plain/plain_priv.h"
#include "sentence/sentence.h"

#define THINGS_MAX 64 /* A view has fewer. */
#define DOMAIN_SIZE 24
#define WHICH_MAX 512
#define ALIASES_MAX 8 /* Of one thing. */

/* ---- The home ---- */

/* What the names of a view are to the matcher. */
struct names {
	struct sentence_thing things[THINGS_MAX];
	struct sentence_thing areas[THINGS_MAX];
	struct sentence_thing floors[THINGS_MAX];
	struct sentence_fact facts[THINGS_MAX];
	char domains[THINGS_MAX][DOMAIN_SIZE];
	const char *aliases[THINGS_MAX][ALIASES_MAX];
	size_t n;
	size_t n_areas;
	size_t n_floors;
};

static void
add_place(struct sentence_thing *list, size_t *n, const char *name)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (strcmp(list[i].name, name) == 0)
			return;
	if (name[0] != '\0')
		list[(*n)++] =
		    (struct sentence_thing){.id = name, .name = name};
}

static size_t
read_aliases(const struct json *list, const char *ret[ALIASES_MAX])
{
	const struct json *a = json_first(list);
	size_t n = 0;

	for (; a != NULL && n < ALIASES_MAX; a = json_next(a))
		ret[n++] = json_text(a);
	return n;
}

static void
read_names(const struct json *home, struct names *n)
{
	const struct json *v = json_first(home);

	for (; v != NULL && n->n < THINGS_MAX; v = json_next(v)) {
		const char *id = json_words(v, "entity");

		if (json_words(v, "name")[0] == '\0')
			continue;
		snprintf(n->domains[n->n], DOMAIN_SIZE, "%.*s",
		    (int)strcspn(id, "."), id);
		n->facts[n->n] =
		    (struct sentence_fact){"domain", n->domains[n->n]};
		n->things[n->n] = (struct sentence_thing){.id = id,
		    .name = json_words(v, "name"),
		    .aliases = n->aliases[n->n],
		    .n_aliases =
			read_aliases(json_get(v, "aliases"), n->aliases[n->n]),
		    .facts = &n->facts[n->n],
		    .n_facts = 1};
		add_place(n->areas, &n->n_areas, json_words(v, "area"));
		add_place(n->floors, &n->n_floors, json_words(v, "floor"));
		n->n++;
	}
}

static enum err
make_home(const struct json *home, struct sentence_home **ret)
{
	struct names *n = xalloc(sizeof(*n));
	struct sentence_list lists[3];
	enum err e;

	read_names(home, n);
	lists[0] = (struct sentence_list){"name", n->things, n->n};
	lists[1] = (struct sentence_list){"area", n->areas, n->n_areas};
	lists[2] = (struct sentence_list){"floor", n->floors, n->n_floors};
	e = sentence_home_new(lists, ARRAY_LEN(lists), ret);
	free(n);
	return e;
}

/* ---- From an intent to a call ---- */

/* What an intent does to a thing of a domain; the first that fits counts.
 * `slot` is the value that it must have, which `value` of the action is. */
static const struct meaning {
	const char *intent;
	const char *domain; /* NULL: any. */
	const char *action; /* NULL: it is only looked at. */
	const char *slot;
	const char *value;
} meanings[] = {
    {"HassTurnOn", "cover", "open", NULL, NULL},
    {"HassTurnOn", "valve", "open", NULL, NULL},
    {"HassTurnOn", "lock", "lock", NULL, NULL},
    {"HassTurnOn", NULL, "turn_on", NULL, NULL},
    {"HassTurnOff", "cover", "close", NULL, NULL},
    {"HassTurnOff", "valve", "close", NULL, NULL},
    {"HassTurnOff", "lock", "unlock", NULL, NULL},
    {"HassTurnOff", NULL, "turn_off", NULL, NULL},
    {"HassStopMoving", NULL, "stop", NULL, NULL},
    {"HassLightSet", "light", "set_brightness", "brightness", "brightness"},
    {"HassSetPosition", NULL, "set_position", "position", "position"},
    {"HassClimateSetTemperature", NULL, "set_temperature", "temperature",
	"value"},
    {"HassClimateGetTemperature", NULL, NULL, NULL, NULL},
    {"HassGetState", NULL, NULL, NULL, NULL},
};

static const struct sentence_slot *
find_slot(const struct sentence_match *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		if (strcmp(m->slot[i].name, name) == 0)
			return &m->slot[i];
	return NULL;
}

static bool
is_of(const char *id, const char *domain)
{
	size_t n = strlen(domain);

	return strncmp(id, domain, n) == 0 && id[n] == '.';
}

static const struct meaning *
find_meaning(const struct sentence_match *m, const char *id)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(meanings); i++) {
		const struct meaning *w = &meanings[i];

		if (strcmp(w->intent, m->intent) == 0 &&
		    (w->domain == NULL || is_of(id, w->domain)) &&
		    (w->slot == NULL || find_slot(m, w->slot) != NULL))
			return w;
	}
	return NULL;
}

static void
name_all(const struct sentence_slot *s, struct plain_call *ret)
{
	struct buf b;
	size_t i;

	buf_init(&b, WHICH_MAX);
	for (i = 0; i < s->n_ids; i++)
		buf_addf(&b, "%s%s", i > 0 ? ", " : "", s->ids[i]);
	ret->which = buf_steal(&b);
}

static void
put_action(
    const struct sentence_match *m, const struct meaning *w, struct json *args)
{
	const struct sentence_slot *v =
	    w->slot != NULL ? find_slot(m, w->slot) : NULL;
	char value[96];

	if (w->action != NULL)
		json_put_str(args, "action", w->action);
	if (v == NULL)
		return;
	snprintf(value, sizeof(value), "%s=%.64s", w->value, v->value);
	json_put_str(args, "values", value);
}

/* All of a kind, in a room or everywhere.  A class, as of blinds that shade, is
 * not looked at, so nothing is done where one is named. */
static enum err
make_wide_call(const struct sentence_match *m, struct plain_call *ret)
{
	const struct sentence_slot *area = find_slot(m, "area");
	const struct sentence_slot *floor = find_slot(m, "floor");
	const struct sentence_slot *kind = find_slot(m, "domain");
	char id[DOMAIN_SIZE + 1];
	const struct meaning *w;

	if (kind == NULL || find_slot(m, "device_class") != NULL)
		return ERR_NOTFOUND;
	/* The home knows it as the rooms that are there. */
	area = area != NULL ? area : floor;
	snprintf(id, sizeof(id), "%.*s.", DOMAIN_SIZE - 1, kind->value);
	w = find_meaning(m, id);
	if (w == NULL || w->action == NULL)
		return ERR_NOTFOUND;
	ret->tool = "home.set";
	ret->args = json_object();
	if (area != NULL)
		json_put_str(ret->args, "area", area->value);
	json_put_str(ret->args, "kind", kind->value);
	put_action(m, w, ret->args);
	return OK;
}

static enum err
make_call(const struct sentence_match *m, struct plain_call *ret)
{
	const struct sentence_slot *name = find_slot(m, "name");
	const struct meaning *w;

	if (name == NULL || name->n_ids == 0)
		return make_wide_call(m, ret);
	w = find_meaning(m, name->ids[0]);
	if (w == NULL)
		return ERR_NOTFOUND;
	if (name->n_ids > 1) {
		name_all(name, ret);
		return OK;
	}
	ret->tool = w->action != NULL ? "home.set" : "home.get";
	ret->args = json_object();
	json_put_str(ret->args, "entity", name->ids[0]);
	put_action(m, w, ret->args);
	return OK;
}

/* ---- The sets ---- */

/* Compiled with the first sentence, and kept. */
static const struct template_set *
find_set(size_t i)
{
	static struct template_set *sets[PLAIN_SETS];
	struct errmsg why = {""};
	const char *text;
	size_t len;

	if (sets[i] == NULL) {
		text = plain_set(i, &len);
		if (template_load(text, len, &sets[i], &why) != OK)
			fatal("the sentences of this program: %s", why.text);
	}
	return sets[i];
}

void
plain_call_done(struct plain_call *c)
{
	json_free(c->args);
	free(c->which);
}

enum err
plain_understand(
    const struct json *home, const char *goal, struct plain_call *ret)
{
	struct plain_call call = {.tool = NULL};
	struct sentence_home *h;
	enum err e = ERR_NOTFOUND;
	size_t i;

	if (!json_is_array(home) || make_home(home, &h) != OK)
		return ERR_NOTFOUND;
	for (i = 0; i < PLAIN_SETS && e != OK; i++) {
		struct sentence_match m;

		if (sentence_match(find_set(i), h, NULL, 0, goal, &m) != OK)
			continue;
		e = make_call(&m, &call);
		sentence_match_done(&m);
	}
	sentence_home_free(h);
	if (e == OK)
		*ret = call;
	return e;
}
