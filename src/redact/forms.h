/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REDACT_FORMS_H
#define REDACT_FORMS_H

/*
 * The forms in which a value can appear in text: as it is, in capitals or
 * small letters (a host name), inside JSON and inside JSON within JSON, in a
 * URL, as hexadecimal, base32 (RFC 4648 section 6) and base64 (section 4 and
 * 5) wherever it begins in what was encoded.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum {
	FORM_RAW,
	FORM_LOWER,
	FORM_UPPER,
	FORM_JSON,
	FORM_JSON_TWICE,
	FORM_URL, /* RFC 3986: all but unreserved characters. */
	FORM_URL_LOWER, /* The same with small digits. */
	FORM_URL_COMPONENT, /* As ECMAScript's encodeURIComponent(). */
	FORM_URL_FORM, /* As in a form: "+" for a space. */
	FORM_HEX,
	FORM_HEX_UPPER,
	FORM_BASE64, /* And two more, one and two bytes later. */
	FORM_BASE64URL = FORM_BASE64 + 3,
	FORM_BASE32 = FORM_BASE64URL + 3, /* Five. */
	FORM_BASE32_UPPER = FORM_BASE32 + 5,
	FORM_COUNT = FORM_BASE32_UPPER + 5
};

/* A byte becomes at most seven: a control character in JSON within JSON. */
#define FORM_MAX (7 * SECRET_MAX)

/* Write the form, at most FORM_MAX bytes; its length.  What depends on the
 * bytes before and behind the value is left away.  The caller wipes it. */
size_t form_write(int form, const char *value, size_t len, char *ret);

/* May a line end stand anywhere in it? */
bool form_is_wrapped(int form);

/* Where windows are taken from a form of this length: one, or two when it is
 * long (one of them near its beginning) or may be wrapped (so far apart that
 * no end of a line cuts both).  Their number; 0 when it is too short. */
#define FORM_WINDOWS_MAX 2
size_t form_windows(
    int form, const char *text, size_t len, size_t ret[FORM_WINDOWS_MAX]);

#endif
