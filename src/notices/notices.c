/* SPDX-License-Identifier: Apache-2.0 */
#include "notices/notices.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "notice/notice.h"
#include "sys/clock.h"

#define SCOPE "notice"

struct waiting {
	char act[TOKEN_SIZE]; /* "": a free place. */
	struct notice_question q;
};

struct notices {
	struct notices_setup s;
	struct notice_settings settings;
	struct waiting at[ACTS_OPEN_MAX];
	struct followed {
		char run[TOKEN_SIZE];
		int64_t until_ms; /* Boot clock. */
	} followed[RUNS_OPEN_MAX];
	uint64_t timer;
};

struct notices *
notices_new(const struct notices_setup *s)
{
	struct notices *n = xalloc(sizeof(*n));

	n->s = *s;
	notice_defaults(&n->settings);
	return n;
}

void
notices_load(struct notices *n, const struct json *row)
{
	struct errmsg why = {""};

	if (strcmp(json_words(row, "scope"), SCOPE) == 0 &&
	    notice_set(&n->settings, json_words(row, "name"),
		json_words(row, "value"), &why) != OK)
		log_warn("a setting of notices is not taken: %s", why.text);
}

/* ---- Who looks on ---- */

static struct followed *
find_followed(struct notices *n, const char *run)
{
	struct followed *oldest = &n->followed[0];
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		struct followed *f = &n->followed[i];

		if (strcmp(f->run, run) == 0)
			return f;
		if (f->until_ms < oldest->until_ms)
			oldest = f;
	}
	memset(oldest, 0, sizeof(*oldest));
	return oldest;
}

static bool
is_followed(const struct notices *n, const char *run, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (strcmp(n->followed[i].run, run) == 0)
			return n->followed[i].until_ms > now_ms;
	return false;
}

/* ---- Telling ---- */

/* Those who may answer and have not. */
static size_t
list_answerers(
    const struct notices *n, const char *act, const char *ret[CLIENTS_MAX])
{
	size_t found = 0;
	size_t i;

	for (i = 0; i < n->s.trust->n_clients; i++)
		if (acts_waits_for(n->s.acts, act, &n->s.trust->clients[i]))
			ret[found++] = n->s.trust->clients[i].name;
	return found;
}

/* `row` is of the list of what waits. */
static void
tell(struct notices *n, const struct waiting *w, enum notice_why why,
    const struct json *row)
{
	const char *names[CLIENTS_MAX];
	size_t n_names = notice_choose(
	    &n->settings, &w->q, why, names, list_answerers(n, w->act, names));
	struct json *list;
	struct json *body;
	struct record *r;
	size_t i;

	if (n_names == 0) {
		log_warn(
		    "nobody can be told that act %s waits for a yes", w->act);
		return;
	}
	list = json_array();
	for (i = 0; i < n_names; i++)
		json_push(list, json_string(names[i]));
	body = json_object();
	json_put_str(body, "why", notice_why_name(why));
	json_put(body, "clients", list);
	json_put_int(body, "left_s", json_int(row, "left_s", 0));
	log_info("%zu clients are told that act %s waits (%s)", n_names, w->act,
	    notice_why_name(why));
	r = record_new(n->s.requests->ledger);
	record_log(r, "told", NULL, w->act, body);
	record_post(r, false, NULL, NULL, NULL);
	for (i = 0; i < n_names; i++)
		n->s.told(n->s.arg, names[i]);
}

/* Returns when to look at it again. */
static int64_t
look_at(struct notices *n, struct waiting *w, const struct json *row)
{
	struct notice_moment m = {.boot_ms = clock_boot_ms(),
	    .minute = judge_minute(n->s.judge),
	    .held = !safety_is_free(judge_safety(n->s.judge))};
	enum notice_why why;
	int64_t look_ms;

	m.followed = is_followed(n, json_words(row, "run"), m.boot_ms);
	while ((why = notice_due(&n->settings, &w->q, &m, &look_ms)) !=
	    NOTICE_NONE)
		tell(n, w, why, row);
	return look_ms;
}

static const struct json *
find_row(const struct json *list, const char *act)
{
	const struct json *row = json_first(list);

	while (row != NULL && strcmp(json_words(row, "act"), act) != 0)
		row = json_next(row);
	return row;
}

/* What was answered by now is forgotten. */
static void
look(void *arg)
{
	struct notices *n = arg;
	struct json *asked = acts_asked_to_json(n->s.acts);
	const struct json *list = json_get(asked, "approvals");
	int64_t next_ms = INT64_MAX;
	size_t i;

	loop_timer_cancel(n->s.loop, n->timer);
	n->timer = 0;
	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		struct waiting *w = &n->at[i];
		const struct json *row =
		    w->act[0] != '\0' ? find_row(list, w->act) : NULL;
		int64_t look_ms;

		if (row == NULL) {
			w->act[0] = '\0';
			continue;
		}
		look_ms = look_at(n, w, row);
		if (look_ms < next_ms)
			next_ms = look_ms;
	}
	if (next_ms < INT64_MAX)
		n->timer = loop_timer(n->s.loop, next_ms, look, n);
	json_free(asked);
}

