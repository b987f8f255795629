/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

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
	if (e == ERR_LIMIT)
		request_refuse(rs, id, ERR_LIMIT, NULL);
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

/* The change is in the log, on the disk: now the client may hear of it. */
static void
confirm(void *arg, const char *key)
{
	request_answer(arg, strtoll(key, NULL, 10), json_object());
}

void
request_confirm(struct requests *rs, int64_t id, struct record *r)
{
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)id);
	record_post(r, true, id != 0 ? confirm : NULL, rs, key);
}

enum err
request_send_trust(struct requests *rs, int64_t id, const struct json *envelope,
    struct str raw)
{
	struct json *body = json_object();

	json_put_int(body, "id", id);
	json_put_str(body, "text", json_words(envelope, "text"));
	json_put_str(body, "signature", json_words(envelope, "signature"));
	return peers_send_bulk(
	    rs->peers, ROLE_VAULT, MSG_TRUST_COMMAND, body, raw.p, raw.len);
}
