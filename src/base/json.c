/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

#define INTEGER_MAX 9007199254740992.0

/* `struct json` is never defined: it is the name of a cJSON outside. */
static const cJSON *
in(const struct json *v)
{
	return (const cJSON *)v;
}

static cJSON *
in_mut(struct json *v)
{
	return (cJSON *)v;
}

static struct json *
out(cJSON *c)
{
	if (c == NULL)
		fatal("out of memory in cJSON");
	return (struct json *)c;
}

static int
by_name(const void *a, const void *b)
{
	const cJSON *const *x = a;
	const cJSON *const *y = b;

	return strcmp((*x)->string, (*y)->string);
}

/* The members in byte order of their names; the caller frees the list. */
static const cJSON **
sorted_members(const cJSON *object, size_t *ret_n)
{
	size_t n = (size_t)cJSON_GetArraySize(object);
	const cJSON **members = xalloc(n * sizeof(*members));
	const cJSON *m;
	size_t i = 0;

	cJSON_ArrayForEach(m, object)
	{
		members[i++] = m;
	}
	qsort(members, n, sizeof(*members), by_name);
	*ret_n = n;
	return members;
}

static bool
names_are_unique(const cJSON *object)
{
	const cJSON **members;
	bool unique = true;
	size_t n;
	size_t i;

	if (cJSON_GetArraySize(object) > JSON_MEMBERS_MAX)
		return false;
	members = sorted_members(object, &n);
	for (i = 1; i < n; i++)
		if (by_name(&members[i - 1], &members[i]) == 0)
			unique = false;
	free(members);
	return unique;
}

/* What the scanner cannot see: names that stand twice, and numbers that no
 * double holds. */
static bool
is_sound(const cJSON *v)
{
	const cJSON *m;

	if (cJSON_IsNumber(v))
		return isfinite(v->valuedouble);
	if (cJSON_IsObject(v) && !names_are_unique(v))
		return false;
	cJSON_ArrayForEach(m, v)
	{
		if (!is_sound(m))
			return false;
	}
	return true;
}

enum err
json_parse(const char *text, size_t len, struct json **ret_value)
{
	cJSON *v;

	if (!json_scan(text, len))
		return ERR_INPUT;
	v = cJSON_ParseWithLength(text, len);
	if (v == NULL)
		return ERR_INPUT;
	if (!is_sound(v)) {
		cJSON_Delete(v);
		return ERR_INPUT;
	}
	*ret_value = out(v);
	return OK;
}

void
json_free(struct json *v)
{
	cJSON_Delete(in_mut(v));
}

void
json_escape(struct buf *b, const char *s, size_t len)
{
	static const char named[] = "\b\f\n\r\t\"\\";
	static const char letters[] = "bfnrt\"\\";
	size_t i;
	size_t from = 0;

	buf_add(b, "\"", 1);
	for (i = 0; i < len; i++) {
		const char *at = memchr(named, s[i], sizeof(named) - 1);

		if (at == NULL && (unsigned char)s[i] >= 0x20)
			continue;
		buf_add(b, s + from, i - from);
		from = i + 1;
		if (at != NULL)
			buf_addf(b, "\\%c", letters[at - named]);
		else
			buf_addf(b, "\\u%04x", (unsigned)s[i]);
	}
	buf_add(b, s + from, len - from);
	buf_add(b, "\"", 1);
}

static void
write_number(struct buf *b, double d)
{
	char text[32];
	int digits;

	if (!isfinite(d)) {
		buf_adds(b, "null");
		return;
	}
	if (d == floor(d) && fabs(d) <= INTEGER_MAX) {
		buf_addf(b, "%lld", (long long)d);
		return;
	}
	for (digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_adds(b, text);
}

static void write_value(const cJSON *v, bool sorted, struct buf *b);

static void
write_object(const cJSON *v, bool sorted, struct buf *b)
{
	const cJSON **members = NULL;
	const cJSON *m;
	size_t n = 0;
	size_t i = 0;

	buf_adds(b, "{");
	if (sorted)
		members = sorted_members(v, &n);
	for (m = sorted ? (n > 0 ? members[0] : NULL) : v->child; m != NULL;
	     m = sorted ? (i < n ? members[i] : NULL) : m->next) {
		if (i++ > 0)
			buf_adds(b, ",");
		json_escape(b, m->string, strlen(m->string));
		buf_adds(b, ":");
		write_value(m, sorted, b);
	}
	free(members);
	buf_adds(b, "}");
}

static void
write_value(const cJSON *v, bool sorted, struct buf *b)
{
	const cJSON *m;

	if (cJSON_IsObject(v)) {
		write_object(v, sorted, b);
	} else if (cJSON_IsArray(v)) {
		buf_adds(b, "[");
		cJSON_ArrayForEach(m, v)
		{
			write_value(m, sorted, b);
			if (m->next != NULL)
				buf_adds(b, ",");
		}
		buf_adds(b, "]");
	} else if (cJSON_IsString(v)) {
		json_escape(b, v->valuestring, strlen(v->valuestring));
	} else if (cJSON_IsNumber(v)) {
		write_number(b, v->valuedouble);
	} else {
		buf_adds(b,
		    cJSON_IsTrue(v)        ? "true"
			: cJSON_IsFalse(v) ? "false"
					   : "null");
	}
}

void
json_print_into(const struct json *v, struct buf *b)
{
	write_value(in(v), false, b);
}

char *
json_print(const struct json *v)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	json_print_into(v, &b);
	return buf_steal(&b);
}

