/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a control that was taken over: it serves everybody as the
 * real one does until a test tells it otherwise, by POST /puppet over the
 * port of clients, with one of
 *
 *	{"do": "send", "to", "type", "body", "bulk"}
 *		says that on its lane, and answers what comes back
 *	{"do": "lie", "has", "put", "whole"}
 *		in all that clients are told, `put` for each `has`; with `whole`
 *		for the whole answer in which that stands
 *	{"do": "page", "path", "type", "text"}
 *		what browsers are served there
 *	{"do": "hold", "name"}
 *		commands of that name go no further, and are answered as done
 *	{"do": "kept"}
 *		the last command of a client, as it came: {"client", "command"}
 *	{"do": "honest"}
 *		nothing of that any more
 *
 * Linked in the place of src/ipc/serve.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "control/control_priv.h"
#include "http/server_priv.h"
#include "ipc/peers_priv.h"

#define LIES_MAX 8

static struct puppet {
	struct control *control;
	const struct peer_handler *real;
	size_t n_real;
	struct peer_handler handlers[16];
	struct json *lies[LIES_MAX];
	struct json *pages[LIES_MAX];
	struct json *kept;
	char held[64]; /* The name of commands that go no further. */
	int64_t asks; /* The request that waits for what comes back. */
} p;

/* ---- What a test tells it ---- */

static void
answer(int64_t id, struct json *v)
{
	struct buf b;

	buf_init(&b, HTTP_REPLY_MAX);
	json_print_into(v, &b);
	http_reply(p.control->api, id, 200, b.p, b.len);
	buf_done(&b);
	json_free(v);
}

static enum msg_type
type_by_name(const char *name)
{
	int t = 0;

	while (t < MSG_COUNT && strcmp(msg_name((enum msg_type)t), name) != 0)
		t++;
	return (enum msg_type)t;
}

static void
send_as_told(const struct http_request *r, const struct json *v)
{
	struct json *body = json_copy(json_get(v, "body"));
	const char *bulk = json_words(v, "bulk");
	enum role to = role_by_name(json_words(v, "to"));
	enum msg_type type = type_by_name(json_words(v, "type"));

	if (type == MSG_COUNT || !lane_allows(type, ROLE_CONTROL, to))
		fatal("puppet: there is no such message");
	json_put_int(body, "id", r->id);
	p.asks = r->id;
	if (peers_send_bulk(
		p.control->peers, to, type, body, bulk, strlen(bulk)) != OK)
		log_err("puppet: nobody is there");
}

static void
add(struct json *list[LIES_MAX], const struct json *v)
{
	size_t i = 0;

	while (i < LIES_MAX && list[i] != NULL)
		i++;
	if (i == LIES_MAX)
		fatal("puppet: that is too much");
	list[i] = json_copy(v);
}

static void
be_honest(void)
{
	size_t i;

	for (i = 0; i < LIES_MAX; i++) {
		json_free(p.lies[i]);
		json_free(p.pages[i]);
		p.lies[i] = p.pages[i] = NULL;
	}
	p.held[0] = '\0';
}

static void
obey(const struct http_request *r)
{
	struct json *v = NULL;
	const char *what;

	if (json_parse(r->body.p, r->body.len, &v) != OK)
		fatal("puppet: it was told no JSON");
	what = json_words(v, "do");
	if (strcmp(what, "send") == 0) {
		send_as_told(r, v);
		json_free(v);
		return;
	}
	if (strcmp(what, "lie") == 0)
		add(p.lies, v);
	else if (strcmp(what, "page") == 0)
		add(p.pages, v);
	else if (strcmp(what, "hold") == 0)
		snprintf(p.held, sizeof(p.held), "\ncommand %s\n",
		    json_words(v, "name"));
	else if (strcmp(what, "honest") == 0)
		be_honest();
	answer(r->id,
	    strcmp(what, "kept") == 0 && p.kept != NULL ? json_copy(p.kept)
							: json_object());
	json_free(v);
}

/* ---- What clients want ---- */

