/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "egress/egress_priv.h"
#include "model/chat.h"
#include "sys/clock.h"

/*
 * A call from its order to its end.  Whatever ends it, the mind hears it
 * before the core does, each once.  Nothing is freed while libcurl is on the
 * stack: there call_fail() only says why, and a timer does the rest.
 */

/* What a scan carries, since the call may be over before it is. */
struct ticket {
	struct egress *eg;
	uint64_t call;
};

static void on_timer(void *arg);

struct call *
call_by_id(struct egress *eg, uint64_t id)
{
	size_t i;

	for (i = 0; i < EGRESS_CALLS_MAX && id != 0; i++)
		if (eg->calls[i].id == id)
			return &eg->calls[i];
	return NULL;
}

struct call *
ticket_take(void *arg)
{
	struct ticket *t = arg;
	struct call *c = call_by_id(t->eg, t->call);

	free(t);
	return c;
}

/* The call's own end is never passed. */
static void
wait_until(struct call *c, int64_t wait_ms)
{
	int64_t at_ms = clock_boot_ms() + wait_ms;
	int64_t end_ms = c->begun_ms + MODEL_CALL_MS;

	loop_timer_cancel(c->eg->loop, c->timer);
	c->timer = loop_timer(
	    c->eg->loop, at_ms < end_ms ? at_ms : end_ms, on_timer, c);
}

void
call_enter(struct call *c, enum stage stage, int64_t wait_ms)
{
	c->stage = stage;
	wait_until(c, wait_ms);
}

void
call_fail(struct call *c, const char *fmt, ...)
{
	va_list ap;

	if (c->failed)
		return;
	c->failed = true;
	va_start(ap, fmt);
	vsnprintf(c->why.text, sizeof(c->why.text), fmt, ap);
	va_end(ap);
	wait_until(c, 0);
}

/* ---- The end ---- */

/* {"run", "step", "ok", "status", "why"}, and what an error said as bulk. */
static void
tell_mind(const struct call *c, bool ok, const char *text, size_t len)
{
	struct json *body = json_object();

	json_put_str(body, "run", c->run);
	json_put_int(body, "step", c->step);
	json_put_bool(body, "ok", ok);
	json_put_int(body, "status", c->status);
	json_put_int(body, "received", c->reply.received);
	json_put_str(body, "why", c->why.text);
	peers_send_bulk(
	    c->eg->peers, ROLE_MIND, MSG_MODEL_END, body, text, len);
}

/* `late`: bytes of some try may have reached the provider, and nobody knows
 * what became of it.  `sent` counts the request's body in all tries. */
static void
tell_core(struct call *c, bool ok)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	hashing_end(c->reply.hashing, &d);
	digest_hex(&d, hex);
	json_put_str(body, "act", c->act);
	json_put_bool(body, "ok", ok);
	json_put_bool(body, "late", !ok && c->unknown);
	json_put_int(body, "status", c->status);
	json_put_int(body, "sent", c->sent);
	json_put_int(body, "received", c->reply.received);
	json_put_str(body, "sha256", hex);
	json_put_int(body, "tries", c->tries);
	json_put_int(body, "first_ms", c->reply.first_ms);
	json_put_int(body, "ms", clock_boot_ms() - c->begun_ms);
	json_put_str(body, "why", c->why.text);
	peers_send(c->eg->peers, ROLE_CORE, MSG_MODEL_DONE, body);
}

static void
end_try(struct call *c)
{
	curl_off_t sent = 0;

	if (c->try.curl == NULL)
		return;
	curl_easy_getinfo(c->try.curl, CURLINFO_SIZE_UPLOAD_T, &sent);
	c->sent += sent;
	try_drop(c);
}

/* With the beginning of an error's body, if there is one. */
static void
conclude(struct call *c, const char *text, size_t len)
{
	bool ok = c->over && !c->failed;

	if (c->try.curl != NULL && c->try.sent)
		c->unknown = true;
	end_try(c);
	if (c->lookup != 0)
		lookup_cancel(c->eg->lookups, c->lookup);
	loop_timer_cancel(c->eg->loop, c->timer);
	reply_close(c);
	tell_mind(c, ok, text, len);
	tell_core(c, ok);
	json_free(c->order);
	free(c->bulk);
	if (c->body != NULL)
		explicit_bzero(c->body, c->body_len);
	free(c->body);
	secret_free(c->key);
	memset(c, 0, sizeof(*c));
}

