/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "origin/origin.h"

/* One of the words that may stand behind an argument's name. */
static bool
is_origin(const char *p, size_t len)
{
	static const char *const words[] = {
	    "model", "fact", "result", "person"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], p, len) == 0)
			return true;
	return false;
}

bool
origins_fit(const char *origins, const struct json *args)
{
	const struct json *m = json_first(args);

	if (m == NULL)
		return strcmp(origins, "none") == 0;
	/* In the order of the canonical arguments, so nothing stands twice. */
	for (; m != NULL; m = json_next(m)) {
		size_t name = strlen(json_name(m));
		size_t len;

		if (strncmp(origins, json_name(m), name) != 0 ||
		    origins[name] != ':')
			return false;
		origins += name + 1;
		len = strcspn(origins, ",");
		if (!is_origin(origins, len))
			return false;
		origins += len + (origins[len] == ',' ? 1 : 0);
	}
	return *origins == '\0';
}

void
origins_of_person(const char *args, struct buf *out)
{
	const struct json *m;
	struct json *v;

	if (json_parse(args, strlen(args), &v) != OK)
		fatal("arguments of our own cannot be read");
	if (json_first(v) == NULL)
		buf_adds(out, "none");
	for (m = json_first(v); m != NULL; m = json_next(m))
		buf_addf(
		    out, "%s%s:person", out->len > 0 ? "," : "", json_name(m));
	json_free(v);
}

/* ---- Rooms and kinds ---- */

/* Where an argument is from, as one of the words; "" when it is not there. */
static struct str
origin_of(const char *origins, const char *name)
{
	size_t n = strlen(name);

	while (*origins != '\0') {
		size_t len = strcspn(origins, ",");

		if (strncmp(origins, name, n) == 0 && origins[n] == ':')
			return (struct str){origins + n + 1, len - n - 1};
		origins += len;
		origins += strspn(origins, ",");
	}
	return (struct str){"", 0};
}

/* What was chosen is from where the room and the kind are from; of two that
 * differ a model was one, or might have been. */
static struct str
origin_of_chosen(const char *origins)
{
	struct str area = origin_of(origins, "area");
	struct str kind = origin_of(origins, "kind");

	if (area.len == 0 || kind.len == 0)
		return area.len == 0 ? kind : area;
	return area.len == kind.len && memcmp(area.p, kind.p, area.len) == 0
	    ? area
	    : (struct str){"model", 5};
}

void
origins_of_chosen(const char *old, const struct json *args, struct buf *out)
{
	const struct json *m = json_first(args);

	for (; m != NULL; m = json_next(m)) {
		struct str from = origin_of(old, json_name(m));

		if (from.len == 0)
			from = origin_of_chosen(old);
		buf_addf(out, "%s%s:%.*s", out->len > 0 ? "," : "",
		    json_name(m), (int)from.len, from.p);
	}
}
