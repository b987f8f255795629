/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "hass/hass_priv.h"

#define NAMES_AT_ONCE 100 /* Entities that are asked for together. */

/* ---- What Home Assistant says ---- */

static enum err
ask_list(struct hass_link *l, const char *what, struct json **ret,
    struct errmsg *why)
{
	char type[64];
	enum err e;

	snprintf(type, sizeof(type), "config/%s_registry/list", what);
	e = hass_ask(l, type, json_object(), ret, why);
	/* Floors came with Home Assistant 2024.4. */
	if (e == ERR_NOTFOUND) {
		*ret = json_array();
		e = OK;
	}
	return e;
}

static enum err
ask_lists(struct hass_link *l, struct hass_lists *ret, struct errmsg *why)
{
	enum err e = ask_list(l, "floor", &ret->floors, why);

	if (e == OK)
		e = ask_list(l, "area", &ret->areas, why);
	if (e == OK)
		e = ask_list(l, "device", &ret->devices, why);
	if (e == OK)
		e = ask_list(l, "entity", &ret->entities, why);
	return e;
}

/* Those of some entities, which the lists leave out. */
static enum err
ask_some_aliases(struct hass_link *l, struct json *ids, struct json *aliases,
    struct errmsg *why)
{
	struct json *body = json_object();
	struct json *answer = NULL;
	const struct json *one;
	enum err e;

	json_put(body, "entity_ids", ids);
	e = hass_ask(
	    l, "config/entity_registry/get_entries", body, &answer, why);
	one = json_is_object(answer) ? json_first(answer) : NULL;
	for (; one != NULL; one = json_next(one))
		if (json_is_array(json_get(one, "aliases")) &&
		    !json_has(aliases, json_name(one)))
			json_put(aliases, json_name(one),
			    json_copy(json_get(one, "aliases")));
	json_free(answer);
	/* Aliases came with Home Assistant 2022.12. */
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
ask_aliases(struct hass_link *l, const struct hass_plan *p,
    struct json *aliases, struct errmsg *why)
{
	enum err e = OK;
	size_t i = 0;

