/* SPDX-License-Identifier: Apache-2.0 */
/* A goal that is understood names a tool and a part of the goal's words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "offline/offline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *goal = malloc(size + 1);
	struct offline_match m = {.tool = NULL};
	struct offline_call c;

	memcpy(goal, data, size);
	goal[size] = '\0';
	if (offline_match(goal, &m) == OK) {
		if (m.value == NULL || strstr(goal, m.value) == NULL)
			abort();
		if (m.arg != NULL && (m.tool == NULL || m.value[0] == '\0'))
			abort();
		if (m.tool != NULL && strchr(m.tool, '.') == NULL)
			abort();
		if ((m.arg2 != NULL) != (m.value2 != NULL) ||
		    (m.arg2 != NULL &&
			(m.value2[0] == '\0' ||
			    strstr(goal, m.value2) == NULL)))
			abort();
		offline_match_done(&m);
	}
	if (offline_call(goal, &c) == OK &&
	    (strchr(c.tool, '.') == NULL || c.args < goal ||
		!json_is_canonical(c.args, strlen(c.args))))
		abort();
	free(goal);
	return 0;
}
