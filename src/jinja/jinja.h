/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JINJA_JINJA_H
#define JINJA_JINJA_H

/*
 * The part of Jinja2 that devices use in their discovery messages, as Home
 * Assistant evaluates it: exactly so, or refused with the reason.
 *
 * Read: paths (a.b, a["b"], a[0]), literals (texts, numbers, lists,
 * dictionaries, true, false, none), .get() and .keys(), and of texts .lower()
 * .upper() .strip() .split() .replace() .startswith() .endswith(); the filters
 * default (d), lower, upper, trim, string, truncate, replace, int, float,
 * round, abs, length (count), first, last, is_number, iif; comparisons, in,
 * not, and, or, arithmetic, ~; `x if y else z`; the tests defined, undefined,
 * none, number, string, boolean, integer, float, mapping, true, false; the
 * blocks if, elif, else, endif and set; white space control by
 * `-`; comments.
 *
 * Where Home Assistant's filters differ from Jinja's own (int, float and
 * round fail without a default; round gives a whole number without digits),
 * its are meant.  What cannot be told exactly is an error when it happens:
 * whole numbers beyond 63 bits, letters beyond ASCII in another case, a list
 * shown as text.
 *
 * Pure, and bounded by the limits below.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define JINJA_MAX 4096 /* Bytes of one. */
#define JINJA_NODES_MAX 1024
#define JINJA_DEPTH_MAX 64 /* Of its expressions and blocks. */
#define JINJA_VARS_MAX 32
#define JINJA_INPUT_MAX (1024 * 1024) /* Bytes of what it is given. */

struct jinja;

/*
 * `names` are the variables that it may read, ending in NULL; another name
 * is an error.  ERR_LIMIT, ERR_INPUT for what Jinja itself would not read,
 * ERR_UNSUPPORTED for what is beyond the part above.
 */
NODISCARD enum err jinja_compile(const char *text, const char *const *names,
    struct jinja **ret, struct errmsg *why);
void jinja_free(struct jinja *t);

/* Does it read this variable anywhere? */
bool jinja_reads(const struct jinja *t, const char *name);

/* What the variables are; one that is not put is undefined. */
struct jinja_vars;

struct jinja_vars *jinja_vars_new(void);
void jinja_vars_free(struct jinja_vars *v);
void jinja_put_text(
    struct jinja_vars *v, const char *name, const char *s, size_t len);
void jinja_put_int(struct jinja_vars *v, const char *name, int64_t n);
void jinja_put_float(struct jinja_vars *v, const char *name, double d);
void jinja_put_bool(struct jinja_vars *v, const char *name, bool b);
/* JSON, read once for all evaluations.  What is not strict JSON (RFC 8259,
 * JSON_DEPTH_MAX levels) leaves the variable undefined: false. */
bool jinja_put_json(
    struct jinja_vars *v, const char *name, const char *text, size_t len);

/*
 * The text that comes out, without white space around it, appended to `out`.
 * ERR_INPUT for what Jinja would raise as an error or this part cannot tell
 * exactly, ERR_LIMIT; `out` is then as it was.
 */
NODISCARD enum err jinja_render(const struct jinja *t, struct jinja_vars *v,
    struct buf *out, struct errmsg *why);

#endif
