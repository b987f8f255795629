/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/notify_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

#define SCOPE "notify"

struct notify *
notify_new(const struct notify_setup *s)
{
	struct notify *n = xalloc(sizeof(*n));

	n->s = *s;
	return n;
}

static struct kept *
find(struct notify *n, const char *id)
{
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++)
		if (n->all[i].text != NULL &&
		    strcmp(n->all[i].target.id, id) == 0)
			return &n->all[i];
	return NULL;
}

static bool
is_same(struct str a, struct str b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static enum err
find_place(struct notify *n, const struct target *t, struct kept **ret,
    struct errmsg *why)
{
	struct kept *place = NULL;
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++) {
		struct kept *k = &n->all[i];

		if (k->text == NULL)
			place = k;
		else if (strcmp(k->target.id, t->id) == 0 ||
		    is_same(k->target.name, t->name))
			return err_say(why, ERR_EXISTS,
			    "there is one of this name already; 'durward "
			    "notify remove' takes it away");
	}
	if (place == NULL)
		return err_say(why, ERR_LIMIT,
		    "there are %d already; 'durward notify remove' takes one "
		    "away",
		    PUSH_TARGETS_MAX);
	*ret = place;
	return OK;
}

static void
keep(struct kept *k, const char *text, const char *signature)
{
	struct errmsg unused;

	k->text = xstrndup(text, strlen(text));
	snprintf(k->signature, sizeof(k->signature), "%s", signature);
	if (target_read(k->text, strlen(k->text), &k->target, &unused) != OK)
		fatal("a target that was read before is malformed");
}

static void
drop(struct kept *k)
{
	free(k->text);
	memset(k, 0, sizeof(*k));
}

static struct json *
setting(const struct kept *k)
{
	struct json *row = json_object();

	json_put_str(row, "scope", SCOPE);
	json_put_str(row, "name", k->target.id);
	return row;
}

/* The value is the signature, and behind the end of its line the text. */
void
notify_load(struct notify *n, const struct json *row)
{
	const char *value = json_words(row, "value");
	const char *text = strchr(value, '\n');
	char signature[SIGNATURE_TEXT_SIZE];
	struct errmsg why = {""};
	struct kept *place;
	struct target t;

	offers_load(n, row);
	if (strcmp(json_words(row, "scope"), SCOPE) != 0)
		return;
	if (text == NULL || (size_t)(text - value) >= sizeof(signature) ||
	    target_read(text + 1, strlen(text + 1), &t, &why) != OK ||
	    find_place(n, &t, &place, &why) != OK) {
		log_warn(
		    "a target of notifications is not taken: %s", why.text);
		return;
	}
	memcpy(signature, value, (size_t)(text - value));
	signature[text - value] = '\0';
	keep(place, text + 1, signature);
}

/* A notification on its way may arrive, and nobody hears of it. */
static void
forget(struct notify *n, struct kept *k, const struct errmsg *why)
{
	struct record *r = record_new(n->s.requests->ledger);
	struct json *body = json_object();

	json_put_str(body, "id", k->target.id);
	json_put_strn(body, "name", k->target.name.p, k->target.name.len);
	json_put_bool(body, "under_way", k->under_way);
	json_put_str(body, "why", why->text);
	record_log(r, "notify-ended", NULL, NULL, body);
	record_row(r, ROW_SETTING_GONE, setting(k));
	record_post(r, false, NULL, NULL, NULL);
	drop(k);
}

/* The vault remembers so many for a year, so what nobody has takes no place
 * there. */
enum err
notify_revoke(void *room, const struct request *k, struct errmsg *why)
{
	struct notify *n = room;
	const char *id = json_words(k->params, "grant");

	if (judge_grant(n->s.judge, id) == NULL && find(n, id) == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "there is no such grant; 'durward grants' and 'durward "
		    "notify' list what can be taken back");
	return request_send_trust(n->s.requests, k->id, k->envelope, k->raw) ==
		OK
	    ? OK
	    : err_say(why, ERR_BUSY, "the vault is away");
}

void
notify_forget_dead(struct notify *n)
{
	struct errmsg why;
	size_t i;

	offers_forget_dead(n);
	for (i = 0; i < PUSH_TARGETS_MAX; i++) {
		struct kept *k = &n->all[i];

		/* One whose time is over is shown as such. */
		if (k->text == NULL ||
		    target_is_live(n->s.trust, &k->target,
			judge_wall_ms(n->s.judge), &why) != ERR_DENIED)
			continue;
		forget(n, k, &why);
	}
}

