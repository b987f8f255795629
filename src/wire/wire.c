/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/authorities.h"
#include "sys/clock.h"

struct wire {
	struct wire_setup s;
	CURLM *multi;
	uint64_t timer; /* libcurl's. */
	uint64_t idle; /* When connections go that nobody used. */
	size_t n; /* Tries under way. */
	struct authorities *authorities; /* NULL before the first TLS. */
};

/* ---- Memory ---- */

static void
free_wiped(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *
grow_wiped(void *p, size_t n)
{
	size_t before = p != NULL ? malloc_usable_size(p) : 0;
	void *q;

	if (before >= n && p != NULL)
		return p;
	q = malloc(n);
	if (q == NULL)
		return NULL;
	if (p != NULL)
		memcpy(q, p, before);
	free_wiped(p);
	return q;
}

/* ---- On the loop ---- */

/* Ends tries, which may begin others. */
static void
take_ended(struct wire *w)
{
	CURLMsg *msg;
	int left;

	w->s.behind(w->s.arg);
	while ((msg = curl_multi_info_read(w->multi, &left)) != NULL) {
		CURLcode code = msg->data.result;
		const struct trip *trip;
		char *of = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &of);
		trip = (const void *)of;
		trip->ended(trip->arg, code);
	}
}

static void
on_socket(void *arg, int fd, int events)
{
	struct wire *w = arg;
	int mask = 0;
	int running;

	if (events & LOOP_READ)
		mask |= CURL_CSELECT_IN;
	if (events & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	if (events & LOOP_HANGUP)
		mask |= CURL_CSELECT_ERR;
	curl_multi_socket_action(w->multi, fd, mask, &running);
	take_ended(w);
}

static void
on_timer(void *arg)
{
	struct wire *w = arg;
	int running;

	w->timer = 0;
	curl_multi_socket_action(w->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_ended(w);
}

static int
watch_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *known)
{
	static char marker;
	struct wire *w = arg;
	int events = 0;

	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		loop_remove(w->s.loop, fd);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= LOOP_READ;
	if (what & CURL_POLL_OUT)
		events |= LOOP_WRITE;
	if (known != NULL)
		return loop_change(w->s.loop, fd, events) == OK ? 0 : -1;
	curl_multi_assign(w->multi, fd, &marker);
	return loop_add(w->s.loop, fd, events, on_socket, w) == OK ? 0 : -1;
}

static int
watch_clock(CURLM *multi, long wait_ms, void *arg)
{
	struct wire *w = arg;

	(void)multi;
	loop_timer_cancel(w->s.loop, w->timer);
	w->timer = wait_ms < 0
	    ? 0
	    : loop_timer(w->s.loop, clock_boot_ms() + wait_ms, on_timer, w);
	return 0;
}

struct wire *
wire_open(const struct wire_setup *s)
{
	struct wire *w = xalloc(sizeof(*w));
	bool good;

	w->s = *s;
	good = curl_global_init_mem(CURL_GLOBAL_ALL, malloc, free_wiped,
		   grow_wiped, strdup, calloc) == CURLE_OK;
	w->multi = good ? curl_multi_init() : NULL;
	if (w->multi == NULL)
		fatal("libcurl does not start");
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, watch_clock);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
	curl_multi_setopt(w->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(
	    w->multi, CURLMOPT_MAXCONNECTS, (long)EGRESS_CONNS_MAX);
	return w;
}

/* ---- Connections ---- */

void
wire_forget(struct wire *w)
{
	curl_multi_setopt(
	    w->multi, CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_CONNS);
}

static void
on_idle(void *arg)
{
	struct wire *w = arg;

	w->idle = 0;
	wire_forget(w);
}

void
wire_add(struct wire *w, CURL *curl, const struct trip *trip)
{
	char *of = (char *)(uintptr_t)trip;

	loop_timer_cancel(w->s.loop, w->idle);
	w->idle = 0;
	w->n++;
	if (curl_easy_setopt(curl, CURLOPT_PRIVATE, of) != CURLE_OK ||
	    curl_multi_add_handle(w->multi, curl) != CURLM_OK)
		fatal("libcurl takes no more calls");
}

void
wire_remove(struct wire *w, CURL *curl)
{
	curl_multi_remove_handle(w->multi, curl);
	if (--w->n == 0)
		w->idle = loop_timer(
		    w->s.loop, clock_boot_ms() + EGRESS_KEPT_MS, on_idle, w);
}

static CURLcode
use_authorities(CURL *curl, void *ssl_config, void *arg)
{
	struct wire *w = arg;

	(void)curl;
	authorities_use(w->authorities, ssl_config);
	return CURLE_OK;
}

bool
wire_trust(struct wire *w, CURL *curl)
{
	static const char *const paths[] = {
	    AUTHORITIES_PATH, OWN_AUTHORITIES_PATH};
	struct curl_blob first = {.flags = CURL_BLOB_NOCOPY};
	const void *der;

	if (w->authorities == NULL &&
	    authorities_load(paths, ARRAY_LEN(paths), &w->authorities) != OK)
		return false;
	/* It wants a chain of its own for each connection: it gets the
	 * shortest there is, and then the one that all share. */
	authorities_first(w->authorities, &der, &first.len);
	first.data = (void *)(uintptr_t)der;
	return curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "DER") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &first) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, use_authorities) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, w) == CURLE_OK;
}

bool
wire_leads_to(
    const struct curl_sockaddr *to, const struct address *want, uint16_t port)
{
	const struct sockaddr *a = &to->addr;

	if (to->family == AF_INET && want->len == 4) {
		const struct sockaddr_in *in = (const void *)a;

		return in->sin_port == htons(port) &&
		    memcmp(&in->sin_addr, want->b, 4) == 0;
	}
	if (to->family == AF_INET6 && want->len == 16) {
		const struct sockaddr_in6 *in6 = (const void *)a;

		return in6->sin6_port == htons(port) &&
		    memcmp(&in6->sin6_addr, want->b, 16) == 0;
	}
	return false;
}
