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

/* Nothing is compiled where reading ended too early. */
static void
put_template(const struct jinja *compiled, const char *text, bool of_command)
{
	if (compiled != NULL)
		home_template_put(text, of_command);
}

static void
free_action(struct home_action *a)
{
	size_t i;

	put_template(a->compiled, a->text, true);
	for (i = 0; i < a->n_params; i++)
		free_domain(&a->params[i].domain);
	free(a->params);
	free(a->sets);
	free(a->expects);
}

void
entity_free(struct entity *e)
{
	size_t i;

	if (e == NULL)
		return;
	for (i = 0; i < e->n_values; i++) {
		put_template(
		    e->values[i].compiled, e->values[i].template, false);
		free_domain(&e->values[i].domain);
	}
	for (i = 0; i < e->n_actions; i++)
		free_action(&e->actions[i]);
	for (i = 0; i < e->n_availability; i++)
		put_template(e->availability[i].compiled,
		    e->availability[i].template, false);
	free(e->values);
	free(e->actions);
	free(e->availability);
	free(e->record);
	free(e->texts);
	free(e);
}

const char *
home_keep(struct reader *r, const char *text)
{
	char *at = r->texts;

	if (text == NULL || text[0] == '\0')
		return text == NULL ? NULL : "";
	r->texts = stpcpy(at, text) + 1;
	return at;
}

/* Words that a person reads; "" when they are missing. */
static bool
read_words(struct reader *r, const struct json *v, const char *name,
    size_t most, const char **ret)
{
	*ret = home_keep(r, json_words(v, name));
	return (!json_has(v, name) || json_str(v, name) != NULL) &&
	    strlen(*ret) <= most;
}

static enum err
read_about(struct entity *e, const struct json *v, struct reader *r)
{
	enum err err = home_only(v, "'about'",
	    " name object_id device_name manufacturer model area origin "
	    "read_only_why ",
	    r->why);

	if (err != OK)
		return err;
	if (!read_words(r, v, "name", HOME_WORDS_MAX, &e->name) ||
	    !read_words(r, v, "object_id", NAME_MAX_LEN, &e->object_id) ||
	    !read_words(r, v, "device_name", HOME_WORDS_MAX, &e->device_name) ||
	    !read_words(
		r, v, "manufacturer", HOME_WORDS_MAX, &e->manufacturer) ||
	    !read_words(r, v, "model", HOME_WORDS_MAX, &e->model) ||
	    !read_words(r, v, "area", HOME_WORDS_MAX, &e->area) ||
	    !read_words(r, v, "origin", HOME_ORIGIN_MAX, &e->origin) ||
	    !read_words(
		r, v, "read_only_why", 2 * HOME_TEXT_MAX, &e->read_only_why))
		return err_say(r->why, ERR_INPUT,
		    "what is said about it is no text, or a long one");
	if (!json_has(v, "read_only_why"))
		e->read_only_why = NULL;
	return OK;
}

static enum err
read_identity(struct entity *e, const struct json *doc, struct reader *r)
{
	const char *key = json_words(doc, "key");

	if (json_int(doc, "format", 0) != RECORD_FORMAT)
		return err_say(r->why, ERR_INPUT,
		    "the record is not of format %d", RECORD_FORMAT);
	if (strlen(key) != HOME_KEY_LEN ||
	    strspn(key, "0123456789abcdef") != HOME_KEY_LEN ||
	    str_copy(e->key, sizeof(e->key), key) != OK)
		return err_say(r->why, ERR_INPUT, "the record has no key");
	if (!read_words(r, doc, "source", NAME_MAX_LEN, &e->source) ||
	    !read_words(r, doc, "component", NAME_MAX_LEN, &e->component) ||
	    !read_words(r, doc, "class", NAME_MAX_LEN, &e->class) ||
	    !read_words(r, doc, "device", HOME_WORDS_MAX, &e->device) ||
	    !str_is_name(e->source) || !str_is_name(e->component))
		return err_say(r->why, ERR_INPUT,
		    "the record does not say what the entity is");
	return OK;
}

static enum err
read_doc(struct entity *e, const struct json *doc, struct reader *r)
{
	enum err err;

	err = home_only(doc, "the record",
	    " format key source component class device about values actions "
	    "availability mode ",
	    r->why);
	if (err == OK)
		err = read_identity(e, doc, r);
	if (err == OK)
		err = read_about(e, json_get(doc, "about"), r);
	if (err == OK)
		err = home_read_values(e, doc, r);
	if (err == OK)
		err = home_read_actions(e, doc, r);
	if (err == OK)
		err = home_read_availability(e, doc, r);
	return err;
}

/* Of all but what is said about it. */
static void
make_pin(struct entity *e, const struct json *doc)
{
	struct json *rest = json_object();
	const struct json *m;
	struct buf b;

	for (m = json_first(doc); m != NULL; m = json_next(m))
		if (strcmp(json_name(m), "about") != 0)
			json_put(rest, json_name(m), json_copy(m));
	buf_init(&b, RECORD_MAX_LEN);
	json_canonical(rest, &b);
	crypto_hash(b.p, b.len, &e->pin);
	buf_done(&b);
	json_free(rest);
}

/* Of a document, and of the bytes that it is. */
static enum err
read_both(const struct json *doc, const char *text, size_t len,
    struct entity **ret, struct errmsg *why)
{
	struct entity *e = xalloc(sizeof(*e));
	struct reader r = {.why = why};
	enum err err;

	/* Each text stands in the bytes, between quotes. */
	e->texts = r.texts = xalloc(len);
	e->record = xalloc(len);
	memcpy(e->record, text, len);
	e->record_len = len;
	err = read_doc(e, doc, &r);
	if (err != OK) {
		entity_free(e);
		return err;
	}
	make_pin(e, doc);
	*ret = e;
	return OK;
}

enum err
entity_take(struct json *doc, struct entity **ret, struct errmsg *why)
{
	enum err err;
	struct buf b;

	buf_init(&b, RECORD_MAX_LEN);
	json_canonical(doc, &b);
	err = b.overflow
	    ? err_say(why, ERR_LIMIT, "the record has more than %d bytes",
		  RECORD_MAX_LEN)
	    : read_both(doc, b.p, b.len, ret, why);
	buf_done(&b);
	json_free(doc);
	return err;
}

enum err
entity_read(
    const char *text, size_t len, struct entity **ret, struct errmsg *why)
{
	struct json *doc;
	enum err err;

	if (len > RECORD_MAX_LEN)
		return err_say(why, ERR_LIMIT,
		    "the record has more than %d bytes", RECORD_MAX_LEN);
	if (!json_is_canonical(text, len) || json_parse(text, len, &doc) != OK)
		return err_say(
		    why, ERR_INPUT, "the record is not canonical JSON");
	err = read_both(doc, text, len, ret, why);
	json_free(doc);
	return err;
}

void
entity_write(const struct entity *e, struct buf *out)
{
	buf_add(out, e->record, e->record_len);
}

void
entity_digest(const struct entity *e, struct digest *ret)
{
	crypto_hash(e->record, e->record_len, ret);
}

void
entity_pin(const struct entity *e, struct digest *ret)
{
	*ret = e->pin;
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

bool
entity_is_named(const struct entity *e, const char *name)
{
	size_t n = strlen(e->component);

	return strncmp(name, e->component, n) == 0 && name[n] == '.';
}
