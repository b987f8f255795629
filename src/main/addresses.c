/* SPDX-License-Identifier: Apache-2.0 */
#include "main/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "net/address.h"
#include "sys/clock.h"

/* What the command line calls every box. */
#define BOX_NAME "durward"

#define MONTH_MS (30 * 24 * 3600 * (int64_t)1000)

static struct {
	char text[HOUSE_NAMES_BYTES_MAX];
	int64_t month; /* Of the wall clock, which may be set any time. */
	int64_t look_ms;
} kept;

/* Those that the root's certificate may speak for. */
static bool
is_of_a_home(const struct address *a)
{
	return address_kind(a) == ADDRESS_PRIVATE || address_is_loopback(a) ||
	    address_is_shared(a);
}

/* False for what no other machine can use. */
static bool
address_of(const struct ifaddrs *a, char ret[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *v4 = (const void *)a->ifa_addr;
	const struct sockaddr_in6 *v6 = (const void *)a->ifa_addr;
	struct address at;

	if (a->ifa_addr == NULL || !(a->ifa_flags & IFF_UP))
		return false;
	if (a->ifa_addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, ret, INET6_ADDRSTRLEN);
	else if (a->ifa_addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, ret, INET6_ADDRSTRLEN);
	else
		return false;
	return address_read(ret, &at) == OK && is_of_a_home(&at);
}

static void
write_host(struct buf *out)
{
	char host[HOST_MAX + 1] = "";
	char *dot;

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	dot = strchr(host, '.');
	if (dot != NULL)
		*dot = '\0';
	if (!str_is_name(host))
		memcpy(host, BOX_NAME, sizeof(BOX_NAME));
	buf_addf(out, "%s.local %s.home.arpa localhost " BOX_NAME, host, host);
}

void
addresses_write(struct buf *out)
{
	struct ifaddrs *list = NULL;
	const struct ifaddrs *a;
	char text[INET6_ADDRSTRLEN];
	size_t n = 4;

	write_host(out);
	if (getifaddrs(&list) != 0)
		return;
	for (a = list; a != NULL && n < HOUSE_NAMES_MAX; a = a->ifa_next)
		if (address_of(a, text)) {
			buf_addf(out, " %s", text);
			n++;
		}
	freeifaddrs(list);
}

bool
addresses_changed(bool anew, struct buf *out)
{
	int64_t now_ms = clock_boot_ms();
	int64_t month = clock_wall_ms() / MONTH_MS;

	if (!anew && now_ms < kept.look_ms)
		return false;
	kept.look_ms = now_ms + ADDRESSES_MS;
	addresses_write(out);
	if (out->overflow ||
	    (!anew && month == kept.month && strcmp(out->p, kept.text) == 0))
		return false;
	snprintf(kept.text, sizeof(kept.text), "%s", out->p);
	kept.month = month;
	return true;
}
