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

static enum err
read_headers(
    const struct phr_header *headers, size_t n, size_t most, size_t *ret_len)
{
	bool have_length = false;
	size_t i;
	enum err e = OK;

	*ret_len = 0;
	for (i = 0; i < n && e == OK; i++) {
		if (headers[i].name == NULL ||
		    is_header(&headers[i], "transfer-encoding"))
			return ERR_INPUT;
		if (!is_header(&headers[i], "content-length"))
			continue;
		if (have_length)
			return ERR_INPUT;
		have_length = true;
		e = read_length(&headers[i], most, ret_len);
	}
	return e;
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
	e = read_headers(headers, n, HTTP_BODY_MAX, &h.body_len);
	if (e != OK)
		return e;
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
	e = read_headers(headers, n, HTTP_REPLY_MAX, &h.body_len);
	if (e != OK)
		return e;
	h.head_len = (size_t)rc;
	*ret = h;
	return OK;
}