/* ---- Saying it ---- */

/* The reason as it is shown and logged: egress' words, and not many. */
static void
put_reason(struct kept *k, const char *why, struct json *body)
{
	err_say(&k->last, OK, "%.*s",
	    (int)str_cut(why, sizeof(k->last.text) - 1), why);
	json_put_str(body, "why", k->last.text);
}

static void tell_of(struct notify *n, struct kept *k);

/* Takes `body` over.  What arrived said the same as what began to wait
 * meanwhile; what did not is said again, for that. */
static void
say_end(struct notify *n, struct kept *k, const char *why, struct json *body)
{
	struct record *r = record_new(n->s.requests->ledger);
	bool again;

	put_reason(k, why, body);
	k->under_way = false;
	k->sent += k->last.text[0] == '\0';
	if (k->waits != 0 &&
	    request_take(n->s.requests, k->waits, MSG_NOTICE_DONE)) {
		if (k->last.text[0] != '\0')
			request_refuse(
			    n->s.requests, k->waits, ERR_IO, &k->last);
		else
			request_answer(n->s.requests, k->waits, json_object());
	}
	k->waits = 0;
	record_log(r, "notify-done", NULL, NULL, body);
	record_post(r, false, NULL, NULL, NULL);
	again = k->again && k->last.text[0] != '\0';
	k->again = false;
	if (again)
		tell_of(n, k);
}

static void
fail(struct notify *n, struct kept *k, const char *why)
{
	struct json *body = json_object();

	json_put_str(body, "id", k->target.id);
	json_put_bool(body, "ok", false);
	say_end(n, k, why, body);
}

/* It would be told so each time: the service ends it, and people hear. */
static void
end(struct notify *n, struct kept *k)
{
	struct ended *e = &n->ended[n->next_ended++ % ENDED_MAX];
	struct errmsg why = k->last;

	snprintf(e->name, sizeof(e->name), "%.*s", (int)k->target.name.len,
	    k->target.name.p);
	e->why = why;
	forget(n, k, &why);
}

void
notify_on_done(struct notify *n, const struct json *said)
{
	struct kept *k = find(n, json_words(said, "id"));
	int64_t status = json_int(said, "status", 0);
	bool is_gone = status == 404 || status == 410;
	struct json *body;

	if (k == NULL || !k->under_way)
		return;
	k->again = k->again && !is_gone;
	/* What it says and nothing else: more than an entry holds would be
	 * the end of the house. */
	body = json_object();
	json_put_str(body, "id", k->target.id);
	json_put_bool(body, "ok", json_flag(said, "ok"));
	json_put_int(body, "status", status);
	json_put_int(body, "tries", json_int(said, "tries", 0));
	say_end(n, k, json_words(said, "why"), body);
	if (is_gone)
		end(n, k);
}

void
notify_egress_lost(struct notify *n)
{
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++)
		if (n->all[i].text != NULL && n->all[i].under_way)
			fail(n, &n->all[i], "egress was restarted meanwhile");
}

/* The intent is on the disk. */
static void
order(void *arg, const char *id)
{
	struct notify *n = arg;
	struct kept *k = find(n, id);
	struct json *body;

	if (k == NULL || !k->under_way)
		return; /* It was taken away meanwhile. */
	body = json_object();
	json_put_str(body, "id", id);
	json_put_str(body, "signature", k->signature);
	if (peers_send_bulk(n->s.requests->peers, ROLE_EGRESS, MSG_NOTICE_ORDER,
		body, k->text, strlen(k->text)) != OK)
		fail(n, k, "egress is away");
}

/* As an act; the caller frees it. */
static struct act *
act_of(const struct kept *k, const char *owner)
{
	struct act *a = act_new();
	struct json *args = json_object();

	snprintf(a->principal, sizeof(a->principal), "house");
	snprintf(a->client, sizeof(a->client), "%s", owner);
	snprintf(a->tool, sizeof(a->tool), "notify.%.*s",
	    (int)k->target.kind.len, k->target.kind.p);
	a->effect = EFFECT_EXTERNAL;
	json_put_strn(args, "to", k->target.name.p, k->target.name.len);
	a->args = json_print(args);
	json_free(args);
	return a;
}

