/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "images/images_priv.h"
#include "sys/file.h"

/* What must outlive the runner: which image is being loaded, and which ones we
 * loaded ourselves. */

static void
path_of(const struct images *im, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%s", im->s.folder, name);
}

char *
kept_read(const struct images *im, const char *name)
{
	char path[600];
	char *text = NULL;
	struct buf b;

	path_of(im, name, path, sizeof(path));
	buf_init(&b, IMAGES_LISTED_MAX);
	if (file_read(path, &b) == OK) {
		buf_adds(&b, "");
		text = buf_steal(&b);
	}
	buf_done(&b);
	return text;
}

enum err
kept_write(const struct images *im, const char *name, const char *text)
{
	char path[600];

	path_of(im, name, path, sizeof(path));
	return file_replace(path, text, strlen(text), 0600);
}

void
kept_remove(const struct images *im, const char *name)
{
	char path[600];

	path_of(im, name, path, sizeof(path));
	if (file_remove(path) != OK)
		log_warn("%s cannot be removed", path);
}

enum err
kept_add_image(const struct images *im, const char *image)
{
	char *before = kept_read(im, KEPT_IMAGES);
	struct buf b;
	enum err e;

	buf_init(&b, IMAGES_LISTED_MAX);
	buf_addf(&b, "%s%s\n", before != NULL ? before : "", image);
	e = b.overflow ? ERR_LIMIT : kept_write(im, KEPT_IMAGES, b.p);
	buf_done(&b);
	free(before);
	return e;
}

void
kept_only_images(const struct images *im, const char *listed)
{
	char *before = kept_read(im, KEPT_IMAGES);
	struct str rest = {before, before != NULL ? strlen(before) : 0};
	struct str line;
	struct buf b;

	buf_init(&b, IMAGES_LISTED_MAX);
	buf_adds(&b, "");
	while (str_line(&rest, &line)) {
		char *image = xstrndup(line.p, line.len);

		if (strstr(listed, image) != NULL)
			buf_addf(&b, "%s\n", image);
		free(image);
	}
	if (before != NULL && kept_write(im, KEPT_IMAGES, b.p) != OK)
		log_warn("the list of images cannot be written");
	buf_done(&b);
	free(before);
}

enum err
images_make_scratch(const struct images *im)
{
	return file_mkdir(im->scratch, 0700);
}
