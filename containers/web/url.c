/* SPDX-License-Identifier: Apache-2.0 */
#include "web/url.h"

#include <string.h>
#include <strings.h>

#define SAID_MAX 300 /* Of an address that is none. */

/* libcurl would take a missing scheme for http, and a blank as it is. */
static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || *text == '\\')
			return false;
	return true;
}

static bool
has(CURLU *u, CURLUPart part)
{
	char *s = NULL;
	bool there = curl_url_get(u, part, &s, 0) == CURLUE_OK;

	curl_free(s);
	return there;
}

bool
url_part(CURLU *u, CURLUPart part, char *ret, size_t size)
{
	char *s = NULL;
	size_t n;
	bool fits;

	ret[0] = '\0';
	if (curl_url_get(u, part, &s, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return true;
	n = strlen(s);
	fits = n < size;
	if (fits)
		memcpy(ret, s, n + 1);
	curl_free(s);
	return fits;
}

bool
url_whole(CURLU *u, char ret[URL_MAX + 1])
{
	char *s = NULL;
	size_t n;
	bool fits = false;

	if (curl_url_get(u, CURLUPART_URL, &s, CURLU_NO_DEFAULT_PORT) ==
	    CURLUE_OK) {
		n = strlen(s);
		fits = n <= URL_MAX && is_printable(s);
		if (fits)
			memcpy(ret, s, n + 1);
	}
	curl_free(s);
	return fits;
}

static bool
names_user(CURLU *u)
{
	return has(u, CURLUPART_USER) || has(u, CURLUPART_PASSWORD);
}

static bool
is_http(CURLU *u)
{
	char scheme[8];

	return url_part(u, CURLUPART_SCHEME, scheme, sizeof(scheme)) &&
	    (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
}

CURLU *
url_parse(const char *text, struct reply *reply)
{
	CURLU *u = curl_url();
	const char *wrong = NULL;

	if (strlen(text) > URL_MAX || !is_printable(text))
		wrong = "it must be printable ASCII and not too long; a name "
			"or path in other letters has to be encoded";
	else if (u == NULL ||
	    curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) !=
		CURLUE_OK)
		wrong = "it must begin with http:// or https:// and a host";
	else if (!is_http(u))
		wrong = "only http and https are spoken";
	else if (names_user(u))
		wrong = "a user's name or password has no place in it";
	if (wrong == NULL)
		return u;
	reply_set(reply, true, "'%.*s' is no address that can be fetched: %s",
	    SAID_MAX, text, wrong);
	curl_url_cleanup(u);
	return NULL;
}

bool
url_same_place(CURLU *a, CURLU *b)
{
	static const CURLUPart parts[] = {
	    CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
	char of_a[URL_MAX];
	char of_b[URL_MAX];
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!url_part(a, parts[i], of_a, sizeof(of_a)) ||
		    !url_part(b, parts[i], of_b, sizeof(of_b)) ||
		    strcasecmp(of_a, of_b) != 0)
			return false;
	return true;
}

bool
url_resolve(CURLU *base, const char *href, char ret[URL_MAX + 1])
{
	CURLU *u;
	bool good;

	/* A place on the page itself leads nowhere. */
	if (base == NULL || href[0] == '#')
		return false;
	u = curl_url_dup(base);
	good = u != NULL &&
	    curl_url_set(u, CURLUPART_URL, href,
		CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    is_http(u) && !names_user(u) && url_whole(u, ret);
	curl_url_cleanup(u);
	return good;
}
