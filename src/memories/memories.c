/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "memories/memories.h"
#include "sys/clock.h"

/*
 * Memory as the house uses it: functions of its own, which are acts like all
 * others, and what owners ask and command.  What is remembered is private to
 * the house: owners see all of it, and so do their runs when they search; what
 * a turn begins with is what its own client said.
 */

struct memories {
	struct memories_setup s;
	struct ledger *ledger;
};

struct memories *
memories_new(const struct memories_setup *s)
{
	struct memories *me = xalloc(sizeof(*me));

	me->s = *s;
	return me;
}

void
memories_use_ledger(struct memories *me, struct ledger *ledger)
{
	me->ledger = ledger;
}

static bool
sees_all(const struct memories *me, const char *client)
{
	const struct client *found = trust_client_by_name(me->s.trust, client);

	return found != NULL && !found->revoked && found->role == CLIENT_OWNER;
}

const char *
memories_asker(const struct memories *me, const char *client)
{
	const struct client *found = trust_client_by_name(me->s.trust, client);

	return found != NULL && found->role != CLIENT_PROGRAM ? "person"
							      : "program";
}

/* ---- Functions of the house ---- */

static void
fail(struct memories *me, const char *act, const char *why)
{
	struct house_end end = {.text = why};

	acts_house_done(me->s.acts, act, &end);
}

static const char *
source_of(struct memories *me, const struct act *a)
{
	return strstr(a->origins, "text:person") != NULL
	    ? memories_asker(me, a->client)
	    : strstr(a->origins, "text:result") != NULL ? "result"
							: "model";
}

void
memories_remember(
    struct memories *me, const struct act *a, const struct json *args)
{
	const char *text = json_words(args, "text");
	struct house_end end = {
	    .ok = true, .text = "I will remember that.", .table = ROW_MEMORY};
	struct names labels;
	struct buf b;

	if (text[strspn(text, " \t\r\n")] == '\0') {
		fail(me, a->id, "there is nothing in it to remember");
		return;
	}
	runs_labels(me->s.runs, a->run, &labels);
	buf_init(&b, NAMES_MAX * (NAME_MAX_LEN + 1));
	names_write(&labels, &b);
	end.row = json_object();
	/* The act's id: done again after a crash it is the same fact. */
	json_put_str(end.row, "id", a->id);
	json_put_str(end.row, "kind", "fact");
	json_put_str(end.row, "run", a->run);
	json_put_str(end.row, "act", a->id);
	json_put_str(end.row, "who", a->client);
	json_put_str(end.row, "source", source_of(me, a));
	json_put_str(end.row, "text", text);
	json_put_str(end.row, "labels", b.p);
	json_put_int(end.row, "wall_ms", clock_wall_ms());
	buf_done(&b);
	acts_house_done(me->s.acts, a->id, &end);
}

static struct memory_ask
ask_of_act(struct memories *me, const struct act *a, enum memory_want want,
    const char *words)
{
	struct memory_ask ask = {.want = want, .all = sees_all(me, a->client)};

	snprintf(ask.who, sizeof(ask.who), "%s", a->client);
	snprintf(ask.run, sizeof(ask.run), "%s", a->run);
	snprintf(ask.words, sizeof(ask.words), "%s", words);
	return ask;
}

static void
searched(void *arg, const char *act, struct json *found)
{
	struct memories *me = arg;
	const struct json *row = json_first(json_get(found, "rows"));
	struct house_end end = {.ok = true};
	struct names labels;
	struct buf out;

	if (found == NULL ||
	    names_read(json_words(found, "labels"), &labels) != OK) {
		json_free(found);
		fail(me, act, "memory cannot be read");
		return;
	}
	buf_init(&out, RESULT_MAX);
	if (row == NULL)
		buf_adds(&out, "Nothing of that is remembered.");
	for (; row != NULL; row = json_next(row))
		memory_say(row, &out);
	end.text = out.p;
	end.labels = &labels;
	end.table = ROW_SEEN;
	end.row = ledger_seen(act, json_get(found, "rows"));
	acts_house_done(me->s.acts, act, &end);
	buf_done(&out);
	json_free(found);
}

