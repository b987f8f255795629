/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/grant.h"

#include <string.h>

#include "approval/lines.h"
#include "policy/policy.h"
#include "usd/usd.h"

#define MAGIC "durward-grant/1"
#define MAGIC_MONEY "durward-grant/2"
#define FIELD(key, kind, name)                                                 \
	{                                                                      \
		key, kind, offsetof(struct grant, name)                        \
	}

static const struct line_field fields[] = {
    FIELD("box", LINE_DIGEST, box),
    FIELD("client", LINE_DIGEST, client),
    FIELD("id", LINE_TOKEN, id),
    FIELD("rule", LINE_TEXT, rule),
    FIELD("tool", LINE_TEXT, tool),
    FIELD("effect", LINE_TEXT, effect),
    FIELD("manifest", LINE_DIGEST, manifest),
    FIELD("args", LINE_TEXT, args),
    FIELD("hours", LINE_TEXT, hours),
    FIELD("uses", LINE_INT, uses),
    FIELD("issued", LINE_INT, issued_ms),
    FIELD("until", LINE_INT, until_ms),
    /* Of a grant of money alone. */
    FIELD("usd-millionths-a-day", LINE_INT, usd_day),
};

#define N_FIELDS ARRAY_LEN(fields)

enum err
grant_write(const struct grant *g, struct buf *out)
{
	return g->usd_day > 0
	    ? lines_write(MAGIC_MONEY, fields, N_FIELDS, g, out)
	    : lines_write(MAGIC, fields, N_FIELDS - 1, g, out);
}

static bool
begins(struct str s, const char *with, struct str *ret_rest)
{
	size_t len = strlen(with);

	if (s.len < len || memcmp(s.p, with, len) != 0)
		return false;
	ret_rest->p = s.p + len;
	ret_rest->len = s.len - len;
	return true;
}

/* Are the arguments of one of the three forms, and well-formed? */
static enum err
check_args(const struct grant *g, struct errmsg *why)
{
	struct policy_args *args;
	struct str rest;
	enum err e;

	if (str_eq(g->args, GRANT_ANY) ||
	    begins(g->args, GRANT_ARGS_EXACT, &rest))
		return OK;
	if (!begins(g->args, GRANT_ARGS_WORDS, &rest))
		return err_say(why, ERR_INPUT,
		    "a grant's arguments are exact, words or any");
	e = policy_args_parse(rest.p, rest.len, &args, why);
	if (e == OK)
		policy_args_free(args);
	return e;
}

/* Money is for calls of models that it names: nothing else is counted so. */
static enum err
check_money(const struct grant *g, struct errmsg *why)
{
	struct str rest;

	if (g->usd_day < 1 || g->usd_day > USD_MAX * (int64_t)USD)
		return err_say(why, ERR_INPUT,
		    "a grant of money is of at most %d dollars a day", USD_MAX);
	if (!begins(g->tool, "model.", &rest) ||
	    !begins(g->args, GRANT_ARGS_MODELS, &rest))
		return err_say(why, ERR_INPUT,
		    "a grant of money is for calls of models, and names them");
	return OK;
}

/* In either form. */
static enum err
read_lines(const char *text, size_t len, struct grant *ret, struct errmsg *why)
{
	static const char money[] = MAGIC_MONEY "\n";
	struct str rest;
	enum err e;

	if (!begins((struct str){text, len}, money, &rest)) {
		e = lines_read(MAGIC, fields, N_FIELDS - 1, text, len, ret);
	} else {
		e = lines_read(MAGIC_MONEY, fields, N_FIELDS, text, len, ret);
		if (e == OK)
			return check_money(ret, why);
	}
	return e == OK ? OK : err_say(why, e, "the grant is malformed");
}

