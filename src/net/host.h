/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HOST_H
#define NET_HOST_H

/*
 * Names of hosts, what a manifest says that a tool may reach, and the host
 * of a URL.
 *
 * A name is kept in one form: small letters, digits, '-' and '_' in labels of
 * 1 to 63 that neither begin nor end with '-', at most HOST_MAX in all (RFC
 * 1035 section 2.3.4), no dot at its end, and nothing that anybody reads as an
 * address: its last label is no number.  What is not ASCII must come as
 * A-labels (RFC 5890).
 *
 * Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/address.h"

/* Make it that one form: capitals and one dot at the end are taken.
 * ERR_INPUT. */
NODISCARD enum err host_read(const char *p, size_t len, char ret[HOST_MAX + 1]);

/* "localhost" or a name under it, which is nobody else's (RFC 6761 section
 * 6.3).  In the form of host_read(). */
bool host_is_here(const char *name);

/* One thing that may be reached: "api.example.com:443", or any name under
 * one, "*.example.com:443", the name having two labels at least.  In `lan`
 * also "hub.lan:8123=192.168.1.20": the name stands for that address, which
 * is not special, and is not looked up. */
struct host_grant {
	char name[HOST_MAX + 1]; /* Without the "*." */
	bool any_under;
	uint16_t port;
	bool has_address;
	struct address address;
};

/* ERR_INPUT says what is wrong. */
NODISCARD enum err host_grant_read(
    const char *text, struct host_grant *ret, struct errmsg *why);

/* `name` is in the form of host_read(). */
bool host_grant_covers(
    const struct host_grant *g, const char *name, uint16_t port);

/* Of "http://name:port/path" and "https://...": at most URL_MAX bytes of
 * printable ASCII without a backslash, no user in it, a name and no address,
 * and behind it a '/' or nothing.  RFC 3986 section 3, without what readers
 * disagree about. */
struct url {
	bool tls;
	char host[HOST_MAX + 1];
	uint16_t port;
};

/* ERR_INPUT says what is wrong. */
NODISCARD enum err url_read(
    const char *text, struct url *ret, struct errmsg *why);

/* Where a service of the house's own is, "http://127.0.0.1:11434" or
 * "https://api.example.com/v1": no user, question or fragment, no '/' at its
 * end, and a host that may be an IPv4 address, which stands in `ret->host`
 * as name and address then. */
struct base_url {
	bool tls;
	struct host_grant host;
};

/* ERR_INPUT says what is wrong. */
NODISCARD enum err base_url_read(
    const char *text, struct base_url *ret, struct errmsg *why);

#endif