	while (e == OK && i < p->n_matches) {
		struct json *ids = json_array();

		for (; i < p->n_matches && json_count(ids) < NAMES_AT_ONCE; i++)
			if (p->matches[i].entity != NULL)
				json_push(ids,
				    json_string(json_words(
					p->matches[i].entity, "entity_id")));
		e = ask_some_aliases(l, ids, aliases, why);
	}
	return e;
}

/* ---- What is done with it ---- */

static void
show(const struct hass_plan *p)
{
	const struct json *c = json_first(p->changes);
	const struct json *k = json_first(p->kept);

	for (; c != NULL; c = json_next(c))
		terminal_print("  %s\n", json_words(c, "words"));
	for (; k != NULL; k = json_next(k))
		terminal_print("  %s\n", json_text(k));
	if (json_count(p->kept) > 0)
		terminal_print("--replace takes Home Assistant's word\n");
}

static bool
agree(void)
{
	char line[16];

	terminal_forget_line();
	terminal_print("Is it so here, too? [y/N] ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL &&
	    (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0);
}

/* One that is refused keeps none of the others from it. */
static int
carry_out(const struct hass_plan *p)
{
	const struct json *c = json_first(p->changes);
	size_t done = 0;
	int code = EXIT_REACHED;
	int worst = EXIT_REACHED;
	struct session *s = session_open(&code);

	if (s == NULL)
		return code;

	for (; c != NULL && code != EXIT_AWAY; c = json_next(c)) {
		struct json *v;

		code = EXIT_REACHED;
		v = session_command(s, json_words(c, "name"),
		    json_copy(json_get(c, "body")), &code);
		done += v != NULL;
		if (code != EXIT_REACHED) {
			terminal_error("so not: %s", json_words(c, "words"));
			worst = code;
		}
		json_free(v);
	}
	session_close(s);
	terminal_print("%zu of %zu said\n", done, json_count(p->changes));
	return worst;
}

static int
use_plan(const struct hass_plan *p, bool yes)
{
	terminal_print(
	    "%zu things of this home are in Home Assistant\n", p->n_matches);
	show(p);
	if (json_count(p->changes) == 0) {
		terminal_print("nothing is to be said here\n");
		return EXIT_REACHED;
	}
	return yes || agree() ? carry_out(p) : EXIT_FAILED;
}

static int
import_over(
    struct hass_link *l, const struct json *rows, const struct hass_options *o)
{
	struct hass_lists lists = {0};
	struct hass_plan p = {0};
	struct json *aliases = json_object();
	struct errmsg why = {""};
	int code = EXIT_FAILED;
	enum err e = ask_lists(l, &lists, &why);

	if (e == OK) {
		plan_match(&p, rows, &lists);
		e = ask_aliases(l, &p, aliases, &why);
	}
	if (e == OK) {
		plan_make(&p, &lists, aliases, o->replace);
		code = use_plan(&p, o->yes);
	} else {
		terminal_error("%s", why.text);
	}
	plan_done(&p);
	json_free(aliases);
	json_free(lists.floors);
	json_free(lists.areas);
	json_free(lists.devices);
	json_free(lists.entities);
	return code;
}

/* ---- Where, and with what ---- */

static bool
is_here(const struct host_grant *h)
{
	return h->has_address ? strncmp(h->name, "127.", 4) == 0
			      : host_is_here(h->name);
}

static enum err
read_url(const struct hass_options *o, struct host_grant *ret)
{
	struct errmsg why = {""};
	struct base_url url;

	if (base_url_read(o->url, &url, &why) != OK) {
		terminal_error(
		    "%s; such as http://192.168.1.20:%d", why.text, HASS_PORT);
		return ERR_INPUT;
	}
	if (url.tls) {
		terminal_error("Home Assistant is asked by its address in the "
			       "house, http://ADDRESS:%d",
		    HASS_PORT);
		return ERR_INPUT;
	}
	if (!is_here(&url.host) && !o->in_clear) {
		terminal_error(
		    "who is in the network between here and %s could read the "
		    "token, since this is not TLS; --in-clear sends it all the "
		    "same, and a token can be taken back in Home Assistant "
		    "afterwards",
		    url.host.name);
		return ERR_INPUT;
	}
	*ret = url.host;
	return OK;
}

/* Without what a file has behind it. */
static struct secret *
read_token(void)
{
	struct secret *raw;
	struct secret *token;
	size_t n;

	if (terminal_read_secret("Home Assistant's long-lived access token",
		HASS_TOKEN_MAX, &raw) != OK)
		return NULL;
	n = secret_len(raw);
	while (n > 0 && isspace((unsigned char)secret_reveal(raw)[n - 1]))
		n--;
	token = n > 0 ? secret_new(secret_reveal(raw), n) : NULL;
	secret_free(raw);
	return token;
}

int
hass_find(const struct hass_options *o, struct hass_way *ret)
{
	if (read_url(o, &ret->where) != OK)
		return EXIT_USAGE;
	ret->token = read_token();
	if (ret->token != NULL)
		return EXIT_REACHED;
	terminal_error("there is no token; Home Assistant makes one in its "
		       "profile, under Security");
	return EXIT_FAILED;
}

void
hass_way_done(struct hass_way *w)
{
	secret_free(w->token);
}

int
hass_import(const struct hass_way *w, const struct json *rows,
    const struct hass_options *o)
{
	struct errmsg why = {""};
	struct hass_link *l;
	int code;

	if (hass_open(&w->where, w->token, &l, &why) != OK) {
		terminal_error("%s", why.text);
		return EXIT_FAILED;
	}
	code = import_over(l, rows, o);
	hass_close(l);
	return code;
}
