/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "notify/notify_priv.h"

/*
 * What browsers offer: each says where it can be told, signed with its own
 * key, and there it ends until an owner makes a target of it.
 */

#define SCOPE "push-offer"
#define VALUE_MAX 4096

static struct str
text_of(const char *s)
{
	return (struct str){s, strlen(s)};
}

static struct offered *
find(struct notify *n, const struct digest *client)
{
	size_t i;

	for (i = 0; i < PUSH_OFFERS_MAX; i++)
		if (n->offers[i].url != NULL &&
		    digest_equal(&n->offers[i].client, client))
			return &n->offers[i];
	return NULL;
}

static struct offered *
find_free(struct notify *n)
{
	size_t i;

	for (i = 0; i < PUSH_OFFERS_MAX; i++)
		if (n->offers[i].url == NULL)
			return &n->offers[i];
	return NULL;
}

static void
drop(struct offered *o)
{
	free(o->url);
	memset(o, 0, sizeof(*o));
}

/* {"url", "p256dh", "auth"} */
static enum err
check(const struct json *body, struct errmsg *why)
{
	struct webpush_to to;
	struct url url;
	enum err e =
	    offer_read_url(text_of(json_words(body, "url")), &url, why);

	return e != OK ? e
		       : offer_read_keys(text_of(json_words(body, "p256dh")),
			     text_of(json_words(body, "auth")), &to, why);
}

static void
keep(struct offered *o, const struct digest *client, const struct json *body)
{
	drop(o);
	o->client = *client;
	o->url =
	    xstrndup(json_words(body, "url"), strlen(json_words(body, "url")));
	snprintf(
	    o->p256dh, sizeof(o->p256dh), "%s", json_words(body, "p256dh"));
	snprintf(o->auth, sizeof(o->auth), "%s", json_words(body, "auth"));
}

static struct json *
setting(const struct digest *client)
{
	struct json *row = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(client, hex);
	json_put_str(row, "scope", SCOPE);
	json_put_str(row, "name", hex);
	return row;
}

void
offers_load(struct notify *n, const struct json *row)
{
	const char *hex = json_words(row, "name");
	const char *value = json_words(row, "value");
	struct offered *place = find_free(n);
	struct json *body = NULL;
	struct errmsg why = {""};
	struct digest client;

	if (strcmp(json_words(row, "scope"), SCOPE) != 0)
		return;
	if (place == NULL || digest_read(hex, strlen(hex), &client) != OK ||
	    json_parse(value, strlen(value), &body) != OK ||
	    check(body, &why) != OK)
		log_warn("what a browser offered is not taken: %s", why.text);
	else
		keep(place, &client, body);
	json_free(body);
}

void
offers_drop(struct notify *n, const struct digest *client, struct record *r)
{
	struct offered *o = find(n, client);

	if (o == NULL)
		return;
	record_row(r, ROW_SETTING_GONE, setting(client));
	drop(o);
}

static void
forget(struct notify *n, const struct digest *client, const char *name)
{
	struct record *r = record_new(n->s.requests->ledger);
	struct json *body = json_object();

	json_put_str(body, "name", name);
	record_log(r, "notify-refused", NULL, NULL, body);
	offers_drop(n, client, r);
	record_post(r, false, NULL, NULL, NULL);
}

void
offers_forget_dead(struct notify *n)
{
	const struct client *c;
	size_t i;

	for (i = 0; i < PUSH_OFFERS_MAX; i++) {
		struct digest client = n->offers[i].client;

		if (n->offers[i].url == NULL)
			continue;
		c = trust_client(n->s.trust, &client);
		/* One whose time is over may be given more. */
		if (c == NULL || c->revoked)
			forget(n, &client, c != NULL ? c->name : "");
	}
}

/* ---- What clients want ---- */

void
offers_put_digest(struct json *row, struct str url)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	crypto_hash(url.p, url.len, &d);
	digest_hex(&d, hex);
	json_put_str(row, "url_sha256", hex);
}