/* What the policies say, how often the owner allowed it, and what is counted
 * of both.  A question to one client is what the owner has answered. */
static enum err
judge(struct notify *n, struct kept *k, struct record *r, struct json *body,
    struct errmsg *why)
{
	struct act *a =
	    act_of(k, trust_client(n->s.trust, &k->target.client)->name);
	struct names none = {0};
	struct judge_case c = {.act = a, .labels = &none};
	struct judgement v = judge_decide(n->s.judge, &c);
	struct charges held = {0};
	enum err e = OK;

	if (v.verdict == VERDICT_DENY || v.keys > 1)
		e = err_say(
		    why, ERR_DENIED, "the rule %.150s forbids it", v.rules);
	else if (!push_rate_take(&k->rate, k->target.hourly, clock_boot_ms()))
		e = err_say(why, ERR_LIMIT,
		    "%lld notifications in an hour are what its owner allowed",
		    (long long)k->target.hourly);
	else if (judge_charge(n->s.judge, &c, NULL, r, &held) != OK)
		e = err_say(why, ERR_LIMIT, "too many rules count it");
	act_free(a);
	json_put_str(body, "rule", v.rules);
	return e;
}

/* One at a time: what is on its way says the same. */
static enum err
tell_one(struct notify *n, struct kept *k, struct errmsg *why)
{
	int64_t wall_ms = judge_wall_ms(n->s.judge);
	struct record *r;
	struct json *body;
	enum err e;

	if (k->under_way)
		return err_say(why, ERR_BUSY, "one is on its way there");
	e = target_is_live(n->s.trust, &k->target, wall_ms, why);
	if (e != OK)
		return e;
	r = record_new(n->s.requests->ledger);
	body = json_object();
	json_put_str(body, "id", k->target.id);
	json_put_strn(body, "name", k->target.name.p, k->target.name.len);
	e = judge(n, k, r, body, why);
	if (e != OK) {
		json_free(body);
		record_drop(r);
		return e;
	}
	k->under_way = true;
	k->since_ms = clock_boot_ms();
	record_log(r, "notify-intent", NULL, NULL, body);
	record_post(r, true, order, n, k->target.id);
	return OK;
}

/* An end that was lost on its way must not make it silent for good. */
static void
give_up(struct notify *n, struct kept *k)
{
	if (k->under_way && clock_boot_ms() - k->since_ms >= NOTICE_DONE_MS)
		fail(n, k, "egress never said how it went");
}

static void
tell_of(struct notify *n, struct kept *k)
{
	struct errmsg why;

	give_up(n, k);
	if (k->under_way) {
		k->again = true;
	} else if (tell_one(n, k, &why) != OK) {
		k->withheld++;
		k->last = why;
	}
}

void
notify_tell(struct notify *n, const char *client)
{
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++) {
		struct kept *k = &n->all[i];
		const struct client *c = k->text == NULL
		    ? NULL
		    : trust_client(n->s.trust, target_whom(&k->target));

		if (c != NULL &&
		    (client == NULL || strcmp(c->name, client) == 0))
			tell_of(n, k);
	}
}

/* ---- What clients want ---- */

enum err
notify_check_owner(const struct request *k, struct errmsg *why)
{
	return k->client->role == CLIENT_OWNER
	    ? OK
	    : err_say(
		  why, ERR_DENIED, "only an owner says where notifications go");
}

/* What of it people see.  Of its URL the host: who knows the rest can ring
 * the bell, too. */
static struct json *
shown(const struct notify *n, const struct kept *k)
{
	const struct client *whom =
	    trust_client(n->s.trust, target_whom(&k->target));
	struct json *row = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct url url;

	target_url(&k->target, &url);
	json_put_str(row, "id", k->target.id);
	json_put_strn(row, "name", k->target.name.p, k->target.name.len);
	json_put_strn(row, "service", k->target.kind.p, k->target.kind.len);
	json_put_str(row, "host", url.host);
	json_put_int(row, "hourly", k->target.hourly);
	json_put_int(row, "until_ms", k->target.until_ms);
	if (target_is_webpush(&k->target)) {
		digest_hex(&k->target.whom, hex);
		json_put_str(row, "whom", hex);
		json_put_str(row, "whom_name", whom != NULL ? whom->name : "");
		offers_put_digest(row, k->target.url);
	}
	return row;
}

