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
	l->names[l->n] = strdup(name);
	if (l->names[l->n++] == NULL)
		abort();
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
	ret->names = calloc(LISTING_NAMES_MAX, sizeof(ret->names[0]));
	if (ret->names == NULL)
		abort();
	while (!ret->more && (e = readdir(d)) != NULL)
		take(ret, e->d_name);
	closedir(d);
	qsort(ret->names, (size_t)ret->n, sizeof(ret->names[0]), compare);
	return true;
}

void
listing_done(struct listing *l)
{
	int i;

	for (i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
}
