/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "offline/offline.h"
#include "origin/origin.h"
#include "plain/plain.h"
#include "turn/turn_priv.h"

/* Thinking by the rules of `offline`: from the goal to one call, or straight
 * to a reply. */

bool
rules_know(const char *goal)
{
	struct offline_match m;
	struct offline_call c;

	if (offline_call(goal, &c) == OK)
		return true;
	if (offline_match(goal, &m) != OK)
		return false;
	offline_match_done(&m);
	return true;
}

bool
rules_know_home(const struct turn *t)
{
	struct plain_call c;

	if (plain_understand(json_get(t->view, "home"), t->goal, &c) != OK)
		return false;
	plain_call_done(&c);
	return true;
}

enum turn_step
rules_replay(struct turn *t, const struct json *content)
{
	const char *tool = json_str(content, "tool");
	const char *args = json_str(content, "args");
	const char *origins = json_str(content, "origins");

	turn_set(&t->reply, json_str(content, "reply"));
	t->reached = json_flag(content, "reached");
	if (tool == NULL)
		return t->reply != NULL ? STEP_REPLY : STEP_END;
	if (args == NULL || origins == NULL)
		return STEP_END;
	calls_forget(t);
	calls_add(t, "", tool, args, origins);
	return STEP_PROPOSE;
}

static void
think_proposal(const struct offline_match *m, struct json *content)
{
	struct json *args = json_object();
	struct buf b;

	if (m->arg != NULL)
		json_put_str(args, m->arg, m->value);
	if (m->arg2 != NULL)
		json_put_str(args, m->arg2, m->value2);
	buf_init(&b, 2 * ARGS_MAX);
	json_canonical(args, &b);
	json_put_str(content, "tool", m->tool);
	json_put_str(content, "args", b.p);
	/* The words are the person's own: no model has touched them.  They
	 * are named in the order of the arguments, which is canonical. */
	buf_clear(&b);
	if (m->arg == NULL)
		buf_adds(&b, "none");
	else if (m->arg2 == NULL)
		buf_addf(&b, "%s:person", m->arg);
	else if (strcmp(m->arg, m->arg2) < 0)
		buf_addf(&b, "%s:person,%s:person", m->arg, m->arg2);
	else
		buf_addf(&b, "%s:person,%s:person", m->arg2, m->arg);
	json_put_str(content, "origins", b.p);
	buf_done(&b);
	json_free(args);
}

/* All of these canonical arguments are a person's own words. */
static void
put_persons(struct json *content, const char *args)
{
	struct buf b;

	buf_init(&b, GOAL_MAX);
	origins_of_person(args, &b);
	json_put_str(content, "origins", b.p);
	buf_done(&b);
}

/* Word for word what the person said. */
static bool
think_call(const struct turn *t, struct json *content)
{
	struct offline_call c;

	if (offline_call(t->goal, &c) != OK)
		return false;
	json_put_str(content, "tool", c.tool);
	json_put_str(content, "args", c.args);
	put_persons(content, c.args);
	return true;
}

/* To a device; its arguments are what the person said, as the house calls it.
 * Where two are called so, the person is asked back. */
static bool
think_plain(const struct turn *t, struct json *content)
{
	struct plain_call c;
	struct buf b;

	if (plain_understand(json_get(t->view, "home"), t->goal, &c) != OK)
		return false;
	buf_init(&b, ARGS_MAX);
	if (c.tool == NULL) {
		buf_addf(&b,
		    "Which one do you mean: %s? Several are called so.",
		    c.which);
		json_put_str(content, "reply", b.p);
		json_put_bool(content, "reached", false);
	} else {
		json_put_str(content, "tool", c.tool);
		json_canonical(c.args, &b);
		json_put_str(content, "args", b.p);
		put_persons(content, b.p);
	}
	buf_done(&b);
	plain_call_done(&c);
	return true;
}

static void
think_words(struct json *content, const char *first, bool reached)
{
	struct buf b;

	buf_init(&b, REPLY_MAX);
	buf_adds(&b, first);
	offline_help(&b);
	json_put_str(content, "reply", b.p);
	json_put_bool(content, "reached", reached);
	buf_done(&b);
}

enum turn_step
rules_think(struct turn *t, struct json *content)
{
	struct offline_match m;

	if (think_call(t, content) || think_plain(t, content))
		return rules_replay(t, content);
	if (offline_match(t->goal, &m) != OK) {
		think_words(content,
		    "I did not understand that, and no model is set up to "
		    "help me; 'durward model' says how. Without one I know "
		    "these goals:\n",
		    false);
		return rules_replay(t, content);
	}
	if (m.tool != NULL)
		think_proposal(&m, content);
	else
		think_words(content, "I know these goals:\n", true);
	offline_match_done(&m);
	return rules_replay(t, content);
}
