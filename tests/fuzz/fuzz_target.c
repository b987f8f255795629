/* SPDX-License-Identifier: Apache-2.0 */
/* What is read writes back to the same bytes, and is where https leads; a
 * browser has a key that can be sealed for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "push/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool open;
	uint8_t sealed[WEBPUSH_LEN];
	char origin[TARGET_ORIGIN_SIZE];
	struct webpush_to to;
	struct errmsg why;
	struct target t;
	struct url url;
	struct buf b;

	if (!open)
		crypto_open();
	open = true;
	if (target_read((const char *)data, size, &t, &why) != OK)
		return 0;
	buf_init(&b, PUSH_TEXT_MAX);
	if (target_write(&t, &b) != OK || b.len != size ||
	    memcmp(b.p, data, size) != 0)
		abort();
	buf_done(&b);
	target_url(&t, &url);
	if (!url.tls || url.host[0] == '\0' || t.hourly < 1 ||
	    t.hourly > PUSH_HOURLY_MAX)
		abort();
	target_origin(&t, origin);
	if (strlen(origin) <= strlen("https://"))
		abort();
	if (!target_is_webpush(&t))
		return 0;
	target_webpush(&t, &to);
	if (webpush_seal(&to, "yes", sealed) != OK)
		abort();
	return 0;
}
