/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "sys/clock.h"
#include "tooling/tooling_priv.h"

/*
 * What tools leave behind.  Images: the runner is told which ones manifests
 * name, and deletes the others of those that it loaded itself; so nothing
 * stays of an install that failed, wherever it did.  Data: what a removed
 * tool had is deleted once the log says so on the disk, and asked for again
 * at each start of the runner until it is done.
 */

/* A table that names what we do not know is of another database than ours:
 * then nothing is deleted.  So nothing of a tool is that was added again
 * since, since ours has none of its versions. */
static bool
knows_all(struct tooling *tg)
{
	const struct trust *trust = tg->s.trust;
	size_t i;

	for (i = 0; i < trust->n_tools; i++) {
		struct tool *t = tools_find(tg, trust->tools[i].name);

		if (t == NULL ||
		    tool_version_of(t, &trust->tools[i].manifest) == NULL)
			return false;
	}
	return true;
}

static void
name_image(struct json *list, const char *image)
{
	if (strcmp(image, "none") != 0 && image[0] != '\0')
		json_push(list, json_string(image));
}

static struct json *
name_tools(struct tooling *tg)
{
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < tg->n_tools; i++)
		json_push(list, json_string(tg->tools[i]->name));
	for (i = 0; i < TOOL_CHANGES_MAX; i++)
		if (tg->changes[i].request != 0)
			json_push(list, json_string(tg->changes[i].tool));
	return list;
}

void
leaving_name_images(struct tooling *tg)
{
	struct json *body;
	struct json *list;
	size_t i;
	size_t j;

	if (!tg->settled || !tg->whole || !tg->runner.ready || !knows_all(tg))
		return;
	body = json_object();
	list = json_array();
	for (i = 0; i < tg->n_tools; i++)
		for (j = 0; j < tg->tools[i]->n_versions; j++)
			name_image(list, tg->tools[i]->versions[j].image);
	for (i = 0; i < TOOL_CHANGES_MAX; i++)
		if (tg->changes[i].request != 0)
			name_image(list, tg->changes[i].version.image);
	json_put(body, "images", list);
	json_put(body, "tools", name_tools(tg));
	peers_send(tg->s.requests->peers, ROLE_RUNNER, MSG_IMAGES_NAMED, body);
}

static bool
another_has(struct tooling *tg, const struct tool *t, const char *image)
{
	size_t i;
	size_t j;

	for (i = 0; i < tg->n_tools; i++)
		for (j = 0; j < tg->tools[i]->n_versions; j++)
			if (tg->tools[i] != t &&
			    strcmp(tg->tools[i]->versions[j].image, image) == 0)
				return true;
	for (i = 0; i < TOOL_CHANGES_MAX; i++)
		if (tg->changes[i].request != 0 &&
		    strcmp(tg->changes[i].version.image, image) == 0)
			return true;
	return false;
}

void
leaving_images(struct tooling *tg, const struct tool *t, struct buf *out)
{
	size_t i;

	for (i = 0; i < t->n_versions; i++) {
		const char *image = t->versions[i].image;

		if (!another_has(tg, t, image) &&
		    (out->p == NULL || strstr(out->p, image) == NULL))
			buf_addf(out, "%s%s", out->len > 0 ? " " : "", image);
	}
}

/* By now another tool may have one of them. */
static struct json *
images_json(struct tooling *tg, const struct tool *t)
{
	struct json *list = json_array();
	const char *p = t->wipe;

	while (*p != '\0') {
		size_t n = strcspn(p, " ");
		char *image = xstrndup(p, n);

		if (!another_has(tg, t, image))
			name_image(list, image);
		free(image);
		p += n + (p[n] == ' ');
	}
	return list;
}

/* It happens when the tools' half is there again. */
static void
tell_later(struct tooling *tg, int64_t request)
{
	struct json *v = json_object();

	json_put_bool(v, "later", true);
	request_answer(tg->s.requests, request, v);
}

/* Nobody waits any more. */
static int64_t
end_wait(struct tooling *tg, struct tool *t)
{
	int64_t request = t->wipe_request;

	if (t->wipe_timer != 0)
		loop_timer_cancel(tg->s.loop, t->wipe_timer);
	t->wipe_timer = 0;
	t->wipe_request = 0;
	return request;
}

static void
on_wipe_late(void *arg)
{
	struct tool *t = arg;
	struct tooling *tg = t->tooling;
	struct errmsg why;

	t->wipe_timer = 0;
	err_say(&why, ERR_BUSY,
	    "the tool is removed, but the tools' half of the house did not "
	    "say in time that its data is deleted; that is tried again when "
	    "it starts");
	request_refuse(tg->s.requests, end_wait(tg, t), ERR_BUSY, &why);
}

void
leaving_wipe(struct tooling *tg, struct tool *t, int64_t request)
{
	struct json *body;

	if (!tg->runner.ready) {
		if (request != 0)
			tell_later(tg, request);
		return;
	}
	t->wipe_request = request;
	if (request != 0)
		t->wipe_timer = loop_timer(tg->s.loop,
		    clock_boot_ms() + WIPE_ANSWER_MS, on_wipe_late, t);
	body = json_object();
	json_put_str(body, "tool", t->name);
	json_put(body, "images", images_json(tg, t));
	peers_send(tg->s.requests->peers, ROLE_RUNNER, MSG_TOOL_WIPE, body);
}

void
leaving_wipe_all(struct tooling *tg)
{
	size_t i;

	if (!tg->settled || !tg->whole || !tg->runner.ready || !knows_all(tg))
		return;
	for (i = 0; i < tg->n_tools; i++)
		if (tg->tools[i]->wipe != NULL)
			leaving_wipe(tg, tg->tools[i], 0);
}

void
leaving_runner_lost(struct tooling *tg)
{
	size_t i;

	for (i = 0; i < tg->n_tools; i++) {
		struct tool *t = tg->tools[i];

		int64_t request = end_wait(tg, t);

		if (request != 0)
			tell_later(tg, request);
	}
}

/* {"tool", "ok", "why"} */
void
tooling_on_wiped(struct tooling *tg, const struct msg *m)
{
	struct tool *t = tools_find(tg, json_words(m->body, "tool"));
	struct json *details;
	struct errmsg why;
	struct record *r;
	int64_t request;

	if (t == NULL || t->wipe == NULL)
		return;
	request = end_wait(tg, t);
	if (!json_flag(m->body, "ok")) {
		err_say(&why, ERR_STATE,
		    "the tool is removed, but its data could not be deleted "
		    "(%s); that is tried again when the tools' half starts",
		    json_words(m->body, "why"));
		log_warn("%s: %s", t->name, why.text);
		if (request != 0)
			request_refuse(
			    tg->s.requests, request, ERR_STATE, &why);
		return;
	}
	details = json_object();
	json_put_str(details, "tool", t->name);
	r = record_new(tg->s.requests->ledger);
	record_log(r, "tool-data-deleted", NULL, NULL, details);
	record_row(r, ROW_SETTING_GONE, tool_setting(t->name, "wipe", ""));
	tools_forget(tg, t);
	request_confirm(tg->s.requests, request, r);
}
