/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/version.h"
#include "egress/egress_priv.h"
#include "sys/clock.h"
#include "sys/sock.h"

/* ---- What is said beside the body ---- */

/* Without the end of its line, if it came from a file. */
static size_t
key_len(const struct secret *key)
{
	const char *p = secret_reveal(key);
	size_t len = secret_len(key);

	while (len > 0 && strchr(" \t\r\n", p[len - 1]) != NULL &&
	    p[len - 1] != '\0')
		len--;
	return len;
}

static bool
is_header_value(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] < '!' || p[i] > '~')
			return false;
	return len > 0;
}

static bool
add_key(struct curl_slist **list, const char *name, const struct secret *key)
{
	size_t len = key_len(key);
	size_t size = strlen(name) + len + 1;
	struct curl_slist *more;
	char *line;

	if (!is_header_value(secret_reveal(key), len))
		return false;
	line = xalloc(size);
	snprintf(line, size, "%s%.*s", name, (int)len, secret_reveal(key));
	more = curl_slist_append(*list, line);
	explicit_bzero(line, size);
	free(line);
	if (more == NULL)
		fatal("out of memory");
	*list = more;
	return true;
}

static void
add(struct curl_slist **list, const char *line)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (more == NULL)
		fatal("out of memory");
	*list = more;
}

struct curl_slist *
headers_new(enum dialect d, const struct secret *key)
{
	struct curl_slist *list = NULL;
	bool good = true;

	add(&list, "content-type: application/json");
	add(&list,
	    d == DIALECT_OLLAMA ? "accept: application/x-ndjson"
				: "accept: text/event-stream");
	/* What is compressed could become anything. */
	add(&list, "accept-encoding: identity");
	add(&list, "expect:");
	if (d == DIALECT_ANTHROPIC)
		add(&list, "anthropic-version: 2023-06-01");
	if (key != NULL)
		good = add_key(&list,
		    d == DIALECT_ANTHROPIC ? "x-api-key: "
					   : "authorization: Bearer ",
		    key);
	if (good)
		return list;
	headers_wipe(list);
	curl_slist_free_all(list);
	return NULL;
}

void
headers_wipe(struct curl_slist *list)
{
	for (; list != NULL; list = list->next)
		explicit_bzero(list->data, strlen(list->data));
}

/* ---- What libcurl asks ---- */

/* Only to the address that was checked. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	const struct call *c = arg;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !wire_leads_to(to, &c->address, c->provider.at.host.port))
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    to->protocol);
	if (fd >= 0)
		sock_notice_silence(fd, MODEL_SILENT_MS);
	return fd;
}

/* A connection, new or kept: is it to that address, too? */
static int
before_request(void *arg, char *to, char *from, int port, int from_port)
{
	struct call *c = arg;
	struct address a;

	(void)from;
	(void)from_port;
	if (address_read(to, &a) != OK || a.len != c->address.len ||
	    memcmp(a.b, c->address.b, a.len) != 0 ||
	    port != c->provider.at.host.port)
		return CURL_PREREQFUNC_ABORT;
	c->try.sent = true;
	call_sent(c);
	return CURL_PREREQFUNC_OK;
}

static bool
is_header(const char *p, size_t len, const char *name)
{
	return len >= strlen(name) && strncasecmp(p, name, strlen(name)) == 0;
}

static size_t
on_header(char *p, size_t one, size_t len, void *arg)
{
	struct call *c = arg;

	(void)one;
	if (is_header(p, len, "http/")) {
		c->try.after_ms = -1;
		c->try.encoded = false;
	} else if (is_header(p, len, "retry-after:")) {
		c->try.after_ms =
		    retry_after_ms(p + 12, len - 12, clock_wall_ms());
	} else if (is_header(p, len, "content-encoding:")) {
		c->try.encoded = memmem(p, len, "identity", 8) == NULL;
	}
	return len;
}

