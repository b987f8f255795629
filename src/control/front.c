/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "control/control_priv.h"

/* The web app's files, for anybody: nothing of the house stands in them. */

/* The page runs what came with it, talks to its own house, and stands in no
 * other page; the camera is for the code of a pairing. */
static const char page_fields[] =
    "Content-Encoding: gzip\r\n"
    "Cache-Control: no-cache\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self';"
    " style-src 'self'; img-src 'self'; connect-src 'self';"
    " manifest-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(self), microphone=(), geolocation=()\r\n"
    "Referrer-Policy: no-referrer\r\n";

/* Does the browser have it from this very process?  The validator is nothing
 * that one before could know: what a false page left in the browser's cache is
 * none of ours, however it is named. */
static bool
is_known(const struct control *c, const struct http_request *r)
{
	return str_eq(http_head_find(r->head, "if-none-match"), c->validator);
}

static void
serve(const struct control *c, const struct http_request *r)
{
	const struct app_file *f = app_find(r->path);
	static const char none[] = "{\"error\":\"there is nothing here\"}";
	char fields[sizeof(page_fields) + sizeof(c->validator) + 16];

	if (f == NULL) {
		http_reply(r->server, r->id, 404, none, sizeof(none) - 1);
		return;
	}
	snprintf(fields, sizeof(fields), "ETag: %s\r\n%s", c->validator,
	    page_fields);
	http_answer(r->server, r->id,
	    &(struct http_answer){
		.status = is_known(c, r) ? HTTP_NOT_MODIFIED : 200,
		.type = f->type,
		.fields = fields,
		.body = f->bytes,
		.len = f->len});
}

/* A browser that asks for the script of a service worker that is none of ours
 * has it from a false page, which it goes on showing whatever we serve; but it
 * asks past it, so what ends it gets there.  One that took our worker's name
 * is replaced by ours in the same way. */
static void
end_worker(const struct http_request *r)
{
	static const char script[] =
	    "addEventListener('install',()=>skipWaiting());"
	    "addEventListener('activate',(e)=>e.waitUntil((async()=>{"
	    "await registration.unregister();"
	    "for(const w of await clients.matchAll({type:'window'}))"
	    "w.navigate(w.url)})()));";

	http_answer(r->server, r->id,
	    &(struct http_answer){.status = 200,
		.type = "text/javascript",
		.fields = "Cache-Control: no-store\r\n",
		.body = script,
		.len = sizeof(script) - 1});
}

/* {"box", "key"}: what a pairing token is compared with. */
static void
tell_box(struct control *c, const struct http_request *r)
{
	struct json *v = json_object();
	char box[DIGEST_HEX_SIZE];
	char key[PUBLIC_HEX_SIZE];
	struct buf b;

	buf_init(&b, 1024);
	digest_hex(&c->box, box);
	public_hex(&c->box_key, key);
	json_put_str(v, "box", box);
	json_put_str(v, "key", key);
	json_print_into(v, &b);
	http_reply(r->server, r->id, 200, b.p, b.len);
	buf_done(&b);
	json_free(v);
}

bool
front_is_for(const struct control *c, const struct http_request *r)
{
	size_t i;

	for (i = 0; i < c->n_certificates; i++)
		if (r->has_client &&
		    digest_equal(&c->certificates[i], &r->client))
			return true;
	return false;
}

void
front_on_request(void *arg, const struct http_request *r)
{
	static const char no[] = "{\"error\":\"GET a page, or POST /v1/pair\"}";
	static const char shut[] =
	    "{\"error\":\"this port takes a recovery code and nothing else\"}";
	struct control *c = arg;
	bool get = str_eq(r->method, "GET");

	if (str_eq(r->method, "POST") && str_eq(r->path, "/v1/pair"))
		door_on_request(c, r);
	else if (r->server == c->front && door_is_for_codes(c))
		http_reply(r->server, r->id, 404, shut, sizeof(shut) - 1);
	else if (!get)
		http_reply(r->server, r->id, 405, no, sizeof(no) - 1);
	else if (str_eq(http_head_find(r->head, "service-worker"), "script") &&
	    app_find(r->path) == NULL)
		end_worker(r);
	else if (str_eq(r->path, "/v1/live"))
		live_begin(c, r);
	else if (str_eq(r->path, "/v1/box"))
		tell_box(c, r);
	else
		serve(c, r);
}
