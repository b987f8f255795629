/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "devices/devices_priv.h"
#include "home/command.h"

/* The home in words. */

static void
say_json(const struct json *v, const struct home_domain *d, struct buf *out)
{
	char *text;

	if (json_is_string(v)) {
		buf_adds(out, json_text(v));
	} else {
		text = json_print(v);
		buf_adds(out, text);
		free(text);
	}
	if (d->unit != NULL)
		buf_addf(out, " %s", d->unit);
}

static void
say_values(const struct device *one, struct buf *out)
{
	const struct entity *e = one->entity;
	const char *between = "";
	size_t i;

	if (strcmp(one->presence, "offline") == 0) {
		buf_adds(out, "not reachable");
		return;
	}
	for (i = 0; i < e->n_values; i++) {
		const struct json *v = json_get(one->values, e->values[i].name);

		if (v == NULL)
			continue;
		buf_adds(out, between);
		if (strcmp(e->values[i].name, "state") != 0)
			buf_addf(out, "%s ", e->values[i].name);
		say_json(v, &e->values[i].domain, out);
		between = ", ";
	}
	if (between[0] == '\0')
		buf_adds(out, "not known");
}

void
devices_say(const struct device *one, struct buf *out)
{
	buf_addf(out, "%s: ", one->id);
	say_values(one, out);
	buf_adds(out, "\n");
}

static void
say_action(const struct home_action *a, struct buf *out)
{
	size_t i;

	buf_addf(out, "\n  %s", a->name);
	for (i = 0; i < a->n_params; i++) {
		buf_addf(out, "%s%s: ", i > 0 ? "; " : " ", a->params[i].name);
		home_domain_words(&a->params[i].domain, out);
	}
}

void
devices_say_all(const struct device *one, struct buf *out)
{
	const struct entity *e = one->entity;
	size_t i;

	buf_addf(out, "%s (%s", one->id, e->name);
	for (i = 0; one->called != NULL && i < one->called->n_aliases; i++)
		buf_addf(out, ", called %s", one->called->aliases[i]);
	if (device_area(one)[0] != '\0')
		buf_addf(out, ", in %s", device_area(one));
	buf_adds(out, "): ");
	say_values(one, out);
	for (i = 0; i < e->n_actions; i++)
		say_action(&e->actions[i], out);
	if (e->read_only_why != NULL)
		buf_addf(out, "\nread only: %s", e->read_only_why);
}

/* ---- Looking ---- */

static bool
has(const char *text, const char *word, size_t len)
{
	for (; *text != '\0'; text++)
		if (strncasecmp(text, word, len) == 0)
			return true;
	return false;
}

static int
count_words(const char *name, const char *text)
{
	int n = 0;

	while (*name != '\0') {
		size_t len = strcspn(name, " ");

		/* "of" and the like stand everywhere. */
		n += len > 2 && has(text, name, len);
		name += len;
		name += strspn(name, " ");
	}
	return n;
}

int
devices_score(
    const struct devices *d, const struct device *one, const char *text)
{
	const char *area = device_area(one);
	int n = count_words(one->entity->name, text) + count_words(area, text) +
	    count_words(devices_floor(d, area), text);
	size_t i;

	for (i = 0; one->called != NULL && i < one->called->n_aliases; i++)
		n += count_words(one->called->aliases[i], text);
	return n;
}

static bool
has_alias(const struct device *one, const char *word, size_t len)
{
	size_t i;

	for (i = 0; one->called != NULL && i < one->called->n_aliases; i++)
		if (has(one->called->aliases[i], word, len))
			return true;
	return false;
}

bool
devices_answers_to(
    const struct devices *d, const struct device *one, const char *words)
{
	const struct entity *e = one->entity;
	const char *area = device_area(one);

	while (*words != '\0') {
		size_t n = strcspn(words, " ");

		if (n > 0 && !has(one->id, words, n) &&
		    !has(e->name, words, n) && !has(area, words, n) &&
		    !has(devices_floor(d, area), words, n) &&
		    !has(e->device_name, words, n) && !has_alias(one, words, n))
			return false;
		words += n;
		words += strspn(words, " ");
	}
	return true;
}
