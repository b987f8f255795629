/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a command writes comes out as UTF-8 of bounded length; what is
 * short and good comes out as it is.  And the two tools mean the same by text
 * as the house does. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "files/text.h"
#include "shell/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stream s;
	static char out[STREAM_TEXT];
	const char *p = (const char *)data;
	size_t times = size > 0 ? 1 + data[0] % 16 : 1;
	size_t whole;
	size_t n;
	size_t i;
	bool good = str_is_utf8(p, size) && memchr(p, 0, size) == NULL;

	if (text_is_utf8(p, size, false, &whole) != good ||
	    (good && whole != size))
		abort();
	if (text_is_utf8(p, size, true, &whole) &&
	    (whole > size || size - whole > 3 || !str_is_utf8(p, whole)))
		abort();
	stream_begin(&s, -1);
	for (i = 0; i < times; i++)
		stream_add(&s, p, size);
	n = stream_write(&s, out);
	if (n > sizeof(out) || !str_is_utf8(out, n) ||
	    memchr(out, 0, n) != NULL)
		abort();
	if (times == 1 && good && size < STREAM_HALF &&
	    (n != size || memcmp(out, p, n) != 0))
		abort();
	return 0;
}
