/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that loads decides every question, and one more layer never
 * loosens; one that does not load says why in UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "policy/policy.h"

static void
decide(const struct policy *p, enum effect effect, const struct json *args)
{
	static const char *const entities[] = {"light.kitchen", "lock.front"};
	const struct policy *layers[2] = {p, p};
	struct policy_question q = {.tool = "notes.save",
	    .effect = effect,
	    .args = args,
	    .entities = entities,
	    .principal = "console"};
	size_t n;

	for (n = 0; n <= 2; n++) {
		struct policy_answer one;
		struct policy_answer two;

		q.n_entities = n;
		one = policy_decide(&q, layers, 1);
		two = policy_decide(&q, layers, 2);
		if (one.verdict > VERDICT_DENY || one.rule[0] == '\0' ||
		    one.ttl_s <= 0)
			abort();
		if (two.verdict != one.verdict || two.ttl_s != one.ttl_s)
			abort();
		if (policy_decide(&q, layers, 0).verdict != VERDICT_DENY)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] = "{\"text\":\"buy milk\",\"n\":[1,2]}";
	struct policy *p;
	struct json *args;
	struct errmsg why = {""};
	int e;

	if (policy_parse((const char *)data, size, &p, &why) != OK) {
		if (why.text[0] == '\0' ||
		    !str_is_utf8(why.text, strlen(why.text)))
			abort();
		return 0;
	}
	if (json_parse(text, sizeof(text) - 1, &args) != OK)
		abort();
	for (e = 0; e < EFFECT_COUNT; e++)
		decide(p, (enum effect)e, args);
	json_free(args);
	policy_free(p);
	return 0;
}
