/* SPDX-License-Identifier: Apache-2.0 */
#include "heralds/heralds.h"

#include <string.h>

#include "base/log.h"
#include "sys/clock.h"

#define SETTING "herald"

struct heralds {
	struct heralds_setup s;
	bool hidden;
	bool told; /* The bridge knows `last`. */
	struct herald last;
	uint64_t timer;
};

struct heralds *
heralds_new(const struct heralds_setup *s)
{
	struct heralds *h = xalloc(sizeof(*h));

	h->s = *s;
	return h;
}

void
heralds_load(struct heralds *h, const struct json *row)
{
	if (strcmp(json_words(row, "scope"), "box") == 0 &&
	    strcmp(json_words(row, "name"), SETTING) == 0)
		h->hidden = strcmp(json_words(row, "value"), "hidden") == 0;
}

static int64_t
at_most(int64_t n, int64_t max)
{
	return n < 0 ? 0 : n < max ? n : max;
}

static enum herald_health
health(const struct heralds *h)
{
	if (safety_is_on(judge_safety(h->s.judge)))
		return HERALD_SAFE_MODE;
	return tooling_runner(h->s.tooling)->ready ? HERALD_OK
						   : HERALD_NO_TOOLS;
}

/* Only numbers: the bridge takes nothing else. */
static struct herald
look(const struct heralds *h)
{
	const struct runs_last *last = runs_last(h->s.runs);
	struct herald now = {.shown = !h->hidden,
	    .waiting = at_most((int64_t)acts_count(h->s.acts, NULL, ACT_ASKED),
		HERALD_WAITING_MAX),
	    .spent = at_most(rules_spent(h->s.rules), HERALD_SPENT_MAX),
	    .health = health(h),
	    .halted = judge_safety(h->s.judge)->halted,
	    .outcome = last->ended_ms == 0 ? HERALD_NONE
		: last->reached            ? HERALD_REACHED
					   : HERALD_FAILED,
	    .answered_s = at_most(last->ended_ms / 1000, HERALD_TIME_MAX)};

	return now;
}

/* What it does not get now it gets in a second, as it is by then. */
static void
tell(struct heralds *h)
{
	struct herald now = look(h);

	if (h->told && herald_equal(&now, &h->last))
		return;
	h->told = !peers_is_behind(h->s.peers, ROLE_BRIDGE) &&
	    peers_send(h->s.peers, ROLE_BRIDGE, MSG_HOME_HERALD,
		herald_write(&now)) == OK;
	h->last = now;
}

static void
on_look(void *arg)
{
	struct heralds *h = arg;

	h->timer = 0;
	if (!peers_have(h->s.peers, ROLE_BRIDGE))
		return;
	tell(h);
	h->timer = loop_timer(
	    h->s.loop, clock_boot_ms() + HERALDS_LOOK_MS, on_look, h);
}

void
heralds_begin(struct heralds *h)
{
	h->told = false;
	loop_timer_cancel(h->s.loop, h->timer);
	on_look(h);
}

/* ---- Shown, or not ---- */

static enum err
set(struct heralds *h, const struct request *k, bool hidden, struct errmsg *why)
{
	struct json *body;
	struct json *row;
	struct record *r;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "only an owner says whether the house is shown on the "
		    "broker");
	h->hidden = hidden;
	body = json_object();
	json_put_str(body, "name", k->client->name);
	row = json_object();
	json_put_str(row, "scope", "box");
	json_put_str(row, "name", SETTING);
	json_put_str(row, "value", hidden ? "hidden" : "shown");
	r = record_new(h->s.requests->ledger);
	record_log(r, hidden ? "home-hidden" : "home-shown", NULL, NULL, body);
	record_row(r, ROW_SETTING, row);
	request_confirm(h->s.requests, k->id, r);
	if (peers_have(h->s.peers, ROLE_BRIDGE))
		tell(h);
	return OK;
}

enum err
heralds_show(void *room, const struct request *k, struct errmsg *why)
{
	return set(room, k, false, why);
}

enum err
heralds_hide(void *room, const struct request *k, struct errmsg *why)
{
	return set(room, k, true, why);
}
