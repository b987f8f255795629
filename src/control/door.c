/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "approval/pairing.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "control/control_priv.h"
#include "sys/clock.h"

/*
 * The door for those who are not paired yet.  The port is closed but for
 * the window that the vault opens; who knocks is the vault's to judge, from
 * the HMAC over this very connection.
 */

static void
refuse(struct control *c, int64_t id, int status, const char *words)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "{\"error\":\"%s\"}", words);

	http_reply(c->pairing, id, status, text, (size_t)n);
}

static void
on_window_over(void *arg)
{
	struct control *c = arg;

	c->window_timer = 0;
	http_server_shut(c->pairing);
	log_info("the pairing window is closed");
}

/* {"open", "left_ms", "id", "sealed"}: the token, which only the client that
 * asked for the window can open. */
void
door_on_window(void *role, struct msg *m)
{
	struct control *c = role;
	int64_t id = json_int(m->body, "id", 0);
	struct json *v;
	struct buf b;

	if (c->pairing == NULL)
		return;
	loop_timer_cancel(c->loop, c->window_timer);
	c->window_timer = 0;
	if (!json_flag(m->body, "open")) {
		http_server_shut(c->pairing);
		return;
	}
	if (http_server_open(c->pairing) != OK) {
		log_err("the pairing port cannot be opened");
		return;
	}
	c->window_timer = loop_timer(c->loop,
	    clock_boot_ms() + json_int(m->body, "left_ms", 0), on_window_over,
	    c);
	if (id == 0)
		return;
	v = json_object();
	buf_init(&b, 1024);
	json_put_str(v, "sealed", json_words(m->body, "sealed"));
	json_put_int(v, "left_ms", json_int(m->body, "left_ms", 0));
	json_print_into(v, &b);
	http_reply(c->api, id, 200, b.p, b.len);
	buf_done(&b);
	json_free(v);
}

/* {"csr", "name", "hmac"} from a stranger. */
void
door_on_request(void *arg, const struct http_request *r)
{
	struct control *c = arg;
	uint8_t exporter[DIGEST_LEN];
	char hex[DIGEST_HEX_SIZE];
	struct json *v = NULL;
	struct json *body;
	const char *csr;
	const char *name;
	const char *hmac;

	if (!str_eq(r->method, "POST") || !str_eq(r->path, "/v1/pair")) {
		refuse(c, r->id, 404, "there is nothing here");
		return;
	}
	if (json_parse(r->body.p, r->body.len, &v) != OK ||
	    tls_exporter(r->tls, PAIRING_EXPORTER, exporter) != OK) {
		refuse(c, r->id, 400, "the body is not strict JSON");
		return;
	}
	csr = json_str(v, "csr");
	name = json_str(v, "name");
	hmac = json_str(v, "hmac");
	if (csr == NULL || name == NULL || hmac == NULL) {
		refuse(c, r->id, 400, "pairing needs csr, name and hmac");
	} else {
		body = json_object();
		hex_write(hex, exporter, sizeof(exporter));
		json_put_int(body, "id", r->id);
		json_put_str(body, "csr", csr);
		json_put_str(body, "name", name);
		json_put_str(body, "hmac", hmac);
		json_put_str(body, "exporter", hex);
		if (peers_send(c->peers, ROLE_VAULT, MSG_PAIR_REQUEST, body) !=
		    OK)
			refuse(c, r->id, 503, "the house is starting");
	}
	json_free(v);
}

/* {"id", "status", ...}: what the vault says is what the stranger gets. */
void
door_on_answer(void *role, struct msg *m)
{
	struct control *c = role;
	struct buf b;

	if (c->pairing == NULL)
		return;
	buf_init(&b, HTTP_BODY_MAX);
	json_print_into(m->body, &b);
	http_reply(c->pairing, json_int(m->body, "id", 0),
	    (int)json_int(m->body, "status", 500), b.p, b.len);
	buf_done(&b);
}
