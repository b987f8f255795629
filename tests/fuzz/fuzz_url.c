/* SPDX-License-Identifier: Apache-2.0 */
/* The host of what is read is in the form of host_read() and no address for
 * anybody; a grant covers itself and no other port; who refuses says why. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "net/host.h"

static void
check_name(const char *name)
{
	char again[HOST_MAX + 1];
	struct in_addr a;

	if (host_read(name, strlen(name), again) != OK ||
	    strcmp(name, again) != 0 || inet_aton(name, &a) != 0)
		abort();
}

static void
check_why(const struct errmsg *why)
{
	if (why->text[0] == '\0' || !str_is_utf8(why->text, strlen(why->text)))
		abort();
}

static void
check_grant(const struct host_grant *g)
{
	char under[HOST_MAX + 3];
	char text[ADDRESS_TEXT_SIZE];
	struct address again;

	check_name(g->name);
	snprintf(under, sizeof(under), "x.%s", g->name);
	if (g->port == 0 ||
	    host_grant_covers(g, g->name, g->port) == g->any_under ||
	    host_grant_covers(g, under, g->port) != g->any_under ||
	    host_grant_covers(g, under + 1, g->port) ||
	    host_grant_covers(g, g->name, g->port ^ 1))
		abort();
	if (!g->has_address)
		return;
	address_write(&g->address, text);
	memset(&again, 0, sizeof(again));
	if (g->any_under || address_kind(&g->address) == ADDRESS_SPECIAL ||
	    address_read(text, &again) != OK ||
	    memcmp(&again, &g->address, sizeof(again)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[HOST_MAX + 1];
	struct errmsg why = {""};
	struct host_grant g;
	struct url u;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	if (host_read(text, size, name) == OK)
		check_name(name);
	text[size] = '\0';
	if (url_read(text, &u, &why) != OK)
		check_why(&why);
	else {
		check_name(u.host);
		if (u.port == 0)
			abort();
	}
	memset(&g, 0, sizeof(g));
	why.text[0] = '\0';
	if (host_grant_read(text, &g, &why) != OK)
		check_why(&why);
	else
		check_grant(&g);
	free(text);
	return 0;
}
