/* SPDX-License-Identifier: Apache-2.0 */
/* A retry-after is seconds, a date or nothing; the later it is read, the less
 * of it is left, and never less than none. */
#include <stdint.h>
#include <stdlib.h>

#include "egress/egress_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	int64_t at_first = retry_after_ms(p, size, 0);
	int64_t later = retry_after_ms(p, size, INT64_C(1700000000000));

	if (at_first < -1 || later < -1 || later > at_first ||
	    (at_first < 0) != (later < 0) ||
	    at_first > INT64_C(1000) * 999999999 * 1000)
		abort();
	return 0;
}
