/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "automations/automations_priv.h"
#include "base/log.h"
#include "policy/policy.h"
#include "sys/clock.h"

/* When one fires, and when it may not. */

/* With `times` when that is not 0. */
static void
tell(struct automations *as, const struct held *h, const char *kind,
    const char *why, const char *cause, int times)
{
	struct json *body = json_object();
	struct record *r = record_new(as->s.requests->ledger);

	json_put_str(body, "name", h->name);
	json_put_str(body, "why", why);
	json_put_str(body, "cause", cause);
	if (times != 0)
		json_put_int(body, "times", times);
	log_info("automation %s: %s", h->name, why);
	record_log(r, kind, NULL, NULL, body);
	if (strcmp(kind, "automation-off") == 0)
		held_setting(r, SCOPE_OFF, h->name, h->off);
	record_post(r, false, NULL, NULL, NULL);
}

/* ---- What it was not begun for ---- */

static bool
disk_keeps_up(const struct automations *as)
{
	return !ledger_is_busy(as->s.requests->ledger);
}

static void tell_rest(void *automations);

/* Now, or a little later: a device may say more than a disk can take. */
static void
tell_unbegun(struct automations *as, struct held *h, enum unbegun_kind k)
{
	static const char *const kinds[] = {
	    [UNBEGUN_MISSED] = "automation-missed",
	    [UNBEGUN_STOPPED] = "automation-stopped"};
	struct unbegun *u = &h->unbegun[k];
	int64_t now_ms = clock_boot_ms();

	if (now_ms < u->quiet_until_ms || !disk_keeps_up(as)) {
		if (as->told_timer == 0)
			as->told_timer = loop_timer(as->s.loop,
			    now_ms + AUTOMATION_TOLD_MS, tell_rest, as);
		return;
	}
	tell(as, h, kinds[k], u->why, u->cause, u->times);
	u->times = 0;
	u->quiet_until_ms = now_ms + AUTOMATION_TOLD_MS;
}

static void
tell_rest(void *automations)
{
	struct automations *as = automations;
	size_t i;
	int k;

	as->told_timer = 0;
	for (i = 0; i < as->n; i++)
		for (k = 0; k < UNBEGUN_COUNT; k++)
			if (as->list[i]->unbegun[k].times > 0)
				tell_unbegun(
				    as, as->list[i], (enum unbegun_kind)k);
}

static void
leave_out(struct automations *as, struct held *h, enum unbegun_kind k,
    const char *why, const char *cause)
{
	struct unbegun *u = &h->unbegun[k];

	if (u->times < INT_MAX)
		u->times++;
	snprintf(u->why, sizeof(u->why), "%s", why);
	snprintf(u->cause, sizeof(u->cause), "%s", cause);
	tell_unbegun(as, h, k);
}

/* ---- Firing ---- */

/* One more now; false when that is one too often.  What a call does may be
 * another thing by now than when its rate was signed. */
static bool
count(const struct automations *as, struct held *h)
{
	int64_t now_ms = clock_boot_ms();
	struct errmsg why;
	bool harmless;

	if (!automation_meter_take(&h->fired, &h->a->rate, now_ms))
		return false;
	return automation_meter_take(&h->low, &automation_rate_low, now_ms) ||
	    (automation_is_harmless(as, h->a, &harmless, &why) == OK &&
		harmless);
}

static bool
conditions_hold(const struct automations *as, const struct automation *a)
{
	size_t i;

	for (i = 0; i < a->n_ifs; i++) {
		const struct automation_condition *c = &a->ifs[i];
		const struct automation_test *t = &c->test;

		if (c->is_hours
			? !automation_in_hours(c, judge_minute(as->s.judge))
			: automation_test_holds(t,
			      devices_value(
				  as->s.devices, t->entity, t->value)) != HOLDS)
			return false;
	}
	return true;
}

/* One question of each, and not all runs that there may be: who wants to ask
 * the house something finds a place. */
