/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOME_STATE_H
#define HOME_STATE_H

/*
 * From messages to typed values, and whether what was wished came true.
 * Values are ours: percent, kelvin, options by their name.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "home/record.h"

/* A message, read once for all values that it holds.  Borrows topic and
 * payload. */
struct home_message;

/* ERR_LIMIT: over HOME_STATE_MAX; ERR_INPUT: the payload is not UTF-8. */
NODISCARD enum err home_message_new(const char *topic, const char *payload,
    size_t len, struct home_message **ret, struct errmsg *why);
void home_message_free(struct home_message *m);

enum home_news {
	NEWS_NONE, /* It says nothing of this value: what was, still is. */
	NEWS_UNKNOWN, /* It says that nobody knows, or what is impossible. */
	NEWS_KNOWN
};

struct home_reading {
	enum home_news news;
	enum home_kind kind;
	double number;
	char text[HOME_TEXT_MAX + 1]; /* Of a text, cut; an option's name. */
};

/* What it says of the entity's value at this place.  NEWS_NONE also for
 * another topic.  With NEWS_UNKNOWN `why`, which may be NULL, says why. */
enum home_news home_decode(const struct entity *e, size_t value,
    struct home_message *m, struct home_reading *ret, struct errmsg *why);

bool home_reading_equal(
    const struct home_reading *a, const struct home_reading *b);
/* A number, a text, or null; the caller frees it. */
struct json *home_reading_json(const struct home_reading *r);

enum home_presence { PRESENCE_UNKNOWN, PRESENCE_OFFLINE, PRESENCE_ONLINE };

/* What the message says of this one of its availability topics;
 * PRESENCE_UNKNOWN: nothing. */
enum home_presence home_presence_decode(
    const struct entity *e, size_t availability, struct home_message *m);
/* All together.  `each` has one for each availability topic; `latest` is the
 * place of the one that spoke last, or -1.  Without any: online. */
enum home_presence home_presence(
    const struct entity *e, const enum home_presence *each, int latest);

enum home_match {
	MATCH_NEVER, /* Nothing that it tells could confirm this action. */
	MATCH_NO,
	MATCH_YES
};

/* Do these readings (one for each value, in order) show what the action
 * with these parameters should have brought about? */
enum home_match home_confirms(const struct entity *e, const char *action,
    const struct json *params, const struct home_reading *readings);

#endif
