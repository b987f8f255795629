/* SPDX-License-Identifier: Apache-2.0 */
#include "slot/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "slot/slot_priv.h"
#include "sys/clock.h"

struct slots *
slots_new(struct loop *loop, const struct slot_ports *ports)
{
	struct slots *s = xalloc(sizeof(*s));

	s->loop = loop;
	s->ports = *ports;
	return s;
}

static void
slot_free(struct slot *t)
{
	loop_timer_cancel(t->slots->loop, t->timer);
	manifest_free(t->manifest);
	free(t->text);
	free(t);
}

void
slots_free(struct slots *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		slot_free(s->slots[i]);
	free(s);
}

struct slot *
slots_find(struct slots *s, const char *tool)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->slots[i]->manifest->name, tool) == 0)
			return s->slots[i];
	return NULL;
}

struct slot *
slots_at(struct slots *s, size_t i)
{
	return i < s->n ? s->slots[i] : NULL;
}

const struct manifest *
slot_manifest(const struct slot *t)
{
	return t->manifest;
}

const char *
slot_text(const struct slot *t)
{
	return t->text;
}

const char *
slot_container(const struct slot *t)
{
	return t->container;
}

bool
slot_is_ready(const struct slot *t)
{
	return t->state == SLOT_READY || !manifest_is_contained(t->manifest);
}

bool
slot_is_disabled(const struct slot *t)
{
	return t->disabled;
}

bool
slot_is_drifted(const struct slot *t)
{
	return t->drifted;
}

static void
set_timer(struct slot *t, int64_t wait_ms, loop_timer_fn *fn)
{
	loop_timer_cancel(t->slots->loop, t->timer);
	t->timer = fn == NULL
	    ? 0
	    : loop_timer(t->slots->loop, clock_boot_ms() + wait_ms, fn, t);
}

static void serve_queue(struct slots *s);

/* To nothing; who waits for its place is not served yet. */
static void
empty(struct slot *t)
{
	bool had_one = t->state != SLOT_QUEUED;

	set_timer(t, 0, NULL);
	t->state = SLOT_ABSENT;
	t->up = false;
	t->retired = false;
	t->calls = 0;
	t->container[0] = '\0';
	t->gone[0] = '\0';
	if (had_one)
		t->slots->ports.stop(t->slots->ports.arg, t->manifest->name);
}

static void
leave(struct slot *t)
{
	empty(t);
	serve_queue(t->slots);
}

void
slot_on_failed(struct slot *t, const char *why)
{
	struct errmsg kept;

	if (t->state == SLOT_ABSENT)
		return;
	err_say(&kept, OK, "%s", why); /* It may stand in the slot. */
	empty(t);
	t->slots->ports.failed(
	    t->slots->ports.arg, t->manifest->name, kept.text);
	serve_queue(t->slots);
}

void
slots_fail_all(struct slots *s, const char *why)
{
	size_t i;

	/* First who waits: else it would get the place of another. */
	for (i = 0; i < s->n; i++)
		if (s->slots[i]->state == SLOT_QUEUED)
			slot_on_failed(s->slots[i], why);
	for (i = 0; i < s->n; i++)
		slot_on_failed(s->slots[i], why);
}

static struct pin *
find_pin(struct slots *s, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (s->pins[i].tool[0] == '\0' ||
		    strcmp(s->pins[i].tool, tool) == 0)
			return &s->pins[i];
	return NULL;
}

/* The pins have no holes. */
static void
forget_pin(struct slots *s, const char *tool)
{
	struct pin *p = find_pin(s, tool);
	struct pin *last = p;

	if (p == NULL || p->tool[0] == '\0')
		return;
	while (last + 1 < s->pins + TOOLS_MAX && last[1].tool[0] != '\0')
		last++;
	*p = *last;
	memset(last, 0, sizeof(*last));
}

enum err
slots_put(struct slots *s, const char *text, size_t len, struct slot **ret,
    struct errmsg *why)
{
	struct manifest *m;
	struct slot *t;
	enum err e = manifest_parse(text, len, &m, why);

