/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "devices/devices_priv.h"
#include "home/record.h"

/*
 * A page that is false could have a browser sign any row, also one that has a
 * lock under a lamp's name, or topics that stand in the way of others.  So what
 * comes must be what is there.
 */

static enum err
refuse(struct errmsg *why)
{
	return err_say(why, ERR_DENIED,
	    "this takes a key of the command line, and not a browser's; do it "
	    "on the console");
}

static bool
is_same(const struct json *a, const struct json *b)
{
	char *x = a != NULL ? json_print(a) : xstrdup("");
	char *y = b != NULL ? json_print(b) : xstrdup("");
	bool same = strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

/* What commands it stands there of what asks, and of nothing else. */
static bool
has_its_topics(const struct json *row, const struct entity *e)
{
	bool asks = strcmp(json_words(row, "effect"), "physical") == 0;
	struct json *topics = asks ? entity_topics(e) : NULL;
	bool listed = asks && home_is_listed(e);
	bool same = is_same(json_get(row, "topics"), topics) &&
	    strcmp(json_words(row, "device"), listed ? e->device : "") == 0;

	json_free(topics);
	return same;
}

static bool
is_as_here(const struct devices *d, const struct json *row)
{
	const struct device *one = devices_by_id(d, json_words(row, "entity"));
	char hex[DIGEST_HEX_SIZE];
	struct digest pin;

	if (one == NULL || one->entity->n_actions == 0)
		return false;
	entity_pin(one->entity, &pin);
	digest_hex(&pin, hex);
	return strcmp(json_words(row, "pin"), hex) == 0 &&
	    has_its_topics(row, one->entity);
}

static enum err
check_rows(const struct devices *d, const struct manifest *before,
    const struct json *after, struct errmsg *why)
{
	const struct json *row = json_first(json_get(after, "devices"));
	size_t n = 0;

	for (; row != NULL; row = json_next(row)) {
		const char *entity = json_words(row, "entity");

		if (manifest_device(before, entity) != NULL)
			continue;
		if (!is_as_here(d, row))
			return err_say(why, ERR_STATE,
			    "%.64s is not as it was shown; look at it again",
			    entity);
		n++;
	}
	return n > 0 ? OK : refuse(why);
}

enum err
devices_check_accepting(
    const struct devices *d, const struct json *params, struct errmsg *why)
{
	const struct manifest *before = d->s.accepted(d->s.arg);
	const char *text = json_words(params, "manifest");
	struct manifest *m = NULL;
	struct json *after = NULL;
	enum err e;

	if (strcmp(json_words(params, "tool"), HOME_TOOL) != 0 ||
	    json_words(params, "archive")[0] != '\0')
		return refuse(why);
	if (before == NULL)
		return err_say(why, ERR_STATE,
		    "what is accepted of the home has changed meanwhile; look "
		    "at it again");
	e = manifest_parse(text, strlen(text), &m, why);
	if (e != OK)
		return e;
	if (!manifest_is_home(m) ||
	    json_parse(text, strlen(text), &after) != OK)
		e = refuse(why);
	else
		e = check_rows(d, before, after, why);
	json_free(after);
	manifest_free(m);
	return e;
}
