/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sentence/sentence_priv.h"

static int
by_text(const void *a, const void *b)
{
	const struct word *x = a;
	const struct word *y = b;
	int d = strcmp(x->text, y->text);

	/* Equal ones as they came. */
	return d != 0 ? d : x->thing < y->thing ? -1 : x->thing > y->thing;
}

static char *
own(struct sentence_home *h, const char *text)
{
	h->own[h->n_own] = xstrdup(text);
	return h->own[h->n_own++];
}

static enum err
add_word(struct sentence_home *h, struct home_list *l,
    const struct sentence_thing *t, const char *text)
{
	struct clean c;
	enum err e = words_clean(text, true, &c);

	if (e != OK)
		return e;
	if (c.n == 0)
		return ERR_INPUT;
	c.text[c.n - 1] = '\0';
	l->words[l->n++] = (struct word){own(h, c.text), c.n - 1, t};
	return OK;
}

struct sums {
	size_t things;
	size_t words;
	size_t facts;
};

static struct sums
count(const struct sentence_list *lists, size_t n)
{
	struct sums s = {0, 0, 0};
	size_t i;
	size_t k;

	for (i = 0; i < n; i++)
		for (k = 0; k < lists[i].n; k++) {
			s.things++;
			s.words += 1 + lists[i].things[k].n_aliases;
			s.facts += lists[i].things[k].n_facts;
		}
	return s;
}

static enum err
add_thing(struct sentence_home *h, struct home_list *l,
    const struct sentence_thing *from, struct sentence_thing *t,
    struct sentence_fact *facts)
{
	enum err e;
	size_t i;

	*t = (struct sentence_thing){.id = own(h, from->id),
	    .name = own(h, from->name),
	    .facts = facts,
	    .n_facts = from->n_facts};
	for (i = 0; i < from->n_facts; i++)
		facts[i] = (struct sentence_fact){
		    own(h, from->facts[i].key), own(h, from->facts[i].value)};
	e = add_word(h, l, t, from->name);
	for (i = 0; e == OK && i < from->n_aliases; i++)
		e = add_word(h, l, t, from->aliases[i]);
	return e;
}

static enum err
add_list(struct sentence_home *h, const struct sentence_list *from,
    struct sentence_thing **things, struct sentence_fact **facts)
{
	struct home_list *l = &h->list[h->n++];
	struct sums s = count(from, 1);
	enum err e = OK;
	size_t i;

	l->name = own(h, from->list);
	l->words = xalloc((s.words + 1) * sizeof(*l->words));
	for (i = 0; e == OK && i < from->n; i++) {
		e = add_thing(h, l, &from->things[i], *things, *facts);
		(*things)++;
		*facts += from->things[i].n_facts;
	}
	if (l->n > 0)
		qsort(l->words, l->n, sizeof(*l->words), by_text);
	return e;
}

enum err
sentence_home_new(const struct sentence_list *lists, size_t n_lists,
    struct sentence_home **ret)
{
	struct sums s;
	struct sentence_home *h;
	struct sentence_thing *things;
	struct sentence_fact *facts;
	size_t i;
	enum err e = OK;

	if (n_lists > SENTENCE_HOME_LISTS_MAX)
		return ERR_LIMIT;
	s = count(lists, n_lists);
	if (s.words > SENTENCE_HOME_WORDS_MAX ||
	    s.facts > SENTENCE_FACTS_MAX * s.things)
		return ERR_LIMIT;
	h = xalloc(sizeof(*h));
	memset(h, 0, sizeof(*h));
	h->own = xalloc((n_lists + 2 * s.things + s.words + 2 * s.facts + 1) *
	    sizeof(*h->own));
	h->things = xalloc((s.things + 1) * sizeof(*h->things));
	h->facts = xalloc((s.facts + 1) * sizeof(*h->facts));
	things = h->things;
	facts = h->facts;
	for (i = 0; e == OK && i < n_lists; i++)
		e = add_list(h, &lists[i], &things, &facts);
	if (e != OK) {
		sentence_home_free(h);
		return e;
	}
	*ret = h;
	return OK;
}

void
sentence_home_free(struct sentence_home *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		free(h->list[i].words);
	for (i = 0; i < h->n_own; i++)
		free(h->own[i]);
	free(h->own);
	free(h->things);
	free(h->facts);
	free(h);
}

const struct home_list *
home_find(const struct sentence_home *h, const char *name)
{
	size_t i;

	for (i = 0; h != NULL && i < h->n; i++)
		if (strcmp(h->list[i].name, name) == 0)
			return &h->list[i];
	return NULL;
}

size_t
home_first(const struct home_list *l, char c)
{
	size_t from = 0;
	size_t to = l->n;

	while (from < to) {
		size_t at = (from + to) / 2;

		if ((unsigned char)l->words[at].text[0] < (unsigned char)c)
			from = at + 1;
		else
			to = at;
	}
	return from;
}

size_t
home_word(const struct home_list *l, size_t word, const char *text, size_t at,
    size_t n, bool spaces)
{
	const char *w;

	for (w = l->words[word].text; *w != '\0'; w++) {
		if (*w == ' ' && !spaces)
			continue;
		if (at >= n || text[at++] != *w)
			return 0;
	}
	return at;
}
