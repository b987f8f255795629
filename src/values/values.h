/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VALUES_VALUES_H
#define VALUES_VALUES_H

/*
 * Values as Python has them, which is what templates calculate with: shown,
 * compared, searched, and what filters, tests and methods make of them.
 * Pure, and each evaluation is bounded in steps and bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define ARGS_OF_CALL_MAX 5
#define VALUES_STEPS_MAX 100000 /* Of one evaluation. */
#define VALUES_POOL_MAX (256 * 1024) /* Bytes that it makes. */
#define SPARE_NUMBER 64 /* A number as text. */

/* Memory that is given back all at once, up to a limit. */
struct pool {
	struct chunk *chunks;
	size_t used;
	size_t max;
};

/* NULL beyond the limit. */
void *pool_take(struct pool *p, size_t n);
char *pool_text(struct pool *p, const char *s, size_t len);
void pool_done(struct pool *p);

enum tv_type {
	TV_UNDEFINED,
	TV_NONE,
	TV_BOOL,
	TV_INT,
	TV_FLOAT,
	TV_HUGE, /* A whole number beyond 63 bits: `text` has its digits. */
	TV_TEXT,
	TV_LIST,
	TV_DICT, /* `items` holds n times a name and its value. */
};

struct tv {
	enum tv_type type;
	union {
		bool flag;
		int64_t integer;
		double real;
		struct str text;
		struct {
			struct tv *items;
			size_t n;
		} list;
	} u;
};

enum symbol { SYM_EQ, SYM_NE, SYM_LT, SYM_LE, SYM_GT, SYM_GE, SYM_IN, SYM_OUT };

/* One evaluation. */
struct run {
	struct tv *vars; /* The caller's. */
	struct pool pool;
	size_t steps;
	enum err e;
	struct errmsg *why;
};

/* Values: value.c.  What cannot be done calls run_fail() and is false. */
bool run_fail(struct run *r, enum err e, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
bool run_spend(struct run *r, size_t steps);
const char *tv_type_name(const struct tv *v);
bool tv_truth(const struct tv *v);
bool tv_is_number(const struct tv *v);
double tv_double(const struct tv *v);
bool tv_show(struct run *r, const struct tv *v, struct str *ret);
bool tv_equal(struct run *r, const struct tv *a, const struct tv *b, bool *ret);
bool tv_compare(struct run *r, const struct tv *a, const struct tv *b,
    enum symbol symbol, bool *ret);
bool tv_contains(
    struct run *r, const struct tv *in, const struct tv *what, bool *ret);
const struct tv *tv_find(const struct tv *dict, struct str name);
struct tv tv_text(struct str s);
struct tv tv_bool(bool b);
struct tv tv_int(int64_t n);
struct tv tv_real(double d);

/* Texts as Python has them: text.c. */
void py_float(double d, char ret[SPARE_NUMBER]);
struct str py_strip(struct str s);
enum err py_read_int(struct str s, int64_t *ret); /* ERR_INPUT, ERR_LIMIT */
enum err py_read_float(struct str s, double *ret);
size_t py_length(struct str s);
size_t py_prefix(struct str s, size_t n_chars); /* Its bytes. */
bool is_ascii(struct str s);

/* A JSON text that json_scan() has seen: json.c.  False beyond the pool. */
bool json_read_tv(struct pool *p, const char *text, size_t len, struct tv *ret);

/* Filters, tests and methods by name; -1 for none: filter.c, method.c. */
int filter_find(struct str name);
int filter_slot(int filter, struct str name, size_t place);
bool filter_apply(struct run *r, int filter, const struct tv *v,
    const struct tv *args, const bool *has, struct tv *ret);
int test_find(struct str name);
bool test_apply(int test, const struct tv *v);
int method_find(struct str name);
bool method_apply(struct run *r, int method, const struct tv *v,
    const struct tv *args, size_t n, struct tv *ret);
/* Is it something that values of Python have besides what they hold? */
bool is_attribute(struct str name);

#endif
