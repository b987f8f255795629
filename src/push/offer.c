/* SPDX-License-Identifier: Apache-2.0 */
#include "push/offer.h"

#include <string.h>

enum err
offer_take(struct str s, char *to, size_t size)
{
	if (s.len >= size)
		return ERR_LIMIT;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	return OK;
}

enum err
offer_read_url(struct str s, struct url *ret, struct errmsg *why)
{
	char text[URL_MAX + 1];
	enum err e = offer_take(s, text, sizeof(text));

	if (e != OK)
		return err_say(
		    why, e, "the URL is longer than %d bytes", URL_MAX);
	e = url_read(text, ret, why);
	if (e == OK && !ret->tls)
		e = err_say(why, ERR_INPUT,
		    "the URL must begin with https://; on the way others "
		    "would read it");
	return e;
}

enum err
offer_read_keys(struct str p256dh, struct str auth, struct webpush_to *ret,
    struct errmsg *why)
{
	if (public_read(p256dh.p, p256dh.len, &ret->key) != OK ||
	    public_check(&ret->key) != OK)
		return err_say(why, ERR_INPUT,
		    "the browser's key is no point of P-256 in hex");
	if (hex_read(auth.p, auth.len, ret->auth, WEBPUSH_AUTH_LEN) != OK)
		return err_say(why, ERR_INPUT,
		    "the browser's secret is not %d bytes in hex",
		    WEBPUSH_AUTH_LEN);
	return OK;
}
