/* SPDX-License-Identifier: Apache-2.0 */
#include "term/term.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Thinking is no use of a tool: what a model may cost and where it may be,
 * the other layers say.  Nor is what the house tells of itself. */
#define LAYER_BEGIN                                                            \
	"default deny\nallow thinking tool=model.*\n"                          \
	"allow telling tool=house.* effect=read\nallow scope tool="

bool
term_is_over(const struct term *t, int64_t wall_ms)
{
	return t->ended || (t->until_ms != 0 && wall_ms >= t->until_ms);
}

static bool
glob_covers(struct str glob, struct str tool)
{
	char g[SCOPE_TEXT_MAX + 1];
	char name[2 * NAME_MAX_LEN + 2];

	if (glob.len >= sizeof(g) || tool.len >= sizeof(name))
		return false;
	memcpy(g, glob.p, glob.len);
	g[glob.len] = '\0';
	memcpy(name, tool.p, tool.len);
	name[tool.len] = '\0';
	return str_glob(g, name);
}

/* Cut the next glob off. */
static struct str
next_glob(const char **at)
{
	size_t len = strcspn(*at, ",");
	struct str glob = {*at, len};

	*at += len + ((*at)[len] == ',');
	return glob;
}

bool
term_covers(const struct term *t, struct str tool)
{
	const char *at = t->scope;

	while (*at != '\0')
		if (glob_covers(next_glob(&at), tool))
			return true;
	return t->scope[0] == '\0';
}

/* ---- As JSON ---- */

static enum err
read_until(const struct json *row, struct term *t)
{
	if (!json_has(row, "until_ms"))
		return OK;
	if (!json_is_integer(json_get(row, "until_ms")))
		return ERR_INPUT;
	t->until_ms = json_int(row, "until_ms", 0);
	return t->until_ms > 0 ? OK : ERR_INPUT;
}

enum err
term_read(const struct json *row, struct term *ret)
{
	struct term t = {.ended = json_flag(row, "ended")};
	struct errmsg why;

	if (read_until(row, &t) != OK)
		return ERR_INPUT;
	if (json_has(row, "ended") && !json_is_bool(json_get(row, "ended")))
		return ERR_INPUT;
	if (json_has(row, "scope") &&
	    (!json_is_string(json_get(row, "scope")) ||
		json_words(row, "scope")[0] == '\0' ||
		term_check_scope(json_words(row, "scope"), &why) != OK ||
		str_copy(t.scope, sizeof(t.scope), json_words(row, "scope")) !=
		    OK))
		return ERR_INPUT;
	*ret = t;
	return OK;
}

void
term_write(const struct term *t, struct json *row)
{
	if (t->until_ms != 0)
		json_put_int(row, "until_ms", t->until_ms);
	if (t->ended)
		json_put_bool(row, "ended", true);
	if (t->scope[0] != '\0')
		json_put_str(row, "scope", t->scope);
}

/* ---- The scope ---- */

enum err
term_check_scope(const char *scope, struct errmsg *why)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				      "._-*?,";
	const char *at = scope;
	bool good = strspn(scope, allowed) == strlen(scope) &&
	    strlen(scope) <= SCOPE_TEXT_MAX;
	size_t n = 0;

	while (good && *at != '\0') {
		good = next_glob(&at).len > 0 && ++n <= SCOPE_GLOBS_MAX;
		/* "a," has an empty one at its end. */
		good = good && (*at != '\0' || at[-1] != ',');
	}
	if (good)
		return OK;
	return err_say(why, ERR_INPUT,
	    "a scope is up to %d names of tools such as notes.* or files.read, "
	    "with commas between them",
	    SCOPE_GLOBS_MAX);
}

struct policy *
term_layer(const struct term *t)
{
	struct policy *layer = NULL;
	struct errmsg why;
	struct buf b;

	if (t->scope[0] == '\0')
		return NULL;
	buf_init(&b, sizeof(LAYER_BEGIN) + SCOPE_TEXT_MAX + 1);
	buf_adds(&b, LAYER_BEGIN);
	buf_adds(&b, t->scope);
	buf_adds(&b, "\n");
	/* A scope that passed the check is a list of globs to the policy, too;
	 * were it none, nothing would be allowed. */
	if (policy_parse(b.p, b.len, &layer, &why) != OK &&
	    policy_parse("default deny\n", sizeof("default deny\n") - 1, &layer,
		&why) != OK)
		abort();
	buf_done(&b);
	return layer;
}

/* ---- Times ---- */

enum err
term_read_time(const char *text, int64_t *ret_ms, struct errmsg *why)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = {
	    {'s', SECOND_MS}, {'m', MINUTE_MS}, {'h', HOUR_MS}, {'d', DAY_MS}};
	size_t digits = strspn(text, "0123456789");
	int64_t n = digits > 0 && digits <= 9 ? strtoll(text, NULL, 10) : 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(units); i++)
		if (n > 0 && text[digits] == units[i].letter &&
		    text[digits + 1] == '\0') {
			if (n > TERM_MS_MAX / units[i].ms)
				return err_say(why, ERR_LIMIT,
				    "that is longer than %d days",
				    (int)(TERM_MS_MAX / DAY_MS));
			*ret_ms = n * units[i].ms;
			return OK;
		}
	return err_say(why, ERR_INPUT,
	    "say how long in days or hours, such as 30d or 12h");
}

void
term_say(const struct term *t, int64_t wall_ms, struct buf *out)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = {{DAY_MS, "day"}, {HOUR_MS, "hour"}, {MINUTE_MS, "minute"}};
	int64_t left_ms = t->until_ms - wall_ms;
	size_t i;

	if (term_is_over(t, wall_ms)) {
		buf_adds(out, "expired");
		return;
	}
	if (t->until_ms == 0)
		return;
	for (i = 0; i < ARRAY_LEN(units); i++) {
		int64_t n = left_ms / units[i].ms;

		if (n == 0)
			continue;
		buf_addf(out, "expires in %lld %s%s", (long long)n,
		    units[i].name, n == 1 ? "" : "s");
		return;
	}
	buf_adds(out, "expires in less than a minute");
}