/* For the log: that the owner signed it. */
static struct json *
added(const struct notify *n, const struct kept *k)
{
	struct json *body = shown(n, k);
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	crypto_hash(k->text, strlen(k->text), &d);
	digest_hex(&d, hex);
	json_put_str(body, "text_sha256", hex);
	json_put_str(body, "signature", k->signature);
	return body;
}

static void
forget_ended(struct notify *n, const struct target *t)
{
	size_t i;

	for (i = 0; i < ENDED_MAX; i++)
		if (str_eq(t->name, n->ended[i].name))
			n->ended[i].name[0] = '\0';
}

/* body: {"text", "signature"} */
enum err
notify_add(void *room, const struct request *k, struct errmsg *why)
{
	struct notify *n = room;
	const char *text = json_words(k->params, "text");
	const char *hex = json_words(k->params, "signature");
	struct signature sig;
	struct kept *place;
	struct target t;
	struct record *r;
	struct json *row;
	struct buf value;
	enum err e = notify_check_owner(k, why);

	if (e == OK && signature_read(hex, &sig) != OK)
		e = err_say(why, ERR_INPUT, "the signature is malformed");
	if (e == OK)
		e = target_verify(n->s.trust, (struct str){text, strlen(text)},
		    &sig, judge_wall_ms(n->s.judge), &t, why);
	if (e == OK && !digest_equal(&t.client, &k->client->id))
		e = err_say(why, ERR_DENIED,
		    "a target is brought by the owner who signed it");
	if (e == OK)
		e = find_place(n, &t, &place, why);
	if (e != OK)
		return e;
	keep(place, text, hex);
	forget_ended(n, &t);
	buf_init(&value, PUSH_TEXT_MAX + SIGNATURE_TEXT_SIZE + 1);
	buf_addf(&value, "%s\n%s", hex, text);
	row = setting(place);
	json_put_str(row, "value", value.p);
	buf_done(&value);
	r = record_new(n->s.requests->ledger);
	record_log(r, "notify-added", NULL, NULL, added(n, place));
	record_row(r, ROW_SETTING, row);
	if (target_is_webpush(&place->target))
		offers_drop(n, &place->target.whom, r);
	request_confirm(n->s.requests, k->id, r);
	return OK;
}

/* body: {"id"}.  Answered when egress says how it went. */
enum err
notify_test(void *room, const struct request *k, struct errmsg *why)
{
	struct notify *n = room;
	struct kept *t = find(n, json_words(k->params, "id"));
	enum err e = notify_check_owner(k, why);

	if (e == OK && t == NULL)
		e = err_say(why, ERR_NOTFOUND,
		    "there is no such target; 'durward notify list' lists "
		    "them");
	if (e == OK)
		give_up(n, t);
	if (e == OK)
		e = tell_one(n, t, why);
	if (e != OK)
		return e;
	t->waits = k->id;
	if (request_await(n->s.requests, k->id, MSG_NOTICE_DONE, ROLE_ANSWER_MS,
		"the push service has not answered yet; 'durward notify list' "
		"says later how it went") != OK) {
		t->waits = 0;
		request_answer(n->s.requests, k->id, json_object());
	}
	return OK;
}

void
notify_query(void *room, const struct request *q)
{
	struct notify *n = room;
	struct json *list = json_array();
	struct json *ended = json_array();
	struct json *answer = json_object();
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++) {
		const struct kept *k = &n->all[i];
		struct json *row;

		if (k->text == NULL)
			continue;
		row = shown(n, k);
		json_put_int(row, "sent", k->sent);
		json_put_int(row, "withheld", k->withheld);
		json_put_str(row, "last", k->last.text);
		json_push(list, row);
	}
	for (i = 0; i < ENDED_MAX; i++) {
		struct json *row;

		if (n->ended[i].name[0] == '\0')
			continue;
		row = json_object();
		json_put_str(row, "name", n->ended[i].name);
		json_put_str(row, "why", n->ended[i].why.text);
		json_push(ended, row);
	}
	json_put(answer, "targets", list);
	json_put(answer, "offers", offers_list(n, q->client));
	json_put(answer, "ended", ended);
	request_answer(n->s.requests, q->id, answer);
}
