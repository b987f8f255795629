/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sentence/sentence_priv.h"

#define NUMBER_SIZE 32

/* ---- what fits, as it is told ---- */

static struct sentence_slot *
slot_of(struct sentence_match *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		if (strcmp(m->slot[i].name, name) == 0)
			return &m->slot[i];
	return NULL;
}

static void
clear(struct sentence_slot *s)
{
	free(s->value);
	free(s->matched);
	*s = (struct sentence_slot){0};
}

/* A place that comes twice has what stands there last. */
static struct sentence_slot *
place_for(struct sentence_match *m, const char *name)
{
	struct sentence_slot *s = slot_of(m, name);

	if (s != NULL)
		clear(s);
	else if (m->n_slots < SENTENCE_SLOTS_MAX)
		s = &m->slot[m->n_slots++];
	if (s != NULL)
		s->name = name;
	return s;
}

static void
put_value(struct sentence_slot *s, enum template_kind kind, const char *text)
{
	s->kind = kind;
	s->value = xstrdup(text);
	s->number = kind == TEMPLATE_NUMBER ? strtod(text, NULL) : 0;
}

static void
put_number(struct sentence_slot *s, double number)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%.10g", number);
	put_value(s, TEMPLATE_NUMBER, text);
	s->number = number;
}

static void
put_taken(const struct walk *w, const struct clean *c, const struct taken *t,
    struct sentence_slot *s)
{
	const struct template_set *set = w->r->s;
	uint32_t at = table_at(&set->nodes, const struct node, t->node)->a;
	const struct list *l = table_at(&set->lists, const struct list, at);
	const struct value *v;

	s->matched = words_said(c, t->from, t->to);
	s->wildcard = l->kind == LIST_WILDCARD;
	switch (l->kind) {
	case LIST_HOME:
		put_value(s, TEMPLATE_TEXT,
		    w->r->home[at]->words[t->value].thing->name);
		break;
	case LIST_RANGE:
		put_number(s, t->number);
		break;
	case LIST_VALUES:
		v = table_at(
		    &set->values, const struct value, l->values + t->value);
		put_value(s, v->kind,
		    v->told ? template_text(set, v->text) : s->matched);
		break;
	case LIST_WILDCARD:
		put_value(s, TEMPLATE_TEXT, s->matched);
		break;
	}
}

/* What the template says of itself, where the words did not say it; and what
 * its block takes from the context. */
static void
put_given(const struct walk *w, const struct block *b, struct sentence_match *m,
    size_t said)
{
	const struct template_set *set = w->r->s;
	uint32_t i;

	for (i = 0; i < b->n_slots; i++) {
		const struct fixed *f =
		    table_at(&set->fixed, const struct fixed, b->slots + i);
		const char *name = template_text(set, f->name);
		struct sentence_slot *s =
		    slot_of(m, name) == NULL ? place_for(m, name) : NULL;

		if (s == NULL)
			continue;
		put_value(s, f->kind, template_text(set, f->text));
		s->matched = xstrdup("");
	}
	for (i = 0; i < b->n_requires; i++) {
		const struct condition *c = table_at(
		    &set->conditions, const struct condition, b->requires + i);
		const char *name = template_text(set, c->slot);
		struct sentence_slot *s = slot_of(m, name);

		if (c->slot == 0 || (s != NULL && s < m->slot + said))
			continue;
		s = place_for(m, name);
		if (s == NULL)
			continue;
		put_value(s, TEMPLATE_TEXT,
		    facts_get(m->fact, m->n_facts, template_text(set, c->key)));
		s->matched = xstrdup("");
	}
}

static void
tell(const struct walk *w, const struct clean *c, struct sentence_match *m)
{
	const struct template_set *set = w->r->s;
	const struct fit *f = &w->best;
	const struct block *b =
	    table_at(&set->blocks, const struct block, f->of->block);
	const char *response = template_text(set, b->response);
	size_t i;

	memset(m, 0, sizeof(*m));
	m->intent = template_text(set, b->intent);
	m->response = response[0] != '\0' ? response : NULL;
	walk_facts(w, f, m->fact, &m->n_facts);
	for (i = 0; i < f->n; i++) {
		struct sentence_slot *s = place_for(m,
		    template_text(set,
			table_at(
			    &set->nodes, const struct node, f->taken[i].node)
			    ->b));

		if (s == NULL)
			break;
		put_taken(w, c, &f->taken[i], s);
		s->n_ids = f->n_same[i];
		memcpy(s->ids, f->same[i], s->n_ids * sizeof(s->ids[0]));
	}
	put_given(w, b, m, m->n_slots);
}

void
sentence_match_done(struct sentence_match *m)
{
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		clear(&m->slot[i]);
	m->n_slots = 0;
}

const struct sentence_slot *
sentence_unclear(const struct sentence_match *m)
{
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		if (m->slot[i].n_ids > 1)
			return &m->slot[i];
	return NULL;
}

/* ---- matching ---- */

/* Every template whose pairs of letters are all there. */
static void
try_all(struct walk *w, const struct clean *c)
{
	const struct template_set *s = w->r->s;
	const struct phrase *t =
	    table_at(&s->templates, const struct phrase, 0);
	struct mask there = template_mask(c->text, c->n);
	uint32_t of = UINT32_MAX;
	bool allowed = false;
	size_t i;

	for (i = 0; i < s->templates.n && !w->r->exhausted; i++) {
		if (!template_mask_within(&t[i].mask, &there))
			continue;
		if (t[i].block != of) {
			of = t[i].block;
			allowed = facts_allow(s,
			    table_at(&s->blocks, const struct block, of),
			    w->known, w->n_known);
		}
		if (allowed)
			walk_template(w, &t[i]);
	}
}

static const struct home_list **
lists_of_home(const struct template_set *s, const struct sentence_home *h)
{
	const struct home_list **all =
	    xalloc((s->lists.n + 1) * sizeof(struct home_list *));
	size_t i;

	for (i = 0; i < s->lists.n; i++) {
		const struct list *l =
		    table_at(&s->lists, const struct list, i);

		all[i] = l->kind == LIST_HOME
		    ? home_find(h, template_text(s, l->name))
		    : NULL;
	}
	return all;
}

enum err
sentence_match(const struct template_set *s, const struct sentence_home *h,
    const struct sentence_fact *known, size_t n_known, const char *text,
    struct sentence_match *ret)
{
	struct clean c;
	struct reach r = {.s = s};
	struct walk *w;
	enum err e = words_clean(text, s->spaces, &c);

	if (e == OK && n_known > SENTENCE_FACTS_MAX)
		e = ERR_LIMIT;
	if (e != OK)
		return e;
	words_skip(&c, s->skip, s->n_skip);
	r.text = c.text;
	r.n = c.n;
	r.home = lists_of_home(s, h);
	reach_begin(&r);
	w = xalloc(sizeof(*w));
	memset(w, 0, sizeof(*w));
	w->r = &r;
	w->known = known;
	w->n_known = n_known;
	try_all(w, &c);
	if (r.exhausted || w->full)
		e = ERR_LIMIT;
	else if (!w->any)
		e = ERR_NOTFOUND;
	else
		tell(w, &c, ret);
	free(w);
	reach_end(&r);
	free(r.home);
	return e;
}
