/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENTENCE_SENTENCE_H
#define SENTENCE_SENTENCE_H

/*
 * Plain words without a model: a sentence against a set of templates
 * (template/template.h) and the names of a home.
 *
 * Capitals, accents, and punctuation around words do not matter.  Numbers may
 * be written in words in the languages of words/numbers.c.
 *
 * Pure: a match changes nothing but what it returns, and takes no longer than
 * SENTENCE_STEPS_MAX.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "template/template.h"

/* What a home may hold. */
#define SENTENCE_HOME_LISTS_MAX 16
#define SENTENCE_HOME_WORDS_MAX 16384 /* Names and aliases together. */

/* What is looked at of one sentence, and how hard. */
#define SENTENCE_STEPS_MAX 100000
#define SENTENCE_SLOTS_MAX TEMPLATE_SLOTS_MAX
#define SENTENCE_FACTS_MAX TEMPLATE_FACTS_MAX
#define SENTENCE_SAME_MAX 8 /* Things of one name that are told. */

struct sentence_home;

/* What is known beforehand ("area" of who speaks), or of a thing ("domain").
 */
struct sentence_fact {
	const char *key;
	const char *value;
};

/* One thing of the home.  `id` is what tells two of one name apart. */
struct sentence_thing {
	const char *id;
	const char *name;
	const char *const *aliases;
	size_t n_aliases;
	const struct sentence_fact *facts;
	size_t n_facts;
};

/* A list of the home: "name", "area" or "floor". */
struct sentence_list {
	const char *list;
	const struct sentence_thing *things;
	size_t n;
};

/* What stands in a place of a template, or what a template says of itself. */
struct sentence_slot {
	const char *name; /* Belongs to the set. */
	enum template_kind kind;
	char *value; /* Of a thing: its name.  Of a number: its digits.  A
		      * value that is neither text nor number is JSON. */
	double number;
	char *matched; /* The words, as they were said; "" for none. */
	bool wildcard;
	/* The things that are called so, of which one is meant: who finds
	 * more than one here asks back.  They belong to the home. */
	const char *ids[SENTENCE_SAME_MAX];
	size_t n_ids;
};

struct sentence_match {
	const char *intent; /* Belongs to the set, */
	const char *response; /* and this one, NULL for none. */
	struct sentence_slot slot[SENTENCE_SLOTS_MAX];
	size_t n_slots;
	/* What was known, and what the values added to it.  These belong to
	 * the set, the home, or the caller. */
	struct sentence_fact fact[SENTENCE_FACTS_MAX];
	size_t n_facts;
};

/* Takes copies.  ERR_INPUT: a text that is not UTF-8 or is empty; ERR_LIMIT. */
NODISCARD enum err sentence_home_new(const struct sentence_list *lists,
    size_t n_lists, struct sentence_home **ret);
void sentence_home_free(struct sentence_home *h);

/*
 * The template that fits best: one with a {name} before others, and there the
 * longest name; then the fewest wildcards, then the most words of its own,
 * then the first of the file.
 *
 * ERR_NOTFOUND: none fits; ERR_INPUT: not UTF-8; ERR_LIMIT: the sentence is
 * longer than WORDS_TEXT_MAX, or took more than SENTENCE_STEPS_MAX.
 */
NODISCARD enum err sentence_match(const struct template_set *s,
    const struct sentence_home *h, const struct sentence_fact *known,
    size_t n_known, const char *text, struct sentence_match *ret);
void sentence_match_done(struct sentence_match *m);

/* The first slot that more than one thing is called by, or NULL. */
const struct sentence_slot *sentence_unclear(const struct sentence_match *m);

#endif
