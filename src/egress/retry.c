/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/egress_priv.h"

bool
retry_take(struct retries *r, int64_t now_ms)
{
	int64_t back = now_ms - r->at_ms;

	r->taken = r->taken > back ? r->taken - back : 0;
	r->at_ms = now_ms;
	if (r->taken + MODEL_RETRY_EVERY_MS >
	    (int64_t)MODEL_RETRIES_MAX * MODEL_RETRY_EVERY_MS)
		return false;
	r->taken += MODEL_RETRY_EVERY_MS;
	return true;
}

int64_t
retry_pause_ms(int tries, int64_t after_ms, uint32_t random)
{
	int64_t most = MODEL_BACKOFF_MS;
	int i;

	if (after_ms > MODEL_WAIT_MS)
		return -1;
	if (after_ms >= 0)
		return after_ms;
	for (i = 1; i < tries && most < MODEL_WAIT_MS; i++)
		most *= 2;
	if (most > MODEL_WAIT_MS)
		most = MODEL_WAIT_MS;
	return (int64_t)(random % ((uint64_t)most + 1));
}
