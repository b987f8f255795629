/* SPDX-License-Identifier: Apache-2.0 */
#include "usd/usd.h"

#include <stdio.h>

#include "base/limits.h"

enum err
usd_read(struct str s, int64_t *ret)
{
	int64_t whole = 0;
	int64_t part = 0;
	int64_t unit = USD;
	size_t i = 0;

	for (; i < s.len && s.p[i] != '.'; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || whole > USD_MAX)
			return ERR_INPUT;
		whole = whole * 10 + (s.p[i] - '0');
	}
	if (i == 0 || i + 1 == s.len || whole > USD_MAX)
		return ERR_INPUT;
	for (i++; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || unit == 1)
			return ERR_INPUT;
		unit /= 10;
		part += (s.p[i] - '0') * unit;
	}
	*ret = whole * USD + part;
	return OK;
}

void
usd_write(int64_t millionths, struct buf *out)
{
	char digits[8];
	size_t n = 6;

	buf_addf(out, "%lld", (long long)(millionths / USD));
	if (millionths % USD == 0)
		return;
	snprintf(digits, sizeof(digits), "%06d", (int)(millionths % USD));
	while (digits[n - 1] == '0')
		n--;
	buf_addf(out, ".%.*s", (int)n, digits);
}
