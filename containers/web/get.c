/* SPDX-License-Identifier: Apache-2.0 */
#include "web/get.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "web/trouble.h"
#include "web/url.h"

#define AGENT "durward-web/1"
#define ACCEPT "Accept: text/html,application/xhtml+xml,text/*;q=0.9,*/*;q=0.5"

struct getting {
	CURL *curl;
	CURLU *url;
	const struct sink *sink;
	struct got *got;
	struct trouble trouble;
	/* Known when the first bytes of the body come. */
	bool is_success;
	bool is_refused;
	bool is_wanted;
	bool is_size_enough;
	bool too_large;
	bool sink_failed;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static long
status_of(CURL *curl)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void
take_type(CURL *curl, char ret[TYPE_MAX + 1])
{
	char *type = NULL;
	size_t n = 0;

	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	for (; type != NULL && *type != '\0' && n < TYPE_MAX; type++)
		if (*type >= ' ' && *type <= '~')
			ret[n++] = *type;
	ret[n] = '\0';
}

static void
begin_body(struct getting *g)
{
	curl_off_t length = -1;
	long status = status_of(g->curl);

	g->is_success = status >= 200 && status < 300;
	g->is_refused = status >= 400;
	if (!g->is_success)
		return;
	take_type(g->curl, g->got->type);
	g->is_wanted = g->sink->wants(g->sink->arg, g->got->type);
	curl_easy_getinfo(g->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (!g->is_wanted && length >= 0) {
		g->is_size_enough = true;
		g->got->bytes = length;
		g->got->is_whole = false;
	} else if (length > BODY_MAX) {
		g->too_large = true;
	}
}

static size_t
on_body(char *p, size_t one, size_t n, void *arg)
{
	struct getting *g = arg;

	(void)one;
	if (g->got->bytes == 0)
		begin_body(g);
	if (g->is_refused || g->is_size_enough || g->too_large)
		return CURL_WRITEFUNC_ERROR;
	g->got->bytes += (int64_t)n;
	g->too_large = g->got->bytes > BODY_MAX;
	if (g->too_large)
		return CURL_WRITEFUNC_ERROR;
	if (!g->is_success || !g->is_wanted)
		return n;
	g->sink_failed = !g->sink->take(g->sink->arg, p, n);
	return g->sink_failed ? CURL_WRITEFUNC_ERROR : n;
}

/* Everything that does not change from one address to the next. */
static bool
prepare(struct getting *g, struct curl_slist *headers)
{
	CURL *c = g->curl;
	bool good = c != NULL && headers != NULL;

#define SET(option, value)                                                     \
	(good = good && curl_easy_setopt(c, (option), (value)) == CURLE_OK)
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, AGENT);
	SET(CURLOPT_HTTPHEADER, headers);
	/* Whatever zlib undoes. */
	SET(CURLOPT_ACCEPT_ENCODING, "");
	/* The house's names all stand for IPv4 addresses. */
	SET(CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, g);
	SET(CURLOPT_CURLU, g->url);
#undef SET
	return good && trouble_watch(&g->trouble, c);
}

static CURLcode
perform(struct getting *g, int64_t until_ms)
{
	int64_t left_ms = until_ms - now_ms();
	CURLcode code = CURLE_OPERATION_TIMEDOUT;

	g->got->bytes = 0;
	g->got->is_whole = true;
	g->got->type[0] = '\0';
	trouble_forget(&g->trouble);
	if (left_ms > 0 &&
	    curl_easy_setopt(g->curl, CURLOPT_TIMEOUT_MS, (long)left_ms) ==
		CURLE_OK)
		code = curl_easy_perform(g->curl);
	/* An empty body never began. */
	if (code == CURLE_OK && g->got->bytes == 0)
		begin_body(g);
	return code;
}

/* The answer says to look elsewhere: take that address if it is at the same
 * place, else say which it is. */
static bool
follow(struct getting *g, struct reply *reply)
{
	char *to = NULL;
	CURLU *next = curl_url();
	char whole[URL_MAX + 1];
	bool good = false;

	curl_easy_getinfo(g->curl, CURLINFO_REDIRECT_URL, &to);
	if (to == NULL || next == NULL || !url_resolve(g->url, to, whole) ||
	    curl_url_set(next, CURLUPART_URL, whole, 0) != CURLUE_OK)
		reply_set(reply, true,
		    "the page has moved, but the server gives no address "
		    "that can be fetched");
	else if (!url_same_place(g->url, next))
		reply_set(reply, true,
		    "the page has moved to another place, which this call may "
		    "not reach; fetch this address instead: %s",
		    whole);
	else
		good =
		    curl_url_set(g->url, CURLUPART_URL, whole, 0) == CURLUE_OK;
	curl_url_cleanup(next);
	return good;
}

static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static bool
conclude(struct getting *g, CURLcode code, struct reply *reply)
{
	if (g->sink_failed)
		return false;
	if (g->too_large) {
		reply_set(reply, true, "it is larger than " BODY_MAX_WORDS);
		return false;
	}
	if (g->is_size_enough)
		return true;
	if (code != CURLE_OK && !g->is_refused) {
		trouble_tell(&g->trouble, g->curl, g->url, code, reply);
		return false;
	}
	if (!g->is_success) {
		trouble_tell_status(status_of(g->curl), reply);
		return false;
	}
	return true;
}

static bool
get_all(struct getting *g, struct reply *reply)
{
	int64_t until_ms = now_ms() + WHOLE_MS;
	int redirects = 0;

	for (;;) {
		CURLcode code = perform(g, until_ms);

		if (code != CURLE_OK || !is_redirect(status_of(g->curl)))
			return conclude(g, code, reply);
		if (!follow(g, reply))
			return false;
		if (++redirects > REDIRECTS_MAX) {
			reply_set(reply, true,
			    "the server sends from one address to the next, "
			    "more than %d times",
			    REDIRECTS_MAX);
			return false;
		}
		g->got->moved = true;
	}
}

bool
get(const char *url, const struct sink *sink, struct got *ret,
    struct reply *reply)
{
	struct getting g = {.sink = sink, .got = ret};
	struct curl_slist *headers = NULL;
	bool good = false;

	memset(ret, 0, sizeof(*ret));
	g.url = url_parse(url, reply);
	if (g.url == NULL)
		return false;
	/* New for each call: what one was allowed to reach must not stay open
	 * for the next. */
	g.curl = curl_easy_init();
	headers = curl_slist_append(NULL, ACCEPT);
	if (!prepare(&g, headers))
		reply_set(reply, true, "out of memory");
	else
		good = get_all(&g, reply) && url_whole(g.url, ret->url);
	curl_easy_cleanup(g.curl);
	curl_slist_free_all(headers);
	curl_url_cleanup(g.url);
	return good;
}
