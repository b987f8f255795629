/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "egress/egress_priv.h"
#include "model/chat.h"
#include "sys/clock.h"

/*
 * What the other roles want.  A request waits for its order or an order for
 * its request; when both are here they are verified, compared and looked
 * through, the key is asked for, and only then it is said to whom it goes.
 */

static struct call *
find_act(struct egress *eg, const char *act)
{
	size_t i;

	for (i = 0; i < EGRESS_CALLS_MAX; i++)
		if (eg->calls[i].id != 0 && strcmp(eg->calls[i].act, act) == 0)
			return &eg->calls[i];
	return NULL;
}

/* The next that belongs to this step and is at or behind `from`. */
static struct call *
find_step(struct egress *eg, const char *run, int64_t step, struct call *from)
{
	struct call *c;

	for (c = from; c < eg->calls + EGRESS_CALLS_MAX; c++)
		if (c->id != 0 && c->step == step && strcmp(c->run, run) == 0)
			return c;
	return NULL;
}

static struct call *
find_free(struct egress *eg)
{
	size_t i;

	for (i = 0; i < EGRESS_CALLS_MAX; i++)
		if (eg->calls[i].id == 0)
			return &eg->calls[i];
	return NULL;
}

/* ---- The key ---- */

static void
want_key(struct call *c)
{
	const struct document *d =
	    document_find(c->eg, c->provider.name, &c->provider.digest);
	struct json *body;

	if (!c->provider.has_key) {
		call_look_up(c);
		return;
	}
	if (d == NULL) {
		call_fail(
		    c, "the manifest of '%s' is not here", c->provider.name);
		return;
	}
	call_enter(c, STAGE_KEY, EGRESS_KEY_MS);
	body = json_object();
	json_put_int(body, "id", (int64_t)c->id);
	peers_send_bulk(
	    c->eg->peers, ROLE_VAULT, MSG_KEY_WANTED, body, d->text, d->len);
}

/* {"id", "ok", "error"} and the key as bulk. */
void
egress_on_key(void *role, struct msg *m)
{
	struct egress *eg = role;
	int64_t id = json_int(m->body, "id", 0);
	struct call *c = id > 0 ? call_by_id(eg, (uint64_t)id) : NULL;

	if (c == NULL || c->stage != STAGE_KEY || c->failed)
		return; /* It was ended meanwhile. */
	if (!json_flag(m->body, "ok")) {
		call_fail(c, "the vault gives no key: %.200s",
		    json_words(m->body, "error"));
		return;
	}
	c->key = secret_new(m->bulk, m->bulk_len);
	call_look_up(c);
}

/* ---- The request ---- */

/* The name that the scanner put where the secret stood. */
static void
say_secret(struct call *c, const char *clean, size_t len)
{
	static const char mark[] = "secret://";
	char name[NAME_MAX_LEN + 1] = "";
	size_t at = 0;
	size_t n = 0;

	while (at < len && at < c->body_len && clean[at] == c->body[at])
		at++;
	/* The secret may begin with the same letters. */
	while (at > 0 && strncmp(clean + at, mark, sizeof(mark) - 1) != 0)
		at--;
	for (at += sizeof(mark) - 1; at < len && n < NAME_MAX_LEN; at++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-",
			clean[at]) == NULL)
			break;
		else
			name[n++] = clean[at];
	name[n] = '\0';
	call_fail(
	    c, "the request holds the secret '%s', and was not sent", name);
}

static void
on_request_scanned(void *arg, enum scan result, const char *text, size_t len)
{
	struct call *c = ticket_take(arg);

	if (c == NULL || c->failed)
		return;
	if (result == SCAN_CLEAN)
		want_key(c);
	else if (result == SCAN_REPLACED)
		say_secret(c, text, len);
	else
		call_fail(c,
		    "it could not be told whether a secret stands in the "
		    "request, so it was not sent; try again");
}

static void
take_provider(struct call *c, const struct manifest *m)
{
	struct provider *p = &c->provider;
	struct errmsg why;

	snprintf(p->name, sizeof(p->name), "%s", m->name);
	p->digest = m->digest;
	p->dialect = m->provider.dialect;
	p->cloud = m->provider.cloud;
	p->has_key = m->n_secrets > 0;
	snprintf(p->key_name, sizeof(p->key_name), "%s", m->secrets[0].name);
	snprintf(p->url, sizeof(p->url), "%s%s", m->provider.url,
	    dialect_path(p->dialect));
	if (base_url_read(m->provider.url, &p->at, &why) != OK)
		call_fail(c, "the manifest of '%s': %.150s", m->name, why.text);
}

/* Both halves are here: verified, compared, and looked through. */
static void
begin(struct call *c)
{
	struct str body = {c->body, c->body_len};
	struct errmsg why = {""};
	struct order o;

	if (order_read(c->order, c->bulk, c->bulk_len, &o, &why) != OK ||
	    order_verify(c->eg->verifier, &o, &why) != OK ||
	    request_agrees(body, &o, &why) != OK) {
		log_warn("a model is not called: %s", why.text);
		call_fail(c, "%s", why.text);
		return;
	}
	take_provider(c, o.manifest);
	json_free(c->order);
	c->order = NULL;
	free(c->bulk);
	c->bulk = NULL;
	if (c->failed)
		return;
	call_enter(c, STAGE_SCAN, 2 * SCAN_MS);
	call_scan(c, c->body, c->body_len, on_request_scanned);
}

