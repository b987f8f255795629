/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "images/images_priv.h"

/* Lists of images, as podman prints them and as it is told to delete them. */

bool
image_is(struct str line)
{
	return line.len == IMAGE_ID_LEN && memcmp(line.p, "sha256:", 7) == 0;
}

static bool
has_line(const char *text, struct str line)
{
	struct str rest = {text, strlen(text)};
	struct str l;

	while (str_line(&rest, &l))
		if (l.len == line.len && memcmp(l.p, line.p, l.len) == 0)
			return true;
	return false;
}

bool
image_listed(const char *text, const char *image)
{
	return has_line(text, (struct str){image, strlen(image)});
}

void
image_words_init(struct image_words *w)
{
	static const char *const first[] = {
	    "podman", PODMAN_CGROUPFS, "rmi", "-f"};

	memset(w, 0, sizeof(*w));
	memcpy(w->argv, first, sizeof(first));
}

void
image_words_add(struct image_words *w, struct str image)
{
	if (w->n == IMAGES_AT_ONCE_MAX || !image_is(image))
		return;
	memcpy(w->images[w->n], image.p, image.len);
	w->argv[4 + w->n] = w->images[w->n];
	w->n++;
}
