/* SPDX-License-Identifier: Apache-2.0 */
#include "redact/forms.h"

#include <string.h>

#include "redact/filter.h"

/* Lines of encoded text have 64 or 76 characters: two windows this far apart
 * are never both cut. */
#define WINDOWS_APART 24

/* Of a long value the head alone may be there, where a line was cut; behind
 * what many begin with, as PEM files do. */
#define HEAD_BEGIN 40
#define HEAD_END 120

struct writer {
	char *p;
	size_t len;
};

static void
put(struct writer *w, char c)
{
	w->p[w->len++] = c;
}

static void
put_words(struct writer *w, const char *words)
{
	while (*words != '\0')
		put(w, *words++);
}

static const char small[] = "0123456789abcdef";
static const char capital[] = "0123456789ABCDEF";

static void
put_hex(struct writer *w, const char *digits, uint8_t c)
{
	put(w, digits[c >> 4]);
	put(w, digits[c & 15]);
}

/* ---- One byte at a time ---- */

static bool
is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* Within JSON: RFC 8259 section 7, with its short escapes. */
static void
put_json(struct writer *w, const char *backslash, uint8_t c)
{
	static const char shorts[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *at = c != '\0' ? strchr(shorts, c) : NULL;

	if (at != NULL) {
		put_words(w, backslash);
		/* Within JSON once more these two are escaped as well. */
		if (at - shorts < 2 && backslash[1] != '\0')
			put(w, '\\');
		put(w, letters[at - shorts]);
	} else if (c < 0x20) {
		put_words(w, backslash);
		put_words(w, "u00");
		put_hex(w, small, c);
	} else {
		put(w, (char)c);
	}
}

static void
put_url(struct writer *w, int form, uint8_t c)
{
	static const char plain[] = "-._~";
	static const char component[] = "-._~!'()*";
	static const char of_form[] = "-._*";
	const char *kept = form == FORM_URL_COMPONENT ? component
	    : form == FORM_URL_FORM                   ? of_form
						      : plain;

	if (is_lower(c) || is_upper(c) || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(kept, c) != NULL)) {
		put(w, (char)c);
	} else if (form == FORM_URL_FORM && c == ' ') {
		put(w, '+');
	} else {
		put(w, '%');
		put_hex(w, form == FORM_URL_LOWER ? small : capital, c);
	}
}

static void
put_byte(struct writer *w, int form, uint8_t c)
{
	switch (form) {
	case FORM_LOWER:
		put(w, (char)(is_upper(c) ? c + 32 : c));
		break;
	case FORM_UPPER:
		put(w, (char)(is_lower(c) ? c - 32 : c));
		break;
	case FORM_JSON:
		put_json(w, "\\", c);
		break;
	case FORM_JSON_TWICE:
		put_json(w, "\\\\", c);
		break;
	case FORM_URL:
	case FORM_URL_LOWER:
	case FORM_URL_COMPONENT:
	case FORM_URL_FORM:
		put_url(w, form, c);
		break;
	case FORM_HEX:
	case FORM_HEX_UPPER:
		put_hex(w, form == FORM_HEX ? small : capital, c);
		break;
	default:
		put(w, (char)c);
		break;
	}
}

/* ---- Groups of bits ---- */

struct digits {
	const char *alphabet;
	size_t bits; /* Of one digit. */
	size_t skew; /* Bytes that stand before the value in its group. */
};

static struct digits
digits_of(int form)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
					"mnopqrstuvwxyz0123456789-_";
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	static const char base32_upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	if (form >= FORM_BASE32_UPPER)
		return (struct digits){
		    base32_upper, 5, (size_t)(form - FORM_BASE32_UPPER)};
	if (form >= FORM_BASE32)
		return (struct digits){base32, 5, (size_t)(form - FORM_BASE32)};
	if (form >= FORM_BASE64URL)
		return (struct digits){
		    base64url, 6, (size_t)(form - FORM_BASE64URL)};
	return (struct digits){base64, 6, (size_t)(form - FORM_BASE64)};
}

/* Only the digits whose every bit is of the value. */
static void
put_digits(
    struct writer *w, const struct digits *d, const uint8_t *value, size_t len)
{
	size_t bit = (d->bits - 8 * d->skew % d->bits) % d->bits;

	for (; bit + d->bits <= 8 * len; bit += d->bits) {
		unsigned two = (unsigned)value[bit / 8] << 8;

		if (bit / 8 + 1 < len)
			two |= value[bit / 8 + 1];
		put(w,
		    d->alphabet[two >> (16 - d->bits - bit % 8) &
			((1u << d->bits) - 1)]);
	}
}

/* ---- All of them ---- */

size_t
form_write(int form, const char *value, size_t len, char *ret)
{
	struct writer w = {ret, 0};
	size_t i;

	if (form >= FORM_BASE64) {
		struct digits d = digits_of(form);

		put_digits(&w, &d, (const uint8_t *)value, len);
	} else {
		for (i = 0; i < len; i++)
			put_byte(&w, form, (uint8_t)value[i]);
	}
	return w.len;
}

bool
form_is_wrapped(int form)
{
	return form >= FORM_HEX;
}

/* How many different bytes a window has: words like "--------" or the
 * beginning of a PEM file stand in texts without any secret. */
static size_t
variety(const char *p)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < REDACT_WINDOW; i++)
		if (memchr(p, p[i], i) == NULL)
			n++;
	return n;
}

/* The most varied one, of those the one nearest to the middle. */
static size_t
best_window(const char *text, size_t from, size_t end)
{
	size_t middle = (from + end - REDACT_WINDOW) / 2;
	size_t best = middle;
	size_t step;

	for (step = 0;
	     variety(text + best) < REDACT_WINDOW && step <= (end - from);
	     step++) {
		if (middle >= from + step &&
		    variety(text + middle - step) > variety(text + best))
			best = middle - step;
		if (middle + step + REDACT_WINDOW <= end &&
		    variety(text + middle + step) > variety(text + best))
			best = middle + step;
	}
	return best;
}

size_t
form_windows(
    int form, const char *text, size_t len, size_t ret[FORM_WINDOWS_MAX])
{
	if (len < REDACT_WINDOW)
		return 0;
	if (!form_is_wrapped(form) && len > 2 * HEAD_END) {
		ret[0] = best_window(text, HEAD_BEGIN, HEAD_END);
		ret[1] = best_window(text, HEAD_END, len);
		return 2;
	}
	if (!form_is_wrapped(form) || len < 2 * WINDOWS_APART) {
		ret[0] = best_window(text, 0, len);
		return 1;
	}
	/* Near the middle, with the distance between them fixed. */
	ret[0] = len / 2 - WINDOWS_APART / 2 - REDACT_WINDOW / 2;
	ret[1] = ret[0] + WINDOWS_APART;
	return 2;
}