enum err
grant_read(const char *text, size_t len, struct grant *ret, struct errmsg *why)
{
	struct grant g;
	int begin;
	int end;
	enum err e;

	if (len > GRANT_MAX)
		return err_say(why, ERR_LIMIT, "the grant is too large");
	memset(&g, 0, sizeof(g));
	e = read_lines(text, len, &g, why);
	if (e != OK)
		return e;
	if (g.uses < 1 || g.uses > GRANT_USES_MAX || g.until_ms <= g.issued_ms)
		return err_say(why, ERR_INPUT,
		    "a grant has 1 to %d uses and ends after its beginning",
		    GRANT_USES_MAX);
	if (!str_eq(g.hours, GRANT_ANY) &&
	    policy_hours_read(g.hours, &begin, &end) != OK)
		return err_say(why, ERR_INPUT,
		    "a grant's hours are 'any' or such as 08:00-20:00");
	e = check_args(&g, why);
	if (e != OK)
		return e;
	*ret = g;
	return OK;
}

/* Longer than the vault remembers that it was taken back. */
static enum err
check_life(const struct grant *g, struct errmsg *why)
{
	return g->until_ms - g->issued_ms <= GRANT_MS_MAX
	    ? OK
	    : err_say(why, ERR_DENIED, "a grant lasts at most %d days",
		  GRANT_DAYS_MAX);
}

enum err
grant_verify(const struct trust *t, struct str text,
    const struct signature *sig, int64_t wall_ms, struct grant *ret,
    struct errmsg *why)
{
	const struct client *c;
	struct grant g;
	enum err e = grant_read(text.p, text.len, &g, why);

	if (e != OK)
		return e;
	if (!digest_equal(&g.box, &t->box))
		return err_say(why, ERR_DENIED, "the grant is of another box");
	e = trust_live_client(t, &g.client, wall_ms, &c);
	if (e == ERR_EXPIRED)
		return err_say(
		    why, ERR_DENIED, "the time of the grant's owner is over");
	if (e != OK || c->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "the grant's client is unknown, revoked or no owner");
	if (key_verify(&c->key, text.p, text.len, sig) != OK)
		return err_say(why, ERR_SIGNATURE,
		    "the signature does not match the grant");
	if (trust_is_revoked_grant(t, g.id))
		return err_say(why, ERR_DENIED, "the grant was taken back");
	e = check_life(&g, why);
	if (e != OK)
		return e;
	*ret = g;
	return OK;
}

static bool
args_fit(const struct grant *g, const struct grant_case *c)
{
	struct policy_args *args;
	struct errmsg why;
	struct str rest;
	bool fit;

	if (str_eq(g->args, GRANT_ANY))
		return true;
	if (begins(g->args, GRANT_ARGS_EXACT, &rest))
		return rest.len == c->args.len &&
		    memcmp(rest.p, c->args.p, rest.len) == 0;
	if (!begins(g->args, GRANT_ARGS_WORDS, &rest) ||
	    policy_args_parse(rest.p, rest.len, &args, &why) != OK)
		return false;
	fit = policy_args_match(args, c->parsed);
	policy_args_free(args);
	return fit;
}

static bool
hours_fit(const struct grant *g, int minute)
{
	int begin;
	int end;

	if (str_eq(g->hours, GRANT_ANY))
		return true;
	if (minute < 0 || policy_hours_read(g->hours, &begin, &end) != OK)
		return false;
	return begin < end ? minute >= begin && minute < end
			   : minute >= begin || minute < end;
}

enum err
grant_covers(
    const struct grant *g, const struct grant_case *c, struct errmsg *why)
{
	if (!str_eq(g->tool, c->tool) || !str_eq(g->effect, c->effect))
		return err_say(why, ERR_DENIED, "the grant names another tool");
	if (!digest_equal(&g->manifest, c->manifest))
		return err_say(why, ERR_DENIED,
		    "the grant names another version of the tool");
	/* A clock that was set back must not make it last longer. */
	if (c->now_ms < g->issued_ms)
		return err_say(why, ERR_EXPIRED,
		    "the grant is not yet: the box's clock is behind the one "
		    "that it was signed by; set both right");
	if (c->now_ms >= g->until_ms)
		return err_say(why, ERR_EXPIRED, "the grant has ended");
	if (check_life(g, why) != OK)
		return ERR_DENIED;
	if (!hours_fit(g, c->minute))
		return err_say(
		    why, ERR_DENIED, "the grant is not for this hour");
	if (!args_fit(g, c))
		return err_say(
		    why, ERR_DENIED, "the grant is not for these arguments");
	return OK;
}