void
call_done(struct call *c)
{
	conclude(c, NULL, 0);
}

void
call_stop(struct call *c)
{
	call_fail(c, "it was stopped");
	conclude(c, NULL, 0);
}

static void
on_refusal_scanned(void *arg, enum scan result, const char *text, size_t len)
{
	struct call *c = ticket_take(arg);

	(void)result;
	if (c != NULL)
		conclude(
		    c, text, len < MODEL_ERROR_MAX ? len : MODEL_ERROR_MAX);
}

void
call_scan(struct call *c, const char *text, size_t len, scan_fn *fn)
{
	struct ticket *t = xalloc(sizeof(*t));

	*t = (struct ticket){c->eg, c->id};
	scanner_pass(c->eg->scanner, text, len, fn, t);
}

/* A status that is an answer, and not the wanted one. */
static void
tell_refusal(struct call *c)
{
	struct buf refusal = c->try.refusal;

	c->try.refusal = (struct buf){.p = NULL};
	end_try(c);
	call_enter(c, STAGE_TELL, 2 * SCAN_MS);
	call_scan(c, refusal.p != NULL ? refusal.p : "", refusal.len,
	    on_refusal_scanned);
	buf_done(&refusal);
}

/* ---- Tries ---- */

static struct retries *
retries_of(struct call *c)
{
	struct retries *free_one = NULL;
	struct retries *r;
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++) {
		r = &c->eg->retries[i];
		if (strcmp(r->provider, c->provider.name) == 0)
			return r;
		if (free_one == NULL || r->at_ms < free_one->at_ms)
			free_one = r;
	}
	memset(free_one, 0, sizeof(*free_one));
	snprintf(free_one->provider, sizeof(free_one->provider), "%s",
	    c->provider.name);
	return free_one;
}

/* Another try, after a pause?  False when this was the last. */
static bool
try_again(struct call *c, int64_t after_ms)
{
	int64_t now_ms = clock_boot_ms();
	uint32_t random;
	int64_t pause_ms;

	crypto_random(&random, sizeof(random));
	pause_ms = retry_pause_ms(c->tries, after_ms, random);
	if (c->tries >= MODEL_TRIES_MAX || pause_ms < 0 ||
	    now_ms + pause_ms >= c->begun_ms + MODEL_CALL_MS ||
	    !retry_take(retries_of(c), now_ms))
		return false;
	end_try(c);
	call_enter(c, STAGE_PAUSE, pause_ms);
	return true;
}

static void
begin_try(struct call *c)
{
	c->status = 0; /* What the try before was told is its own. */
	c->address = c->found.addresses[c->next++];
	c->tries += c->next == 1;
	call_enter(c, STAGE_CONNECT, MODEL_CONNECT_MS);
	if (!try_begin(c))
		return; /* It says why, and ends soon. */
}

/* There was no connection: the provider may have another address. */
static bool
try_next_address(struct call *c)
{
	if (c->next >= c->found.n)
		return false;
	end_try(c);
	begin_try(c);
	return true;
}

/* The connection was there, and went before there was any answer. */
static bool
is_dropped(CURLcode code)
{
	return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
	    code == CURLE_SEND_ERROR;
}

static void
on_no_answer(struct call *c, CURLcode code)
{
	bool sent = c->try.sent;

	if (code == CURLE_COULDNT_CONNECT && try_next_address(c))
		return;
	c->unknown = c->unknown || sent;
	if (is_dropped(code) && try_again(c, -1))
		return;
	c->try.sent = false; /* It is counted. */
	words_of_trouble(c, code);
	conclude(c, NULL, 0);
}

void
call_tried(struct call *c, CURLcode code)
{
	int64_t after_ms = c->try.after_ms;

	if (c->failed) {
		conclude(c, NULL, 0);
		return;
	}
	c->status = try_status(c);
	if (c->status == 0) {
		on_no_answer(c, code);
	} else if (c->status != 200) {
		c->try.sent = false; /* What became of it is known. */
		if (chat_may_retry((int)c->status) && try_again(c, after_ms))
			return;
		words_of_status(c, c->status, after_ms);
		tell_refusal(c);
	} else if (code == CURLE_OK) {
		end_try(c);
		c->over = true;
		reply_pump(c);
	} else {
		words_of_trouble(c, code);
		conclude(c, NULL, 0);
	}
}