/* True when it goes no further. */
static bool
keep_command(const struct http_request *r)
{
	char hex[DIGEST_HEX_SIZE];
	struct json *v = NULL;
	bool held;

	if (json_parse(r->body.p, r->body.len, &v) != OK)
		return false;
	held =
	    p.held[0] != '\0' && strstr(json_words(v, "text"), p.held) != NULL;
	digest_hex(&r->client, hex);
	json_free(p.kept);
	p.kept = json_object();
	json_put_str(p.kept, "client", hex);
	json_put(p.kept, "command", v);
	return held;
}

static void
on_client(void *arg, const struct http_request *r)
{
	if (str_eq(r->path, "/puppet"))
		obey(r);
	else if (str_eq(r->method, "POST") && keep_command(r))
		answer(r->id, json_object());
	else
		api_on_request(arg, r);
}

static void
on_browser(void *arg, const struct http_request *r)
{
	size_t i;

	for (i = 0; i < LIES_MAX && p.pages[i] != NULL; i++) {
		const char *text = json_words(p.pages[i], "text");

		if (!str_eq(r->path, json_words(p.pages[i], "path")))
			continue;
		http_answer(p.control->front, r->id,
		    &(struct http_answer){.status = 200,
			.type = json_words(p.pages[i], "type"),
			.fields = "Cache-Control: no-store\r\n",
			.body = text,
			.len = strlen(text)});
		return;
	}
	front_on_request(arg, r);
}

/* ---- What the house says ---- */

static void
put_lie(const struct json *lie, struct buf *text)
{
	const char *has = json_words(lie, "has");
	const char *put = json_words(lie, "put");
	const char *at = strstr(text->p, has);
	struct buf out;

	if (at == NULL)
		return;
	buf_init(&out, HTTP_REPLY_MAX);
	if (json_flag(lie, "whole")) {
		buf_adds(&out, put);
	} else {
		const char *from = text->p;

		for (; at != NULL; at = strstr(from, has)) {
			buf_add(&out, from, (size_t)(at - from));
			buf_adds(&out, put);
			from = at + strlen(has);
		}
		buf_adds(&out, from);
	}
	buf_done(text);
	*text = out;
}

static void
pass_reply(void *role, struct msg *m)
{
	struct msg lied = *m;
	struct buf text;
	size_t i;

	buf_init(&text, HTTP_REPLY_MAX);
	buf_add(&text, m->bulk, m->bulk_len);
	for (i = 0; i < LIES_MAX && p.lies[i] != NULL; i++)
		put_lie(p.lies[i], &text);
	lied.bulk = text.p;
	lied.bulk_len = text.len;
	api_on_reply(role, &lied);
	buf_done(&text);
}

static void
on_message(void *role, struct msg *m)
{
	int64_t id = json_int(m->body, "id", 0);
	size_t i = 0;

	if (id != 0 && id == p.asks) {
		struct json *v = json_object();
		char *text = msg_text(m);

		p.asks = 0;
		json_put(v, "body", json_copy(m->body));
		json_put_str(v, "bulk", text);
		answer(id, v);
		free(text);
		return;
	}
	if (m->type == MSG_CLIENT_REPLY && m->bulk_len > 0) {
		pass_reply(role, m);
		return;
	}
	while (i < p.n_real && p.real[i].type != m->type)
		i++;
	p.real[i].fn(role, m);
	if (p.control->api != NULL) {
		p.control->api->fn = on_client;
		p.control->front->fn = on_browser;
	}
}

static void
take_over(struct peer_setup *s)
{
	size_t i;

	p.control = s->role;
	p.real = s->handlers;
	p.n_real = s->n_handlers;
	for (i = 0; i < p.n_real && i < ARRAY_LEN(p.handlers); i++)
		p.handlers[i] =
		    (struct peer_handler){p.real[i].type, on_message};
	s->handlers = p.handlers;
}

int
peers_serve(struct peers *peers)
{
	if (peers->setup.self == ROLE_CONTROL)
		take_over(&peers->setup);
	peers_send(peers, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(peers);
	loop_run(peers->loop);
	return 0;
}
