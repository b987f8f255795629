/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "egress/egress_priv.h"

void
words_of_provider(const struct call *c, struct buf *out)
{
	const struct provider *p = &c->provider;
	const char *who = p->name;

	if (p->dialect == DIALECT_OLLAMA)
		who = "Ollama";
	else if (p->dialect == DIALECT_ANTHROPIC)
		who = "Anthropic";
	buf_addf(out, "%s at %s:%u", who, p->at.host.name,
	    (unsigned)p->at.host.port);
}

static void
say_key(struct call *c, const char *who, const char *how)
{
	const struct provider *p = &c->provider;

	if (p->has_key)
		call_fail(c,
		    "the key of %s was %s; 'durward secret rotate %s' gives a "
		    "new one",
		    who, how, p->key_name);
	else
		call_fail(c,
		    "%s wants a key and its manifest names none (%s); add it "
		    "with one",
		    who, how);
}

static void
say_busy(struct call *c, const char *who, int64_t after_ms)
{
	if (after_ms > 0)
		call_fail(c,
		    "%s has too much to do (429) and wants to be asked again "
		    "in %lld s",
		    who, (long long)(after_ms + 999) / 1000);
	else
		call_fail(c,
		    "%s has too much to do, or your limit there is reached "
		    "(429); try again later",
		    who);
}

void
words_of_status(struct call *c, long status, int64_t after_ms)
{
	struct buf who;

	buf_init(&who, HOST_MAX + 128);
	words_of_provider(c, &who);
	if (status == 401)
		say_key(c, who.p, "refused (401)");
	else if (status == 403)
		say_key(c, who.p, "not enough for this (403)");
	else if (status == 404)
		call_fail(c,
		    "%s does not know the model, or the address is wrong "
		    "(404)",
		    who.p);
	else if (status == 402)
		call_fail(c, "%s wants to be paid first (402)", who.p);
	else if (status == 429)
		say_busy(c, who.p, after_ms);
	else if (status >= 300 && status < 400)
		call_fail(c,
		    "%s sends to another address (%ld), which is not gone to; "
		    "put the right one into its manifest",
		    who.p, status);
	else if (status >= 500)
		call_fail(c, "%s has trouble of its own (%ld); try again later",
		    who.p, status);
	else
		call_fail(
		    c, "%s did not take the request (%ld)", who.p, status);
	buf_done(&who);
}

/* What libcurl says of a certificate, as far as it is plain text. */
static void
say_certificate(struct call *c, const char *who)
{
	char text[121];
	const char *p = c->try.error;
	size_t n = 0;

	for (; *p != '\0' && n < sizeof(text) - 1; p++)
		text[n++] = *p >= ' ' && *p <= '~' ? *p : '?';
	text[n] = '\0';
	call_fail(c,
	    "the certificate of %s does not fit: %s; if it is yours, start "
	    "the house with --authorities FILE",
	    who, n > 0 ? text : "nobody who is believed signed it");
}

/* NULL when it is not for want of a way there. */
static const char *
why_unreachable(const struct call *c)
{
	long number = 0;

	if (c->try.curl != NULL)
		curl_easy_getinfo(c->try.curl, CURLINFO_OS_ERRNO, &number);
	if (number == ECONNREFUSED)
		return "connection refused";
	if (number == EHOSTUNREACH || number == ENETUNREACH)
		return "there is no way to it";
	return number == ETIMEDOUT ? "its machine fell silent" : NULL;
}

static void
say_no_connection(struct call *c, const char *who)
{
	bool ollama = c->provider.dialect == DIALECT_OLLAMA;
	const char *how = why_unreachable(c);

	call_fail(c, "%s does not answer (%s); is %s running?", who,
	    how != NULL ? how : "no connection",
	    ollama ? "it" : "the server, or the network,");
}

void
words_of_trouble(struct call *c, CURLcode code)
{
	struct buf who;

	buf_init(&who, HOST_MAX + 128);
	words_of_provider(c, &who);
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT ||
	    why_unreachable(c) != NULL)
		say_no_connection(c, who.p);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		say_certificate(c, who.p);
	else if (code == CURLE_SSL_CONNECT_ERROR)
		call_fail(c,
		    "%s does not speak TLS 1.2 or newer; is it https at all?",
		    who.p);
	else if (c->reply.received > 0 || c->status == 200)
		call_fail(c,
		    "the connection to %s broke in the middle of the answer; "
		    "ask again",
		    who.p);
	else if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
	    code == CURLE_SEND_ERROR)
		call_fail(c,
		    "%s closed the connection without an answer; try again "
		    "later",
		    who.p);
	else
		call_fail(c,
		    "%s does not speak HTTP as it should (libcurl's error %d); "
		    "is the address right?",
		    who.p, (int)code);
	buf_done(&who);
}
