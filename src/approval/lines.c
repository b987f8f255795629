/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/lines.h"

#include <string.h>

#include "base/digest.h"

#define TOKEN_LEN 32

static bool
is_plain(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.len > 0 && str_is_utf8(s.p, s.len);
}

static bool
is_token(const char *p, size_t len)
{
	uint8_t bytes[TOKEN_LEN / 2];

	return hex_read(p, len, bytes, sizeof(bytes)) == OK;
}

enum err
lines_write(const char *magic, const struct line_field *fields, size_t n,
    const void *from, struct buf *out)
{
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	buf_addf(out, "%s\n", magic);
	for (i = 0; i < n; i++) {
		const char *at = (const char *)from + fields[i].offset;
		const struct str *s = (const void *)at;

		buf_addf(out, "%s ", fields[i].key);
		switch (fields[i].kind) {
		case LINE_DIGEST:
			digest_hex((const void *)at, hex);
			buf_adds(out, hex);
			break;
		case LINE_TOKEN:
			if (!is_token(at, strlen(at)))
				return ERR_INPUT;
			buf_adds(out, at);
			break;
		case LINE_INT:
			if (*(const int64_t *)(const void *)at < 0)
				return ERR_INPUT;
			buf_addf(out, "%lld",
			    (long long)*(const int64_t *)(const void *)at);
			break;
		case LINE_TEXT:
			if (!is_plain(*s))
				return ERR_INPUT;
			buf_add(out, s->p, s->len);
			break;
		}
		buf_adds(out, "\n");
	}
	return out->overflow ? ERR_LIMIT : OK;
}

/* Decimal without sign or leading noughts, below 2^53. */
static enum err
read_int(struct str s, int64_t *ret)
{
	int64_t v = 0;
	size_t i;

	if (s.len == 0 || s.len > 15 || (s.len > 1 && s.p[0] == '0'))
		return ERR_INPUT;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_INPUT;
		v = v * 10 + (s.p[i] - '0');
	}
	*ret = v;
	return OK;
}

static enum err
read_field(const struct line_field *f, struct str value, void *ret)
{
	char *at = (char *)ret + f->offset;

	switch (f->kind) {
	case LINE_DIGEST:
		return digest_read(value.p, value.len, (void *)at);
	case LINE_TOKEN:
		if (!is_token(value.p, value.len))
			return ERR_INPUT;
		memcpy(at, value.p, TOKEN_LEN);
		at[TOKEN_LEN] = '\0';
		return OK;
	case LINE_INT:
		return read_int(value, (void *)at);
	case LINE_TEXT:
		if (!is_plain(value))
			return ERR_INPUT;
		memcpy(at, &value, sizeof(value));
		return OK;
	}
	return ERR_INPUT;
}

/* Like str_line(), but the LF must be there. */
static bool
whole_line(struct str *rest, struct str *ret)
{
	return rest->len > 0 && memchr(rest->p, '\n', rest->len) != NULL &&
	    str_line(rest, ret);
}

enum err
lines_read(const char *magic, const struct line_field *fields, size_t n,
    const char *text, size_t len, void *ret)
{
	struct str rest = {text, len};
	struct str line;
	size_t i;

	if (!whole_line(&rest, &line) || !str_eq(line, magic))
		return ERR_INPUT;
	for (i = 0; i < n; i++) {
		size_t key_len = strlen(fields[i].key);
		enum err e;

		if (!whole_line(&rest, &line) || line.len < key_len + 1 ||
		    memcmp(line.p, fields[i].key, key_len) != 0 ||
		    line.p[key_len] != ' ')
			return ERR_INPUT;
		line.p += key_len + 1;
		line.len -= key_len + 1;
		e = read_field(&fields[i], line, ret);
		if (e != OK)
			return e;
	}
	return rest.len == 0 ? OK : ERR_INPUT;
}