void
call_heard(struct call *c)
{
	c->active_ms = clock_boot_ms();
	if (c->stage != STAGE_BODY)
		call_enter(c, STAGE_BODY, MODEL_IDLE_MS);
}

void
call_sent(struct call *c)
{
	call_enter(c, STAGE_FIRST, MODEL_FIRST_MS);
}

/* ---- Where it goes ---- */

/* With none that fits, the last one says why. */
static void
on_found(void *arg, const struct found *f)
{
	struct call *c = arg;
	struct errmsg why = {""};
	size_t i;

	c->lookup = 0;
	c->next = 0;
	c->found.n = 0;
	for (i = 0; i < f->n; i++)
		if (provider_check_address(c->provider.cloud, &c->provider.at,
			&f->addresses[i], &why) == OK)
			c->found.addresses[c->found.n++] = f->addresses[i];
	if (c->found.n > 0)
		begin_try(c);
	else if (f->n == 0)
		call_fail(c,
		    "the name %s is not known; is the network there, and the "
		    "address in the manifest right?",
		    c->provider.at.host.name);
	else
		call_fail(c, "%s", why.text);
}

void
call_look_up(struct call *c)
{
	const struct host_grant *h = &c->provider.at.host;
	struct found f = {.n = 1};

	call_enter(c, STAGE_LOOKUP, MODEL_CONNECT_MS);
	if (h->has_address)
		f.addresses[0] = h->address;
	else if (host_is_here(h->name))
		f.addresses[0] = (struct address){4, {127, 0, 0, 1}};
	else
		f.n = 0;
	if (f.n > 0) {
		on_found(c, &f);
		return;
	}
	c->lookup = lookup_begin(c->eg->lookups, h->name, on_found, c);
	if (c->lookup == 0)
		call_fail(c, "too many names are looked up at once");
}

/* ---- Time ---- */

static void
on_late_body(struct call *c)
{
	const struct reply *r = &c->reply;
	int64_t idle_ms = clock_boot_ms() - c->active_ms;

	/* Nobody reads from it now, or it spoke since. */
	if (c->over || c->try.paused || r->scanning || r->behind != 0) {
		wait_until(c, MODEL_IDLE_MS);
		return;
	}
	if (idle_ms < MODEL_IDLE_MS) {
		wait_until(c, MODEL_IDLE_MS - idle_ms);
		return;
	}
	call_fail(c, "the answer stopped in its middle: nothing came for %d s",
	    MODEL_IDLE_MS / 1000);
}

static void
on_no_connection(struct call *c)
{
	if (try_next_address(c))
		return;
	words_of_trouble(c, CURLE_OPERATION_TIMEDOUT);
}

static void
on_late(struct call *c)
{
	if (clock_boot_ms() >= c->begun_ms + MODEL_CALL_MS)
		call_fail(c, "the answer was not whole within %d minutes",
		    MODEL_CALL_MS / 60 / 1000);
	else if (c->stage == STAGE_REQUEST)
		call_fail(c, "the request for the model did not come");
	else if (c->stage == STAGE_KEY)
		call_fail(c, "the vault did not say the key in time");
	else if (c->stage == STAGE_LOOKUP)
		call_fail(c, "the name %s was not found within %d s",
		    c->provider.at.host.name, MODEL_CONNECT_MS / 1000);
	else if (c->stage == STAGE_CONNECT)
		on_no_connection(c);
	else if (c->stage == STAGE_FIRST)
		call_fail(c,
		    "no answer within %d s; is the model too large for the "
		    "machine?",
		    MODEL_FIRST_MS / 1000);
	else if (c->stage == STAGE_BODY)
		on_late_body(c);
	else if (c->stage == STAGE_PAUSE)
		call_look_up(c);
	else
		call_fail(c, "the vault did not answer in time");
}

static void
on_timer(void *arg)
{
	struct call *c = arg;

	c->timer = 0;
	if (!c->failed)
		on_late(c);
	else
		conclude(c, NULL, 0);
}