static size_t
on_body(char *p, size_t one, size_t len, void *arg)
{
	struct call *c = arg;
	struct buf *refusal = &c->try.refusal;

	(void)one;
	if (c->failed)
		return CURL_WRITEFUNC_ERROR;
	if (try_status(c) != 200) {
		if (len > refusal->max - refusal->len)
			len = refusal->max - refusal->len;
		buf_add(refusal, p, len);
		return len; /* Fewer than there were end it. */
	}
	if (c->try.encoded) {
		call_fail(c,
		    "the provider compressed its answer, which nobody asked "
		    "for");
		return CURL_WRITEFUNC_ERROR;
	}
	if (!reply_take(c, p, len)) {
		c->try.paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	return c->failed ? CURL_WRITEFUNC_ERROR : len;
}

/* ---- Begin and end ---- */

long
try_status(const struct call *c)
{
	long status = 0;

	if (c->try.curl != NULL)
		curl_easy_getinfo(c->try.curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* For every name of the URL: this address, at this port. */
static void
fix_address(struct call *c)
{
	char text[ADDRESS_TEXT_SIZE];
	char line[ADDRESS_TEXT_SIZE + 16];

	address_write(&c->address, text);
	snprintf(line, sizeof(line),
	    c->address.len == 4 ? "::%s:%u" : "::[%s]:%u", text,
	    (unsigned)c->provider.at.host.port);
	add(&c->try.connect_to, line);
}

static void
on_ended(void *arg, CURLcode code)
{
	call_tried(arg, code);
}

static bool
prepare(struct call *c)
{
	struct try *t = &c->try;
	bool good = true;

#define SET(option, value)                                                     \
	(good = good &&                                                        \
		curl_easy_setopt(t->curl, (option), (value)) == CURLE_OK)
	SET(CURLOPT_ERRORBUFFER, t->error);
	SET(CURLOPT_URL, c->provider.url);
	SET(CURLOPT_PROTOCOLS_STR, c->provider.at.tls ? "https" : "http");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_USERAGENT, "durward/" VERSION);
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_CONNECT_TO, t->connect_to);
	SET(CURLOPT_MAXAGE_CONN, (long)(EGRESS_KEPT_MS / 1000));
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, c);
	SET(CURLOPT_PREREQFUNCTION, before_request);
	SET(CURLOPT_PREREQDATA, c);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, c);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, c);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, c->body);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body_len);
#undef SET
	return good;
}

bool
try_begin(struct call *c)
{
	struct try *t = &c->try;

	t->headers = headers_new(c->provider.dialect, c->key);
	if (t->headers == NULL) {
		call_fail(c,
		    "the key '%s' holds characters that no request can carry; "
		    "'durward secret rotate %s' gives another one",
		    c->provider.key_name, c->provider.key_name);
		return false;
	}
	t->after_ms = -1;
	t->sent = t->encoded = t->paused = false;
	t->error[0] = '\0';
	buf_init(&t->refusal, MODEL_ERROR_MAX + EGRESS_OVERLAP);
	fix_address(c);
	t->curl = curl_easy_init();
	if (t->curl == NULL || !prepare(c))
		fatal("libcurl refuses an option");
	t->trip = (struct trip){on_ended, c};
	wire_add(c->eg->wire, t->curl, &t->trip);
	if (!c->provider.at.tls || wire_trust(c->eg->wire, t->curl))
		return true;
	call_fail(c,
	    "there are no certificates to know %s by; install "
	    "ca-certificates, or start the house with --authorities FILE",
	    c->provider.at.host.name);
	return false;
}

void
try_drop(struct call *c)
{
	struct try *t = &c->try;

	if (t->headers == NULL)
		return;
	if (t->curl != NULL) {
		wire_remove(c->eg->wire, t->curl);
		curl_easy_cleanup(t->curl);
	}
	headers_wipe(t->headers);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->connect_to);
	buf_done(&t->refusal);
	memset(t, 0, sizeof(*t));
}
