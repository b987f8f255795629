/* SPDX-License-Identifier: Apache-2.0 */
#include "http/parse.h"

#include <picohttpparser.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"

static bool
is_header(const struct phr_header *h, const char *name)
{
	return h->name_len == strlen(name) &&
	    strncasecmp(h->name, name, h->name_len) == 0;
}

static enum err
read_length(const struct phr_header *h, size_t most, size_t *ret)
{
	size_t v = 0;
	size_t i;

	if (h->value_len == 0 || h->value_len > 9)
		return ERR_INPUT;
	for (i = 0; i < h->value_len; i++) {
		if (h->value[i] < '0' || h->value[i] > '9')
			return ERR_INPUT;
		v = v * 10 + (size_t)(h->value[i] - '0');
	}
	if (v > most)
		return ERR_LIMIT;
	*ret = v;
	return OK;
}

/* What the house goes by: of two it could not say which counts. */
static const char *const once[] = {"authorization", "connection",
    "content-length", "cookie", "host", "origin", "sec-websocket-key",
    "sec-websocket-version", "upgrade"};

static bool
is_repeated(const struct phr_header *headers, size_t n)
{
	size_t seen;
	size_t i;
	size_t k;

	for (k = 0; k < ARRAY_LEN(once); k++) {
		for (i = seen = 0; i < n; i++)
			seen += is_header(&headers[i], once[k]);
		if (seen > 1)
			return true;
	}
	return false;
}

static enum err
read_headers(const struct phr_header *headers, size_t n, size_t most,
    struct http_head *h)
{
	size_t i;
	enum err e = OK;

	/* A line that goes on with the one before has no name. */
	for (i = 0; i < n; i++)
		if (headers[i].name == NULL)
			return ERR_INPUT;
	if (is_repeated(headers, n))
		return ERR_INPUT;
	for (i = 0; i < n && e == OK; i++) {
		h->fields[i] =
		    (struct http_field){{headers[i].name, headers[i].name_len},
			{headers[i].value, headers[i].value_len}};
		if (is_header(&headers[i], "transfer-encoding"))
			return ERR_INPUT;
		if (is_header(&headers[i], "content-length"))
			e = read_length(&headers[i], most, &h->body_len);
	}
	h->n_fields = n;
	return e;
}

/* A line may end in LF alone for some, who then find other lines in it. */
static bool
has_bare_end(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			return true;
	return false;
}

struct str
http_head_find(const struct http_head *h, const char *name)
{
	size_t i;

	for (i = 0; i < h->n_fields; i++)
		if (h->fields[i].name.len == strlen(name) &&
		    strncasecmp(h->fields[i].name.p, name, strlen(name)) == 0)
			return h->fields[i].value;
	return (struct str){"", 0};
}

bool
http_list_has(struct str list, const char *word)
{
	size_t n = strlen(word);
	size_t at = 0;

	while (at < list.len) {
		size_t from = at;
		size_t end;

		while (at < list.len && list.p[at] != ',')
			at++;
		for (end = at++; end > from && list.p[end - 1] == ' '; end--)
			;
		while (from < end && list.p[from] == ' ')
			from++;
		if (end - from == n && strncasecmp(list.p + from, word, n) == 0)
			return true;
	}
	return false;
}

enum err
http_parse_request(const char *p, size_t len, struct http_head *ret)
{
	struct phr_header headers[HTTP_HEADERS_MAX];
	size_t n = HTTP_HEADERS_MAX;
	struct http_head h;
	int minor;
	int rc;
	enum err e;

	memset(&h, 0, sizeof(h));
	rc = phr_parse_request(p, len, &h.method.p, &h.method.len, &h.target.p,
	    &h.target.len, &minor, headers, &n, 0);
	if (rc == -2)
		return len > HTTP_HEAD_MAX ? ERR_LIMIT : ERR_BUSY;
	if (rc < 0 || minor != 1)
		return ERR_INPUT;
	if (rc > HTTP_HEAD_MAX)
		return ERR_LIMIT;
	if (has_bare_end(p, (size_t)rc))
		return ERR_INPUT;
	e = read_headers(headers, n, HTTP_BODY_MAX, &h);
	if (e != OK)
		return e;
	if (http_head_find(&h, "host").len == 0)
		return ERR_INPUT;
	h.head_len = (size_t)rc;
	*ret = h;
	return OK;
}

enum err
http_parse_response(const char *p, size_t len, struct http_head *ret)
{
	struct phr_header headers[HTTP_HEADERS_MAX];
	size_t n = HTTP_HEADERS_MAX;
	struct http_head h;
	const char *words;
	size_t words_len;
	int minor;
	int rc;
	enum err e;

	memset(&h, 0, sizeof(h));
	rc = phr_parse_response(
	    p, len, &minor, &h.status, &words, &words_len, headers, &n, 0);
	if (rc == -2)
		return len > HTTP_HEAD_MAX ? ERR_LIMIT : ERR_BUSY;
	if (rc < 0 || minor != 1)
		return ERR_INPUT;
	e = read_headers(headers, n, HTTP_REPLY_MAX, &h);
	if (e != OK)
		return e;
	h.head_len = (size_t)rc;
	*ret = h;
	return OK;
}