static struct begun *
find_place(struct automations *as, const struct held *h, struct errmsg *why)
{
	struct begun *free_one = NULL;
	size_t i;

	for (i = 0; i < AUTOMATION_RUNS_MAX; i++) {
		struct begun *b = &as->begun[i];

		if (!runs_is_open(as->s.runs, b->run)) {
			free_one = b;
		} else if (strcmp(b->name, h->name) == 0 &&
		    runs_is_asked(as->s.runs, b->run)) {
			err_say(why, ERR_BUSY,
			    "what it began before waits for a yes");
			return NULL;
		}
	}
	if (free_one == NULL)
		err_say(why, ERR_BUSY, "%d automations are under way",
		    AUTOMATION_RUNS_MAX);
	return free_one;
}

static void
begin(struct automations *as, struct held *h, const char *cause, int hops)
{
	struct automated run = {.name = h->name,
	    .version = h->version,
	    .client = h->client,
	    .goal = h->a->goal,
	    .cause = cause,
	    .hops = hops};
	struct errmsg why = {""};
	struct begun *b = find_place(as, h, &why);

	/* Before its act goes out. */
	if (b != NULL) {
		snprintf(b->name, sizeof(b->name), "%s", h->name);
		b->hops = hops;
	}
	if (b == NULL || runs_automate(as->s.runs, &run, b->run, &why) != OK)
		leave_out(as, h, UNBEGUN_MISSED, why.text, cause);
}

static void
say_rate(struct held *h)
{
	const struct automation_rate *r = h->fired.sum >= h->a->rate.times
	    ? &h->a->rate
	    : &automation_rate_low;

	snprintf(h->off, sizeof(h->off),
	    "it fired %d times in %d seconds and was to again", r->times,
	    (int)(r->span_ms / 1000));
}

void
held_fire(struct automations *as, struct held *h, const char *cause, int hops)
{
	if (h->off[0] != '\0' || !safety_is_free(judge_safety(as->s.judge)) ||
	    !held_is_signed(as, h) || !conditions_hold(as, h->a))
		return;
	/* Also what is only told, so that the log has so much of it. */
	if (!count(as, h)) {
		say_rate(h);
		tell(as, h, "automation-off", h->off, cause, 0);
		return;
	}
	if (hops > AUTOMATION_HOPS_MAX) {
		leave_out(as, h, UNBEGUN_STOPPED,
		    "automations set each other off in a row; this one was not "
		    "begun any more",
		    cause);
		return;
	}
	if (disk_keeps_up(as))
		begin(as, h, cause, hops);
	else
		leave_out(as, h, UNBEGUN_MISSED,
		    "the disk does not keep up with what is to be written",
		    cause);
}

/* ---- Values ---- */

void
held_look(struct automations *as, struct held *h, const char *cause, int hops)
{
	enum automation_holds before = h->holds;
	enum automation_holds now =
	    automation_test_holds(&h->a->test, held_value(as, h));

	/* While nobody knows it stays as it was. */
	if (now == HOLDS_UNKNOWN)
		return;
	h->holds = now;
	if (now == HOLDS && before == HOLDS_NOT)
		held_fire(as, h, cause, hops);
}

/* How many automations led to what this entity says now? */
static int
hops_of(const struct automations *as, const char *entity)
{
	int64_t now_ms = clock_boot_ms();
	int hops = 0;
	size_t i;

	for (i = 0; i < AUTOMATION_MARKS_MAX; i++) {
		const struct mark *m = &as->marks[i];

		if (m->until_ms > now_ms && m->hops > hops &&
		    strcmp(m->entity, entity) == 0)
			hops = m->hops;
	}
	return hops;
}

void
automations_changed(struct automations *as, const char *entity)
{
	size_t i;

	for (i = 0; i < as->n && as->started; i++) {
		struct held *h = as->list[i];

		if (!h->a->is_timed && strcmp(h->a->test.entity, entity) == 0)
			held_look(as, h, entity, hops_of(as, entity));
	}
}

/* Of all that say something there. */
static int
hops_of_topic(const struct automations *as, const char *topic)
{
	int64_t now_ms = clock_boot_ms();
	int hops = 0;
	size_t i;

	for (i = 0; i < AUTOMATION_MARKS_MAX; i++) {
		const struct mark *m = &as->marks[i];

		if (m->until_ms > now_ms && m->hops > hops &&
		    devices_says(as->s.devices, m->entity, topic))
			hops = m->hops;
	}
	return hops;
}

