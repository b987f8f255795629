/* SPDX-License-Identifier: Apache-2.0 */
#include "files/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/text.h"

static int
compare(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

static void
take(struct listing *l, const char *name)
{
	size_t len = strlen(name) + 1;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	if (!text_is_name(name)) {
		l->odd++;
		return;
	}
	if (l->n == LISTING_NAMES_MAX) {
		l->more = true;
		return;
	}
	if (l->len + len > l->size) {
		l->size = 2 * (l->size + len);
		l->text = realloc(l->text, l->size);
		if (l->text == NULL)
			abort();
	}
	memcpy(l->text + l->len, name, len);
	l->len += len;
	l->n++;
}

/* When the text does not move any more. */
static void
sort(struct listing *l)
{
	char *p = l->text;
	int i;

	l->names = calloc((size_t)l->n + 1, sizeof(l->names[0]));
	if (l->names == NULL)
		abort();
	for (i = 0; i < l->n; i++, p += strlen(p) + 1)
		l->names[i] = p;
	qsort(l->names, (size_t)l->n, sizeof(l->names[0]), compare);
}

bool
listing_read(int folder, struct listing *ret)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	memset(ret, 0, sizeof(*ret));
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!ret->more && (e = readdir(d)) != NULL)
		take(ret, e->d_name);
	closedir(d);
	sort(ret);
	return true;
}

void
listing_done(struct listing *l)
{
	free(l->names);
	free(l->text);
}