	if (e != OK)
		return e;
	t = slots_find(s, m->name);
	if (t == NULL && s->n == TOOLS_MAX) {
		manifest_free(m);
		return err_say(
		    why, ERR_LIMIT, "%d tools are there already", TOOLS_MAX);
	}
	if (t == NULL)
		t = s->slots[s->n++] = xalloc(sizeof(*t));
	else
		slot_on_failed(t, "its manifest was replaced");
	manifest_free(t->manifest);
	free(t->text);
	t->slots = s;
	t->manifest = m;
	t->text = xstrndup(text, len);
	t->drifted = false;
	*ret = t;
	return OK;
}

void
slots_remove(struct slots *s, const char *tool, const char *why)
{
	struct slot *t = slots_find(s, tool);
	size_t i;

	forget_pin(s, tool);
	if (t == NULL)
		return;
	slot_on_failed(t, why);
	for (i = 0; s->slots[i] != t; i++)
		;
	s->slots[i] = s->slots[--s->n];
	slot_free(t);
}

void
slot_disable(struct slot *t, bool disabled, const char *why)
{
	t->disabled = disabled;
	if (disabled)
		slot_on_failed(t, why);
}

static void
on_start_late(void *arg)
{
	struct slot *t = arg;

	t->timer = 0;
	slot_on_failed(t, "its container did not start in time");
}

static void
on_idle(void *arg)
{
	struct slot *t = arg;

	t->timer = 0;
	if (t->state == SLOT_READY && t->calls == 0)
		leave(t);
}

void
slot_retire(struct slot *t)
{
	if (t->state == SLOT_READY && t->calls == 0)
		leave(t);
	else
		t->retired = t->state != SLOT_ABSENT && t->state != SLOT_QUEUED;
}

/* ---- How many at once ---- */

static struct slot *
idle_longest(struct slots *s)
{
	struct slot *found = NULL;
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct slot *t = s->slots[i];

		if (t->state == SLOT_READY && t->calls == 0 &&
		    (found == NULL || t->idle_ms < found->idle_ms))
			found = t;
	}
	return found;
}

/* False when all places are taken by calls and starts. */
static bool
make_room(struct slots *s)
{
	struct slot *idle;
	int taken = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		taken += s->slots[i]->state >= SLOT_STARTING;
	if (taken < WARM_MAX)
		return true;
	idle = idle_longest(s);
	if (idle == NULL)
		return false;
	empty(idle);
	return true;
}

static void
start(struct slot *t)
{
	struct errmsg why = {""};

	t->state = SLOT_STARTING;
	t->since_ms = t->idle_ms = clock_boot_ms();
	t->calls_begun = 0;
	set_timer(t, CONTAINER_START_MS, on_start_late);
	if (!t->slots->ports.start(t->slots->ports.arg, t->manifest, &why))
		slot_on_failed(t, why.text);
}

static void
on_wait_late(void *arg)
{
	struct slot *t = arg;
	struct errmsg why;

	t->timer = 0;
	err_say(&why, OK,
	    "all %d containers that may run at once were busy for %lld ms; "
	    "ask again later",
	    WARM_MAX, (long long)t->slots->ports.wait_ms);
	slot_on_failed(t, why.text);
}

static struct slot *
first_queued(struct slots *s)
{
	struct slot *first = NULL;
	size_t i;

	for (i = 0; i < s->n; i++) {
		struct slot *t = s->slots[i];

		if (t->state == SLOT_QUEUED &&
		    (first == NULL || t->turn < first->turn))
			first = t;
	}
	return first;
}

static void
serve_queue(struct slots *s)
{
	struct slot *t;

	while ((t = first_queued(s)) != NULL && make_room(s))
		start(t);
}

void
slot_want(struct slot *t)
{
	if (t->state != SLOT_ABSENT)
		return;
	t->state = SLOT_QUEUED;
	t->turn = ++t->slots->turns;
	set_timer(t, t->slots->ports.wait_ms, on_wait_late);
	serve_queue(t->slots);
}

