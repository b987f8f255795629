/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automate/automate.h"
#include "base/log.h"
#include "cli/cli_priv.h"
#include "hass/hass.h"
#include "home/effect.h"
#include "home/record.h"
#include "package/package.h"

/*
 * `durward home`: what the home has, which of it the house may command, and
 * whether the house shows itself there.
 * To accept is to sign the home's manifest, with the pin of each record: this
 * side reads the records themselves, so no other part says what is signed.
 */

static const char description[] = "The devices of the home";
static const char functions[] =
    "{\"set\":{\"effect\":\"physical\",\"about\":\"Change one device of the "
    "home, or all of a kind or in a room\",\"args\":{"
    "\"entity\":{\"type\":\"string\",\"max\":64,\"about\":"
    "\"As home.find shows it: light.kitchen\"},"
    "\"area\":{\"type\":\"string\",\"max\":200,\"about\":"
    "\"Instead of entity: a room\"},"
    "\"kind\":{\"type\":\"string\",\"max\":40,\"about\":"
    "\"Instead of entity, with or without area: light\"},"
    "\"entities\":{\"type\":\"string\",\"max\":2100,\"about\":"
    "\"Instead of entity: light.a,light.b\"},"
    "\"action\":{\"type\":\"string\",\"required\":true,\"max\":40,\"about\":"
    "\"As home.get shows it: turn_on\"},"
    "\"values\":{\"type\":\"string\",\"max\":512,\"about\":\"NAME=VALUE, "
    "NAME=VALUE\"}}}}";

/* ---- Listing ---- */

static void
show_values(const struct json *row)
{
	const struct json *v = json_first(json_get(row, "values"));
	const char *presence = json_words(row, "presence");

	if (strcmp(presence, "offline") == 0)
		terminal_print(" not reachable");
	for (; v != NULL && strcmp(presence, "offline") != 0;
	     v = json_next(v)) {
		char *text =
		    json_is_string(v) ? xstrdup(json_text(v)) : json_print(v);

		if (strcmp(json_name(v), "state") == 0)
			terminal_print(" %s", text);
		else
			terminal_print(" %s=%s", json_name(v), text);
		free(text);
	}
}

static void
show_called(const struct json *row)
{
	const struct json *a = json_first(json_get(row, "aliases"));

	if (json_words(row, "area")[0] != '\0')
		terminal_print(" in %s", json_words(row, "area"));
	if (json_words(row, "floor")[0] != '\0')
		terminal_print(" on %s", json_words(row, "floor"));
	for (; a != NULL; a = json_next(a))
		terminal_print(", called %s", json_text(a));
}

static void
show(const struct json *row)
{
	terminal_print("%-36s %-9s", json_words(row, "id"),
	    json_flag(row, "accepted")                     ? "accepted"
		: json_count(json_get(row, "actions")) > 0 ? "new"
							   : "read");
	show_values(row);
	show_called(row);
	terminal_print("\n");
	if (json_has(row, "read_only_why"))
		terminal_print("%36s some of it is read only: %s\n", "",
		    json_words(row, "read_only_why"));
}

static int
show_broker(const struct json *answer)
{
	const struct json *broker = json_get(answer, "broker");

	if (json_flag(broker, "up"))
		return EXIT_REACHED;
	if (strcmp(json_words(broker, "why"), "none") == 0)
		terminal_error(
		    "no home is connected; "
		    "'DURWARD_BROKER=ADDRESS:PORT ./scripts/run', or "
		    "--broker among the options of 'durward run', "
		    "names its MQTT broker");
	else
		terminal_error("the home's broker is not there: %s",
		    json_words(broker, "why"));
	return EXIT_FAILED;
}

/* It is there, and yet not all is well with it. */
static void
show_trouble(const struct json *answer)
{
	const char *why = json_words(json_get(answer, "broker"), "why");
	const char *unguarded = json_words(answer, "unguarded");

	if (why[0] != '\0')
		terminal_error("the home's broker is there, but %s", why);
	if (unguarded[0] != '\0')
		terminal_error("%s; 'durward home accept NAME', while it is "
			       "there, mends that",
		    unguarded);
}

