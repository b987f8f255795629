/* SPDX-License-Identifier: Apache-2.0 */
/* A head that is read lies inside the bytes, keeps the limits, and does not
 * depend on what follows it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "http/parse.h"

static bool
inside(struct str s, const char *p, size_t len)
{
	return s.p >= p && s.len <= len && s.p + s.len <= p + len;
}

/* What the house goes by lies inside, stands there once, and its lists are
 * read without going beyond. */
static void
check_fields(const struct http_head *h, const char *p)
{
	size_t i;

	if (h->n_fields > HTTP_HEADERS_MAX ||
	    http_head_find(h, "host").len == 0)
		abort();
	for (i = 0; i < h->n_fields; i++) {
		if (!inside(h->fields[i].name, p, h->head_len) ||
		    !inside(h->fields[i].value, p, h->head_len) ||
		    h->fields[i].name.len == 0)
			abort();
		(void)http_list_has(h->fields[i].value, "upgrade");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct http_head h;
	struct http_head again;
	enum err e = http_parse_request(p, size, &h);

	if (e == OK) {
		if (h.head_len > size || h.head_len > HTTP_HEAD_MAX ||
		    h.body_len > HTTP_BODY_MAX ||
		    !inside(h.method, p, h.head_len) ||
		    !inside(h.target, p, h.head_len))
			abort();
		check_fields(&h, p);
		if (http_parse_request(p, h.head_len, &again) != OK ||
		    again.head_len != h.head_len ||
		    again.body_len != h.body_len)
			abort();
		if (http_parse_request(p, h.head_len - 1, &again) == OK)
			abort();
	}
	e = http_parse_response(p, size, &h);
	if (e == OK &&
	    (h.head_len > size || h.head_len > HTTP_HEAD_MAX ||
		h.body_len > HTTP_REPLY_MAX || h.status < 0 || h.status > 999))
		abort();
	return 0;
}
