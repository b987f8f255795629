/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "template/template_priv.h"

#define LANGUAGE_MAX 16
#define SKIP_WORDS_MAX 256
#define FIRST_PLACES 1024 /* Of what is found again by its content. */
#define RULES_MAX (2 * 256) /* What one scope can have of them. */

static void
limit(struct table *t, size_t size, size_t max)
{
	*t = (struct table){
	    .p = xalloc(size), .cap = 1, .size = size, .max = max};
}

static struct template_set *
new_set(void)
{
	struct template_set *s = xalloc(sizeof(*s));

	memset(s, 0, sizeof(*s));
	limit(&s->strings, 1, TEMPLATE_STRINGS_MAX);
	limit(&s->nodes, sizeof(struct node), TEMPLATE_NODES_MAX);
	limit(&s->kids, sizeof(uint32_t), TEMPLATE_KIDS_MAX);
	limit(&s->lists, sizeof(struct list), TEMPLATE_LISTS_MAX);
	limit(&s->values, sizeof(struct value), TEMPLATE_VALUES_MAX);
	limit(&s->pairings, sizeof(struct pairing), TEMPLATE_VALUES_MAX);
	limit(&s->conditions, sizeof(struct condition), TEMPLATE_VALUES_MAX);
	limit(&s->fixed, sizeof(struct fixed), TEMPLATE_VALUES_MAX);
	limit(&s->blocks, sizeof(struct block), TEMPLATE_BLOCKS_MAX);
	limit(&s->templates, sizeof(struct phrase), TEMPLATE_COUNT_MAX);
	limit(
	    &s->number_words, sizeof(struct number_word), TEMPLATE_NUMBERS_MAX);
	table_add(&s->strings, 1);
	table_add(&s->nodes, 1);
	return s;
}

static void
begin(struct maker *m, struct template_set *s, struct errmsg *why)
{
	*m = (struct maker){.s = s, .why = why, .where = "the file"};
	limit(&m->masks, sizeof(struct mask), TEMPLATE_NODES_MAX);
	limit(&m->chains, sizeof(unsigned), TEMPLATE_NODES_MAX);
	limit(&m->ready, 2 * sizeof(void *), RULES_MAX);
	table_add(&m->masks, 1);
	table_add(&m->chains, 1);
	m->found_cap = FIRST_PLACES;
	m->known_cap = FIRST_PLACES;
	m->found = calloc(m->found_cap, sizeof(*m->found));
	m->known = calloc(m->known_cap, sizeof(*m->known));
	if (m->found == NULL || m->known == NULL)
		fatal("out of memory for a set of sentences");
}

static void
end(struct maker *m)
{
	size_t i;

	for (i = 0; i < m->s->lists.n; i++)
		table_at(&m->s->lists, struct list, i)->of = NULL;
	free(m->masks.p);
	free(m->chains.p);
	free(m->ready.p);
	free(m->found);
	free(m->known);
}

/* ---- blocks ---- */

static enum err
read_fixed(struct maker *m, const struct json *slots, struct block *b)
{
	const struct json *v;

	b->slots = (uint32_t)m->s->fixed.n;
	for (v = json_first(slots); v != NULL; v = json_next(v)) {
		struct fixed f = {0};
		struct fixed *room;

		if (maker_string(
			m, json_name(v), strlen(json_name(v)), &f.name) != OK ||
		    lists_scalar(m, v, &f.kind, &f.text) != OK)
			return m->err;
		room = table_add(&m->s->fixed, 1);
		if (room == NULL || ++b->n_slots > TEMPLATE_SLOTS_MAX)
			return maker_fails(m, ERR_LIMIT, "too many \"slots\"");
		*room = f;
	}
	return OK;
}

static enum err
add_wanted(struct maker *m, const struct json *v, struct condition *c)
{
	struct pairing *room = table_add(&m->s->pairings, 1);
	uint32_t text;
	enum template_kind kind;

	if (room == NULL)
		return maker_fails(m, ERR_LIMIT, "too many values of context");
	if (lists_scalar(m, v, &kind, &text) != OK)
		return m->err;
	table_at(&m->s->pairings, struct pairing, c->values + c->n)->value =
	    text;
	c->n++;
	return OK;
}

