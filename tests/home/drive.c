/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The home's rooms as one program: a JSON object a line in, one a line out.
 *
 *	{"do":"config","topic":T,"payload":P}     found, gone, refused
 *	{"do":"list","base":B,"payload":P}        the same
 *	{"do":"entity","key":K}                   its record and description
 *	{"do":"render","key":K,"action":A,"params":{}}
 *	{"do":"decode","key":K,"topic":T,"payload":P}
 *	{"do":"template","text":T,"payload":P}    as a value template
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "discovery/discovery.h"
#include "exposes/exposes.h"
#include "home/command.h"
#include "home/effect.h"
#include "home/state.h"

#define ENTITIES_MAX 200000

static struct entity *entities[ENTITIES_MAX];
static size_t n_entities;
static struct json *found;
static struct json *gone;
static struct json *refused;

static void
on_found(void *arg, struct entity *e)
{
	struct json *v = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct entity *again;
	struct digest pin;
	struct errmsg why;
	struct buf b;

	(void)arg;
	/* What is written is read again, or it would be worth nothing. */
	buf_init(&b, RECORD_MAX_LEN);
	entity_write(e, &b);
	if (b.overflow || entity_read(b.p, b.len, &again, &why) != OK)
		fatal("a record is not read again: %s", why.text);
	entity_free(again);
	buf_done(&b);
	entity_pin(e, &pin);
	digest_hex(&pin, hex);
	json_put_str(v, "pin", hex);
	json_put_str(v, "key", e->key);
	json_put_str(v, "component", e->component);
	json_put_str(v, "object_id", e->object_id);
	json_put_int(v, "actions", (int64_t)e->n_actions);
	json_put_int(v, "values", (int64_t)e->n_values);
	json_put_str(
	    v, "effect", effect_name(home_effect(e->component, e->class)));
	if (e->read_only_why != NULL)
		json_put_str(v, "why", e->read_only_why);
	json_push(found, v);
	if (n_entities == ENTITIES_MAX)
		fatal("more than %d entities", ENTITIES_MAX);
	entities[n_entities++] = e;
}

static struct json *
record_of(const struct entity *e)
{
	struct json *v;

	if (json_parse(e->record, e->record_len, &v) != OK)
		fatal("a record is not JSON");
	return v;
}

static void
on_gone(void *arg, const char *origin)
{
	(void)arg;
	json_push(gone, json_string(origin));
}

static void
on_refused(void *arg, const char *origin, const char *why)
{
	struct json *v = json_object();

	(void)arg;
	json_put_str(v, "origin", origin);
	json_put_str(v, "why", why);
	json_push(refused, v);
}

static const struct discovery_ports ports = {
    NULL, on_found, on_gone, on_refused};

static const struct entity *
find(const char *key)
{
	size_t i;

	for (i = n_entities; i-- > 0;)
		if (strcmp(entities[i]->key, key) == 0)
			return entities[i];
	fatal("there is no entity %s", key);
}

static void
feed(const struct json *in, struct json *out, bool list)
{
	const char *payload = json_words(in, "payload");

	found = json_array();
	gone = json_array();
	refused = json_array();
	if (list)
		exposes_feed(
		    json_words(in, "base"), payload, strlen(payload), &ports);
	else
		json_put_bool(out, "ours",
		    discovery_feed("homeassistant", "Durward",
			json_words(in, "topic"), payload, strlen(payload),
			&ports));
	json_put(out, "found", found);
	json_put(out, "gone", gone);
	json_put(out, "refused", refused);
}

static void
answer(
    struct json *out, enum err e, const struct buf *b, const struct errmsg *why)
{
	if (e == OK)
		json_put_str(out, "text", b->p != NULL ? b->p : "");
	else
		json_put_str(out, "error", why->text);
}

static void
render(const struct json *in, struct json *out)
{
	const char *topic = "";
	struct errmsg why;
	struct buf b;
	enum err e;

	buf_init(&b, HOME_PAYLOAD_MAX);
	e = home_render(find(json_words(in, "key")), json_words(in, "action"),
	    json_get(in, "params"), &topic, &b, &why);
	answer(out, e, &b, &why);
	json_put_str(out, "topic", topic);
	buf_done(&b);
}

static void
decode(const struct json *in, struct json *out)
{
	const struct entity *e = find(json_words(in, "key"));
	const char *payload = json_words(in, "payload");
	struct json *values = json_object();
	struct home_message *m;
	struct home_reading r;
	struct errmsg why;
	size_t i;

	json_put(out, "values", values);
	if (home_message_new(json_words(in, "topic"), payload, strlen(payload),
		&m, &why) != OK) {
		json_put_str(out, "error", why.text);
		return;
	}
	for (i = 0; i < e->n_values; i++)
		if (home_decode(e, i, m, &r, &why) != NEWS_NONE)
			json_put(
			    values, e->values[i].name, home_reading_json(&r));
	home_message_free(m);
}

static void
template_once(const struct json *in, struct json *out)
{
	static const char *const names[] = {"value", "value_json", NULL};
	const char *payload = json_words(in, "payload");
	struct jinja_vars *vars = jinja_vars_new();
	struct jinja *t;
	struct errmsg why;
	struct buf b;
	enum err e;

	buf_init(&b, HOME_STATE_MAX);
	e = jinja_compile(json_words(in, "text"), names, &t, &why);
	json_put_bool(out, "compiled", e == OK);
	if (e == OK) {
		jinja_put_text(vars, "value", payload, strlen(payload));
		(void)jinja_put_json(
		    vars, "value_json", payload, strlen(payload));
		e = jinja_render(t, vars, &b, &why);
		jinja_free(t);
	}
	answer(out, e, &b, &why);
	jinja_vars_free(vars);
	buf_done(&b);
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	log_open("drive", LOG_ERR);
	crypto_open();
	while ((n = getline(&line, &size, stdin)) > 0) {
		struct json *out = json_object();
		struct json *in;
		const char *what;
		char *text;

		if (json_parse(line, (size_t)n, &in) != OK)
			fatal("a line is not JSON");
		what = json_words(in, "do");
		if (strcmp(what, "config") == 0 || strcmp(what, "list") == 0)
			feed(in, out, strcmp(what, "list") == 0);
		else if (strcmp(what, "render") == 0)
			render(in, out);
		else if (strcmp(what, "decode") == 0)
			decode(in, out);
		else if (strcmp(what, "template") == 0)
			template_once(in, out);
		else if (strcmp(what, "entity") == 0) {
			const struct entity *e = find(json_words(in, "key"));

			json_put(out, "record", record_of(e));
			json_put(out, "described", home_describe(e));
		} else
			fatal("'%s' is nothing to do", what);
		text = json_print(out);
		puts(text);
		fflush(stdout);
		free(text);
		json_free(out);
		json_free(in);
	}
	free(line);
	while (n_entities > 0)
		entity_free(entities[--n_entities]);
	return 0;
}