void
memories_search(
    struct memories *me, const struct act *a, const struct json *args)
{
	struct memory_ask ask =
	    ask_of_act(me, a, MEMORY_SEARCH, json_words(args, "text"));

	ledger_read_memory(me->ledger, &ask, searched, me, a->id);
}

static void
read_on(void *arg, const char *act, struct json *found)
{
	struct memories *me = arg;
	struct house_end end = {.ok = true, .text = json_words(found, "text")};

	if (!json_has(found, "text"))
		fail(me, act, "no result of this goal has that step");
	else
		acts_house_done(me->s.acts, act, &end);
	json_free(found);
}

/* Of its own run alone, which has seen the labels of all its results. */
void
memories_rest(struct memories *me, const struct act *a, const struct json *args)
{

	ledger_read_result(me->ledger, a->run, json_int(args, "step", -1),
	    json_int(args, "from", 0), read_on, me, a->id);
}

static struct json *
id_of(const struct json *found)
{
	const struct json *row = json_first(json_get(found, "rows"));
	struct json *gone = NULL;

	if (row != NULL) {
		gone = json_object();
		json_put_str(gone, "id", json_words(row, "id"));
	}
	return gone;
}

static void
found_to_forget(void *arg, const char *act, struct json *found)
{
	struct memories *me = arg;
	struct house_end end = {.ok = true,
	    .text = "It is forgotten.",
	    .table = ROW_MEMORY_GONE,
	    .row = id_of(found)};

	json_free(found);
	if (end.row == NULL)
		fail(me, act, "there is no memory of this id");
	else
		acts_house_done(me->s.acts, act, &end);
}

void
memories_forget(
    struct memories *me, const struct act *a, const struct json *args)
{
	struct memory_ask ask =
	    ask_of_act(me, a, MEMORY_ONE, json_words(args, "id"));

	ledger_read_memory(me->ledger, &ask, found_to_forget, me, a->id);
}

/* ---- Queries ---- */

static void
answer_found(void *arg, const char *key, struct json *found)
{
	struct memories *me = arg;
	int64_t id = strtoll(key, NULL, 10);

	if (found != NULL)
		request_answer(me->s.requests, id, found);
	else
		request_refuse(me->s.requests, id, ERR_IO, NULL);
}

static void
answer_memory(
    struct memories *me, const struct request *q, struct memory_ask *ask)
{
	struct errmsg why;
	char key[24];

	if (q->client->role != CLIENT_OWNER) {
		err_say(&why, ERR_DENIED,
		    "what the house remembers is for its owners");
		request_refuse(me->s.requests, q->id, ERR_DENIED, &why);
		return;
	}
	ask->all = true;
	snprintf(key, sizeof(key), "%lld", (long long)q->id);
	ledger_read_memory(me->ledger, ask, answer_found, me, key);
}

/* {"words"}, or facts: {"from"}. */
void
memories_query(void *room, const struct request *q)
{
	const char *words = json_words(q->params, "words");
	struct memory_ask ask = {
	    .want = words[0] != '\0' ? MEMORY_SEARCH : MEMORY_FACTS,
	    .from = json_int(q->params, "from", 0)};

	snprintf(ask.words, sizeof(ask.words), "%s", words);
	answer_memory(room, q, &ask);
}

void
memories_query_sessions(void *room, const struct request *q)
{
	struct memory_ask ask = {.want = MEMORY_SESSIONS};

	answer_memory(room, q, &ask);
}

/* {"name", "from"} */
void
memories_query_session(void *room, const struct request *q)
{
	struct memory_ask ask = {
	    .want = MEMORY_SESSION, .from = json_int(q->params, "from", 0)};

	snprintf(ask.session, sizeof(ask.session), "%s",
	    json_words(q->params, "name"));
	answer_memory(room, q, &ask);
}

/* ---- Commands ---- */

struct forgetting {
	struct memories *memories;
	int64_t request;
	char name[NAME_MAX_LEN + 1];
};

