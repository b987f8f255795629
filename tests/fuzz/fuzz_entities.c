/* SPDX-License-Identifier: Apache-2.0 */
/* What a call of the home names are names, each once, and no more of them
 * than one act may have; put together they are the same list. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *args;
	char *text;
	struct entities named;
	struct buf again;
	size_t i;

	/* Arguments are JSON, which has no other texts. */
	if (!str_is_utf8((const char *)data, size))
		return 0;
	args = json_object();
	text = malloc(size + 1);
	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	json_put_str(args, "entities", text);
	if (entities_of(args, &named) == OK) {
		buf_init(&again, HOME_MANY_MAX * (NAME_MAX_LEN + 1));
		for (i = 0; i < named.n; i++)
			buf_addf(
			    &again, "%s%s", i > 0 ? "," : "", named.name[i]);
		if (named.n == 0 || named.n > HOME_MANY_MAX || again.overflow ||
		    strcmp(again.p, text) != 0)
			abort();
		buf_done(&again);
	} else if (named.n != 0) {
		abort();
	}
	json_free(args);
	free(text);
	return 0;
}
