/* SPDX-License-Identifier: Apache-2.0 */
#include "push/target.h"

#include <stdio.h>
#include <string.h>

#include "approval/lines.h"
#include "push/offer.h"

#define MAGIC "durward-notify/1"
#define MAGIC_WEBPUSH "durward-notify/2" /* With the lines of a browser. */
#define HTTPS_PORT 443
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
    FIELD("whom", LINE_DIGEST, whom),
    FIELD("p256dh", LINE_TEXT, p256dh),
    FIELD("auth", LINE_TEXT, auth),
};
#define FIELDS_OF_ALL (ARRAY_LEN(fields) - 3)

bool
target_is_webpush(const struct target *t)
{
	return str_eq(t->kind, TARGET_WEBPUSH);
}

enum err
target_write(const struct target *t, struct buf *out)
{
	return target_is_webpush(t)
	    ? lines_write(MAGIC_WEBPUSH, fields, ARRAY_LEN(fields), t, out)
	    : lines_write(MAGIC, fields, FIELDS_OF_ALL, t, out);
}

static enum err
read_lines(const char *text, size_t len, struct target *ret)
{
	const size_t n = sizeof(MAGIC_WEBPUSH) - 1;

	memset(ret, 0, sizeof(*ret));
	if (len > n && memcmp(text, MAGIC_WEBPUSH, n) == 0)
		return lines_read(
		    MAGIC_WEBPUSH, fields, ARRAY_LEN(fields), text, len, ret);
	return lines_read(MAGIC, fields, FIELDS_OF_ALL, text, len, ret);
}

static enum err
check_words(const struct target *t, struct errmsg *why)
{
	char name[NAME_MAX_LEN + 1];

	if (offer_take(t->name, name, sizeof(name)) != OK || !str_is_name(name))
		return err_say(why, ERR_INPUT,
		    "a name is of a-z 0-9 . _ - and begins with a letter");
	if (!str_eq(t->kind, TARGET_NTFY) && !target_is_webpush(t))
		return err_say(why, ERR_INPUT, "the kind is '%s' or '%s'",
		    TARGET_NTFY, TARGET_WEBPUSH);
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

/* A kind has its own lines, and no other has them. */
static enum err
check_browser(const struct target *t, struct errmsg *why)
{
	struct webpush_to to;

	if (target_is_webpush(t) != (t->p256dh.len > 0))
		return err_say(why, ERR_INPUT, "the target is malformed");
	return target_is_webpush(t)
	    ? offer_read_keys(t->p256dh, t->auth, &to, why)
	    : OK;
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
	e = read_lines(text, len, &t);
	if (e != OK)
		return err_say(why, e, "the target is malformed");
	e = check_words(&t, why);
	if (e == OK)
		e = check_browser(&t, why);
	if (e == OK)
		e = offer_read_url(t.url, &url, why);
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
	if (target_is_webpush(g))
		e = trust_live_client(t, &g->whom, wall_ms, &c);
	if (e == ERR_EXPIRED)
		return err_say(
		    why, e, "the time of the browser that it is for is over");
	if (target_is_webpush(g) && (e != OK || c->kind != CLIENT_BROWSER))
		return err_say(why, ERR_DENIED,
		    "the browser that it is for is revoked, or none");
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

	if (offer_read_url(t->url, ret, &why) != OK)
		memset(ret, 0, sizeof(*ret)); /* It was never read. */
}

const struct digest *
target_whom(const struct target *t)
{
	return target_is_webpush(t) ? &t->whom : &t->client;
}

void
target_webpush(const struct target *t, struct webpush_to *ret)
{
	struct errmsg why;

	if (offer_read_keys(t->p256dh, t->auth, ret, &why) != OK)
		memset(ret, 0, sizeof(*ret)); /* It was never read. */
}

void
target_origin(const struct target *t, char ret[TARGET_ORIGIN_SIZE])
{
	struct url url;

	target_url(t, &url);
	if (url.port == HTTPS_PORT)
		snprintf(ret, TARGET_ORIGIN_SIZE, "https://%s", url.host);
	else
		snprintf(ret, TARGET_ORIGIN_SIZE, "https://%s:%u", url.host,
		    (unsigned)url.port);
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
