/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct secret {
	size_t len;
	char bytes[];
};

struct secret *
secret_new(const void *p, size_t len)
{
	struct secret *s = xalloc(sizeof(*s) + len + 1);

	s->len = len;
	memcpy(s->bytes, p, len);
	return s;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s->bytes, s->len);
	free(s);
}

const char *
secret_reveal(const struct secret *s)
{
	return s->bytes;
}

size_t
secret_len(const struct secret *s)
{
	return s->len;
}
