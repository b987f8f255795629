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
 * The door for those who are not paired yet.  The port is open in the window
 * that the vault opens, for a recovery code, and, unless an owner switched
 * that off, where browsers are paired; who knocks is the vault's to judge,
 * from the HMAC: of a command line over this very connection.
 */

static void
refuse(const struct http_request *r, int status, const char *words)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "{\"error\":\"%s\"}", words);

	http_reply(r->server, r->id, status, text, (size_t)n);
}

/* Where browsers are paired the port is open without a window, unless an
 * owner switched it off. */
static bool
has_pages(const struct control *c)
{
	return c->window_timer != 0 || (c->has_browsers && c->web_on);
}

/* Who has a code on paper may have nothing else to come in by. */
bool
door_is_for_codes(const struct control *c)
{
	return c->has_recovery && !has_pages(c);
}

static bool
is_wanted(const struct control *c)
{
	return has_pages(c) || c->has_recovery;
}

static void
on_shut(void *arg)
{
	struct control *c = arg;

	c->shut_timer = 0;
	http_server_shut(c->front);
}

/* It closes not before a browser that was refused or revoked has heard it. */
static void
settle(struct control *c)
{
	if (!is_wanted(c)) {
		if (c->shut_timer == 0)
			c->shut_timer = loop_timer(c->loop,
			    clock_boot_ms() + FRONT_GRACE_MS, on_shut, c);
		return;
	}
	loop_timer_cancel(c->loop, c->shut_timer);
	c->shut_timer = 0;
	if (http_server_open(c->front) != OK)
		log_err("the port of the web app cannot be opened");
}

static void
on_window_over(void *arg)
{
	struct control *c = arg;

	c->window_timer = 0;
	http_server_shut(c->first);
	settle(c);
	log_info("the pairing window is closed");
}

static void
read_certificates(struct control *c, const struct json *list)
{
	const struct json *m = json_first(list);

	c->n_certificates = 0;
	for (; m != NULL && c->n_certificates < CLIENTS_MAX; m = json_next(m)) {
		const char *hex = json_text(m);

		if (hex != NULL &&
		    digest_read(hex, strlen(hex),
			&c->certificates[c->n_certificates]) == OK)
			c->n_certificates++;
	}
}

/* {"open", "phone", "browsers", "certificates", "recovery", "left_ms"} */
void
door_on_window(void *role, struct msg *m)
{
	struct control *c = role;
	bool open = json_flag(m->body, "open");

	read_certificates(c, json_get(m->body, "certificates"));
	if (c->front == NULL)
		return;
	loop_timer_cancel(c->loop, c->window_timer);
	c->window_timer = 0;
	c->has_browsers = json_flag(m->body, "browsers");
	c->has_recovery = json_flag(m->body, "recovery");
	if (open)
		c->window_timer = loop_timer(c->loop,
		    clock_boot_ms() + json_int(m->body, "left_ms", 0),
		    on_window_over, c);
	settle(c);
	if (!open)
		http_server_shut(c->first);
	else if (c->first != NULL && json_flag(m->body, "phone") &&
	    http_server_open(c->first) != OK)
		log_warn("the port of the certificate cannot be opened");
}

/* {"on"}: an owner's word.  Who is connected when it is switched off is cut
 * off, also when a window opens the port again at once. */
void
door_on_web(void *role, struct msg *m)
{
	struct control *c = role;

	c->web_on = json_flag(m->body, "on");
	if (c->front == NULL)
		return;
	if (!c->web_on)
		http_server_shut(c->front);
	settle(c);
}

/* {"csr" or "key", "name", "hmac", "recovery"} from a stranger. */
void
door_on_request(void *arg, const struct http_request *r)
{
	struct control *c = arg;
	uint8_t exporter[DIGEST_LEN];
	char hex[DIGEST_HEX_SIZE];
	struct json *v = NULL;
	struct json *body;
	const char *csr;
	const char *key;
	const char *name;
	const char *hmac;
	bool recovers;

	if (json_parse(r->body.p, r->body.len, &v) != OK ||
	    tls_exporter(r->tls, PAIRING_EXPORTER, exporter) != OK) {
		refuse(r, 400, "the body is not strict JSON");
		json_free(v);
		return;
	}
	recovers = json_flag(v, "recovery");
	/* The port may be open for the browsers that are paired: who knocks
	 * then is no work for the vault. */
	if (recovers ? !c->has_recovery : c->window_timer == 0) {
		refuse(r, 403,
		    recovers
			? "there is no recovery code, or it was used"
			: "no pairing window is open; open one with 'durward "
			  "pair' on the console");
		json_free(v);
		return;
	}
	csr = json_str(v, "csr");
	key = json_str(v, "key");
	name = json_str(v, "name");
	hmac = json_str(v, "hmac");
	if ((csr == NULL) == (key == NULL) || name == NULL || hmac == NULL) {
		refuse(r, 400, "pairing needs csr or key, name and hmac");
	} else {
		body = json_object();
		hex_write(hex, exporter, sizeof(exporter));
		json_put_int(body, "id", r->id);
		json_put_str(
		    body, csr != NULL ? "csr" : "key", csr != NULL ? csr : key);
		json_put_str(body, "name", name);
		json_put_str(body, "hmac", hmac);
		json_put_str(body, "exporter", hex);
		json_put_bool(body, "recovery", recovers);
		if (peers_send(c->peers, ROLE_VAULT, MSG_PAIR_REQUEST, body) !=
		    OK)
			refuse(r, 503, "the house is starting");
	}
	json_free(v);
}

/* {"id", "status", ...}: what the vault says is what the stranger gets. */
void
door_on_answer(void *role, struct msg *m)
{
	struct control *c = role;
	int64_t id = json_int(m->body, "id", 0);
	int status = (int)json_int(m->body, "status", 500);
	struct buf b;

	if (c->front == NULL)
		return;
	buf_init(&b, HTTP_BODY_MAX);
	json_print_into(m->body, &b);
	/* No two requests of this process have the same id, so one of the
	 * two has it. */
	http_reply(c->front, id, status, b.p, b.len);
	http_reply(c->api, id, status, b.p, b.len);
	buf_done(&b);
}
