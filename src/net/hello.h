/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HELLO_H
#define NET_HELLO_H

/*
 * Which name a TLS client asks for in its ClientHello (RFC 8446 section
 * 4.1.2, RFC 6066 section 3), read as it goes by.  Of an encrypted one (ECH)
 * it is the outer name.
 *
 * Pure.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

/* Everything it takes, over several records: HELLO_MAX.  What is said of the
 * first bytes holds for all that follow, unless it is HELLO_MORE. */
enum hello {
	HELLO_MORE, /* What is there so far is fine; feed more. */
	HELLO_NAME, /* `ret` is filled, in the form of host_read(). */
	HELLO_NAMELESS, /* A ClientHello that names nobody. */
	HELLO_NONE, /* No TLS. */
	HELLO_BAD /* TLS, but malformed, too long, with two names, or with one
		   * that host_read() does not take. */
};

/* `p` is everything from the beginning; `ret` is touched by HELLO_NAME
 * alone. */
enum hello hello_read(const uint8_t *p, size_t len, char ret[HOST_MAX + 1]);

#endif