/* A page at a time; `take` is called for each, until it says no. */
static int
each_entity(struct session *s, const char *words,
    bool (*take)(void *arg, const struct json *row), void *arg)
{
	int64_t from = 0;
	int64_t count = 1;
	int code = EXIT_REACHED;

	while (from < count && code == EXIT_REACHED) {
		struct json *answer =
		    session_query(s, &code, "home?from=%lld", (long long)from);
		const struct json *row;

		if (answer == NULL)
			return code;
		code = show_broker(answer);
		if (from == 0 && code == EXIT_REACHED)
			show_trouble(answer);
		count = json_int(answer, "count", 0);
		row = json_first(json_get(answer, "entities"));
		if (row == NULL)
			count = from;
		for (; row != NULL && code == EXIT_REACHED;
		     row = json_next(row), from++)
			if (strstr(json_words(row, "id"), words) != NULL &&
			    !take(arg, row))
				code = EXIT_FAILED;
		json_free(answer);
	}
	return code;
}

static bool
take_shown(void *arg, const struct json *row)
{
	(void)arg;
	show(row);
	return true;
}

/* ---- Accepting ---- */

struct accepting {
	const char *words; /* Stand in the names that are accepted. */
	struct json *devices; /* Of the new manifest. */
	struct json *others; /* What else is there, as it would stand there. */
	size_t n; /* That were accepted now. */
	const char *effect; /* Of all of them; NULL: of their kinds. */
};

static const struct json *
find_row(const struct json *list, const char *id)
{
	const struct json *d = json_first(list);

	while (d != NULL && strcmp(json_words(d, "entity"), id) != 0)
		d = json_next(d);
	return d;
}

/* Of what can do harm also what commands it, so that nothing harmless can be
 * accepted that commands it too. */
static void
put_device(struct json *list, const char *id, enum effect effect,
    const struct entity *e)
{
	struct json *d = json_object();
	char pin[DIGEST_HEX_SIZE];
	struct digest digest;

	if (effect != EFFECT_REVERSIBLE)
		json_put(d, "topics", entity_topics(e));
	if (effect != EFFECT_REVERSIBLE && home_is_listed(e))
		json_put_str(d, "device", e->device);
	entity_pin(e, &digest);
	digest_hex(&digest, pin);
	json_put_str(d, "effect", effect_name(effect));
	json_put_str(d, "entity", id);
	json_put_str(d, "pin", pin);
	json_push(list, d);
}

/* Where its commands go: what a name does not say. */
static void
show_topics(const char *id, const struct entity *e)
{
	size_t i;
	size_t j;

	for (i = 0; i < e->n_actions; i++) {
		for (j = 0; j < i; j++)
			if (strcmp(e->actions[j].topic, e->actions[i].topic) ==
			    0)
				break;
		if (j == i)
			terminal_print(
			    "%s is commanded by %s\n", id, e->actions[i].topic);
	}
}

static void
take_it(struct accepting *a, const char *id, const struct entity *e)
{
	enum effect effect = a->effect != NULL
	    ? effect_by_name(a->effect)
	    : home_effect(e->component, e->class);

	if (e->n_actions == 0)
		return;
	show_topics(id, e);
	put_device(a->devices, id, effect, e);
	a->n++;
}

static bool
take_accepted(void *arg, const struct json *row)
{
	struct accepting *a = arg;
	const char *record = json_words(row, "record");
	const char *id = json_words(row, "id");
	bool wanted = strstr(id, a->words) != NULL;
	struct errmsg why = {""};
	struct entity *e = NULL;
	bool good = entity_read(record, strlen(record), &e, &why) == OK &&
	    entity_is_named(e, id);

	if (!good && wanted)
		terminal_error("%s cannot be accepted: %s", id,
		    why.text[0] != '\0' ? why.text : "its record is another's");
	else if (good && wanted)
		take_it(a, id, e);
	else if (good)
		put_device(a->others, id, EFFECT_PHYSICAL, e);
	entity_free(e);
	return good || !wanted;
}

/* With what commands it, where an earlier version left that out and it is
 * there as it was signed. */