/* Just started, egress cannot verify yet. */
static void
try_all(struct egress *eg)
{
	struct call *c = eg->have_trust ? eg->calls : NULL;

	for (; c != NULL && c < eg->calls + EGRESS_CALLS_MAX; c++) {
		if (c->id == 0 || c->failed || c->stage != STAGE_REQUEST)
			continue;
		c->body = requests_take(&eg->requests, c->run, c->step,
		    clock_boot_ms(), &c->body_len);
		if (c->body != NULL)
			begin(c);
	}
}

void
egress_on_trust(struct egress *eg)
{
	/* Whoever is no longer trusted keeps no connection. */
	wire_forget(eg->wire);
	eg->have_trust = true;
	try_all(eg);
}

static void
on_expiry(void *arg)
{
	struct egress *eg = arg;

	eg->expiry = 0;
	requests_expire(&eg->requests, clock_boot_ms());
}

/* {"run", "step"} and the request's body. */
void
egress_on_request(void *role, struct msg *m)
{
	struct egress *eg = role;
	const char *run = json_words(m->body, "run");
	int64_t step = json_int(m->body, "step", -1);
	int64_t now_ms = clock_boot_ms();

	if (requests_put(
		&eg->requests, run, step, m->bulk, m->bulk_len, now_ms) != OK) {
		log_warn("the mind's request to a model is malformed or too "
			 "long, and is dropped");
		return;
	}
	loop_timer_cancel(eg->loop, eg->expiry);
	eg->expiry =
	    loop_timer(eg->loop, now_ms + MODEL_REQUEST_KEPT_MS, on_expiry, eg);
	try_all(eg);
}

/* ---- Orders ---- */

/* For an order that never becomes a call: both hear it all the same. */
static void
refuse(struct egress *eg, const struct msg *m, const char *why)
{
	const char *run = json_words(m->body, "run");
	int64_t step = json_int(m->body, "step", -1);
	struct json *end = json_object();
	struct json *done = json_object();

	requests_drop(&eg->requests, run, step);
	json_put_str(end, "run", run);
	json_put_int(end, "step", step);
	json_put_bool(end, "ok", false);
	json_put_str(end, "why", why);
	peers_send(eg->peers, ROLE_MIND, MSG_MODEL_END, end);
	json_put_str(done, "act", json_words(m->body, "act"));
	json_put_bool(done, "ok", false);
	json_put_bool(done, "late", false);
	json_put_str(done, "why", why);
	peers_send(eg->peers, ROLE_CORE, MSG_MODEL_DONE, done);
}

static void
open_call(struct call *c, struct egress *eg, const struct msg *m)
{
	c->eg = eg;
	c->id = ++eg->last_call;
	c->begun_ms = clock_boot_ms();
	c->step = json_int(m->body, "step", -1);
	memcpy(c->act, json_words(m->body, "act"),
	    strlen(json_words(m->body, "act")));
	memcpy(c->run, json_words(m->body, "run"),
	    strlen(json_words(m->body, "run")));
	c->order = json_copy(m->body);
	c->bulk = xalloc(m->bulk_len + 1);
	memcpy(c->bulk, m->bulk, m->bulk_len);
	c->bulk_len = m->bulk_len;
	reply_open(&c->reply);
	call_enter(c, STAGE_REQUEST, MODEL_REQUEST_WAIT_MS);
	try_all(c->eg);
}

/* As MSG_ACT_ORDER (order/order.h), with "run" and "step". */
void
egress_on_order(void *role, struct msg *m)
{
	struct egress *eg = role;
	const char *act = json_words(m->body, "act");
	const char *run = json_words(m->body, "run");
	struct call *c;

	if (act[0] == '\0' || strlen(act) >= TOKEN_SIZE ||
	    find_act(eg, act) != NULL) {
		log_warn("an order for a model is malformed or came twice");
		return;
	}
	if (run[0] == '\0' || strlen(run) >= TOKEN_SIZE) {
		refuse(eg, m, "the order is malformed");
		return;
	}
	c = find_free(eg);
	if (c == NULL) {
		refuse(
		    eg, m, "too many models are being called; try again later");
		return;
	}
	open_call(c, eg, m);
}

/* {"act"} */
void
egress_on_stop(void *role, struct msg *m)
{
	struct call *c = find_act(role, json_words(m->body, "act"));

	if (c != NULL)
		call_stop(c);
}

/* {"run", "step"} */
void
egress_on_cancel(void *role, struct msg *m)
{
	struct egress *eg = role;
	const char *run = json_words(m->body, "run");
	int64_t step = json_int(m->body, "step", -1);
	struct call *c = find_step(eg, run, step, eg->calls);

	requests_drop(&eg->requests, run, step);
	for (; c != NULL; c = find_step(eg, run, step, c + 1))
		call_stop(c);
}

void
egress_on_mind_lost(struct egress *eg)
{
	size_t i;

	requests_expire(&eg->requests, INT64_MAX);
	for (i = 0; i < EGRESS_CALLS_MAX; i++)
		if (eg->calls[i].id != 0)
			call_stop(&eg->calls[i]);
}
