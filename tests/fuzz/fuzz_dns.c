/* SPDX-License-Identifier: Apache-2.0 */
/* A question that is read can be printed and answered, and the answer holds
 * the same question and what was said; addresses of an answer are whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns.h"
#include "net/host.h"

#define HEAD_LEN 12
#define FOUND_MAX 4

static void
check_name(const struct dns_question *q)
{
	char again[HOST_MAX + 1];
	const char *c;

	for (c = q->name; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || (*c >= 'A' && *c <= 'Z'))
			abort();
	if (q->is_host &&
	    (host_read(q->name, strlen(q->name), again) != OK ||
		strcmp(q->name, again) != 0))
		abort();
}

/* An answer without addresses is its question again, but for the bit that
 * says so. */
static void
check_empty(const uint8_t *query, const struct dns_question *q, bool none)
{
	static const struct address nothing;
	uint8_t out[DNS_MESSAGE_MAX];
	struct address found;
	struct dns_question again;
	size_t len = dns_answer_write(query, q, &nothing, none, 60, out);
	size_t n;

	if (len != HEAD_LEN + q->len ||
	    dns_question_read(out, len, &again) == OK)
		abort();
	if (mdns_answer_read(out, len, q->name, &found, 1, &n) !=
	    (none ? ERR_INPUT : ERR_NOTFOUND))
		abort();
	out[2] &= 0x7f;
	if (dns_question_read(out, len, &again) != OK || again.id != q->id ||
	    again.type != q->type || again.recursion != q->recursion ||
	    again.is_host != q->is_host || again.len != q->len ||
	    strcmp(again.name, q->name) != 0)
		abort();
}

static void
check_address(const uint8_t *query, const struct dns_question *q)
{
	static const struct address a = {4, {127, 1, 0, 7}};
	struct address found[FOUND_MAX];
	uint8_t out[DNS_MESSAGE_MAX];
	size_t len;
	size_t n;

	if (q->type != DNS_A || !q->is_host)
		return;
	len = dns_answer_write(query, q, &a, false, 60, out);
	if (len > sizeof(out) ||
	    mdns_answer_read(out, len, q->name, found, FOUND_MAX, &n) != OK ||
	    n != 1 || found[0].len != 4 || memcmp(found[0].b, a.b, 4) != 0)
		abort();
}

static void
check_asked(const struct dns_question *q)
{
	struct dns_question again;
	uint8_t out[DNS_MESSAGE_MAX];
	size_t len;

	if (!q->is_host)
		return;
	len = mdns_question_write(q->name, DNS_AAAA, out);
	if (len > sizeof(out) || dns_question_read(out, len, &again) != OK ||
	    again.len != len - HEAD_LEN || again.recursion ||
	    again.type != DNS_OTHER || strcmp(again.name, q->name) != 0)
		abort();
}

static void
check_found(const uint8_t *data, size_t size)
{
	struct address found[FOUND_MAX];
	struct address one;
	size_t n_one;
	size_t n;
	size_t i;

	if (mdns_answer_read(data, size, "hub.local", found, FOUND_MAX, &n) !=
	    OK)
		return;
	if (n == 0 || n > FOUND_MAX)
		abort();
	for (i = 0; i < n; i++)
		if (found[i].len != 4 && found[i].len != 16)
			abort();
	if (mdns_answer_read(data, size, "hub.local", &one, 1, &n_one) != OK ||
	    n_one != 1 || one.len != found[0].len ||
	    memcmp(one.b, found[0].b, one.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_question q;

	check_found(data, size);
	if (dns_question_read(data, size, &q) != OK)
		return 0;
	if (q.len > size - HEAD_LEN)
		abort();
	check_name(&q);
	check_empty(data, &q, false);
	check_empty(data, &q, true);
	check_address(data, &q);
	check_asked(&q);
	return 0;
}
