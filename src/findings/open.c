/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "findings/findings_priv.h"

/* What stands open. */

/* A list for people: so many by name, of the others how many they are. */
struct enumeration {
	struct buf b;
	size_t n;
};

static void
enum_begin(struct enumeration *s, const char *what)
{
	buf_init(&s->b, 1024);
	buf_adds(&s->b, what);
	s->n = 0;
}

static void
enum_add(struct enumeration *s, const char *name)
{
	if (s->n++ < FINDINGS_NAMED_MAX)
		buf_addf(&s->b, "%s%.80s", s->n > 1 ? ", " : ": ", name);
}

/* Nothing is told where nobody is. */
static void
enum_end(struct enumeration *s, struct json *list, const char *check,
    const char *fix)
{
	struct json *v;

	if (s->n > FINDINGS_NAMED_MAX)
		buf_addf(
		    &s->b, " and %zu more", s->n - (size_t)FINDINGS_NAMED_MAX);
	if (s->n > 0) {
		v = json_object();
		json_put_str(v, "check", check);
		json_put_bool(v, "ok", true);
		json_put_bool(v, "open", true);
		json_put_str(v, "what", s->b.p);
		json_put_str(v, "fix", fix);
		json_push(list, v);
	}
	buf_done(&s->b);
}

static void
each_client(const struct findings *f, struct enumeration *s,
    bool (*is_meant)(const struct findings *f, const struct client *c))
{
	size_t i;

	for (i = 0; i < f->trust->n_clients; i++) {
		const struct client *c = &f->trust->clients[i];

		if (client_is_live(c, judge_wall_ms(f->judge)) &&
		    is_meant(f, c))
			enum_add(s, c->name);
	}
}

static bool
is_owner(const struct findings *f, const struct client *c)
{
	(void)f;
	return c->role == CLIENT_OWNER;
}

static bool
is_endless(const struct findings *f, const struct client *c)
{
	(void)f;
	return c->role != CLIENT_OWNER && c->kind != CLIENT_CERTIFICATE &&
	    c->term.until_ms == 0;
}

static bool
is_lent(const struct findings *f, const struct client *c)
{
	return c->lent[0] != '\0' && c->lent_until_ms > judge_wall_ms(f->judge);
}

static bool
is_browser(const struct findings *f, const struct client *c)
{
	(void)f;
	return c->kind == CLIENT_BROWSER;
}

static void
say_clients(const struct findings *f, struct json *list)
{
	static const struct {
		const char *check, *what, *fix;
		bool (*is_meant)(
		    const struct findings *f, const struct client *c);
	} kinds[] = {
	    {"owners", "who may allow everything and pair others",
		"durward clients revoke NAME", is_owner},
	    {"endless", "clients without an end",
		"durward clients extend NAME 90d", is_endless},
	    {"lent", "viewers who answer questions for a time",
		"durward clients lend NAME none", is_lent},
	};
	struct enumeration s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		enum_begin(&s, kinds[i].what);
		each_client(f, &s, kinds[i].is_meant);
		enum_end(&s, list, kinds[i].check,
		    i == 0 && s.n == 1 ? "pair another one first; the last "
					 "stays"
				       : kinds[i].fix);
	}
	enum_begin(&s, "a port for browsers without a certificate");
	if (!f->web_off)
		each_client(f, &s, is_browser);
	enum_end(&s, list, "web",
	    "durward clients certificate NAME, then durward web off");
}

/* What is answered with yes before it is asked. */
static void
say_grants(const struct findings *f, struct json *list)
{
	struct json *grants = judge_list_grants(f->judge);
	const struct json *g = json_first(grants);
	struct enumeration s;
	char text[96];

	enum_begin(&s, "grants that answer for you");
	for (; g != NULL; g = json_next(g)) {
		snprintf(text, sizeof(text), "%.48s (%.8s)",
		    json_words(g, "tool"), json_words(g, "id"));
		enum_add(&s, text);
	}
	enum_end(&s, list, "grants",
	    "durward grants shows them; durward grants revoke ID");
	json_free(grants);
}

static void
say_tools(const struct findings *f, struct json *list)
{
	struct enumeration s;
	const char *name;
	size_t i;

	enum_begin(&s, "tools that need no limits, by an owner's exception");
	for (i = 0; (name = tooling_exempt_at(f->tooling, i)) != NULL; i++)
		if (name[0] != '\0')
			enum_add(&s, name);
	enum_end(&s, list, "exempt", "durward tool exempt NAME --revoke");
}

void
finding_all_open(const struct findings *f, struct json *list)
{
	say_clients(f, list);
	say_grants(f, list);
	say_tools(f, list);
}
