/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_DNS_H
#define NET_DNS_H

/*
 * Messages of the domain name system (RFC 1035 section 4): the questions of
 * tools are read and answered, and one-shot questions of multicast DNS are
 * asked (RFC 6762 section 5.1).  All that comes in is hostile.
 *
 * Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/address.h"

#define DNS_MESSAGE_MAX 512 /* Over UDP, without EDNS. */

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_OTHER = 0 };

struct dns_question {
	uint16_t id;
	bool recursion; /* Desired; goes back as it came. */
	enum dns_type type; /* Of class IN; all else is DNS_OTHER. */
	/* As it was asked, small letters; whatever is in no host's name is
	 * escaped as \DDD, so that it can be printed; "." is the root.  Cut
	 * where it is longer. */
	char name[HOST_MAX + 1];
	bool is_host; /* host_read() took it, whole. */
	size_t len; /* Of the bytes of name, type and class. */
};

/* A query with one question; anything behind it (EDNS) is ignored.
 * ERR_INPUT for what is to be dropped without an answer. */
NODISCARD enum err dns_question_read(
    const uint8_t *p, size_t len, struct dns_question *ret);

/* The answer to `query`, whose question was read from it: one address of
 * four bytes (to DNS_A alone), nothing (an address of length 0), or that the
 * name does not exist (`none`).  Lives `ttl_s`. */
size_t dns_answer_write(const uint8_t *query, const struct dns_question *q,
    const struct address *a, bool none, uint32_t ttl_s,
    uint8_t ret[DNS_MESSAGE_MAX]);

/* A one-shot question for the addresses of a name under `.local`, which is in
 * the form of host_read(), with the unicast bit. */
size_t mdns_question_write(
    const char *name, enum dns_type type, uint8_t ret[DNS_MESSAGE_MAX]);

/* Addresses of `name`, in the form of host_read(), among the answers and the
 * additional records: the first `max`, one at least.  ERR_NOTFOUND when it is
 * about other names, ERR_INPUT when any part of it is broken. */
NODISCARD enum err mdns_answer_read(const uint8_t *p, size_t len,
    const char *name, struct address *ret, size_t max, size_t *ret_n);

#endif
