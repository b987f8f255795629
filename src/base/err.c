/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

static const char *const texts[] = {
#define X(name, text) text,
    ERR_TABLE(X)
#undef X
};

_Static_assert(ARRAY_LEN(texts) == ERR_COUNT, "one text for each error");

const char *
err_text(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		return "unknown error";
	return texts[e];
}

void
err_write(struct errmsg *why, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	/* It was cut somewhere, and travels as JSON. */
	str_mend(why->text);
}
