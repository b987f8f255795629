/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "sys/clock.h"
#include "vault/vault_priv.h"

/*
 * Terms of clients: given by owners, and ended here.  The end is written into
 * the table, told to everybody, and to the core for the log, which then cuts
 * what is open.  Who acts does not wait for that: it has the table and a clock
 * of its own.
 */

void
terms_open(struct vault *v)
{
	static const struct steady_saved nothing_saved;

	steady_start(
	    &v->clock, &nothing_saved, clock_boot_ms(), clock_wall_ms());
}

int64_t
terms_wall_ms(struct vault *v)
{
	int64_t boot_ms = clock_boot_ms();

	steady_watch(
	    &v->clock, boot_ms, clock_wall_ms(), clock_is_synchronised());
	return steady_wall_ms(&v->clock, boot_ms);
}

/* ---- The end ---- */

static void
on_time(void *arg)
{
	struct vault *v = arg;

	v->term_timer = 0;
	terms_watch(v);
}

/* At the next end, and sooner: a time server may set the clock. */
static void
wait_for_next(struct vault *v, int64_t wall_ms)
{
	int64_t wait_ms = -1;
	size_t i;

	for (i = 0; i < v->trust.n_clients; i++) {
		const struct client *c = &v->trust.clients[i];
		int64_t left_ms = c->term.until_ms - wall_ms;

		if (c->term.until_ms == 0 || c->revoked || c->term.ended)
			continue;
		if (left_ms > TERM_WATCH_MS)
			left_ms = TERM_WATCH_MS;
		if (wait_ms < 0 || left_ms < wait_ms)
			wait_ms = left_ms;
	}
	loop_timer_cancel(peers_loop(v->peers), v->term_timer);
	v->term_timer = wait_ms < 0
	    ? 0
	    : loop_timer(
		  peers_loop(v->peers), clock_boot_ms() + wait_ms, on_time, v);
}

/* The first whose end has come and does not stand in its row yet. */
static struct client *
find_over(struct trust *t, int64_t wall_ms)
{
	size_t i;

	for (i = 0; i < t->n_clients; i++) {
		struct client *c = &t->clients[i];

		if (!c->revoked && !c->term.ended &&
		    term_is_over(&c->term, wall_ms))
			return c;
	}
	return NULL;
}

/* What it left to come back by, without an owner who puts its end off. */
static void
end_ways_back(struct vault *v, const struct client *c)
{
	pairing_client_lost(v, &c->id);
	if (recovery_client_lost(v, &c->id))
		vault_answer(v, 0, "recovery-revoked", c, NULL);
}

void
terms_watch(struct vault *v)
{
	int64_t wall_ms = terms_wall_ms(v);
	struct client *c;
	struct errmsg why;

	while ((c = find_over(&v->trust, wall_ms)) != NULL) {
		c->term.ended = true;
		log_info("the time of client '%s' is over", c->name);
		/* It is over all the same when that cannot be written. */
		if (vault_save(v, &why) != OK)
			log_err("%s", why.text);
		vault_tell_trust(v);
		end_ways_back(v, c);
		pairing_tell(v);
		vault_answer(v, 0, "client-expired", c, NULL);
	}
	wait_for_next(v, wall_ms);
}

/* ---- What owners say ---- */

/* Who has an end itself gives nobody more time than it has: else it had
 * none. */
enum err
terms_check_owner(
    const struct client *owner, int64_t until_ms, struct errmsg *why)
{
	if (owner->term.until_ms != 0 &&
	    (until_ms == 0 || until_ms > owner->term.until_ms))
		return err_say(why, ERR_DENIED,
		    "your own time has an end, so you give nobody a later "
		    "one, and yourself none; an owner without an end does");
	return OK;
}

static enum err
check_until(struct vault *v, int64_t until_ms, struct errmsg *why)
{
	int64_t now_ms = terms_wall_ms(v);

	if (until_ms != 0 &&
	    (until_ms <= now_ms || until_ms - now_ms > TERM_MS_MAX))
		return err_say(why, ERR_INPUT,
		    "a client's end is to come, in %d days at most; compare "
		    "the clock of this machine with the box's",
		    (int)(TERM_MS_MAX / (24 * 3600 * 1000)));
	return OK;
}

enum err
terms_read(struct vault *v, const struct json *body, const struct client *owner,
    enum client_role role, struct term *ret, struct errmsg *why)
{
	struct term t;
	enum err e = term_check_scope(json_words(body, "scope"), why);

	if (e == OK && term_read(body, &t) != OK)
		e = err_say(why, ERR_INPUT, "the command is malformed");
	if (e == OK && role == CLIENT_OWNER && t.scope[0] != '\0')
		e = err_say(why, ERR_INPUT,
		    "an owner has no scope, since it could pair a client "
		    "without one; pair an approver");
	if (e == OK)
		e = check_until(v, t.until_ms, why);
	if (e == OK)
		e = terms_check_owner(owner, t.until_ms, why);
	if (e != OK)
		return e;
	t.ended = false;
	*ret = t;
	return OK;
}

enum err
terms_extend(struct vault *v, const struct json *body,
    const struct client *owner, struct errmsg *why)
{
	const char *name = json_words(body, "client");
	int64_t until_ms = json_int(body, "until_ms", -1);
	enum err e = check_until(v, until_ms, why);

	if (e == OK)
		e = terms_check_owner(owner, until_ms, why);
	if (e != OK)
		return e;
	e = trust_extend(&v->trust, name, until_ms, terms_wall_ms(v));
	if (e == ERR_NOTFOUND)
		return err_say(why, e,
		    "no client that was not revoked has this name; 'durward "
		    "clients' lists them");
	if (e != OK)
		return err_say(why, e,
		    "the console and the last owner without an end stay "
		    "without one, so that the house can always be changed");
	return OK;
}
