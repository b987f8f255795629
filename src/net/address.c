/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define IPV4_LEN 4
#define IPV6_LEN 16
#define GROUPS 8 /* Of an IPv6 address, 16 bits each. */

struct block {
	uint8_t b[IPV6_LEN];
	uint8_t bits;
	enum address_kind kind;
};

/* What the registry calls globally reachable in 192.0.0.0/24 and 2001::/23
 * are protocols' own addresses, where no tool has anything to say. */
static const struct block ipv4_blocks[] = {
    {{0}, 8, ADDRESS_SPECIAL}, {{10}, 8, ADDRESS_PRIVATE},
    {{100, 64}, 10, ADDRESS_SPECIAL}, /* Behind a carrier's NAT. */
    {{127}, 8, ADDRESS_SPECIAL},
    {{169, 254}, 16, ADDRESS_SPECIAL}, /* Link-local; clouds' metadata. */
    {{172, 16}, 12, ADDRESS_PRIVATE}, {{192, 0, 0}, 24, ADDRESS_SPECIAL},
    {{192, 0, 2}, 24, ADDRESS_SPECIAL}, /* Documentation. */
    {{192, 88, 99}, 24, ADDRESS_SPECIAL}, /* 6to4 relays. */
    {{192, 168}, 16, ADDRESS_PRIVATE},
    {{198, 18}, 15, ADDRESS_SPECIAL}, /* Benchmarks. */
    {{198, 51, 100}, 24, ADDRESS_SPECIAL}, /* Documentation. */
    {{203, 0, 113}, 24, ADDRESS_SPECIAL}, /* Documentation. */
    {{224}, 4, ADDRESS_SPECIAL}, /* Multicast. */
    {{240}, 4, ADDRESS_SPECIAL}, /* Reserved, and broadcast. */
};

/* The first match counts.  Nothing is public outside 2000::/3: there are
 * loopback, mapped and compatible addresses, NAT64, link-local, multicast. */
static const struct block ipv6_blocks[] = {
    {{0xfc}, 7, ADDRESS_PRIVATE},
    {{0x20, 0x01, 0x00}, 23, ADDRESS_SPECIAL}, /* Protocols; Teredo. */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, ADDRESS_SPECIAL}, /* Documentation. */
    {{0x20, 0x02}, 16, ADDRESS_SPECIAL}, /* 6to4. */
    {{0x3f, 0xff, 0x00}, 20, ADDRESS_SPECIAL}, /* Documentation. */
    {{0x20}, 3, ADDRESS_PUBLIC},
    {{0}, 0, ADDRESS_SPECIAL},
};

static bool
is_in(const uint8_t *p, const struct block *k)
{
	size_t whole = k->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> k->bits % 8);

	if (memcmp(p, k->b, whole) != 0)
		return false;
	return mask == 0 || ((p[whole] ^ k->b[whole]) & mask) == 0;
}

static enum address_kind
kind_in(const uint8_t *p, const struct block *blocks, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_in(p, &blocks[i]))
			return blocks[i].kind;
	return ADDRESS_PUBLIC;
}

/* An IPv4 address behind 0:5efe or 200:5efe (RFC 5214 section 6.1), whatever
 * the prefix. */
static bool
is_isatap(const uint8_t *p)
{
	return (p[8] & 0xfd) == 0 && p[9] == 0 && p[10] == 0x5e &&
	    p[11] == 0xfe;
}

enum address_kind
address_kind(const struct address *a)
{
	if (a->len == IPV4_LEN)
		return kind_in(a->b, ipv4_blocks, ARRAY_LEN(ipv4_blocks));
	if (a->len != IPV6_LEN || is_isatap(a->b))
		return ADDRESS_SPECIAL;
	return kind_in(a->b, ipv6_blocks, ARRAY_LEN(ipv6_blocks));
}

enum err
address_read(const char *text, struct address *ret)
{
	struct address a = {.len = IPV4_LEN};
	int family = AF_INET;

	if (strchr(text, ':') != NULL) {
		a.len = IPV6_LEN;
		family = AF_INET6;
		/* One that ends as an IPv4 address carries it. */
		if (strchr(text, '.') != NULL)
			return ERR_INPUT;
	}
	if (inet_pton(family, text, a.b) != 1)
		return ERR_INPUT;
	*ret = a;
	return OK;
}

/* The first of the longest runs of groups that are nought, two at least
 * (RFC 5952 section 4.2). */
static size_t
find_run(const unsigned *group, size_t *ret_len)
{
	size_t best = GROUPS;
	size_t start = 0;
	size_t i;

	*ret_len = 1;
	for (i = 0; i < GROUPS; i++) {
		if (group[i] != 0)
			start = i + 1;
		else if (i + 1 - start > *ret_len) {
			best = start;
			*ret_len = i + 1 - start;
		}
	}
	return best;
}

static void
write_ipv6(const uint8_t *p, char ret[ADDRESS_TEXT_SIZE])
{
	unsigned group[GROUPS];
	size_t run_len;
	size_t run;
	size_t n = 0;
	size_t i;

	for (i = 0; i < GROUPS; i++)
		group[i] = (unsigned)p[2 * i] << 8 | p[2 * i + 1];
	run = find_run(group, &run_len);
	for (i = 0; i < GROUPS; i++) {
		if (i == run) {
			ret[n++] = ':';
			i += run_len - 1;
			if (i == GROUPS - 1)
				ret[n++] = ':';
			continue;
		}
		n += (size_t)snprintf(ret + n, ADDRESS_TEXT_SIZE - n, "%s%x",
		    i > 0 ? ":" : "", group[i]);
	}
	ret[n] = '\0';
}

/* Not with inet_ntop(): what libraries shorten differs, and this stands in
 * the log. */
void
address_write(const struct address *a, char ret[ADDRESS_TEXT_SIZE])
{
	ret[0] = '\0';
	if (a->len == IPV4_LEN)
		snprintf(ret, ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", a->b[0],
		    a->b[1], a->b[2], a->b[3]);
	else if (a->len == IPV6_LEN)
		write_ipv6(a->b, ret);
}

bool
address_is_loopback(const struct address *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->len == 4)
		return a->b[0] == 127;
	return a->len == 16 && memcmp(a->b, one, 16) == 0;
}

bool
address_is_shared(const struct address *a)
{
	return a->len == IPV4_LEN && a->b[0] == 100 && (a->b[1] & 0xc0) == 64;
}
