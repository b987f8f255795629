/* SPDX-License-Identifier: Apache-2.0 */
#include "sender/sender_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sys/clock.h"
#include "tool/manifest.h"

struct sender *
sender_new(const struct sender_setup *setup)
{
	struct sender *s = xalloc(sizeof(*s));

	s->s = *setup;
	return s;
}

/* ---- The end ---- */

static void
tell(struct sender *s, const char *id, const struct sending *of,
    const struct errmsg *why)
{
	struct json *body = json_object();

	json_put_str(body, "id", id);
	json_put_bool(body, "ok", why->text[0] == '\0');
	json_put_int(body, "status", of != NULL ? of->status : 0);
	json_put_int(body, "tries", of != NULL ? of->tries : 0);
	json_put_str(body, "why", why->text);
	peers_send(s->s.peers, ROLE_CORE, MSG_NOTICE_DONE, body);
}

void
sending_end(struct sending *s)
{
	struct sender *sender = s->sender;

	post_drop(s);
	if (s->lookup != 0)
		lookup_cancel(sender->s.lookups, s->lookup);
	loop_timer_cancel(sender->s.loop, s->timer);
	tell(sender, s->id, s, &s->why);
	free(s->url);
	free(s->sealed);
	free(s->authorization);
	memset(s, 0, sizeof(*s));
}

/* ---- Tries ---- */

static void
on_pause(void *arg)
{
	struct sending *s = arg;

	s->timer = 0;
	sending_look_up(s);
}

/* Another one, after a pause?  False when this was the last. */
static bool
try_again(struct sending *s)
{
	int64_t now_ms = clock_boot_ms();
	int64_t pause_ms = PUSH_PAUSE_MS << s->tries >> 1;

	if (s->after_ms > PUSH_QUIET_MS)
		s->after_ms = PUSH_QUIET_MS;
	if (s->after_ms >= 0)
		s->to->silent_until_ms = now_ms + s->after_ms;
	if (s->after_ms > pause_ms)
		pause_ms = s->after_ms;
	if (s->tries >= PUSH_TRIES_MAX || pause_ms > PUSH_WAIT_MS)
		return false;
	post_drop(s);
	s->timer =
	    loop_timer(s->sender->s.loop, now_ms + pause_ms, on_pause, s);
	return true;
}

static bool
may_retry(long status)
{
	return status == 429 || status == 500 || status == 502 ||
	    status == 503 || status == 504;
}

static void
say_refusal(struct sending *s)
{
	if (s->status == 404 || s->status == 410)
		err_say(&s->why, OK,
		    "%.100s says that nobody listens there any more (%ld), so "
		    "it is told no more; it can be added anew",
		    s->at.host.name, s->status);
	else
		err_say(&s->why, OK, "%.100s refuses it with status %ld",
		    s->at.host.name, s->status);
}

static void
begin_try(struct sending *s)
{
	s->address = s->found.addresses[s->next++];
	if (!post_begin(s))
		sending_end(s);
}

void
post_ended(struct sending *s, CURLcode code)
{
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &s->status);
	if (s->status >= 200 && s->status < 300) {
		sending_end(s);
	} else if (s->status != 0) {
		if (may_retry(s->status) && try_again(s))
			return;
		say_refusal(s);
		sending_end(s);
	} else if (code == CURLE_COULDNT_CONNECT && s->next < s->found.n) {
		post_drop(s);
		begin_try(s);
	} else if (code != CURLE_PEER_FAILED_VERIFICATION && try_again(s)) {
		return;
	} else {
		err_say(&s->why, OK, "%.100s does not answer: %.100s",
		    s->at.host.name, curl_easy_strerror(code));
		sending_end(s);
	}
}

/* ---- Where it goes ---- */

static void
on_found(void *arg, const struct found *f)
{
	struct sending *s = arg;
	struct errmsg unused;
	size_t i;

	s->lookup = 0;
	s->next = 0;
	s->found.n = 0;
	for (i = 0; i < f->n; i++)
		if (provider_check_address(
			s->outside, &s->at, &f->addresses[i], &unused) == OK)
			s->found.addresses[s->found.n++] = f->addresses[i];
	if (s->found.n > 0) {
		begin_try(s);
		return;
	}
	if (f->n == 0 && try_again(s))
		return;
	if (f->n == 0)
		err_say(&s->why, OK, "the name %.200s is not known",
		    s->at.host.name);
	else if (s->outside)
		err_say(&s->why, OK,
		    "%.150s has no public address; if it is in the house, add "
		    "it with --house",
		    s->at.host.name);
	else
		err_say(&s->why, OK,
		    "%.150s has no address in the house; if it is outside, "
		    "add it without --house",
		    s->at.host.name);
	sending_end(s);
}

