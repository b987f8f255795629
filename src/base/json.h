/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * The door to cJSON.  Everything is checked by a strict scanner (RFC 8259,
 * valid UTF-8, no duplicate names, no \u0000, JSON_DEPTH_MAX levels) before
 * cJSON sees it.
 *
 * Canonical form: no white space, names sorted by their bytes, integers up
 * to 2^53 without fraction or exponent, other numbers in the shortest form
 * that reads back equal, only the escapes that RFC 8259 demands.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json;

NODISCARD enum err json_parse(
    const char *text, size_t len, struct json **ret_value);
void json_free(struct json *v);

/* Compact text in the order of the members; the caller frees it. */
char *json_print(const struct json *v);
void json_print_into(const struct json *v, struct buf *out);
void json_canonical(const struct json *v, struct buf *out);
bool json_is_canonical(const char *text, size_t len);

bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_string(const struct json *v);
bool json_is_bool(const struct json *v);
bool json_is_number(const struct json *v);
bool json_is_integer(const struct json *v);

/* Reading.  Absent, or of another type: NULL, false, or `otherwise`. */
const struct json *json_get(const struct json *object, const char *name);
const char *json_text(const struct json *v);
const char *json_str(const struct json *object, const char *name);
/* Like json_str(), but "" for what is not there. */
const char *json_words(const struct json *object, const char *name);
int64_t json_int(
    const struct json *object, const char *name, int64_t otherwise);
/* 0 for what is no number. */
double json_double(const struct json *v);
bool json_flag(const struct json *object, const char *name);
bool json_has(const struct json *object, const char *name);

/* Walking objects and arrays: first member, then the next one. */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *member);
const char *json_name(const struct json *member);
size_t json_count(const struct json *v);

/* Building.  A child belongs to its parent from then on. */
struct json *json_object(void);
struct json *json_array(void);
struct json *json_string(const char *s);
void json_put(struct json *object, const char *name, struct json *child);
void json_put_str(struct json *object, const char *name, const char *s);
void json_put_strn(
    struct json *object, const char *name, const char *s, size_t len);
void json_put_int(struct json *object, const char *name, int64_t n);
void json_put_bool(struct json *object, const char *name, bool b);
void json_push(struct json *array, struct json *child);
struct json *json_copy(const struct json *v);

/* Append `s` as a JSON string with its quotes. */
void json_escape(struct buf *out, const char *s, size_t len);

/* Any UTF-8 text made safe to read: control, bidi and other invisible
 * characters, and letters that could be taken for others, as \u escapes,
 * without quotes. */
void json_escape_visible(struct buf *out, const char *s, size_t len);

#endif
