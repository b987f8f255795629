/* SPDX-License-Identifier: Apache-2.0 */
/* A scope that passes is one to the policy as well: what it covers by itself
 * the layer that is made of it allows, and nothing else; and a time is within
 * its bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "term/term.h"

#define TOOL "notes.delete"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(const struct term *t)
{
	struct names none = {0};
	struct policy_ports ports = {0};
	struct json *args = json_object();
	struct policy *p = term_layer(t);
	struct policy_layer layer = {"scope", p};
	struct policy_question q = {.tool = TOOL,
	    .effect = EFFECT_SYSTEM,
	    .args = args,
	    .principal = "script",
	    .agent = "house",
	    .labels = &none,
	    .minute = -1,
	    .ports = &ports};
	struct str tool = {TOOL, sizeof(TOOL) - 1};

	if (p != NULL &&
	    (policy_decide(&q, &layer, 1).verdict == VERDICT_ALLOW) !=
		term_covers(t, tool))
		abort();
	policy_free(p);
	json_free(args);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct term t = {0};
	struct errmsg why;
	int64_t ms = 0;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (term_read_time(text, &ms, &why) == OK &&
	    (ms < 1 || ms > TERM_MS_MAX))
		abort();
	if (term_check_scope(text, &why) == OK) {
		if (str_copy(t.scope, sizeof(t.scope), text) != OK)
			abort();
		compare(&t);
	}
	free(text);
	return 0;
}