static struct json *
keep_row(const struct json *old, const struct json *others)
{
	const struct json *now = find_row(others, json_words(old, "entity"));
	struct json *d = json_copy(old);

	if (now == NULL || json_has(old, "topics") ||
	    strcmp(json_words(old, "effect"), "physical") != 0 ||
	    strcmp(json_words(old, "pin"), json_words(now, "pin")) != 0)
		return d;
	json_put(d, "topics", json_copy(json_get(now, "topics")));
	if (json_has(now, "device") && !json_has(d, "device"))
		json_put_str(d, "device", json_words(now, "device"));
	return d;
}

/* Those of before stay, unless they are accepted anew. */
static int64_t
keep_old(struct session *s, struct accepting *a, int *code)
{
	struct json *tools = session_query(s, code, "tools");
	const struct json *t = json_first(json_get(tools, "tools"));
	struct json *answer = NULL;
	struct json *old = NULL;
	const struct json *d;
	int64_t version = 0;

	for (; t != NULL; t = json_next(t))
		if (strcmp(json_words(t, "tool"), HOME_TOOL) == 0)
			answer = session_query(s, code, "tool?tool=" HOME_TOOL);
	if (answer != NULL &&
	    json_parse(json_words(answer, "document"),
		strlen(json_words(answer, "document")), &old) == OK) {
		version = strtoll(json_words(old, "version"), NULL, 10);
		d = json_first(json_get(old, "devices"));
		for (; d != NULL; d = json_next(d))
			if (find_row(a->devices, json_words(d, "entity")) ==
			    NULL)
				json_push(a->devices, keep_row(d, a->others));
	}
	json_free(old);
	json_free(answer);
	json_free(tools);
	return version;
}

static int
sign_manifest(struct session *s, struct accepting *a, bool yes)
{
	struct package_options o = {.yes = yes};
	struct json *v = json_object();
	struct json *f = NULL;
	int code = EXIT_REACHED;
	int64_t version = keep_old(s, a, &code);
	char text[24];
	char *manifest;

	if (json_parse(functions, strlen(functions), &f) != OK)
		fatal("the home's own functions are no JSON");
	snprintf(text, sizeof(text), "%lld", (long long)version + 1);
	json_put_str(v, "name", HOME_TOOL);
	json_put_str(v, "version", text);
	json_put_str(v, "transport", "home");
	json_put_str(v, "description", description);
	json_put(v, "functions", f);
	json_put(v, "devices", a->devices);
	a->devices = NULL;
	manifest = json_print(v);
	if (code == EXIT_REACHED)
		code = package_add_text(s, manifest, &o);
	free(manifest);
	json_free(v);
	return code;
}

static int
accept_these(struct session *s, const char *words, bool yes, const char *effect)
{
	struct accepting a = {.words = words,
	    .devices = json_array(),
	    .others = json_array(),
	    .effect = effect};
	int code = each_entity(s, "", take_accepted, &a);

	if (code == EXIT_REACHED && a.n == 0) {
		terminal_error("nothing that could be commanded has '%.64s' in "
			       "its name; 'durward home' lists what is there",
		    words);
		code = EXIT_FAILED;
	}
	if (code == EXIT_REACHED)
		code = sign_manifest(s, &a, yes);
	json_free(a.devices);
	json_free(a.others);
	return code;
}

/* ---- The house as a device of the home ---- */

static int
set_shown(struct session *s, bool shown)
{
	int code = EXIT_REACHED;
	struct json *v = session_command(
	    s, shown ? "home.show" : "home.hide", json_object(), &code);

	if (v != NULL)
		terminal_print(shown
			? "Home Assistant finds the house on its broker: how "
			  "many questions wait, and how it is\n"
			: "what the house said of itself is taken off the "
			  "broker, now or when that is there again;\n"
			  "'durward home show' puts it there anew\n");
	json_free(v);
	return code;
}

/* ---- Rooms and names ---- */

