/* SPDX-License-Identifier: Apache-2.0 */
#include "push/target.h"

#include <stdio.h>
#include <string.h>

#include "approval/lines.h"

#define MAGIC "durward-notify/1"
#define HOUR_MS (60 * 60 * (int64_t)1000)
#define FIELD(key, kind, name)                                                 \
	{                                                                      \
		key, kind, offsetof(struct target, name)                       \
	}

static const struct line_field fields[] = {
    FIELD("box", LINE_DIGEST, box),
    FIELD("client", LINE_DIGEST, client),
    FIELD("id", LINE_TOKEN, id),
    FIELD("name", LINE_TEXT, name),
    FIELD("kind", LINE_TEXT, kind),
    FIELD("place", LINE_TEXT, place),
    FIELD("url", LINE_TEXT, url),
    FIELD("hourly", LINE_INT, hourly),
    FIELD("issued", LINE_INT, issued_ms),
    FIELD("until", LINE_INT, until_ms),
};

enum err
target_write(const struct target *t, struct buf *out)
{
	return lines_write(MAGIC, fields, ARRAY_LEN(fields), t, out);
}

/* A text of the lines that other functions read to its zero byte. */
static enum err
copy(struct str s, char *to, size_t size)
{
	if (s.len >= size)
		return ERR_LIMIT;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	return OK;
}

static enum err
check_url(const struct target *t, struct url *ret, struct errmsg *why)
{
	char text[URL_MAX + 1];
	enum err e = copy(t->url, text, sizeof(text));

	if (e != OK)
		return err_say(
		    why, e, "the URL is longer than %d bytes", URL_MAX);
	e = url_read(text, ret, why);
	if (e == OK && !ret->tls)
		e = err_say(why, ERR_INPUT,
		    "the URL must begin with https://; on the way others "
		    "would read it");
	return e;
}

static enum err
check_words(const struct target *t, struct errmsg *why)
{
	char name[NAME_MAX_LEN + 1];

	if (copy(t->name, name, sizeof(name)) != OK || !str_is_name(name))
		return err_say(why, ERR_INPUT,
		    "a name is of a-z 0-9 . _ - and begins with a letter");
	if (!str_eq(t->kind, TARGET_NTFY))
		return err_say(why, ERR_INPUT, "the kind is '%s'", TARGET_NTFY);
	if (!str_eq(t->place, TARGET_OUTSIDE) &&
	    !str_eq(t->place, TARGET_HOUSE))
		return err_say(why, ERR_INPUT, "the place is '%s' or '%s'",
		    TARGET_OUTSIDE, TARGET_HOUSE);
	if (t->hourly < 1 || t->hourly > PUSH_HOURLY_MAX)
		return err_say(why, ERR_INPUT,
		    "1 to %d notifications an hour may be sent",
		    PUSH_HOURLY_MAX);
	if (t->until_ms <= t->issued_ms)
		return err_say(why, ERR_INPUT, "it ends before it begins");
	/* Longer than the vault remembers that it was taken back. */
	if (t->until_ms - t->issued_ms > GRANT_MS_MAX)
		return err_say(why, ERR_INPUT, "a target lasts at most %d days",
		    GRANT_DAYS_MAX);
	return OK;
}

enum err
target_read(
    const char *text, size_t len, struct target *ret, struct errmsg *why)
{
	struct target t;
	struct url url;
	enum err e;

	if (len > PUSH_TEXT_MAX)
		return err_say(why, ERR_LIMIT, "the target is too large");
	memset(&t, 0, sizeof(t));
	e = lines_read(MAGIC, fields, ARRAY_LEN(fields), text, len, &t);
	if (e != OK)
		return err_say(why, e, "the target is malformed");
	e = check_words(&t, why);
	if (e == OK)
		e = check_url(&t, &url, why);
	if (e == OK)
		*ret = t;
	return e;
}

enum err
target_is_live(const struct trust *t, const struct target *g, int64_t wall_ms,
    struct errmsg *why)
{
	const struct client *c;
	enum err e;

	if (!digest_equal(&g->box, &t->box))
		return err_say(why, ERR_DENIED, "the target is of another box");
	e = trust_live_client(t, &g->client, wall_ms, &c);
	/* An owner may put that off, so it is not gone for good. */
	if (e == ERR_EXPIRED)
		return err_say(why, ERR_EXPIRED,
		    "the time of who signed the target is over");
	if (e != OK || c->role != CLIENT_OWNER || c->kind != CLIENT_CLI)
		return err_say(why, ERR_DENIED,
		    "who signed the target is revoked, or no owner with a key "
		    "of the command line");
	if (trust_is_revoked_grant(t, g->id))
		return err_say(why, ERR_DENIED, "the target was taken back");
	/* A clock that was set back must not make it last longer. */
	if (wall_ms < g->issued_ms)
		return err_say(why, ERR_EXPIRED,
		    "the target is not yet: the box's clock is behind the one "
		    "that it was signed by; set both right");
	if (wall_ms >= g->until_ms)
		return err_say(why, ERR_EXPIRED, "the target has ended");
	return OK;
}

enum err
target_verify(const struct trust *t, struct str text,
    const struct signature *sig, int64_t wall_ms, struct target *ret,
    struct errmsg *why)
{
	const struct client *c;
	struct target g;
	enum err e = target_read(text.p, text.len, &g, why);

	if (e == OK)
		e = target_is_live(t, &g, wall_ms, why);
	if (e != OK)
		return e;
	c = trust_client(t, &g.client);
	if (key_verify(&c->key, text.p, text.len, sig) != OK)
		return err_say(why, ERR_SIGNATURE,
		    "the signature does not match the target");
	*ret = g;
	return OK;
}

void
target_url(const struct target *t, struct url *ret)
{
	struct errmsg why;

	if (check_url(t, ret, &why) != OK)
		memset(ret, 0, sizeof(*ret)); /* It was never read. */
}

bool
push_rate_take(struct push_rate *r, int64_t hourly, int64_t now_ms)
{
	size_t back =
	    hourly < PUSH_HOURLY_MAX ? (size_t)hourly : PUSH_HOURLY_MAX;
	int64_t *first =
	    &r->at_ms[(r->next + PUSH_HOURLY_MAX - back) % PUSH_HOURLY_MAX];

	if (*first != 0 && now_ms - *first < HOUR_MS)
		return false;
	r->at_ms[r->next] = now_ms;
	r->next = (r->next + 1) % PUSH_HOURLY_MAX;
	return true;
}
