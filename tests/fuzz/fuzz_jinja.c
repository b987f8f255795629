/* SPDX-License-Identifier: Apache-2.0 */
/* A template, a NUL, and the payload it is given: whatever they are, it ends,
 * twice with the same text, and a text without white space around it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "jinja/jinja.h"

static const char *const names[] = {"value", "value_json", NULL};

static enum err
render(const struct jinja *t, const char *payload, size_t len, struct buf *out)
{
	struct jinja_vars *v = jinja_vars_new();
	struct errmsg why;
	enum err e;

	jinja_put_text(v, "value", payload, len);
	(void)jinja_put_json(v, "value_json", payload, len);
	e = jinja_render(t, v, out, &why);
	jinja_vars_free(v);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	char text[JINJA_MAX + 1] = "";
	const char *payload = "";
	size_t len = 0;
	struct jinja *t;
	struct errmsg why;
	struct buf a;
	struct buf b;
	enum err e;
	size_t n = nul != NULL ? (size_t)(nul - data) : size;

	if (n > JINJA_MAX)
		return 0;
	memcpy(text, data, n);
	if (nul != NULL) {
		payload = (const char *)nul + 1;
		len = size - n - 1;
	}
	if (!str_is_utf8(payload, len) || memchr(payload, 0, len) != NULL ||
	    jinja_compile(text, names, &t, &why) != OK)
		return 0;
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	e = render(t, payload, len, &a);
	if (render(t, payload, len, &b) != e || a.len != b.len || a.overflow ||
	    (e != OK && a.len > 0) ||
	    (a.len > 0 &&
		(memcmp(a.p, b.p, a.len) != 0 || a.p[0] == ' ' ||
		    a.p[a.len - 1] == ' ')) ||
	    (a.len > 0 && !str_is_utf8(a.p, a.len)))
		abort();
	buf_done(&a);
	buf_done(&b);
	jinja_free(t);
	return 0;
}
