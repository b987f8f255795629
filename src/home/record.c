/* SPDX-License-Identifier: Apache-2.0 */
#include "home/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "home/home_priv.h"
#include "values/values.h"

const char *
home_kind_name(enum home_kind k)
{
	static const char *const names[] = {
#define X(name, text) text,
	    HOME_KIND_TABLE(X)
#undef X
	};

	return names[k];
}

bool
home_topic_ok(const char *topic)
{
	size_t n = strlen(topic);

	return n > 0 && n <= HOME_TOPIC_MAX && topic[0] != '$' &&
	    strpbrk(topic, "+#") == NULL && str_is_utf8(topic, n);
}

void
home_key(const char *source, const char *component, const char *id,
    char ret[HOME_KEY_LEN + 1])
{
	struct crypto_part parts[] = {{source, strlen(source) + 1},
	    {component, strlen(component) + 1}, {id, strlen(id)}};
	struct digest d;

	crypto_hash_parts(parts, ARRAY_LEN(parts), &d);
	hex_write(ret, d.b, HOME_KEY_LEN / 2);
}

void
home_number_text(double d, struct buf *out)
{
	char text[SPARE_NUMBER];

	if (d == floor(d) && fabs(d) <= 9007199254740992.0)
		snprintf(text, sizeof(text), "%lld", (long long)d);
	else
		py_float(d, text);
	buf_adds(out, text);
}

struct json *
home_number(double d)
{
	struct json *v;
	struct buf b;

	if (!isfinite(d))
		fatal("a number that is none");
	buf_init(&b, SPARE_NUMBER);
	home_number_text(d, &b);
	if (json_parse(b.p, b.len, &v) != OK)
		fatal("a number that JSON does not read: %s", b.p);
	buf_done(&b);
	return v;
}

static void
free_domain(struct home_domain *d)
{
	free(d->options);
}

void
entity_free(struct entity *e)
{
	size_t i;
	size_t k;

	if (e == NULL)
		return;
	for (i = 0; i < e->n_values; i++) {
		jinja_free(e->values[i].compiled);
		free_domain(&e->values[i].domain);
	}
	for (i = 0; i < e->n_actions; i++) {
		jinja_free(e->actions[i].compiled);
		for (k = 0; k < e->actions[i].n_params; k++)
			free_domain(&e->actions[i].params[k].domain);
		free(e->actions[i].params);
		free(e->actions[i].sets);
		free(e->actions[i].expects);
	}
	for (i = 0; i < e->n_availability; i++)
		jinja_free(e->availability[i].compiled);
	free(e->values);
	free(e->actions);
	free(e->availability);
	json_free(e->doc);
	free(e);
}

/* Words that a person reads; "" when they are missing. */
static bool
read_words(
    const struct json *v, const char *name, size_t most, const char **ret)
{
	*ret = json_words(v, name);
	return (!json_has(v, name) || json_str(v, name) != NULL) &&
	    strlen(*ret) <= most;
}

static enum err
read_about(struct entity *e, const struct json *v, struct errmsg *why)
{
	enum err err = home_only(v, "'about'",
	    " name object_id device_name manufacturer model area origin "
	    "read_only_why ",
	    why);

	if (err != OK)
		return err;
	if (!read_words(v, "name", HOME_WORDS_MAX, &e->name) ||
	    !read_words(v, "object_id", NAME_MAX_LEN, &e->object_id) ||
	    !read_words(v, "device_name", HOME_WORDS_MAX, &e->device_name) ||
	    !read_words(v, "manufacturer", HOME_WORDS_MAX, &e->manufacturer) ||
	    !read_words(v, "model", HOME_WORDS_MAX, &e->model) ||
	    !read_words(v, "area", HOME_WORDS_MAX, &e->area) ||
	    !read_words(v, "origin", HOME_ORIGIN_MAX, &e->origin) ||
	    !read_words(
		v, "read_only_why", 2 * HOME_TEXT_MAX, &e->read_only_why))
		return err_say(why, ERR_INPUT,
		    "what is said about it is no text, or a long one");
	e->read_only_why = json_str(v, "read_only_why");
	return OK;
}

