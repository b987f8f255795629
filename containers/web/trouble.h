/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_TROUBLE_H
#define WEB_TROUBLE_H

/*
 * Why a page could not be had, in words for a person.
 */

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "serve/serve.h"

struct trouble {
	uint32_t certificate; /* MBEDTLS_X509_BADCERT_..., of the whole chain */
	char detail[CURL_ERROR_SIZE]; /* In libcurl's words. */
};

/* From now on see what goes wrong. */
bool trouble_watch(struct trouble *t, CURL *curl);
void trouble_forget(struct trouble *t);

void trouble_tell(const struct trouble *t, CURL *curl, CURLU *url,
    CURLcode code, struct reply *reply);
void trouble_tell_status(long status, struct reply *reply);

#endif