static void
forget_found(void *arg, const char *key, struct json *found)
{
	struct forgetting *f = arg;
	struct memories *me = f->memories;
	struct json *gone = id_of(found);
	struct errmsg why;
	struct json *body;
	struct record *r;

	(void)key;
	json_free(found);
	if (gone == NULL) {
		err_say(&why, ERR_NOTFOUND,
		    "there is no memory of this id; 'durward memory facts' "
		    "and 'durward memory search' show ids");
		request_refuse(me->s.requests, f->request, ERR_NOTFOUND, &why);
	} else {
		body = json_object();
		json_put_str(body, "id", json_words(gone, "id"));
		json_put_str(body, "name", f->name);
		r = record_new(me->ledger);
		record_log(r, "memory-forgotten", NULL, NULL, body);
		record_row(r, ROW_MEMORY_GONE, gone);
		request_confirm(me->s.requests, f->request, r);
	}
	free(f);
}

/* {"id"} */
enum err
memories_do_forget(void *room, const struct request *k, struct errmsg *why)
{
	struct memories *me = room;
	struct memory_ask ask = {.want = MEMORY_ONE, .all = true};
	struct forgetting *f;

	if (k->client->role != CLIENT_OWNER)
		return err_say(
		    why, ERR_DENIED, "only an owner makes the house forget");
	f = xalloc(sizeof(*f));
	f->memories = me;
	f->request = k->id;
	snprintf(f->name, sizeof(f->name), "%s", k->client->name);
	snprintf(
	    ask.words, sizeof(ask.words), "%s", json_words(k->params, "id"));
	ledger_read_memory(me->ledger, &ask, forget_found, f, "");
	return OK;
}

static enum err
read_message(const struct json *m, const char *session, const char *who,
    struct json **ret, struct errmsg *why)
{
	const char *role = json_words(m, "role");
	const char *text = json_words(m, "text");
	const char *labels =
	    json_has(m, "labels") ? json_words(m, "labels") : "none";
	uint8_t bytes[TOKEN_SIZE / 2];
	char id[TOKEN_SIZE];
	struct names seen;
	struct json *row;

	if ((strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0) ||
	    text[0] == '\0' || strlen(text) > REPLY_MAX ||
	    names_read(labels, &seen) != OK)
		return err_say(why, ERR_INPUT,
		    "a message needs a role (user, assistant), a text of at "
		    "most %d bytes, and labels if it had some",
		    REPLY_MAX);
	crypto_random(bytes, sizeof(bytes));
	hex_write(id, bytes, sizeof(bytes));
	row = json_object();
	json_put_str(row, "id", id);
	json_put_str(row, "kind", "message");
	json_put_str(row, "role", role);
	json_put_str(row, "session", session);
	json_put_str(row, "who", who);
	json_put_str(row, "source", "import");
	json_put_str(row, "text", text);
	json_put_str(row, "labels", labels);
	json_put_int(row, "wall_ms", json_int(m, "wall_ms", clock_wall_ms()));
	*ret = row;
	return OK;
}

/* {"session", "messages": [{"role", "text", "labels", "wall_ms"}]} */
enum err
memories_do_import(void *room, const struct request *k, struct errmsg *why)
{
	struct memories *me = room;
	const char *session = json_words(k->params, "session");
	const struct json *list = json_get(k->params, "messages");
	const struct json *m = json_first(list);
	struct json *body;
	struct record *r;
	enum err e = OK;

	if (k->client->role != CLIENT_OWNER)
		return err_say(
		    why, ERR_DENIED, "only an owner brings sessions in");
	if (!memory_is_session(session) || !json_is_array(list) || m == NULL ||
	    json_count(list) > MEMORY_IMPORT_MAX)
		return err_say(why, ERR_INPUT,
		    "it needs a session's name and 1 to %d messages",
		    MEMORY_IMPORT_MAX);
	r = record_new(me->ledger);
	for (; m != NULL && e == OK; m = json_next(m)) {
		struct json *row;

		e = read_message(m, session, k->client->name, &row, why);
		if (e == OK)
			record_row(r, ROW_MEMORY, row);
	}
	if (e != OK) {
		record_drop(r);
		return e;
	}
	body = json_object();
	json_put_str(body, "session", session);
	json_put_int(body, "messages", (int64_t)json_count(list));
	json_put_str(body, "name", k->client->name);
	record_log(r, "session-imported", NULL, NULL, body);
	request_confirm(me->s.requests, k->id, r);
	return OK;
}