void
json_canonical(const struct json *v, struct buf *b)
{
	write_value(in(v), true, b);
}

bool
json_is_canonical(const char *text, size_t len)
{
	struct json *v;
	struct buf b;
	bool same;

	if (json_parse(text, len, &v) != OK)
		return false;
	buf_init(&b, len + 64);
	json_canonical(v, &b);
	same = !b.overflow && b.len == len && memcmp(b.p, text, len) == 0;
	buf_done(&b);
	json_free(v);
	return same;
}

bool
json_is_object(const struct json *v)
{
	return cJSON_IsObject(in(v));
}

bool
json_is_array(const struct json *v)
{
	return cJSON_IsArray(in(v));
}

bool
json_is_string(const struct json *v)
{
	return cJSON_IsString(in(v));
}

bool
json_is_bool(const struct json *v)
{
	return cJSON_IsBool(in(v));
}

bool
json_is_number(const struct json *v)
{
	return cJSON_IsNumber(in(v));
}

bool
json_is_integer(const struct json *v)
{
	const cJSON *c = in(v);

	return c != NULL && cJSON_IsNumber(c) &&
	    c->valuedouble == floor(c->valuedouble) &&
	    fabs(c->valuedouble) <= INTEGER_MAX;
}

const struct json *
json_get(const struct json *object, const char *name)
{
	const cJSON *c = in(object);

	if (!cJSON_IsObject(c))
		return NULL;
	return (const struct json *)cJSON_GetObjectItemCaseSensitive(c, name);
}

const char *
json_text(const struct json *v)
{
	const cJSON *c = in(v);

	return c != NULL && cJSON_IsString(c) ? c->valuestring : NULL;
}

const char *
json_str(const struct json *object, const char *name)
{
	return json_text(json_get(object, name));
}

const char *
json_words(const struct json *object, const char *name)
{
	const char *s = json_str(object, name);

	return s != NULL ? s : "";
}

int64_t
json_int(const struct json *object, const char *name, int64_t otherwise)
{
	const struct json *v = json_get(object, name);

	return json_is_integer(v) ? (int64_t)in(v)->valuedouble : otherwise;
}

double
json_double(const struct json *v)
{
	return cJSON_IsNumber(in(v)) ? in(v)->valuedouble : 0;
}

bool
json_flag(const struct json *object, const char *name)
{
	return cJSON_IsTrue(in(json_get(object, name)));
}

bool
json_has(const struct json *object, const char *name)
{
	return json_get(object, name) != NULL;
}

const struct json *
json_first(const struct json *v)
{
	const cJSON *c = in(v);

	return c != NULL ? (const struct json *)c->child : NULL;
}

const struct json *
json_next(const struct json *member)
{
	return (const struct json *)in(member)->next;
}

const char *
json_name(const struct json *member)
{
	return in(member)->string;
}

size_t
json_count(const struct json *v)
{
	return v != NULL ? (size_t)cJSON_GetArraySize(in(v)) : 0;
}

struct json *
json_object(void)
{
	return out(cJSON_CreateObject());
}

struct json *
json_array(void)
{
	return out(cJSON_CreateArray());
}

/* Whatever was cut or came from outside: what we write can be read. */
struct json *
json_string(const char *s)
{
	struct json *v = out(cJSON_CreateString(s));

	if (!str_is_utf8(s, strlen(s)))
		str_mend(in_mut(v)->valuestring);
	return v;
}

void
json_put(struct json *object, const char *name, struct json *child)
{
	if (!cJSON_AddItemToObject(in_mut(object), name, in_mut(child)))
		fatal("out of memory in cJSON");
}

void
json_put_str(struct json *object, const char *name, const char *s)
{
	json_put(object, name, json_string(s));
}

void
json_put_strn(struct json *object, const char *name, const char *s, size_t len)
{
	char *copy = xstrndup(s, len);

	json_put_str(object, name, copy);
	free(copy);
}

void
json_put_int(struct json *object, const char *name, int64_t n)
{
	json_put(object, name, out(cJSON_CreateNumber((double)n)));
}

void
json_put_bool(struct json *object, const char *name, bool b)
{
	json_put(object, name, out(cJSON_CreateBool(b)));
}

void
json_push(struct json *array, struct json *child)
{
	if (!cJSON_AddItemToArray(in_mut(array), in_mut(child)))
		fatal("out of memory in cJSON");
}

struct json *
json_copy(const struct json *v)
{
	return out(cJSON_Duplicate(in(v), true));
}
