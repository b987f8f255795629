/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/*
 * Tools: their manifests, and the one warm container each of them has.
 * Ready means that the runner started it and the tools role has shaken
 * hands with the program inside.
 */

struct tool_slot *
rooms_find(struct core *c, const char *tool)
{
	size_t i;

	for (i = 0; i < c->n_tools; i++)
		if (strcmp(c->tools[i].manifest->name, tool) == 0)
			return &c->tools[i];
	return NULL;
}

bool
rooms_trusted(const struct core *c, const struct tool_slot *t)
{
	const struct trusted_tool *row =
	    trust_tool(&c->trust, t->manifest->name);

	return row != NULL &&
	    digest_equal(&row->manifest, &t->manifest->digest);
}

static void
tell_manifest(struct core *c, const struct tool_slot *t)
{
	struct json *body = json_object();

	json_put_str(body, "tool", t->manifest->name);
	peers_send_bulk(
	    c->peers, ROLE_TOOLS, MSG_MANIFEST, body, t->text, strlen(t->text));
}

void
rooms_tell_tools(struct core *c)
{
	size_t i;

	for (i = 0; i < c->n_tools; i++)
		tell_manifest(c, &c->tools[i]);
}

static void
stop_container(struct core *c, struct tool_slot *t)
{
	struct json *body = json_object();

	json_put_str(body, "tool", t->manifest->name);
	peers_send(c->peers, ROLE_RUNNER, MSG_CONTAINER_STOP, body);
	loop_timer_cancel(c->loop, t->timer);
	t->timer = 0;
	t->state = TOOL_ABSENT;
	t->calls = 0;
	t->container[0] = '\0';
	t->gone_container[0] = '\0';
}

enum err
rooms_add(struct core *c, const char *text, size_t len, struct errmsg *why)
{
	struct manifest *m;
	struct tool_slot *t;
	enum err e = manifest_parse(text, len, &m, why);

	if (e != OK)
		return e;
	t = rooms_find(c, m->name);
	if (t == NULL && c->n_tools == TOOLS_MAX) {
		manifest_free(m);
		return err_say(
		    why, ERR_LIMIT, "%d tools are there already", TOOLS_MAX);
	}
	if (t == NULL)
		t = &c->tools[c->n_tools++];
	else if (t->state != TOOL_ABSENT)
		stop_container(c, t);
	manifest_free(t->manifest);
	free(t->text);
	t->manifest = m;
	t->text = xstrndup(text, len);
	t->core = c;
	if (c->peers != NULL)
		tell_manifest(c, t);
	return OK;
}

static void
failed(struct core *c, struct tool_slot *t, const char *why)
{
	struct errmsg kept;

	if (t->state == TOOL_ABSENT)
		return;
	err_say(&kept, OK, "%s", why); /* It may stand in the slot. */
	stop_container(c, t);
	acts_tool_failed(c, t->manifest->name, kept.text);
}

static void
on_start_late(void *arg)
{
	struct tool_slot *t = arg;

	t->timer = 0;
	failed(t->core, t, "its container did not start in time");
}

static void
on_idle(void *arg)
{
	struct tool_slot *t = arg;

	t->timer = 0;
	if (t->state == TOOL_READY && t->calls == 0)
		stop_container(t->core, t);
}

void
rooms_want(struct core *c, struct tool_slot *t)
{
	if (t->state != TOOL_ABSENT)
		return;
	t->state = TOOL_STARTING;
	if (!c->runner_ready) {
		failed(c, t,
		    c->runner_state[0] != '\0'
			? c->runner_state
			: "the tools' half of the house is not running; start "
			  "'durward run tools' as its own user");
		return;
	}
	t->timer = loop_timer(
	    c->loop, clock_boot_ms() + CONTAINER_START_MS, on_start_late, t);
	peers_send(c->peers, ROLE_RUNNER, MSG_CONTAINER_START,
	    manifest_container(t->manifest));
}

void
rooms_call_began(struct core *c, struct tool_slot *t)
{
	loop_timer_cancel(c->loop, t->timer);
	t->timer = 0;
	t->calls++;
}

void
rooms_call_ended(struct core *c, struct tool_slot *t)
{
	if (t->state != TOOL_READY)
		return;
	if (t->calls > 0)
		t->calls--;
	loop_timer_cancel(c->loop, t->timer);
	t->timer = loop_timer(
	    c->loop, clock_boot_ms() + t->manifest->idle_s * 1000, on_idle, t);
}

void
rooms_all_gone(struct core *c, const char *why)
{
	size_t i;

	for (i = 0; i < c->n_tools; i++)
		failed(c, &c->tools[i], why);
}

static struct tool_slot *
slot_of(struct core *c, const struct msg *m)
{
	const char *tool = json_str(m->body, "tool");

	return rooms_find(c, tool != NULL ? tool : "");
}

static const char *
why_of(const struct msg *m)
{
	const char *why = json_str(m->body, "why");

	return why != NULL ? why : "for an unknown reason";
}

static void
name_container(struct tool_slot *t, const struct msg *m)
{
	snprintf(t->container, sizeof(t->container), "%s",
	    json_words(m->body, "container"));
}

/* {"tool", "container"}: the handshake is complete. */
void
rooms_on_ready(void *role, struct msg *m)
{
	struct core *c = role;
	struct tool_slot *t = slot_of(c, m);

	if (t == NULL || t->state != TOOL_STARTING)
		return;
	name_container(t, m);
	t->state = TOOL_READY;
	t->calls = 0;
	loop_timer_cancel(c->loop, t->timer);
	t->timer = 0;
	rooms_call_ended(c, t);
	acts_tool_ready(c, t->manifest->name);
}

/* {"tool", "container", "why"}: its streams ended.  The tools role and the
 * runner speak of the same container in any order, and the runner may have
 * tried another one before. */
void
rooms_on_gone(void *role, struct msg *m)
{
	struct tool_slot *t = slot_of(role, m);
	const char *container = json_words(m->body, "container");

	if (t == NULL || t->state == TOOL_ABSENT)
		return;
	if (strcmp(t->container, container) == 0) {
		failed(role, t, why_of(m));
		return;
	}
	snprintf(t->gone_container, sizeof(t->gone_container), "%s", container);
	snprintf(t->gone_why, sizeof(t->gone_why), "%s", why_of(m));
}

/* {"tool", "state": "started" | "failed", "why", "container"} */
void
rooms_on_container(void *role, struct msg *m)
{
	struct core *c = role;
	struct tool_slot *t = slot_of(c, m);
	struct json *details;
	struct record *r;

	if (t == NULL || t->state == TOOL_ABSENT)
		return;
	if (strcmp(json_words(m->body, "state"), "started") != 0) {
		failed(c, t, why_of(m));
		return;
	}
	name_container(t, m);
	details = json_object();
	json_put_str(details, "tool", t->manifest->name);
	json_put_str(details, "image", t->manifest->image);
	json_put_str(details, "container", t->container);
	r = record_new(c->ledger);
	record_log(r, "container", NULL, NULL, details);
	record_post(r, false, NULL, NULL, NULL);
	if (strcmp(t->gone_container, t->container) == 0)
		failed(c, t, t->gone_why);
}

/* {"ready", "why", "runtime", "limits"} */
void
rooms_on_runner(void *role, struct msg *m)
{
	struct core *c = role;
	struct errmsg why;

	c->runner_ready = json_flag(m->body, "ready");
	err_say(&why, OK, "%s", why_of(m));
	memcpy(c->runner_state, why.text, sizeof(c->runner_state));
	if (c->runner_ready)
		c->runner_state[0] = '\0';
}