struct json *
offers_list(const struct notify *n, const struct client *who)
{
	struct json *list = json_array();
	struct errmsg why;
	struct url url;
	size_t i;

	for (i = 0; i < PUSH_OFFERS_MAX; i++) {
		const struct offered *o = &n->offers[i];
		const struct client *c = o->url == NULL
		    ? NULL
		    : trust_client(n->s.trust, &o->client);
		struct json *row;
		char hex[DIGEST_HEX_SIZE];

		if (c == NULL ||
		    offer_read_url(text_of(o->url), &url, &why) != OK)
			continue;
		row = json_object();
		digest_hex(&o->client, hex);
		json_put_str(row, "name", c->name);
		json_put_str(row, "whom", hex);
		json_put_str(row, "host", url.host);
		offers_put_digest(row, text_of(o->url));
		if (who->role == CLIENT_OWNER) {
			json_put_str(row, "url", o->url);
			json_put_str(row, "p256dh", o->p256dh);
			json_put_str(row, "auth", o->auth);
		}
		json_push(list, row);
	}
	return list;
}

static enum err
find_place(struct notify *n, const struct request *k, struct offered **ret,
    struct errmsg *why)
{
	struct offered *o = find(n, &k->client->id);

	if (o == NULL)
		o = find_free(n);
	if (o == NULL)
		return err_say(why, ERR_LIMIT,
		    "%d browsers wait for an owner's yes already; 'durward "
		    "notify allow' and 'durward notify remove' make room",
		    PUSH_OFFERS_MAX);
	*ret = o;
	return OK;
}

/* body: {"url", "p256dh", "auth"}, of the browser that signed the command. */
enum err
notify_offer(void *room, const struct request *k, struct errmsg *why)
{
	struct notify *n = room;
	struct offered *place = NULL;
	struct json *body;
	struct json *row;
	struct record *r;
	char *value;
	enum err e = check(k->params, why);

	if (e == OK && k->client->kind != CLIENT_BROWSER)
		e = err_say(why, ERR_DENIED,
		    "only a browser has such an address; 'durward notify add' "
		    "takes others");
	if (e == OK)
		e = find_place(n, k, &place, why);
	if (e != OK)
		return e;
	keep(place, &k->client->id, k->params);
	body = json_object();
	json_put_str(body, "url", place->url);
	json_put_str(body, "p256dh", place->p256dh);
	json_put_str(body, "auth", place->auth);
	value = json_print(body);
	json_free(body);
	row = setting(&place->client);
	json_put_str(row, "value", value);
	free(value);
	body = json_object();
	json_put_str(body, "name", k->client->name);
	r = record_new(n->s.requests->ledger);
	record_log(r, "notify-offered", NULL, NULL, body);
	record_row(r, ROW_SETTING, row);
	request_confirm(n->s.requests, k->id, r);
	return OK;
}

/* body: {"whom"}: an owner does not want it, or its browser no longer. */
enum err
notify_refuse(void *room, const struct request *k, struct errmsg *why)
{
	struct notify *n = room;
	const char *hex = json_words(k->params, "whom");
	const struct client *c;
	struct digest whom;
	struct json *body;
	struct record *r;
	enum err e = digest_read(hex, strlen(hex), &whom);

	if (e != OK || find(n, &whom) == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "there is no such offer; 'durward notify' lists them");
	if (!digest_equal(&whom, &k->client->id))
		e = notify_check_owner(k, why);
	if (e != OK)
		return e;
	c = trust_client(n->s.trust, &whom);
	body = json_object();
	json_put_str(body, "name", c != NULL ? c->name : "");
	r = record_new(n->s.requests->ledger);
	record_log(r, "notify-refused", NULL, NULL, body);
	offers_drop(n, &whom, r);
	request_confirm(n->s.requests, k->id, r);
	return OK;
}