/* Who says nonsense does not fill the log. */
static void
tell_unread(struct automations *as, struct held *h)
{
	if (!h->unread)
		tell(as, h, "automation-unread",
		    "what came on its topic is no value of its type; this is "
		    "told once",
		    h->a->topic.name, 0);
	h->unread = true;
}

void
automations_said(struct automations *as, const struct json *body)
{
	struct held *h = automations_find(as, json_words(body, "name"));
	const struct json *value = json_get(body, "value");
	const char *topic;

	if (h == NULL || h->a == NULL || !automation_has_topic(h->a))
		return;
	topic = h->a->topic.name;
	json_free(h->said);
	h->said = value != NULL ? json_copy(value) : NULL;
	if (as->started && json_flag(body, "unread"))
		tell_unread(as, h);
	if (as->started)
		held_look(as, h, topic, hops_of_topic(as, topic));
}

/* The place of this entity, or that of the oldest. */
static struct mark *
find_mark(struct automations *as, const char *entity)
{
	struct mark *m;
	size_t i;

	for (i = 0; i < AUTOMATION_MARKS_MAX; i++)
		if (strcmp(as->marks[i].entity, entity) == 0)
			return &as->marks[i];
	m = &as->marks[as->next_mark];
	m->until_ms = 0;
	as->next_mark = (as->next_mark + 1) % AUTOMATION_MARKS_MAX;
	return m;
}

void
automations_ordered(struct automations *as, const struct act *a)
{
	int64_t now_ms = clock_boot_ms();
	struct json *args = NULL;
	struct entities named;
	struct mark *m;
	size_t i;
	size_t k;

	for (i = 0; i < AUTOMATION_RUNS_MAX; i++)
		if (strcmp(as->begun[i].run, a->run) == 0)
			break;
	if (i == AUTOMATION_RUNS_MAX ||
	    json_parse(a->args, strlen(a->args), &args) != OK)
		return;
	for (k = 0; entities_of(args, &named) == OK && k < named.n; k++) {
		m = find_mark(as, named.name[k]);
		snprintf(m->entity, sizeof(m->entity), "%s", named.name[k]);
		/* Another one's may be higher, and count still. */
		if (m->until_ms > now_ms && m->hops > as->begun[i].hops + 1)
			continue;
		m->hops = as->begun[i].hops + 1;
		m->until_ms = now_ms + AUTOMATION_ECHO_MS;
	}
	json_free(args);
}

/* ---- Times ---- */

static void
look_at(struct automations *as, struct held *h, int64_t now_ms)
{
	struct automation_due due =
	    automation_look(&h->a->time, &as->place, h->done_ms, now_ms);
	struct record *r;
	char value[24];

	h->next_ms = due.next_ms;
	if (due.missed_ms != 0)
		tell(as, h, "automation-missed",
		    "its time came while the house was off", "time", 1);
	if (due.done_ms != h->done_ms) {
		h->done_ms = due.done_ms;
		snprintf(value, sizeof(value), "%lld", (long long)due.done_ms);
		/* In front of the run, so that no restart fires it again. */
		r = record_new(as->s.requests->ledger);
		held_setting(r, SCOPE_DONE, h->name, value);
		record_post(r, false, NULL, NULL, NULL);
	}
	if (due.fires)
		held_fire(as, h, "time", 0);
}

void
automations_look(void *automations)
{
	struct automations *as = automations;
	int64_t now_ms = judge_wall_ms(as->s.judge);
	int64_t wait_ms = AUTOMATION_LOOK_MS;
	bool timed = false;
	size_t i;

	loop_timer_cancel(as->s.loop, as->timer);
	as->timer = 0;
	for (i = 0; i < as->n && as->started; i++) {
		struct held *h = as->list[i];

		if (!h->a->is_timed)
			continue;
		timed = true;
		look_at(as, h, now_ms);
		if (h->next_ms - now_ms < wait_ms)
			wait_ms = h->next_ms - now_ms;
	}
	if (timed)
		as->timer = loop_timer(as->s.loop, clock_boot_ms() + wait_ms,
		    automations_look, as);
}
