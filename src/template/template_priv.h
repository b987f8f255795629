/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEMPLATE_TEMPLATE_PRIV_H
#define TEMPLATE_TEMPLATE_PRIV_H

#include "base/json.h"
#include "template/template.h"

/* Room for `n` more, of nought; NULL over the limit. */
void *table_add(struct table *t, size_t n);

/* What makes a set. */
struct maker {
	struct template_set *s;
	struct table masks; /* Of each node. */
	uint32_t *found; /* Nodes by their content. */
	size_t found_cap;
	uint32_t *known; /* Strings. */
	size_t known_cap;
	size_t n_known;
	struct table chains; /* How deep each node goes. */
	const struct json *rules;
	const struct json *lists;
	const struct json *own_rules; /* Of a block, or NULL. */
	const struct json *own_lists;
	struct table ready; /* Rules that are compiled, of this scope. */
	struct errmsg *why;
	const char *where; /* For people. */
	enum err err;
};

enum err node_text(
    struct maker *m, const char *text, size_t len, uint32_t *ret);
enum err node_pair(struct maker *m, uint32_t a, uint32_t b, uint32_t *ret);
enum err node_either(
    struct maker *m, const uint32_t *kids, size_t n, uint32_t *ret);
enum err node_list(struct maker *m, uint32_t list, const char *slot, size_t len,
    bool end_of_word, uint32_t *ret);
/* Kept once for each text.  ERR_LIMIT. */
enum err maker_string(
    struct maker *m, const char *text, size_t len, uint32_t *ret);

/* ---- parse.c ---- */

/* One template, or the "in" of a value. */
enum err parse_template(
    struct maker *m, const char *text, int depth, uint32_t *ret);

/* ---- lists.c: rules and lists, by their names where they are wanted ---- */

enum err lists_rule(
    struct maker *m, const char *name, size_t len, int depth, uint32_t *ret);
enum err lists_list(
    struct maker *m, const char *name, size_t len, int depth, uint32_t *ret);
/* A JSON value that is put into a slot. */
enum err lists_scalar(struct maker *m, const struct json *v,
    enum template_kind *ret_kind, uint32_t *ret);
enum err maker_fails(struct maker *m, enum err e, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
