/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

/*
 * Plain words without a model: sentence templates, as the project
 * home-assistant/intents writes and publishes them, one JSON file for each
 * language:
 *
 *   {"language": "en",
 *    "intents": {"HassTurnOn": {"data": [{"sentences": ["turn on {name}"],
 *      "slots": {...}, "requires_context": {...}, "excludes_context": {...},
 *      "lists": {...}, "expansion_rules": {...}, "response": "..."}]}},
 *    "lists": {...}, "expansion_rules": {...}, "skip_words": [...]}
 *
 * In a template [x] may be left out, (a|b) is one of both, (a;b) both in any
 * sequence, {list} or {list:slot} a value of a list, <rule> what an expansion
 * rule says, and a backslash takes the next character as it is.  A list has
 * "values", a "range" of numbers, or is a "wildcard" for any words.  Lists
 * that the file does not have come from the home: {name}, {area}, {floor}.
 *
 * One member is ours: "number_words", an array of what 0, 1, 2... are called,
 * "one|a" where there are several words, for languages that words/numbers.c
 * does not know.
 *
 * A set is made once and never changes.  Its parts are here for who matches
 * (sentence/); all others pass it on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "words/words.h"

/* What a set may hold, so that its memory is bounded. */
#define TEMPLATE_JSON_MAX (1024 * 1024)
#define TEMPLATE_COUNT_MAX 16384
#define TEMPLATE_BLOCKS_MAX 4096
#define TEMPLATE_LISTS_MAX 1024
#define TEMPLATE_VALUES_MAX 8192 /* Of all lists together. */
#define TEMPLATE_NODES_MAX (128 * 1024)
#define TEMPLATE_KIDS_MAX (512 * 1024)
#define TEMPLATE_STRINGS_MAX (512 * 1024)
#define TEMPLATE_DEPTH_MAX 48 /* Groups and rules within each other. */
#define TEMPLATE_CHAIN_MAX 600 /* Parts behind and within each other. */
#define TEMPLATE_PERMUTED_MAX 6 /* Parts in any sequence. */
#define TEMPLATE_NUMBERS_MAX 4096 /* Words for them, of the file. */
#define TEMPLATE_CONDITIONS_MAX 16 /* Of one block. */

#define TEMPLATE_FACTS_MAX 16 /* Of context, at once. */
#define TEMPLATE_SLOTS_MAX 16

enum template_kind { TEMPLATE_TEXT, TEMPLATE_NUMBER, TEMPLATE_JSON };

/* Equal parts of templates are one node, so that what was found of one holds
 * for all. */

#define MASK_WORDS 4 /* Pairs of letters that must be there, hashed. */

struct mask {
	uint64_t w[MASK_WORDS];
};

enum node_kind { NODE_EMPTY, NODE_TEXT, NODE_PAIR, NODE_EITHER, NODE_LIST };

/*
 * TEXT: `n` bytes at `a` of the strings, `b` letters.  PAIR: `a`, then `b`.
 * EITHER: `n` kids at `a`.  LIST: list `a`, slot named at `b` of the strings.
 */
struct node {
	uint8_t kind;
	bool end_of_word; /* A list behind which a word begins. */
	uint16_t n;
	uint32_t a;
	uint32_t b;
};

enum list_kind { LIST_VALUES, LIST_RANGE, LIST_WILDCARD, LIST_HOME };

struct value {
	uint32_t node;
	bool told; /* It has an "out". */
	enum template_kind kind;
	uint32_t text; /* Of its "out", in the strings. */
	uint32_t facts; /* The first of them, */
	uint32_t n_facts;
};

struct pairing {
	uint32_t key;
	uint32_t value;
};

struct list {
	enum list_kind kind;
	bool digits;
	bool in_words;
	uint32_t name;
	uint32_t values; /* The first of them, */
	uint32_t n;
	int from;
	int to;
	int step;
	int parts; /* Into which a step of one is divided: 1, 2 or 10. */
	double multiplier;
	const void *of; /* While it is compiled. */
};

/* What a number is called in this file. */
struct number_word {
	uint32_t text;
	int value;
};

/* What a block asks of the context: one of the values, or any. */
struct condition {
	uint32_t key;
	uint32_t slot; /* That the value goes to; 0 for none. */
	uint32_t values; /* The first of them, as pairings. */
	uint32_t n;
};

struct fixed {
	uint32_t name;
	enum template_kind kind;
	uint32_t text;
};

struct block {
	uint32_t intent;
	uint32_t response;
	uint32_t slots; /* The first of them, and so on. */
	uint32_t n_slots;
	uint32_t requires;
	uint32_t n_requires;
	uint32_t excludes;
	uint32_t n_excludes;
};

/* A template, and what it needs. */
struct phrase {
	uint32_t root;
	uint32_t block;
	struct mask mask;
};

/* A growing table of anything. */
struct table {
	void *p;
	size_t n;
	size_t cap;
	size_t max;
	size_t size; /* Of one. */
};

struct template_set {
	struct table strings; /* The first is "". */
	struct table nodes;
	struct table kids;
	struct table lists;
	struct table values;
	struct table pairings;
	struct table conditions;
	struct table fixed;
	struct table blocks;
	struct table templates;
	struct table number_words;
	char **skip;
	size_t n_skip;
	uint32_t language;
	bool spaces; /* They count. */
	const struct numerals *numerals;
};

#define table_at(t, type, i) (&((type *)(t)->p)[i])

static inline const char *
template_text(const struct template_set *s, uint32_t at)
{
	return table_at(&s->strings, const char, at);
}

/* The pairs of letters in a text; and are all of one in another? */
struct mask template_mask(const char *text, size_t len);
bool template_mask_within(const struct mask *part, const struct mask *whole);

/* ERR_INPUT, ERR_LIMIT: `why` names the intent or rule. */
NODISCARD enum err template_load(const char *json, size_t len,
    struct template_set **ret, struct errmsg *why);
void template_free(struct template_set *s);

/* "en".  Belongs to the set. */
const char *template_language(const struct template_set *s);

#endif
