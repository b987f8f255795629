/* SPDX-License-Identifier: Apache-2.0 */
#include "accept/accept.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "crypto/crypto.h"
#include "home/effect.h"
#include "tool/manifest.h"

static enum err
refuse(struct errmsg *why, const char *text)
{
	return err_say(why, ERR_DENIED,
	    "%s takes a key of the command line, and not a browser's", text);
}

static bool
is_same(const struct json *a, const struct json *b)
{
	struct buf x;
	struct buf y;
	bool same;

	if (a == NULL || b == NULL)
		return a == b;
	buf_init(&x, MANIFEST_MAX);
	buf_init(&y, MANIFEST_MAX);
	json_canonical(a, &x);
	json_canonical(b, &y);
	same = !x.overflow && !y.overflow && x.len == y.len &&
	    memcmp(x.p, y.p, x.len) == 0;
	buf_done(&x);
	buf_done(&y);
	return same;
}

static const struct json *
find_device(const struct json *list, const char *entity)
{
	const struct json *d = json_first(list);

	while (d != NULL && strcmp(json_words(d, "entity"), entity) != 0)
		d = json_next(d);
	return d;
}

/* All that was accepted stands there as it was, and all else is the same but
 * for the number of the version. */
static bool
only_grows(const struct json *before, const struct json *after)
{
	const struct json *m = json_first(after);
	const struct json *d = json_first(json_get(before, "devices"));

	for (; m != NULL; m = json_next(m))
		if (strcmp(json_name(m), "version") != 0 &&
		    strcmp(json_name(m), "devices") != 0 &&
		    !is_same(m, json_get(before, json_name(m))))
			return false;
	for (; d != NULL; d = json_next(d))
		if (!is_same(d,
			find_device(json_get(after, "devices"),
			    json_words(d, "entity"))))
			return false;
	return json_count(before) == json_count(after);
}

/* What its name says that it is may go unasked, of whatever class. */
static bool
is_harmless(const char *entity)
{
	char component[NAME_MAX_LEN + 1];

	snprintf(component, sizeof(component), "%.*s",
	    (int)strcspn(entity, "."), entity);
	return home_effect(component, "") == EFFECT_REVERSIBLE;
}

/* What came asks each time, but for what is harmless by its name: of the rest
 * nobody here knows what it is. */
static bool
asks_enough(const struct json *before, const struct json *after)
{
	const struct json *d = json_first(json_get(after, "devices"));

	for (; d != NULL; d = json_next(d)) {
		const char *entity = json_words(d, "entity");

		if (find_device(json_get(before, "devices"), entity) == NULL &&
		    strcmp(json_words(d, "effect"), "physical") != 0 &&
		    !is_harmless(entity))
			return false;
	}
	return true;
}

/* One thing under two names would be judged by the wrong one. */
static bool
is_each_once(const struct json *after)
{
	const struct json *list = json_get(after, "devices");
	const struct json *d = json_first(list);
	const struct json *o;

	for (; d != NULL; d = json_next(d))
		for (o = json_next(d); o != NULL; o = json_next(o))
			if (strcmp(json_words(d, "pin"),
				json_words(o, "pin")) == 0)
				return false;
	return true;
}

static bool
is_home(const char *text)
{
	struct errmsg why;
	struct manifest *m;
	bool home;

	if (manifest_parse(text, strlen(text), &m, &why) != OK)
		return false;
	home = manifest_is_home(m);
	manifest_free(m);
	return home;
}

enum err
accept_check(const struct trust *t, const struct json *body, struct errmsg *why)
{
	const char *text = json_words(body, "manifest");
	const char *old = json_words(body, "before");
	struct json *before = NULL;
	struct json *after = NULL;
	struct digest d;
	enum err e = OK;

	if (strcmp(json_words(body, "tool"), HOME_TOOL) != 0)
		return refuse(why, "to change a tool");
	crypto_hash(old, strlen(old), &d);
	if (!trust_has_manifest(t, HOME_TOOL, &d))
		return err_say(why, ERR_STATE,
		    "what is accepted of the home has changed meanwhile; look "
		    "at it again");
	if (!is_home(text) || !is_home(old) ||
	    json_parse(old, strlen(old), &before) != OK ||
	    json_parse(text, strlen(text), &after) != OK ||
	    !only_grows(before, after) || !is_each_once(after))
		e = refuse(why, "to change what was accepted of the home");
	else if (!asks_enough(before, after))
		e = refuse(
		    why, "to accept such a thing as one that needs no yes");
	json_free(before);
	json_free(after);
	return e;
}
