/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/version.h"
#include "net/retry.h"
#include "push/message.h"
#include "sender/sender_priv.h"
#include "sys/clock.h"

#define AUTHORIZATION_MAX 2048

/* One try: a POST of the constant to the address that was checked. */

static void
add(struct curl_slist **list, const char *line)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (more == NULL)
		fatal("out of memory");
	*list = more;
}

/* Each try has a connection of its own, so this is the only place by which
 * bytes leave. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	const struct sending *s = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !wire_leads_to(to, &s->address, s->at.host.port))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    to->protocol);
}

static size_t
on_header(char *p, size_t one, size_t len, void *arg)
{
	static const char name[] = "retry-after:";
	const size_t n = sizeof(name) - 1;
	struct sending *s = arg;

	(void)one;
	if (len > n && strncasecmp(p, name, n) == 0)
		s->after_ms = retry_after_ms(p + n, len - n, clock_wall_ms());
	return len;
}

/* What it says besides its status is nobody's matter. */
static size_t
on_body(char *p, size_t one, size_t len, void *arg)
{
	struct sending *s = arg;

	(void)p;
	(void)one;
	s->received += len;
	return s->received > PUSH_ANSWER_MAX ? CURL_WRITEFUNC_ERROR : len;
}

static void
on_ended(void *arg, CURLcode code)
{
	post_ended(arg, code);
}

/* RFC 8292 section 3. */
static void
add_authorization(struct sending *s)
{
	struct buf b;

	buf_init(&b, AUTHORIZATION_MAX);
	buf_addf(&b, "authorization: %s", s->authorization);
	add(&s->headers, b.p);
	buf_done(&b);
}

static void
prepare_headers(struct sending *s)
{
	static const char *const plain[] = {PUSH_HEADERS};
	static const char *const sealed[] = {PUSH_HEADERS_SEALED};
	const char *const *lines = s->sealed != NULL ? sealed : plain;
	size_t n = s->sealed != NULL ? ARRAY_LEN(sealed) : ARRAY_LEN(plain);
	char text[ADDRESS_TEXT_SIZE];
	char line[ADDRESS_TEXT_SIZE + 16];
	size_t i;

	for (i = 0; i < n; i++)
		add(&s->headers, lines[i]);
	if (s->sealed != NULL)
		add_authorization(s);
	address_write(&s->address, text);
	snprintf(line, sizeof(line),
	    s->address.len == 4 ? "::%s:%u" : "::[%s]:%u", text,
	    (unsigned)s->at.host.port);
	add(&s->connect_to, line);
}

static bool
prepare(struct sending *s)
{
	bool good = true;

#define SET(option, value)                                                     \
	(good = good &&                                                        \
		curl_easy_setopt(s->curl, (option), (value)) == CURLE_OK)
	SET(CURLOPT_URL, s->url);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)PUSH_TRY_MS);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_USERAGENT, "durward/" VERSION);
	SET(CURLOPT_HTTPHEADER, s->headers);
	SET(CURLOPT_CONNECT_TO, s->connect_to);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, s);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, s);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS,
	    s->sealed != NULL ? (const char *)s->sealed : PUSH_TEXT);
	SET(CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)(s->sealed != NULL ? WEBPUSH_LEN : strlen(PUSH_TEXT)));
#undef SET
	return good;
}

bool
post_begin(struct sending *s)
{
	s->received = 0;
	s->after_ms = -1;
	s->trip = (struct trip){on_ended, s};
	prepare_headers(s);
	s->curl = curl_easy_init();
	if (s->curl == NULL || !prepare(s))
		fatal("libcurl refuses an option");
	wire_add(s->sender->s.wire, s->curl, &s->trip);
	if (wire_trust(s->sender->s.wire, s->curl))
		return true;
	post_drop(s);
	err_say(&s->why, OK,
	    "there are no certificates to know %s by; install "
	    "ca-certificates, or start the house with --authorities FILE",
	    s->at.host.name);
	return false;
}

void
post_drop(struct sending *s)
{
	if (s->curl == NULL)
		return;
	wire_remove(s->sender->s.wire, s->curl);
	curl_easy_cleanup(s->curl);
	curl_slist_free_all(s->headers);
	curl_slist_free_all(s->connect_to);
	s->curl = NULL;
	s->headers = s->connect_to = NULL;
}