static void
look_soon(struct notices *n)
{
	loop_timer_cancel(n->s.loop, n->timer);
	n->timer = loop_timer(n->s.loop, clock_boot_ms(), look, n);
}

/* Its question may have come before who looks on at it. */
void
notices_followed(struct notices *n, const char *run)
{
	struct followed *f = find_followed(n, run);
	int64_t now_ms = clock_boot_ms();

	if (f->until_ms <= now_ms && n->timer != 0)
		look_soon(n);
	snprintf(f->run, sizeof(f->run), "%s", run);
	f->until_ms = now_ms + CLIENT_WAIT_MS + CLIENT_CONNECT_MS;
}

/* Its place, or a free one: as many acts are open as there are places, once
 * what was answered is forgotten. */
static struct waiting *
find_place(struct notices *n, const char *act)
{
	struct waiting *place = NULL;
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		if (strcmp(n->at[i].act, act) == 0)
			return &n->at[i];
		if (n->at[i].act[0] == '\0')
			place = &n->at[i];
	}
	return place;
}

/* Told behind all that is under way in this turn of the loop. */
void
notices_asked(struct notices *n, const struct act *a)
{
	struct waiting *w = find_place(n, a->id);

	if (w == NULL) {
		look(n);
		w = find_place(n, a->id);
	}
	if (w == NULL)
		fatal("more acts wait for a yes than can be open");
	/* Asked anew it is the same question: it was told. */
	if (w->act[0] == '\0') {
		memset(w, 0, sizeof(*w));
		snprintf(w->act, sizeof(w->act), "%s", a->id);
		w->q.asked_ms = clock_boot_ms();
	}
	look_soon(n);
}

/* ---- Settings ---- */

static struct json *
settings_json(const struct notices *n)
{
	struct json *v = json_object();
	char value[NOTICE_VALUE_SIZE];
	size_t i;

	for (i = 0; notice_setting(i) != NULL; i++) {
		notice_say(&n->settings, notice_setting(i), value);
		json_put_str(v, notice_setting(i), value);
	}
	return v;
}

/* {"remind", "times", "quiet", "delegate", "after"} */
void
notices_query(void *room, const struct request *q)
{
	struct notices *n = room;

	request_answer(n->s.requests, q->id, settings_json(n));
}

/* The delegate is told, and no more: it must be able to answer already. */
static enum err
check_delegate(const struct notices *n, const char *name, struct errmsg *why)
{
	const struct client *c = trust_client_by_name(n->s.trust, name);

	if (name[0] == '\0')
		return OK;
	if (c == NULL || c->revoked)
		return err_say(why, ERR_NOTFOUND,
		    "there is no client '%.64s'; 'durward clients' lists them",
		    name);
	if (!client_may_approve(c) && c->lent[0] == '\0')
		return err_say(why, ERR_DENIED,
		    "'%.64s' has the role '%s' and may not answer; who is told "
		    "does not change who may answer",
		    name, client_role_name(c->role));
	return OK;
}

/* All of them or none. */
static enum err
read_settings(struct notices *n, const struct json *params,
    struct notice_settings *ret, struct errmsg *why)
{
	const struct json *v = json_first(params);
	enum err e = OK;

	if (v == NULL)
		return err_say(why, ERR_INPUT, "no setting is named");
	*ret = n->settings;
	for (; v != NULL && e == OK; v = json_next(v))
		e = json_text(v) != NULL
		    ? notice_set(ret, json_name(v), json_text(v), why)
		    : err_say(why, ERR_INPUT, "a setting is a text");
	return e == OK && json_has(params, "delegate")
	    ? check_delegate(n, ret->delegate, why)
	    : e;
}

static void
put_setting(struct record *r, const char *name, const char *value)
{
	struct json *row = json_object();

	json_put_str(row, "scope", SCOPE);
	json_put_str(row, "name", name);
	json_put_str(row, "value", value);
	record_row(r, ROW_SETTING, row);
}

/* body: those that change, as notice_set() takes them. */
enum err
notices_do_set(void *room, const struct request *k, struct errmsg *why)
{
	struct notices *n = room;
	struct notice_settings settings;
	const struct json *v;
	struct json *body;
	struct record *r;
	enum err e;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "only an owner says who is told of questions, and when");
	e = read_settings(n, k->params, &settings, why);
	if (e != OK)
		return e;
	n->settings = settings;
	body = settings_json(n);
	json_put_str(body, "name", k->client->name);
	r = record_new(n->s.requests->ledger);
	record_log(r, "notices-set", NULL, NULL, body);
	for (v = json_first(k->params); v != NULL; v = json_next(v))
		put_setting(r, json_name(v), json_text(v));
	request_confirm(n->s.requests, k->id, r);
	look(n);
	return OK;
}
