/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical text is canonical, and reading it again changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

static char *
canonical(const struct json *v, size_t *ret_len)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	json_canonical(v, &b);
	if (b.overflow)
		abort();
	*ret_len = b.len;
	return buf_steal(&b);
}

/* What is shown instead of invisible characters means the same. */
static void
check_visible(const char *text, size_t len)
{
	struct json *v;
	struct buf b;
	char *again;
	size_t again_len;

	buf_init(&b, 1 << 24);
	json_escape_visible(&b, text, len);
	if (json_parse(b.p, b.len, &v) != OK)
		abort();
	again = canonical(v, &again_len);
	if (again_len != len || memcmp(again, text, len) != 0)
		abort();
	free(again);
	json_free(v);
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *v;
	struct json *w;
	char *first;
	char *second;
	char *plain;
	size_t first_len;
	size_t second_len;

	if (json_parse((const char *)data, size, &v) != OK)
		return 0;
	first = canonical(v, &first_len);
	plain = json_print(v);
	json_free(v);
	if (!str_is_utf8(first, first_len) ||
	    !json_is_canonical(first, first_len))
		abort();
	if (json_parse(plain, strlen(plain), &w) != OK)
		abort();
	second = canonical(w, &second_len);
	if (first_len != second_len || memcmp(first, second, first_len) != 0)
		abort();
	json_free(w);
	check_visible(first, first_len);
	free(first);
	free(second);
	free(plain);
	return 0;
}