static enum err
read_identity(struct entity *e, const struct json *doc, struct errmsg *why)
{
	const char *key = json_words(doc, "key");

	if (json_int(doc, "format", 0) != RECORD_FORMAT)
		return err_say(why, ERR_INPUT, "the record is not of format %d",
		    RECORD_FORMAT);
	if (strlen(key) != HOME_KEY_LEN ||
	    strspn(key, "0123456789abcdef") != HOME_KEY_LEN ||
	    str_copy(e->key, sizeof(e->key), key) != OK)
		return err_say(why, ERR_INPUT, "the record has no key");
	if (!read_words(doc, "source", NAME_MAX_LEN, &e->source) ||
	    !read_words(doc, "component", NAME_MAX_LEN, &e->component) ||
	    !read_words(doc, "class", NAME_MAX_LEN, &e->class) ||
	    !read_words(doc, "device", HOME_WORDS_MAX, &e->device) ||
	    !str_is_name(e->source) || !str_is_name(e->component))
		return err_say(why, ERR_INPUT,
		    "the record does not say what the entity is");
	return OK;
}

static enum err
read_doc(struct entity *e, struct errmsg *why)
{
	struct buf b;
	enum err err;

	err = home_only(e->doc, "the record",
	    " format key source component class device about values actions "
	    "availability mode ",
	    why);
	if (err == OK)
		err = read_identity(e, e->doc, why);
	if (err == OK)
		err = read_about(e, json_get(e->doc, "about"), why);
	if (err == OK)
		err = home_read_values(e, e->doc, why);
	if (err == OK)
		err = home_read_actions(e, e->doc, why);
	if (err == OK)
		err = home_read_availability(e, e->doc, why);
	if (err != OK)
		return err;
	buf_init(&b, RECORD_MAX_LEN);
	json_canonical(e->doc, &b);
	if (b.overflow)
		err = err_say(why, ERR_LIMIT,
		    "the record has more than %d bytes", RECORD_MAX_LEN);
	buf_done(&b);
	return err;
}

enum err
entity_take(struct json *doc, struct entity **ret, struct errmsg *why)
{
	struct entity *e = xalloc(sizeof(*e));
	enum err err;

	e->doc = doc;
	err = read_doc(e, why);
	if (err != OK) {
		entity_free(e);
		return err;
	}
	*ret = e;
	return OK;
}

enum err
entity_read(
    const char *text, size_t len, struct entity **ret, struct errmsg *why)
{
	struct json *doc;

	if (len > RECORD_MAX_LEN)
		return err_say(why, ERR_LIMIT,
		    "the record has more than %d bytes", RECORD_MAX_LEN);
	if (!json_is_canonical(text, len) || json_parse(text, len, &doc) != OK)
		return err_say(
		    why, ERR_INPUT, "the record is not canonical JSON");
	return entity_take(doc, ret, why);
}

void
entity_write(const struct entity *e, struct buf *out)
{
	json_canonical(e->doc, out);
}

void
entity_digest(const struct entity *e, struct digest *ret)
{
	struct buf b;

	buf_init(&b, RECORD_MAX_LEN);
	json_canonical(e->doc, &b);
	crypto_hash(b.p, b.len, ret);
	buf_done(&b);
}

void
entity_pin(const struct entity *e, struct digest *ret)
{
	struct json *rest = json_object();
	const struct json *m;
	struct buf b;

	for (m = json_first(e->doc); m != NULL; m = json_next(m)) {
		if (strcmp(json_name(m), "about") == 0)
			continue;
		json_put(rest, json_name(m), json_copy(m));
	}
	buf_init(&b, RECORD_MAX_LEN);
	json_canonical(rest, &b);
	crypto_hash(b.p, b.len, ret);
	buf_done(&b);
	json_free(rest);
}

const struct home_action *
entity_action(const struct entity *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->n_actions; i++)
		if (strcmp(e->actions[i].name, name) == 0)
			return &e->actions[i];
	return NULL;
}

int
entity_value(const struct entity *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->n_values; i++)
		if (strcmp(e->values[i].name, name) == 0)
			return (int)i;
	return -1;
}