/* One value, several, or none for any; or {"value": those, "slot": true}. */
static enum err
read_condition(struct maker *m, const struct json *v, struct condition *ret)
{
	const struct json *value = v;
	const struct json *one;

	if (maker_string(m, json_name(v), strlen(json_name(v)), &ret->key) !=
	    OK)
		return m->err;
	if (json_is_object(v)) {
		const char *slot = json_str(v, "slot");

		value = json_get(v, "value");
		if (slot != NULL &&
		    maker_string(m, slot, strlen(slot), &ret->slot) != OK)
			return m->err;
		if (slot == NULL && json_flag(v, "slot"))
			ret->slot = ret->key;
	}
	ret->values = (uint32_t)m->s->pairings.n;
	if (value == NULL || json_is_array(value)) {
		for (one = json_first(value); one != NULL; one = json_next(one))
			if (add_wanted(m, one, ret) != OK)
				return m->err;
		return OK;
	}
	if (!json_is_string(value) && !json_is_bool(value) &&
	    !json_is_number(value))
		return OK;
	return add_wanted(m, value, ret);
}

static enum err
read_conditions(
    struct maker *m, const struct json *from, uint32_t *ret, uint32_t *ret_n)
{
	const struct json *v;

	*ret = (uint32_t)m->s->conditions.n;
	for (v = json_first(from); v != NULL; v = json_next(v)) {
		struct condition c = {0};
		struct condition *room;

		if (read_condition(m, v, &c) != OK)
			return m->err;
		room = table_add(&m->s->conditions, 1);
		if (room == NULL || ++*ret_n > TEMPLATE_CONDITIONS_MAX)
			return maker_fails(
			    m, ERR_LIMIT, "too many conditions of context");
		*room = c;
	}
	return OK;
}

static enum err
read_sentences(struct maker *m, const struct json *from, uint32_t block)
{
	const struct json *v;

	if (!json_is_array(from))
		return maker_fails(m, ERR_INPUT, "\"sentences\" is missing");
	for (v = json_first(from); v != NULL; v = json_next(v)) {
		struct phrase t = {.block = block};
		struct phrase *room;
		const char *text = json_text(v);

		if (text == NULL)
			return maker_fails(
			    m, ERR_INPUT, "a sentence is not text");
		if (parse_template(m, text, 0, &t.root) != OK)
			return m->err;
		t.mask = *table_at(&m->masks, const struct mask, t.root);
		room = table_add(&m->s->templates, 1);
		if (room == NULL)
			return maker_fails(m, ERR_LIMIT,
			    "more than %d sentences", TEMPLATE_COUNT_MAX);
		*room = t;
	}
	return OK;
}

/* Rules of its own count for those of all, too, which may name them; so what
 * was compiled of these is not for this block. */
static enum err
read_block(struct maker *m, const struct json *from, uint32_t intent)
{
	struct table ready = m->ready;
	const char *response = json_words(from, "response");
	struct block b = {.intent = intent};
	struct block *room = table_add(&m->s->blocks, 1);
	uint32_t at = (uint32_t)(m->s->blocks.n - 1);
	enum err e;

	if (room == NULL)
		return maker_fails(
		    m, ERR_LIMIT, "more than %d blocks", TEMPLATE_BLOCKS_MAX);
	m->own_rules = json_get(from, "expansion_rules");
	m->own_lists = json_get(from, "lists");
	if (m->own_rules != NULL || m->own_lists != NULL)
		limit(&m->ready, ready.size, ready.max);
	e = maker_string(m, response, strlen(response), &b.response);
	if (e == OK)
		e = read_fixed(m, json_get(from, "slots"), &b);
	if (e == OK)
		e = read_conditions(m, json_get(from, "requires_context"),
		    &b.requires, &b.n_requires);
	if (e == OK)
		e = read_conditions(m, json_get(from, "excludes_context"),
		    &b.excludes, &b.n_excludes);
	if (e == OK)
		e = read_sentences(m, json_get(from, "sentences"), at);
	*table_at(&m->s->blocks, struct block, at) = b;
	if (m->own_rules != NULL || m->own_lists != NULL) {
		free(m->ready.p);
		m->ready = ready;
	}
	return e;
}

static enum err
read_intent(struct maker *m, const struct json *from)
{
	const struct json *data = json_get(from, "data");
	const struct json *v;
	uint32_t name;

	m->where = json_name(from);
	if (!json_is_array(data))
		return maker_fails(m, ERR_INPUT, "\"data\" is missing");
	if (maker_string(m, m->where, strlen(m->where), &name) != OK)
		return m->err;
	for (v = json_first(data); v != NULL; v = json_next(v))
		if (read_block(m, v, name) != OK)
			return m->err;
	return OK;
}

/* ---- the rest of the file ---- */

