/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_URL_H
#define WEB_URL_H

/*
 * Addresses, as libcurl reads them: what is checked here is what is fetched.
 */

#include <curl/curl.h>
#include <stdbool.h>

#include "serve/serve.h"
#include "web/limits.h"

/* NULL, and the reply says why, unless it is http or https, printable ASCII
 * and names a host and nobody's password.  Freed with curl_url_cleanup(). */
CURLU *url_parse(const char *text, struct reply *reply);

/* Of one: the same scheme, host and port? */
bool url_same_place(CURLU *a, CURLU *b);

/* One part, "" where there is none; false when it does not fit. */
bool url_part(CURLU *u, CURLUPart part, char *ret, size_t size);
bool url_whole(CURLU *u, char ret[URL_MAX + 1]);

/* What `href` means on a page at *base: false for what is not http. */
bool url_resolve(CURLU *base, const char *href, char ret[URL_MAX + 1]);

#endif
