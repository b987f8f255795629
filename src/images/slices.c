/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "images/images_priv.h"
#include "sys/file.h"

/* Slices of subordinate ids: one for each tool.  Their numbers are those of
 * the lines of a file. */

/* 1024 ids each out of the usual 65536, the first of which is no slice. */
#define SLICES "slices"
#define SLICES_MAX 63
#define SLICES_BYTES_MAX (SLICES_MAX * (NAME_MAX_LEN + 1))
#define FREE_SLICE "-"

static enum err
read_slices(const struct images *im, struct buf *ret)
{
	char path[600];
	enum err e;

	snprintf(path, sizeof(path), "%s/" SLICES, im->s.folder);
	e = file_read(path, ret);
	return e == ERR_NOTFOUND ? OK : e;
}

/* The slices again, with line `n` saying this. */
static enum err
write_slices(
    const struct images *im, const struct buf *now, int n, const char *word)
{
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
	e = kept_write(im, SLICES, b.p);
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
images_take_slice(struct images *im, const char *tool, int *ret)
{
	struct buf b;
	enum err e;
	int slice;

	buf_init(&b, SLICES_BYTES_MAX);
	e = read_slices(im, &b);
	slice = find_slice(&b, tool);
	if (e == OK && slice == count_slices(&b)) {
		slice = find_slice(&b, FREE_SLICE);
		e = slice == SLICES_MAX ? ERR_LIMIT
					: write_slices(im, &b, slice, tool);
	}
	if (e == OK)
		*ret = slice;
	buf_done(&b);
	return e;
}

enum err
images_free_slice(struct images *im, const char *tool)
{
	struct buf b;
	enum err e;
	int slice;

	buf_init(&b, SLICES_BYTES_MAX);
	e = read_slices(im, &b);
	slice = find_slice(&b, tool);
	if (e == OK && slice < count_slices(&b))
		e = write_slices(im, &b, slice, FREE_SLICE);
	buf_done(&b);
	return e;
}
