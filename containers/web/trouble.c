/* SPDX-License-Identifier: Apache-2.0 */
#include "web/trouble.h"

#include <errno.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

#include "web/limits.h"
#include "web/url.h"

#define HOST_SHOWN 253

static const struct {
	uint32_t flag;
	const char *words;
} faults[] = {
    {MBEDTLS_X509_BADCERT_EXPIRED, "it has expired"},
    {MBEDTLS_X509_BADCERT_FUTURE, "it is not valid yet"},
    {MBEDTLS_X509_BADCERT_CN_MISMATCH, "it is made out to another name"},
    {MBEDTLS_X509_BADCERT_NOT_TRUSTED,
	"no authority that is known here has signed it"},
    {MBEDTLS_X509_BADCERT_REVOKED, "it was revoked"},
    {MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
	    MBEDTLS_X509_BADCERT_BAD_KEY,
	"it is signed too weakly"},
    {MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
	    MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
	"it is not meant for a server"},
};

static const struct {
	long status;
	const char *words;
} statuses[] = {
    {400, "Bad Request"},
    {401, "Unauthorized: it wants to know who asks"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {429, "Too Many Requests: try again later"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

/* Instead of libcurl's own, which only puts into one line of text what is
 * wanted here. */
static int
on_certificate(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct trouble *t = arg;

	(void)crt;
	(void)depth;
	t->certificate |= *flags;
	return 0;
}

static CURLcode
on_tls(CURL *curl, void *config, void *arg)
{
	(void)curl;
	mbedtls_ssl_conf_verify(config, on_certificate, arg);
	return CURLE_OK;
}

bool
trouble_watch(struct trouble *t, CURL *curl)
{
	return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->detail) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_tls) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, t) == CURLE_OK;
}

void
trouble_forget(struct trouble *t)
{
	t->certificate = 0;
	t->detail[0] = '\0';
}

static void
tell_certificate(const struct trouble *t, const char *host, struct reply *reply)
{
	char words[400] = "";
	size_t len = 0;
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if ((t->certificate & faults[i].flag) != 0)
			len += (size_t)snprintf(words + len,
			    sizeof(words) - len, "%s%s",
			    len > 0 ? ", and " : ": ", faults[i].words);
	reply_set(reply, true, "the certificate of %s is wrong%s", host, words);
}

static void
tell_connect(CURL *curl, CURLU *url, const char *host, struct reply *reply)
{
	long error = 0;
	char port[8];

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
	(void)url_part(url, CURLUPART_PORT, port, sizeof(port));
	if (strcmp(port, "80") != 0 && strcmp(port, "443") != 0)
		reply_set(reply, true,
		    "port %s of %s cannot be reached, only 80 and 443 can",
		    port, host);
	else if (error == ENETUNREACH || error == EHOSTUNREACH)
		reply_set(reply, true, "there is no way to %s from here", host);
	else
		reply_set(reply, true, "%s refused the connection", host);
}

static bool
says(const struct trouble *t, const char *words)
{
	return strstr(t->detail, words) != NULL;
}

/* libcurl has other words for it while it connects. */
static void
tell_timeout(const struct trouble *t, const char *host, struct reply *reply)
{
	if (t->detail[0] != '\0' && !says(t, "Operation"))
		reply_set(reply, true, "%s did not answer within %d seconds",
		    host, CONNECT_MS / 1000);
	else
		reply_set(reply, true,
		    "%s did not send all of the page within %d seconds", host,
		    WHOLE_MS / 1000);
}

/* The gate takes a connection before it knows whether it may be, and cuts off
 * what may not. */
static void
tell_cut(const char *host, struct reply *reply)
{
	reply_set(reply, true,
	    "the connection to %s was refused or cut off before it answered",
	    host);
}

static void
tell_tls(const struct trouble *t, const char *host, struct reply *reply)
{
	if (t->certificate != 0)
		tell_certificate(t, host, reply);
	else if (says(t, "reset by peer") || says(t, "EOF"))
		tell_cut(host, reply);
	else
		reply_set(reply, true,
		    "%s and TLS: no agreement was found (%s)", host, t->detail);
}

static void
tell_broken(const char *host, struct reply *reply)
{
	reply_set(reply, true, "the answer of %s is broken", host);
}

void
trouble_tell(const struct trouble *t, CURL *curl, CURLU *url, CURLcode code,
    struct reply *reply)
{
	char host[HOST_SHOWN + 1];

	if (!url_part(url, CURLUPART_HOST, host, sizeof(host)))
		snprintf(host, sizeof(host), "the host");
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		reply_set(reply, true,
		    "the name %s is not known, or this call may not reach it",
		    host);
	else if (code == CURLE_COULDNT_CONNECT)
		tell_connect(curl, url, host, reply);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		tell_timeout(t, host, reply);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		tell_certificate(t, host, reply);
	else if (code == CURLE_SSL_CONNECT_ERROR)
		tell_tls(t, host, reply);
	else if (code == CURLE_SSL_CACERT_BADFILE)
		reply_set(reply, true,
		    "the list of certificate authorities cannot be read");
	else if (code == CURLE_PARTIAL_FILE)
		reply_set(
		    reply, true, "the answer of %s ended too early", host);
	else if (code == CURLE_UNSUPPORTED_PROTOCOL)
		reply_set(reply, true, "%s does not answer in HTTP/1", host);
	else if (code == CURLE_BAD_CONTENT_ENCODING ||
	    code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_TOO_LARGE ||
	    says(t, "chunk") || says(t, "header"))
		tell_broken(host, reply);
	else if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
	    code == CURLE_SEND_ERROR)
		tell_cut(host, reply);
	else
		reply_set(reply, true, "%s cannot be fetched (curl %d%s%s)",
		    host, (int)code, t->detail[0] != '\0' ? ": " : "",
		    t->detail);
}

void
trouble_tell_status(long status, struct reply *reply)
{
	const char *words = "";
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			words = statuses[i].words;
	reply_set(reply, true, "the server answered %ld%s%s", status,
	    words[0] != '\0' ? " " : "", words);
}
