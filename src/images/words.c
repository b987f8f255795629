/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "images/images_priv.h"

/* Lists of images, as podman prints them and as it is told to delete them. */

bool
image_is(struct str line)
{
	return line.len == IMAGE_ID_LEN && memcmp(line.p, "sha256:", 7) == 0;
}

/* The first word of a line, and the rest of it. */
static struct str
first_word(struct str line, struct str *ret_rest)
{
	const char *blank = memchr(line.p, ' ', line.len);
	size_t len = blank != NULL ? (size_t)(blank - line.p) : line.len;

	*ret_rest = (struct str){line.p + len, line.len - len};
	if (ret_rest->len > 0) {
		ret_rest->p++;
		ret_rest->len--;
	}
	return (struct str){line.p, len};
}

bool
image_listed(const char *text, const char *image)
{
	struct str rest = {text, strlen(text)};
	struct str name;
	struct str l;

	while (str_line(&rest, &l))
		if (str_eq(first_word(l, &name), image))
			return true;
	return false;
}

static bool
has_name(const char *text, struct str name, char ret_owner[IMAGE_ID_LEN + 1])
{
	struct str rest = {text, strlen(text)};
	struct str image;
	struct str n;
	struct str l;

	while (str_line(&rest, &l)) {
		image = first_word(l, &n);
		if (n.len != name.len || memcmp(n.p, name.p, n.len) != 0 ||
		    !image_is(image))
			continue;
		snprintf(ret_owner, IMAGE_ID_LEN + 1, "%.*s", (int)image.len,
		    image.p);
		return true;
	}
	return false;
}

bool
image_new_name(const char *before, const char *now, const char *image,
    char ret_name[IMAGE_NAME_MAX + 1], char ret_owner[IMAGE_ID_LEN + 1])
{
	struct str rest = {now, strlen(now)};
	struct str name;
	struct str l;

	while (str_line(&rest, &l)) {
		bool is_its = str_eq(first_word(l, &name), image);

		if (!is_its || name.len == 0 || name.len > IMAGE_NAME_MAX ||
		    name.p[0] == '-' || memchr(name.p, '<', name.len) != NULL)
			continue;
		ret_owner[0] = '\0';
		if (has_name(before, name, ret_owner) &&
		    strcmp(ret_owner, image) == 0)
			continue;
		snprintf(ret_name, IMAGE_NAME_MAX + 1, "%.*s", (int)name.len,
		    name.p);
		return true;
	}
	return false;
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
