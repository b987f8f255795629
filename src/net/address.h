/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

/*
 * Addresses, and what they are good for.  A tool reaches public ones only;
 * private ones where its manifest names them as `lan`; special ones never.
 *
 * Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ADDRESS_TEXT_SIZE 48

struct address {
	uint8_t len; /* 4 or 16. */
	uint8_t b[16]; /* In network order. */
};

/* ADDRESS_PRIVATE: RFC 1918 and unique local (RFC 4193).  ADDRESS_SPECIAL:
 * all else that the registries of RFC 6890 do not call globally reachable,
 * with the whole of 192.0.0.0/24 and 2001::/23; multicast; IPv6 outside
 * 2000::/3; every form that carries an IPv4 address inside an IPv6 one
 * (mapped, compatible, NAT64, 6to4, Teredo, ISATAP), whatever that one is;
 * and what has another length than 4 or 16. */
enum address_kind { ADDRESS_PUBLIC, ADDRESS_PRIVATE, ADDRESS_SPECIAL };

enum address_kind address_kind(const struct address *a);

/* 127.0.0.0/8 or ::1: this machine, which only the house itself may reach. */
bool address_is_loopback(const struct address *a);

/* 100.64.0.0/10 (RFC 6598): a carrier's customers behind its NAT, and the
 * machines of a VPN such as Tailscale.  Which of the two only its user
 * knows. */
bool address_is_shared(const struct address *a);

/* "192.168.1.20" or "fd00::1" and nothing else: no octal, no short forms, no
 * zone, no IPv4 address at the end of an IPv6 one.  ERR_INPUT. */
NODISCARD enum err address_read(const char *text, struct address *ret);

/* As RFC 5952 wants it, without an IPv4 address inside; "" for none. */
void address_write(const struct address *a, char ret[ADDRESS_TEXT_SIZE]);

#endif
