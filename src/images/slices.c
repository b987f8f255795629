/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "images/images_priv.h"
#include "sys/file.h"

/* Slices of subordinate ids: one for each tool.  Their numbers are those of
 * the lines of a file. */

#define SLICES "slices"
#define SLICES_BYTES_MAX (SLICES_MAX * (NAME_MAX_LEN + 1))
#define FREE_SLICE "-"

static enum err
read_slices(const char *folder, struct buf *ret)
{
	char path[600];
	enum err e;

	snprintf(path, sizeof(path), "%s/" SLICES, folder);
	e = file_read(path, ret);
	return e == ERR_NOTFOUND ? OK : e;
}

static bool
is_listed(const struct json *tools, const char *tool)
{
	const struct json *m = json_first(tools);

	while (m != NULL && strcmp(json_text(m), tool) != 0)
		m = json_next(m);
	return m != NULL;
}

static bool
has_volume(const char *volumes, const char *tool)
{
	struct str rest = {volumes, strlen(volumes)};
	struct str line;
	char name[NAME_MAX_LEN + 16];

	snprintf(name, sizeof(name), VOLUME_NAME, tool);
	while (str_line(&rest, &line))
		if (str_eq(line, name))
			return true;
	return false;
}

/* The slices again, with line `n` saying this. */
static enum err
write_slices(const char *folder, const struct buf *now, int n, const char *word)
{
	char path[600];
	struct str rest = {now->p != NULL ? now->p : "", now->len};
	struct str line;
	struct buf b;
	enum err e;
	int i;

	buf_init(&b, SLICES_BYTES_MAX);
	for (i = 0; str_line(&rest, &line); i++)
		if (i == n)
			buf_addf(&b, "%s\n", word);
		else
			buf_addf(&b, "%.*s\n", (int)line.len, line.p);
	if (n >= i)
		buf_addf(&b, "%s\n", word);
	snprintf(path, sizeof(path), "%s/" SLICES, folder);
	e = file_replace(path, b.p, b.len, 0600);
	buf_done(&b);
	return e;
}

/* The line that says `word`, or the number of lines. */
static int
find_slice(const struct buf *now, const char *word)
{
	struct str rest = {now->p != NULL ? now->p : "", now->len};
	struct str line;
	int i;

	for (i = 0; str_line(&rest, &line); i++)
		if (str_eq(line, word))
			break;
	return i;
}

static int
count_slices(const struct buf *now)
{
	return find_slice(now, "\n"); /* No line has its end in it. */
}

enum err
slices_take(const char *folder, const char *tool, int *ret)
{
	struct buf b;
	enum err e;
	int slice;

	buf_init(&b, SLICES_BYTES_MAX);
	e = read_slices(folder, &b);
	slice = find_slice(&b, tool);
	if (e == OK && slice == count_slices(&b)) {
		slice = find_slice(&b, FREE_SLICE);
		e = slice == SLICES_MAX ? ERR_LIMIT
					: write_slices(folder, &b, slice, tool);
	}
	if (e == OK)
		*ret = slice;
	buf_done(&b);
	return e;
}

enum err
images_take_slice(struct images *im, const char *tool, int *ret)
{
	return slices_take(im->s.folder, tool, ret);
}

bool
images_has_others(struct images *im, const struct json *tools)
{
	bool others = false;
	struct str rest;
	struct str line;
	struct buf b;

	buf_init(&b, SLICES_BYTES_MAX);
	if (read_slices(im->s.folder, &b) != OK)
		b.len = 0;
	rest = (struct str){b.p != NULL ? b.p : "", b.len};
	while (str_line(&rest, &line)) {
		char *tool = xstrndup(line.p, line.len);

		others = others ||
		    (strcmp(tool, FREE_SLICE) != 0 && !is_listed(tools, tool));
		free(tool);
	}
	buf_done(&b);
	return others;
}

void
images_free_slices(
    struct images *im, const struct json *tools, const char *volumes)
{
	struct str rest;
	struct str line;
	struct buf b;

	buf_init(&b, SLICES_BYTES_MAX);
	if (read_slices(im->s.folder, &b) != OK)
		b.len = 0;
	rest = (struct str){b.p != NULL ? b.p : "", b.len};
	while (str_line(&rest, &line)) {
		char *tool = xstrndup(line.p, line.len);

		if (strcmp(tool, FREE_SLICE) != 0 && !is_listed(tools, tool) &&
		    !has_volume(volumes, tool) &&
		    images_free_slice(im, tool) != OK)
			log_warn("the ids of %s stay taken", tool);
		free(tool);
	}
	buf_done(&b);
}

enum err
images_free_slice(struct images *im, const char *tool)
{
	struct buf b;
	enum err e;
	int slice;

	buf_init(&b, SLICES_BYTES_MAX);
	e = read_slices(im->s.folder, &b);
	slice = find_slice(&b, tool);
	if (e == OK && slice < count_slices(&b))
		e = write_slices(im->s.folder, &b, slice, FREE_SLICE);
	buf_done(&b);
	return e;
}
