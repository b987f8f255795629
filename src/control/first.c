/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/limits.h"
#include "cert/profile.h"
#include "control/control_priv.h"

/*
 * What a phone gets before it can trust anything: the box's root certificate,
 * over plain HTTP.  Its fingerprint is not on the page, where whoever is in
 * between could write what is to be found: the person compares the console
 * with what the phone itself shows.  It is made by src/app/first.mjs.  Nothing
 * else is here, and it is here only while a pairing window for a phone is open.
 */

#define FIELDS                                                                 \
	"Cache-Control: no-store\r\n"                                          \
	"Content-Security-Policy: default-src 'none';"                         \
	" style-src 'unsafe-inline'\r\n"                                       \
	"Referrer-Policy: no-referrer\r\n"

static const struct str page = {"first", 5};

static void
answer(struct control *c, const struct http_request *r, const char *type,
    const struct buf *b)
{
	http_answer(c->first, r->id,
	    &(struct http_answer){.status = 200,
		.type = type,
		.fields = FIELDS,
		.body = b->p,
		.len = b->len});
}

static void
answer_page(struct control *c, const struct http_request *r)
{
	const struct app_file *f = app_find(page);

	http_answer(c->first, r->id,
	    &(struct http_answer){.status = 200,
		.type = f->type,
		.fields = "Content-Encoding: gzip\r\n" FIELDS,
		.body = f->bytes,
		.len = f->len});
}

void
first_on_request(void *arg, const struct http_request *r)
{
	static const char none[] = "{\"error\":\"there is nothing here\"}";
	struct control *c = arg;
	const char *pem = json_words(c->identity, "root");
	struct profile p = {.box = c->box, .root_pem = pem};
	struct buf b;

	buf_init(&b, HTTP_REPLY_MAX);
	if (!str_eq(r->method, "GET")) {
		http_reply(c->first, r->id, 404, none, sizeof(none) - 1);
	} else if (str_eq(r->path, "/")) {
		answer_page(c, r);
	} else if (str_eq(r->path, "/durward.crt")) {
		buf_adds(&b, pem);
		answer(c, r, "application/x-x509-ca-cert", &b);
	} else if (str_eq(r->path, "/durward.mobileconfig")) {
		if (profile_write(&p, &b) == OK)
			answer(c, r, "application/x-apple-aspen-config", &b);
	} else {
		http_reply(c->first, r->id, 404, none, sizeof(none) - 1);
	}
	buf_done(&b);
}
