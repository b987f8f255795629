/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices_priv.h"
#include "words/words.h"

/*
 * From a room and a kind to the things themselves.  What is judged, shown,
 * signed and commanded is the list; the room is forgotten with it.
 */

bool
devices_is_same(const char *a, const char *b)
{
	struct clean x;
	struct clean y;

	return words_clean(a, false, &x) == OK && x.n > 0 &&
	    words_clean(b, false, &y) == OK && strcmp(x.text, y.text) == 0;
}

/* "light", or "lights". */
static bool
is_kind(const char *component, const char *kind)
{
	size_t n = strlen(component);

	return strncmp(kind, component, n) == 0 &&
	    (kind[n] == '\0' || (kind[n] == 's' && kind[n + 1] == '\0'));
}

static bool
is_chosen(const struct devices *d, const struct device *one, const char *area,
    const char *kind, const char *action)
{
	return entity_action(one->entity, action) != NULL &&
	    (kind[0] == '\0' || is_kind(one->entity->component, kind)) &&
	    (area[0] == '\0' || devices_is_in(d, one, area)) &&
	    devices_accepted(d, one);
}

/* How many there are; the first HOME_MANY_MAX of them are written. */
static size_t
list_chosen(const struct devices *d, const struct json *args, struct buf *out)
{
	const char *area = json_words(args, "area");
	const char *kind = json_words(args, "kind");
	const char *action = json_words(args, "action");
	size_t found = 0;
	size_t i;

	for (i = 0; i < d->n; i++)
		if (is_chosen(d, d->list[i], area, kind, action) &&
		    found++ < HOME_MANY_MAX)
			buf_addf(
			    out, "%s%s", found > 1 ? "," : "", d->list[i]->id);
	return found;
}

/* An owner may have signed the home before it could be said so. */
static bool
can_be_many(const struct devices *d)
{
	const struct manifest *m = d->s.accepted(d->s.arg);
	const struct manifest_function *f =
	    m != NULL ? manifest_function(m, "set") : NULL;
	size_t i;

	for (i = 0; f != NULL && i < f->n_args; i++)
		if (strcmp(f->args[i].name, "entities") == 0)
			return true;
	return false;
}

static enum err
check_chosen(const struct devices *d, const struct json *args, size_t n,
    struct errmsg *why)
{
	const char *area = json_words(args, "area");
	const char *kind = json_words(args, "kind");

	if (json_has(args, "entity") || json_has(args, "entities") ||
	    (area[0] == '\0' && kind[0] == '\0'))
		return err_say(
		    why, ERR_INPUT, "name entities, or a room, a kind or both");
	if (!d->up)
		return err_say(why, ERR_BUSY,
		    "the home's broker is not there; 'durward home' says more");
	if (n == 0)
		return err_say(why, ERR_NOTFOUND,
		    "nothing that an owner accepted is %s%.64s%s%.64s and can "
		    "'%.40s'; 'durward home' lists what there is, and in which "
		    "rooms",
		    kind[0] != '\0' ? "of the kind " : "there, in ",
		    kind[0] != '\0' ? kind : area,
		    kind[0] != '\0' && area[0] != '\0' ? " in " : "",
		    kind[0] != '\0' ? area : "", json_words(args, "action"));
	if (n > HOME_MANY_MAX)
		return err_say(why, ERR_LIMIT,
		    "%zu devices are meant, and one act commands at most %d; "
		    "name a room, or a room and a kind",
		    n, HOME_MANY_MAX);
	if (n > 1 && !can_be_many(d))
		return err_say(why, ERR_STATE,
		    "the home was accepted before several could be commanded "
		    "at once; 'durward home accept' accepts it anew");
	return OK;
}

enum err
devices_choose(void *devices, const struct json *args, struct json **ret,
    struct errmsg *why)
{
	const struct devices *d = devices;
	const struct json *m = json_first(args);
	struct json *v;
	struct buf list;
	size_t n;
	enum err e;

	buf_init(&list, HOME_MANY_MAX * DEVICE_ID_SIZE);
	n = list_chosen(d, args, &list);
	e = check_chosen(d, args, n, why);
	if (e == OK) {
		v = json_object();
		for (; m != NULL; m = json_next(m))
			if (strcmp(json_name(m), "area") != 0 &&
			    strcmp(json_name(m), "kind") != 0)
				json_put(v, json_name(m), json_copy(m));
		json_put_str(v, n == 1 ? "entity" : "entities", list.p);
		*ret = v;
	}
	buf_done(&list);
	return e;
}