static int
call_it(struct session *s, const char *what, const char *id, const char *word,
    bool remove)
{
	bool area = strcmp(what, "area") == 0;
	struct json *body = json_object();
	int code = EXIT_REACHED;
	struct json *v;

	json_put_str(body, "entity", id);
	json_put_str(body, what, word);
	if (remove)
		json_put_bool(body, "remove", true);
	v = session_command(s, area ? "home.area" : "home.alias", body, &code);
	if (v != NULL && area && word[0] == '\0')
		terminal_print("%s is in the room that it announces\n", id);
	else if (v != NULL)
		terminal_print("%s is %s %s\n", id,
		    area         ? "in"
			: remove ? "not called any more"
				 : "called",
		    word);
	json_free(v);
	return code;
}

static int
put_floor(struct session *s, const char *area, const char *floor)
{
	struct json *body = json_object();
	int code = EXIT_REACHED;
	struct json *v;

	json_put_str(body, "area", area);
	json_put_str(body, "floor", floor);
	v = session_command(s, "home.floor", body, &code);
	if (v != NULL)
		terminal_print("%s is on %s\n", area,
		    floor[0] != '\0' ? floor : "no floor");
	json_free(v);
	return code;
}

static bool
take_row(void *arg, const struct json *row)
{
	json_push(arg, json_copy(row));
	return true;
}

/* No session is open while a person thinks. */
static int
import_rooms(const struct hass_options *o)
{
	struct json *rows = json_array();
	struct hass_way way = {.token = NULL};
	int code = EXIT_REACHED;
	struct session *s = session_open(&code);

	if (s != NULL) {
		code = each_entity(s, "", take_row, rows);
		session_close(s);
	}
	if (code == EXIT_REACHED)
		code = hass_find(o, &way);
	if (code == EXIT_REACHED)
		code = hass_import(&way, rows, o);
	hass_way_done(&way);
	json_free(rows);
	return code;
}

/* Do the words behind it fit what is wanted? */
static bool
fits(const char *what, int n_words, bool all, bool remove)
{
	if (strcmp(what, "accept") == 0)
		return n_words == (all ? 0 : 1);
	if (strcmp(what, "list") == 0)
		return n_words <= 1;
	if (strcmp(what, "import") == 0)
		return n_words == 1;
	if (strcmp(what, "show") == 0 || strcmp(what, "hide") == 0)
		return n_words == 0;
	if (strcmp(what, "place") == 0)
		return n_words == 2;
	if (strcmp(what, "area") == 0 || strcmp(what, "floor") == 0)
		return n_words == 2 || (n_words == 1 && remove);
	return strcmp(what, "alias") == 0 && n_words == 2;
}

/* Of a device; NULL: the one of its kind. */
static bool
is_effect(const char *effect)
{
	return effect == NULL || strcmp(effect, "reversible") == 0 ||
	    strcmp(effect, "physical") == 0;
}

int
command_home(int argc, char **argv)
{
	bool yes = terminal_flag(&argc, argv, "--yes");
	const char *effect = terminal_option(&argc, argv, "--effect", NULL);
	bool all = terminal_flag(&argc, argv, "--all");
	bool remove = terminal_flag(&argc, argv, "--remove");
	struct hass_options from = {.yes = yes,
	    .replace = terminal_flag(&argc, argv, "--replace"),
	    .in_clear = terminal_flag(&argc, argv, "--in-clear")};
	const char *what = argc > 1 ? argv[1] : "list";
	const char *words = argc > 2 ? argv[2] : "";
	struct session *s;
	int code = EXIT_REACHED;

	if (!fits(what, argc > 2 ? argc - 2 : 0, all, remove) ||
	    !is_effect(effect))
		return terminal_usage("home " HOME_USAGE);
	from.url = words;
	if (strcmp(what, "import") == 0)
		return import_rooms(&from);
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (strcmp(what, "accept") == 0)
		code = accept_these(s, words, yes, effect);
	else if (strcmp(what, "list") == 0)
		code = each_entity(s, words, take_shown, NULL);
	else if (strcmp(what, "show") == 0 || strcmp(what, "hide") == 0)
		code = set_shown(s, strcmp(what, "show") == 0);
	else if (strcmp(what, "place") == 0)
		code = automate_place(s, words, argv[3]);
	else if (strcmp(what, "floor") == 0)
		code = put_floor(s, words, remove ? "" : argv[3]);
	else
		code = call_it(s, what, words, argc > 3 ? argv[3] : "", remove);
	session_close(s);
	return code;
}
