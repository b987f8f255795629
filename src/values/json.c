/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "values/values.h"

/* Read straight into values, since Python tells 21 from 21.0 and the tree of
 * base/json.h does not.  The scanner has seen the text: nothing here can be
 * malformed, and nesting is bounded. */
struct reader {
	struct pool *pool;
	const char *p;
	const char *end;
	bool ok;
};

struct link {
	struct tv value;
	struct link *next;
};

static struct tv read_any(struct reader *r);

static char
look(struct reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) != NULL)
		r->p++;
	return r->p < r->end ? *r->p : '\0';
}

static unsigned
read_hex(const char *p)
{
	char four[5] = {p[0], p[1], p[2], p[3], '\0'};

	return (unsigned)strtoul(four, NULL, 16);
}

static size_t
write_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Behind the backslash; says how many bytes it read. */
static size_t
read_escape(const char *p, char *to, size_t *ret_len)
{
	static const char letters[] = "bfnrt";
	static const char meant[] = "\b\f\n\r\t";
	const char *at = strchr(letters, *p);
	unsigned c;

	if (*p != 'u') {
		*to = at != NULL ? meant[at - letters] : *p;
		*ret_len = 1;
		return 1;
	}
	c = read_hex(p + 1);
	if (c < 0xd800 || c > 0xdbff) {
		*ret_len = write_utf8(to, c);
		return 5;
	}
	c = 0x10000 + ((c - 0xd800) << 10) + (read_hex(p + 7) - 0xdc00);
	*ret_len = write_utf8(to, c);
	return 11;
}

static struct tv
read_string(struct reader *r)
{
	const char *from = ++r->p;
	char *to;
	char *at;
	size_t n;

	while (*r->p != '"')
		r->p += *r->p == '\\' ? 2 : 1;
	to = at = pool_take(r->pool, (size_t)(r->p - from) + 1);
	if (to == NULL) {
		r->ok = false;
		r->p = r->end;
		return (struct tv){TV_NONE, {0}};
	}
	while (from < r->p) {
		if (*from != '\\') {
			*at++ = *from++;
			continue;
		}
		from += 1 + read_escape(from + 1, at, &n);
		at += n;
	}
	r->p++;
	return tv_text((struct str){to, (size_t)(at - to)});
}

static struct tv
read_number(struct reader *r)
{
	const char *from = r->p;
	struct str digits;
	bool whole = true;
	char *text;
	struct tv v;

	while (r->p < r->end && strchr("+-.eE0123456789", *r->p) != NULL) {
		if (strchr(".eE", *r->p) != NULL)
			whole = false;
		r->p++;
	}
	digits = (struct str){from, (size_t)(r->p - from)};
	text = pool_text(r->pool, digits.p, digits.len);
	if (text == NULL) {
		r->ok = false;
		return (struct tv){TV_NONE, {0}};
	}
	if (whole) {
		errno = 0;
		v = tv_int(strtoll(text, NULL, 10));
		if (errno != 0)
			v = (struct tv){
			    .type = TV_HUGE, .u.text = {text, digits.len}};
		return v;
	}
	v = tv_real(strtod(text, NULL));
	if (!isfinite(v.u.real))
		r->ok = false;
	return v;
}

/* A list, or an object as names and values in turn. */
static struct tv
read_many(struct reader *r, bool named)
{
	struct tv v = {.type = named ? TV_DICT : TV_LIST};
	struct link *first = NULL;
	struct link **last = &first;
	struct link *l;
	size_t n = 0;
	char c;

	r->p++;
	while (r->ok && (c = look(r)) != (named ? '}' : ']') && c != '\0') {
		if (c == ',' || c == ':') {
			r->p++;
			continue;
		}
		l = pool_take(r->pool, sizeof(*l));
		if (l == NULL) {
			r->ok = false;
			break;
		}
		l->value = read_any(r);
		l->next = NULL;
		*last = l;
		last = &l->next;
		n++;
	}
	if (r->p < r->end)
		r->p++;
	v.u.list.items = pool_take(r->pool, (n + 1) * sizeof(struct tv));
	v.u.list.n = named ? n / 2 : n;
	if (v.u.list.items == NULL) {
		r->ok = false;
		v.u.list.n = 0;
		return v;
	}
	for (n = 0, l = first; l != NULL; l = l->next)
		v.u.list.items[n++] = l->value;
	return v;
}

static struct tv
read_any(struct reader *r)
{
	switch (look(r)) {
	case '"':
		return read_string(r);
	case '{':
		return read_many(r, true);
	case '[':
		return read_many(r, false);
	case 't':
		r->p += 4;
		return tv_bool(true);
	case 'f':
		r->p += 5;
		return tv_bool(false);
	case 'n':
		r->p += 4;
		return (struct tv){TV_NONE, {0}};
	default:
		return read_number(r);
	}
}

bool
json_read_tv(struct pool *pool, const char *text, size_t len, struct tv *ret)
{
	struct reader r = {pool, text, text + len, true};
	struct tv v = read_any(&r);

	if (!r.ok)
		return false;
	*ret = v;
	return true;
}
