/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROSTER_ROSTER_H
#define ROSTER_ROSTER_H

/*
 * The roster: which models each role asks, in which order, and what they
 * cost.  Both are an owner's words; a model stands in them as PROVIDER/MODEL.
 *
 * Prices are rows with the day from which they hold, in millionths of a
 * dollar for a million tokens.  All of it is whole numbers, rounded up.
 *
 * Pure: the day is a parameter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

#define MODEL_REF_SIZE (NAME_MAX_LEN + 1 + MODEL_NAME_MAX + 1)

/* ---- One price ---- */

struct price {
	char model[MODEL_REF_SIZE];
	int64_t day; /* Of the Unix epoch, UTC: from then on. */
	int64_t input; /* Millionths of a dollar for a million tokens. */
	int64_t output;
	int64_t cached; /* Of the input, what was read from a cache. */
	int64_t cache_write; /* Of the input, what was put into one. */
};

/* "openai/gpt-5-nano 2026-09-22 in=0.05 out=0.40 cached=0.005"; without
 * `cached` that costs what other input does, and without `cache_write` that
 * costs twice as much: providers ask 1.25 times, or 2 times where it is to be
 * kept for an hour.  ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err price_read(
    struct str line, struct price *ret, struct errmsg *why);
/* The same words, in one form. */
void price_write(const struct price *p, struct buf *out);

/* Tokens: the most that there may be, or those used. */
struct price_use {
	int64_t input; /* With what came from a cache, or went into one. */
	int64_t cached;
	int64_t cache_written;
	int64_t output;
};
/* In millionths of a dollar. */
int64_t price_of(const struct price *p, const struct price_use *u);

int64_t price_day(int64_t wall_ms);
/* "2026-09-22" */
#define PRICE_DAY_SIZE 40
void price_day_write(int64_t day, char ret[PRICE_DAY_SIZE]);

/* ---- All of them, and the lists ---- */

struct roster;

struct roster *roster_new(void);
void roster_free(struct roster *r);

/* NULL behind the last. */
const char *roster_role(size_t i);
bool roster_is_role(const char *name);

/* Is it PROVIDER/MODEL?  Then its provider and its model. */
NODISCARD enum err roster_split(const char *ref,
    char ret_provider[NAME_MAX_LEN + 1], const char **ret_model);

/* "ollama/qwen3:4b,openai/gpt-5-nano"; "" takes the list away.  ERR_INPUT,
 * ERR_LIMIT. */
NODISCARD enum err roster_use(
    struct roster *r, const char *role, const char *list, struct errmsg *why);
/* "" when the role has no list. */
const char *roster_list(const struct roster *r, const char *role);
/* Cut the next of a list off; false when there is none. */
bool roster_next(const char **list, char ret[MODEL_REF_SIZE]);

/* A row of the same model and day is replaced.  ERR_LIMIT. */
NODISCARD enum err roster_put_price(
    struct roster *r, const struct price *p, struct errmsg *why);
/* The one that holds on that day; NULL when none does. */
const struct price *roster_price(
    const struct roster *r, const char *model, int64_t day);
const struct price *roster_price_at(const struct roster *r, size_t i);

#endif
