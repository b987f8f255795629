/* SPDX-License-Identifier: Apache-2.0 */
/* What is read writes back to the same bytes, and covers only what it
 * names. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "approval/grant.h"
#include "base/limits.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_cover(const struct grant *g)
{
	static const char args[] = "{\"name\":\"list\"}";
	struct grant_case c = {.tool = "notes.delete",
	    .effect = "system",
	    .manifest = &g->manifest,
	    .args = {args, sizeof(args) - 1},
	    .now_ms = 1800000000000,
	    .minute = 600};
	struct json *v;
	struct errmsg why;

	if (json_parse(args, sizeof(args) - 1, &v) != OK)
		abort();
	c.parsed = v;
	if (grant_covers(g, &c, &why) == OK &&
	    (!str_eq(g->tool, c.tool) || c.now_ms >= g->until_ms))
		abort();
	json_free(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool open;
	struct errmsg why;
	struct grant g;
	struct buf b;

	if (!open)
		crypto_open();
	open = true;
	if (grant_read((const char *)data, size, &g, &why) != OK)
		return 0;
	buf_init(&b, GRANT_MAX);
	if (grant_write(&g, &b) != OK || b.len != size ||
	    memcmp(b.p, data, size) != 0)
		abort();
	buf_done(&b);
	try_cover(&g);
	return 0;
}
