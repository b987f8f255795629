/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "http/parse.h"
#include "http/server_priv.h"

/*
 * Whose request is it?  A page of the open web can have its own name lead to
 * the box's address (DNS rebinding), and then its browser asks here, for that
 * name; or it sends a form or opens a WebSocket across sites, and then the
 * browser says from where.  An address cannot be made to lead elsewhere.
 */

/* What the command line calls every box, and each machine itself. */
static const char *const own_names[] = {"durward", "localhost"};

/* Without the port; empty when there are brackets and no address in them. */
static struct str
without_port(struct str host)
{
	const char *end = memchr(host.p, ':', host.len);

	if (host.len > 0 && host.p[0] == '[') {
		end = memchr(host.p, ']', host.len);
		host.len = end != NULL ? (size_t)(end - host.p - 1) : 0;
		host.p++;
	} else if (end != NULL) {
		host.len = (size_t)(end - host.p);
	}
	return host;
}

static bool
is_address(struct str s)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (s.len >= sizeof(text))
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return inet_pton(AF_INET, text, bytes) == 1 ||
	    inet_pton(AF_INET6, text, bytes) == 1;
}

static bool
is_ours(const struct tls_config *tls, struct str host)
{
	struct str name = without_port(host);
	size_t i;

	for (i = 0; i < ARRAY_LEN(own_names); i++)
		if (name.len == strlen(own_names[i]) &&
		    strncasecmp(name.p, own_names[i], name.len) == 0)
			return true;
	return is_address(name) || tls_config_has_name(tls, name);
}

/* The page that asks came from this very place. */
static bool
is_same(struct str origin, struct str host)
{
	static const char scheme[] = "https://";
	size_t n = sizeof(scheme) - 1;

	return origin.len == n + host.len && memcmp(origin.p, scheme, n) == 0 &&
	    strncasecmp(origin.p + n, host.p, host.len) == 0;
}

int
host_refuses(const struct tls_config *tls, const struct http_head *h,
    const char **ret_words)
{
	struct str host = http_head_find(h, "host");
	struct str origin = http_head_find(h, "origin");

	if (!is_ours(tls, host)) {
		*ret_words = "the request is for another host; use a name of "
			     "this box, or its address";
		return 421;
	}
	if (origin.len > 0 && !is_same(origin, host)) {
		*ret_words = "a page of another site sent this; open the "
			     "page that this box serves";
		return 403;
	}
	return 0;
}