/* It ends when it was idle for long, or when it is old. */
static void
rest(struct slot *t)
{
	int64_t now_ms = clock_boot_ms();
	int64_t idle_ms = t->manifest->idle_s * 1000;
	int64_t left_ms = t->since_ms + t->manifest->warm_s * 1000 - now_ms;

	if (t->retired) {
		leave(t);
		return;
	}
	t->idle_ms = now_ms;
	set_timer(t, left_ms < idle_ms ? left_ms : idle_ms, on_idle);
	serve_queue(t->slots);
}

void
slot_call_began(struct slot *t)
{
	if (t->state != SLOT_READY)
		return;
	set_timer(t, 0, NULL);
	t->calls++;
	t->calls_begun++;
}

void
slot_call_ended(struct slot *t)
{
	if (t->state != SLOT_READY)
		return;
	if (t->calls > 0)
		t->calls--;
	if (t->calls == 0)
		rest(t);
}

bool
slot_life(const struct slot *t, struct slot_life *ret)
{
	int64_t now_ms = clock_boot_ms();

	if (t->state < SLOT_STARTING)
		return false;
	ret->age_ms = now_ms - t->since_ms;
	ret->idle_ms = t->calls > 0 ? 0 : now_ms - t->idle_ms;
	ret->calls = t->calls_begun;
	ret->open = t->calls;
	ret->starting = t->state == SLOT_STARTING;
	return true;
}

void
slots_pinned(struct slots *s, const char *tool, const char *definitions)
{
	struct pin *p = find_pin(s, tool);

	if (p == NULL ||
	    str_copy(p->text, sizeof(p->text), definitions) != OK ||
	    str_copy(p->tool, sizeof(p->tool), tool) != OK)
		log_warn("what '%.64s' offered is forgotten", tool);
}

/* Is it what was agreed to with this manifest?  The first time it is. */
static bool
fits_pin(struct slot *t, const char *definitions)
{
	struct slots *s = t->slots;
	const struct pin *p = find_pin(s, t->manifest->name);
	char now[SLOT_PIN_SIZE];
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&t->manifest->digest, hex);
	snprintf(now, sizeof(now), "%s %s", hex, definitions);
	if (p != NULL && strcmp(p->text, now) == 0)
		return true;
	if (p == NULL || strncmp(p->text, hex, strlen(hex)) == 0)
		return false;
	slots_pinned(s, t->manifest->name, now);
	s->ports.pin(s->ports.arg, t->manifest->name, now);
	return true;
}

void
slot_on_ready(struct slot *t, const char *container, const char *definitions)
{
	/* The runner may not have spoken yet; when it has, it is that one. */
	if (t->state != SLOT_STARTING ||
	    (t->up && strcmp(t->container, container) != 0))
		return;
	if (!fits_pin(t, definitions)) {
		t->drifted = true;
		slot_on_failed(t,
		    "what its server offers has changed since an owner agreed "
		    "to it; look at it, give its manifest a new version and "
		    "sign that");
		return;
	}
	snprintf(t->container, sizeof(t->container), "%s", container);
	t->state = SLOT_READY;
	t->calls = 1; /* Not idle before those who waited were told. */
	t->slots->ports.ready(t->slots->ports.arg, t->manifest->name);
	slot_call_ended(t);
}

void
slot_on_gone(struct slot *t, const char *container, const char *why)
{
	if (t->state < SLOT_STARTING)
		return;
	if (strcmp(t->container, container) == 0) {
		slot_on_failed(t, why);
		return;
	}
	/* While it starts, the runner knows the reason better. */
	snprintf(t->gone, sizeof(t->gone), "%s", container);
	snprintf(t->gone_why, sizeof(t->gone_why), "%s", why);
}

bool
slot_on_up(struct slot *t, const char *container)
{
	if (t->state < SLOT_STARTING || t->up)
		return false;
	t->up = true;
	if (t->state == SLOT_STARTING) {
		snprintf(t->container, sizeof(t->container), "%s", container);
		/* However long that took, from here on its server has its time;
		 * the tools role says first when it is over. */
		set_timer(t, MCP_HELLO_MS + CALL_GRACE_MS, on_start_late);
	}
	if (strcmp(t->gone, container) == 0)
		slot_on_failed(t, t->gone_why);
	return true;
}
