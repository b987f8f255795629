/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENTENCE_SENTENCE_PRIV_H
#define SENTENCE_SENTENCE_PRIV_H

#include "sentence/sentence.h"

#define WORDS_OF_BITS(n) (((n) + 63) / 64)

/* ---- home.c ---- */

/* A name or an alias. */
struct word {
	const char *text; /* Clean. */
	size_t len;
	const struct sentence_thing *thing;
};

struct home_list {
	const char *name;
	struct word *words; /* By their text; equal ones as they came. */
	size_t n;
};

struct sentence_home {
	struct home_list list[SENTENCE_HOME_LISTS_MAX];
	size_t n;
	char **own; /* All its text, */
	size_t n_own;
	struct sentence_fact *facts; /* and the rest. */
	struct sentence_thing *things;
};

const struct home_list *home_find(
    const struct sentence_home *h, const char *name);
/* The first of the words that may stand there; behind it are others, until
 * their first byte is another one. */
size_t home_first(const struct home_list *l, char c);
/* Behind the word that stands there, or 0.  Its spaces may not count. */
size_t home_word(const struct home_list *l, size_t word, const char *text,
    size_t at, size_t n, bool spaces);

/* ---- reach.c: where a node that begins here can end ---- */

/*
 * A state is a place in the text, twice, plus one where a word begins, so
 * that spaces before it do not count.
 */
#define STATE(at, begins) ((uint32_t)(2 * (at) + ((begins) ? 1 : 0)))
#define STATE_AT(s) ((size_t)(s) / 2)
#define STATE_BEGINS(s) (((s)&1) != 0)
#define STATES_MAX (2 * (WORDS_TEXT_MAX + 3))

struct reach {
	const struct template_set *s;
	const struct home_list **home; /* Of each list, or NULL. */
	const char *text;
	size_t n; /* Bytes, the last a space where these count. */
	size_t words; /* Of a set of states. */
	uint64_t *sets; /* The first is the empty one. */
	size_t n_sets;
	size_t cap_sets;
	uint64_t *memo; /* Node and state, and behind them the set. */
	size_t n_memo;
	size_t cap_memo;
	long steps;
	bool exhausted;
};

void reach_begin(struct reach *r);
void reach_end(struct reach *r);
/* The set of states, by its number; 0 is the empty one. */
uint32_t reach_from(struct reach *r, uint32_t node, uint32_t state);
bool reach_has(const struct reach *r, uint32_t set, uint32_t state);
/* The first state of a set that is `from` or more, or -1; and the last one
 * that is `from` or less. */
int reach_next(const struct reach *r, uint32_t set, int from);
int reach_before(const struct reach *r, uint32_t set, int from);
/* Only spaces are left. */
bool reach_is_end(const struct reach *r, uint32_t state);
/* The state behind a text, or -1. */
int reach_text(const struct reach *r, const struct node *n, uint32_t state);
/* Numbers of a range that begin here. */
size_t reach_numbers(const struct reach *r, const struct list *l,
    uint32_t state, struct number ret[WORDS_NUMBERS_MAX]);
size_t reach_skip_spaces(const struct reach *r, size_t at);

/* ---- walk.c: each way in which a template fits ---- */

struct taken {
	uint32_t node; /* The list's. */
	uint16_t from;
	uint16_t to;
	uint32_t value; /* Of the list, or the word of the home. */
	double number;
};

/* A template that fits, and how well. */
struct fit {
	const struct phrase *of;
	struct taken taken[SENTENCE_SLOTS_MAX];
	size_t n;
	bool named;
	size_t name_len;
	size_t wildcards;
	size_t letters;
	const char *same[SENTENCE_SLOTS_MAX][SENTENCE_SAME_MAX];
	size_t n_same[SENTENCE_SLOTS_MAX];
};

struct walk {
	struct reach *r;
	const struct sentence_fact *known;
	size_t n_known;
	struct fit now;
	struct fit best;
	bool any;
	bool full; /* More places than can be told. */
	int depth;
};

void walk_template(struct walk *w, const struct phrase *t);
/* The context that a fit stands in. */
void walk_facts(const struct walk *w, const struct fit *f,
    struct sentence_fact ret[SENTENCE_FACTS_MAX], size_t *ret_n);
/* NULL where the context does not say. */
const char *facts_get(
    const struct sentence_fact *facts, size_t n, const char *key);
/* May these conditions still be met, by what is there of it? */
bool facts_allow(const struct template_set *s, const struct block *b,
    const struct sentence_fact *facts, size_t n);

#endif
