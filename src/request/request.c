/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sys/clock.h"

static void
answer(struct requests *rs, int64_t id, const char *text, bool evidence)
{
	struct json *body = json_object();
	enum err e;

	json_put_int(body, "id", id);
	json_put_int(body, "err", OK);
	if (evidence)
		json_put_bool(body, "evidence", true);
	e = peers_send_bulk(rs->peers, ROLE_CONTROL, MSG_CLIENT_REPLY, body,
	    text, strlen(text));
	if (e == ERR_LIMIT || e == ERR_BUSY)
		request_refuse(rs, id, e, NULL);
	else if (e != OK)
		log_warn("an answer to a client is lost");
}

void
request_answer_text(struct requests *rs, int64_t id, const char *text)
{
	answer(rs, id, text, false);
}

void
request_answer(struct requests *rs, int64_t id, struct json *v)
{
	char *text = json_print(v);

	request_answer_text(rs, id, text);
	free(text);
	json_free(v);
}

void
request_refuse(
    struct requests *rs, int64_t id, enum err e, const struct errmsg *why)
{
	struct json *body = json_object();
	struct json *v = json_object();
	char *text;

	json_put_str(v, "error",
	    why != NULL && why->text[0] != '\0' ? why->text : err_text(e));
	text = json_print(v);
	json_free(v);
	json_put_int(body, "id", id);
	json_put_int(body, "err", e);
	peers_send_bulk(rs->peers, ROLE_CONTROL, MSG_CLIENT_REPLY, body, text,
	    strlen(text));
	free(text);
}

void
request_document(void *requests, int64_t id, enum err e, const char *text)
{
	if (e == OK)
		request_answer_text(requests, id, text);
	else
		request_refuse(requests, id, e, NULL);
}

void
request_evidence(void *requests, int64_t id, enum err e, const char *text)
{
	if (e == OK)
		answer(requests, id, text, true);
	else
		request_refuse(requests, id, e, NULL);
}

struct confirmed {
	struct requests *requests;
	int64_t id;
	struct json *answer;
};

/* The change is in the log, on the disk: now the client may hear of it. */
static void
confirm(void *arg, const char *key)
{
	struct confirmed *c = arg;

	(void)key;
	request_answer(c->requests, c->id, c->answer);
	free(c);
}

void
request_confirm_with(
    struct requests *rs, int64_t id, struct json *answer, struct record *r)
{
	struct confirmed *c;

	if (id == 0) {
		json_free(answer);
		record_post(r, true, NULL, NULL, NULL);
		return;
	}
	c = xalloc(sizeof(*c));
	*c = (struct confirmed){rs, id, answer};
	record_post(r, true, confirm, c, NULL);
}

void
request_confirm(struct requests *rs, int64_t id, struct record *r)
{
	request_confirm_with(rs, id, json_object(), r);
}

/* ---- Waiting for another role ---- */

static struct awaited *
find_awaited(struct requests *rs, int64_t id)
{
	size_t i;

	for (i = 0; i < AWAITED_MAX; i++)
		if (rs->awaited[i].id == id)
			return &rs->awaited[i];
	return NULL;
}

static void
on_late(void *arg)
{
	struct awaited *w = arg;
	struct errmsg why;
	int64_t id = w->id;

	err_say(&why, ERR_BUSY, "%s", w->why);
	log_warn("%s does not come", msg_name(w->answer));
	w->id = 0;
	request_refuse(w->requests, id, ERR_BUSY, &why);
}

enum err
request_await(struct requests *rs, int64_t id, enum msg_type answer,
    int64_t wait_ms, const char *why)
{
	struct awaited *w = find_awaited(rs, 0);

	if (w == NULL || id == 0)
		return ERR_BUSY;
	*w = (struct awaited){
	    .requests = rs, .id = id, .answer = answer, .why = why};
	w->timer = loop_timer(
	    peers_loop(rs->peers), clock_boot_ms() + wait_ms, on_late, w);
	return OK;
}

bool
request_take(struct requests *rs, int64_t id, enum msg_type answer)
{
	struct awaited *w = id != 0 ? find_awaited(rs, id) : NULL;

	if (w == NULL || w->answer != answer)
		return false;
	loop_timer_cancel(peers_loop(rs->peers), w->timer);
	w->id = 0;
	return true;
}

enum err
request_send_trust(struct requests *rs, int64_t id, const struct json *envelope,
    struct str raw)
{
	struct json *body;
	enum err e = request_await(rs, id, MSG_TRUST_ANSWER, ROLE_ANSWER_MS,
	    "the vault did not answer in time, and may still do it; look "
	    "whether it was done ('durward audit show'), and start the house "
	    "anew if this stays so");

	if (e != OK)
		return e;
	body = json_object();
	json_put_int(body, "id", id);
	json_put_str(body, "text", json_words(envelope, "text"));
	json_put_str(body, "signature", json_words(envelope, "signature"));
	e = peers_send_bulk(
	    rs->peers, ROLE_VAULT, MSG_TRUST_COMMAND, body, raw.p, raw.len);
	if (e != OK)
		request_take(rs, id, MSG_TRUST_ANSWER);
	return e;
}
