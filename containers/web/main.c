/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/serve.h"
#include "web/get.h"
#include "web/limits.h"
#include "web/page.h"
#include "web/saved.h"
#include "web/url.h"

/*
 * web: one page of the web as text, or kept in /data.
 *
 * A call reaches the host of its address and nothing else: that is what the
 * house opens for it.
 */

struct body {
	uint8_t *p;
	size_t len;
	size_t room;
	struct reply *reply;
};

/* ---- the text of a page ---- */

static bool
resolve(void *arg, const char *href, char ret[URL_MAX + 1])
{
	CURLU **base = arg;

	return url_resolve(*base, href, ret);
}

static void
rebase(void *arg, const char *href)
{
	CURLU **base = arg;
	char whole[URL_MAX + 1];

	if (url_resolve(*base, href, whole))
		(void)curl_url_set(*base, CURLUPART_URL, whole, 0);
}

static void
tell_text(const struct page_text *t, const char *address, struct reply *reply)
{
	char missing[80] = "";
	bool has_head =
	    t->title[0] != '\0' || address[0] != '\0' || t->note[0] != '\0';

	if (t->text.missing > 0)
		snprintf(missing, sizeof(missing),
		    "\n\n[Cut here: %zu more bytes of text are not shown.]",
		    t->text.missing);
#define LINE(name, s)                                                          \
	(s)[0] != '\0' ? name : "", (s), (s)[0] != '\0' ? "\n" : ""
	reply_set(reply, false, "%s%s%s%s%s%s%s%s%s%s%s%s",
	    LINE("Title: ", t->title), LINE("Address: ", address),
	    LINE("", t->note), has_head ? "\n" : "",
	    t->text.len > 0 ? t->text.p : "(The page has no text.)", missing);
#undef LINE
}

static void
tell_page(const struct page *page, const char *url, const char *address,
    struct reply *reply)
{
	static struct page_text text;
	CURLU *base = curl_url();
	struct links links = {resolve, rebase, &base};

	if (base != NULL && url[0] != '\0')
		(void)curl_url_set(base, CURLUPART_URL, url, 0);
	if (page_read(page, &links, &text))
		tell_text(&text, address, reply);
	else
		reply_set(reply, false, "It is no text: %s, %zu bytes.",
		    page->type[0] != '\0' ? page->type : "of no type",
		    page->len);
	curl_url_cleanup(base);
}

/* ---- the functions ---- */

static bool
wants_text(void *arg, const char *type)
{
	(void)arg;
	return page_may_be_text(type);
}

static bool
take_body(void *arg, const void *p, size_t n)
{
	struct body *b = arg;

	if (n > b->room - b->len) {
		size_t room = 2 * b->room + n;
		uint8_t *more = realloc(b->p, room);

		if (more == NULL) {
			reply_set(b->reply, true, "out of memory");
			return false;
		}
		b->p = more;
		b->room = room;
	}
	memcpy(b->p + b->len, p, n);
	b->len += n;
	return true;
}

static void
run_fetch(const cJSON *args, struct reply *reply)
{
	struct body body = {NULL, 0, 0, reply};
	struct sink sink = {wants_text, take_body, &body};
	struct got got;

	if (!get(arg_text(args, "url"), &sink, &got, reply))
		;
	else if (!page_may_be_text(got.type))
		reply_set(reply, false,
		    "It is no text: %s, %lld bytes.  It can be saved.",
		    got.type, (long long)got.bytes);
	else
		tell_page(&(struct page){got.type,
			      body.p != NULL ? body.p : (const uint8_t *)"",
			      body.len},
		    got.url, got.moved ? got.url : "", reply);
	free(body.p);
}

static bool
wants_all(void *arg, const char *type)
{
	(void)arg;
	(void)type;
	return true;
}

static bool
take_saved(void *arg, const void *p, size_t n)
{
	return saved_take(arg, p, n);
}

static void
run_save(const cJSON *args, struct reply *reply)
{
	struct saving saving;
	struct sink sink = {wants_all, take_saved, &saving};
	struct saved_as as;
	struct got got;

	if (saved_begin(&saving, reply) &&
	    get(arg_text(args, "url"), &sink, &got, reply) &&
	    saved_keep(&saving, got.url, got.type, &as))
		reply_set(reply, false,
		    "Saved as %s\nfrom %s\n%lld bytes\nsha256 %s", as.name,
		    got.url, (long long)got.bytes, as.sha256);
	saved_drop(&saving);
}

static void
run_list(const cJSON *args, struct reply *reply)
{
	(void)args;
	saved_list(reply);
}

static void
run_read(const cJSON *args, struct reply *reply)
{
	struct saved_page page;

	if (saved_read(arg_text(args, "name"), &page, reply))
		tell_page(&(struct page){page.type, page.p, page.len}, page.url,
		    page.url, reply);
	free(page.p);
}

#define TEXT_SCHEMA(name)                                                      \
	"{\"type\":\"object\",\"properties\":{\"" name                         \
	"\":{\"type\":\"string\"}},\"required\":[\"" name "\"]}"

static const struct function functions[] = {
    {"fetch", "Get a page of the web as text, by its address.",
	TEXT_SCHEMA("url"), run_fetch},
    {"save", "Save what an address of the web has, as it is.",
	TEXT_SCHEMA("url"), run_save},
    {"list", "List the names of all saved pages.",
	"{\"type\":\"object\",\"properties\":{}}", run_list},
    {"read", "Read a saved page as text, by its name.", TEXT_SCHEMA("name"),
	run_read},
};

int
main(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 1;
	return serve(
	    "web", functions, (int)(sizeof(functions) / sizeof(functions[0])));
}