void
sending_look_up(struct sending *s)
{
	struct found here = {.addresses = {{4, {127, 0, 0, 1}}}, .n = 1};

	s->tries++;
	s->status = 0;
	s->after_ms = -1;
	if (host_is_here(s->at.host.name)) {
		on_found(s, &here);
		return;
	}
	s->lookup =
	    lookup_begin(s->sender->s.lookups, s->at.host.name, on_found, s);
	if (s->lookup != 0)
		return;
	err_say(&s->why, OK, "too many names are looked up at once");
	sending_end(s);
}

/* ---- Orders ---- */

/* Who was not sent to for an hour has nothing to be remembered. */
static struct sent_to *
find_sent(struct sender *s, const char *id, int64_t now_ms)
{
	struct sent_to *oldest = &s->to[0];
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++)
		if (strcmp(s->to[i].id, id) == 0)
			return &s->to[i];
	for (i = 0; i < PUSH_TARGETS_MAX; i++)
		if (s->to[i].used_ms < oldest->used_ms)
			oldest = &s->to[i];
	if (oldest->id[0] != '\0' && now_ms - oldest->used_ms < PUSH_QUIET_MS)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	snprintf(oldest->id, sizeof(oldest->id), "%s", id);
	return oldest;
}

static struct sending *
find_free(struct sender *s, const char *id)
{
	struct sending *found = NULL;
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++)
		if (strcmp(s->all[i].id, id) == 0)
			return NULL; /* The same is being said there. */
		else if (s->all[i].id[0] == '\0')
			found = &s->all[i];
	return found;
}

/* Is it the owner's wish, and not too much of it? */
static enum err
check(struct sender *s, const struct msg *m, struct target *ret,
    struct sent_to **ret_to, struct errmsg *why)
{
	const struct trust *t = verifier_trust(s->s.verifier);
	struct str text = {m->bulk, m->bulk_len};
	int64_t now_ms = clock_boot_ms();
	struct signature sig;
	struct sent_to *to;
	enum err e;

	if (t == NULL)
		return err_say(why, ERR_BUSY, "egress is starting; try again");
	if (signature_read(json_words(m->body, "signature"), &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = target_verify(
	    t, text, &sig, verifier_wall_ms(s->s.verifier), ret, why);
	if (e != OK)
		return e;
	if (strcmp(ret->id, json_words(m->body, "id")) != 0)
		return err_say(
		    why, ERR_DENIED, "the order names another target");
	to = find_sent(s, ret->id, now_ms);
	if (to == NULL)
		return err_say(why, ERR_LIMIT, "too many targets are in use");
	if (now_ms < to->silent_until_ms)
		return err_say(why, ERR_LIMIT,
		    "the push service wants to hear nothing for %lld s more",
		    (long long)(to->silent_until_ms - now_ms) / 1000 + 1);
	if (!push_rate_take(&to->rate, ret->hourly, now_ms))
		return err_say(why, ERR_LIMIT,
		    "%lld notifications in an hour are what its owner allowed",
		    (long long)ret->hourly);
	to->used_ms = now_ms;
	*ret_to = to;
	return OK;
}

static void
begin(struct sending *s, struct sender *sender, const struct target *t,
    struct sent_to *to)
{
	struct url url;

	target_url(t, &url);
	s->sender = sender;
	memcpy(s->id, t->id, sizeof(s->id));
	s->url = xstrndup(t->url.p, t->url.len);
	s->at.tls = url.tls;
	memcpy(s->at.host.name, url.host, sizeof(s->at.host.name));
	s->at.host.port = url.port;
	s->outside = str_eq(t->place, TARGET_OUTSIDE);
	s->to = to;
	if (target_is_webpush(t))
		sealed_begin(s, t);
	else
		sending_look_up(s);
}

void
sender_on_order(struct sender *s, const struct msg *m)
{
	const char *id = json_words(m->body, "id");
	struct sending *place = find_free(s, id);
	struct errmsg why = {""};
	struct sent_to *to;
	struct target t;
	enum err e = OK;

	if (place == NULL)
		e = err_say(&why, ERR_BUSY, "one is on its way there");
	else
		e = check(s, m, &t, &to, &why);
	if (e == OK)
		begin(place, s, &t, to);
	else
		tell(s, id, NULL, &why);
}