static enum err
read_skip_words(struct maker *m, const struct json *from)
{
	struct template_set *s = m->s;
	const struct json *v;
	size_t n = json_count(from);

	if (n > SKIP_WORDS_MAX)
		return maker_fails(m, ERR_LIMIT, "more than %d \"skip_words\"",
		    SKIP_WORDS_MAX);
	s->skip = xalloc((n + 1) * sizeof(*s->skip));
	for (v = json_first(from); v != NULL; v = json_next(v)) {
		struct clean c;
		const char *text = json_text(v);

		if (text == NULL || words_clean(text, s->spaces, &c) != OK)
			return maker_fails(
			    m, ERR_INPUT, "one of \"skip_words\" is no word");
		if (c.n > 0 && c.text[c.n - 1] == ' ')
			c.text[c.n - 1] = '\0';
		if (c.text[0] != '\0')
			s->skip[s->n_skip++] = xstrdup(c.text);
	}
	return OK;
}

/* "one|a", and the next number. */
static enum err
read_number(struct maker *m, const char *text, int value)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "|");
		char *word = xstrndup(text, len);
		struct number_word w = {.value = value};
		struct number_word *room;
		struct clean c;
		enum err e = words_clean(word, m->s->spaces, &c);

		free(word);
		while (e == OK && c.n > 0 && c.text[c.n - 1] == ' ')
			c.n--;
		if (e != OK || c.n == 0)
			return maker_fails(
			    m, ERR_INPUT, "one of \"number_words\" is no word");
		if (maker_string(m, c.text, c.n, &w.text) != OK)
			return m->err;
		room = table_add(&m->s->number_words, 1);
		if (room == NULL)
			return maker_fails(m, ERR_LIMIT,
			    "more than %d \"number_words\"",
			    TEMPLATE_NUMBERS_MAX);
		*room = w;
		text += len + (text[len] == '|');
	}
	return OK;
}

static enum err
read_numbers(struct maker *m, const struct json *from)
{
	const struct json *v;
	int value = 0;

	for (v = json_first(from); v != NULL; v = json_next(v)) {
		const char *text = json_text(v);

		if (text == NULL)
			return maker_fails(
			    m, ERR_INPUT, "one of \"number_words\" is no text");
		if (read_number(m, text, value++) != OK)
			return m->err;
	}
	return OK;
}

static enum err
read_all(struct maker *m, const struct json *root)
{
	const char *language = json_words(root, "language");
	const struct json *intents = json_get(root, "intents");
	const struct json *v;

	if (!json_is_object(intents) || language[0] == '\0' ||
	    strlen(language) > LANGUAGE_MAX)
		return maker_fails(m, ERR_INPUT,
		    "\"language\" or \"intents\" is missing; this is not a "
		    "file of sentences");
	m->rules = json_get(root, "expansion_rules");
	m->lists = json_get(root, "lists");
	m->s->spaces =
	    !json_flag(json_get(root, "settings"), "ignore_whitespace");
	m->s->numerals = words_numerals(language);
	if (maker_string(m, language, strlen(language), &m->s->language) !=
		OK ||
	    read_skip_words(m, json_get(root, "skip_words")) != OK ||
	    read_numbers(m, json_get(root, "number_words")) != OK)
		return m->err;
	for (v = json_first(intents); v != NULL; v = json_next(v))
		if (read_intent(m, v) != OK)
			return m->err;
	return OK;
}

enum err
template_load(
    const char *json, size_t len, struct template_set **ret, struct errmsg *why)
{
	struct json *root;
	struct maker m;
	enum err e;

	if (len > TEMPLATE_JSON_MAX)
		return err_say(why, ERR_LIMIT,
		    "a file of sentences has at most %d bytes",
		    TEMPLATE_JSON_MAX);
	if (json_parse(json, len, &root) != OK)
		return err_say(why, ERR_INPUT,
		    "this is not JSON, or goes deeper than it may");
	begin(&m, new_set(), why);
	e = read_all(&m, root);
	end(&m);
	json_free(root);
	if (e != OK) {
		template_free(m.s);
		return e;
	}
	*ret = m.s;
	return OK;
}

void
template_free(struct template_set *s)
{
	struct table *all[] = {&s->strings, &s->nodes, &s->kids, &s->lists,
	    &s->values, &s->pairings, &s->conditions, &s->fixed, &s->blocks,
	    &s->number_words, &s->templates};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]->p);
	for (i = 0; i < s->n_skip; i++)
		free(s->skip[i]);
	free(s->skip);
	free(s);
}

const char *
template_language(const struct template_set *s)
{
	return template_text(s, s->language);
}
