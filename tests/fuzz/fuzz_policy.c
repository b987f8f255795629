/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that loads decides every question, and one more layer never
 * loosens; one that does not load says why in UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "policy/policy.h"

static enum fact
fact(void *arg, const char *name)
{
	(void)arg;
	return (enum fact)(strlen(name) % 3);
}

static int64_t
used(void *arg, const struct policy_line *line)
{
	(void)arg;
	return line->span_s % 7;
}

static int64_t
spent(void *arg, const struct policy_line *line, enum dimension d)
{
	(void)arg;
	return line->span_s % 5 + (int64_t)d;
}

static bool
granted(void *arg, const struct policy_line *line)
{
	(void)arg;
	return strlen(line->name) % 2 == 0;
}

static const struct policy_ports ports = {
    .fact = fact, .used = used, .spent = spent, .granted = granted};

static void
decide(const struct policy *p, enum effect effect, const struct json *args)
{
	static const char *const entities[] = {"light.kitchen", "lock.front"};
	static const struct names labels;
	struct policy_layer layers[2] = {{"box", p}, {"client", p}};
	struct policy_question q = {.tool = "notes.save",
	    .effect = effect,
	    .args = args,
	    .entities = entities,
	    .principal = "console",
	    .agent = "house",
	    .client = "console",
	    .labels = &labels,
	    .minute = 600,
	    .cost = {1, 1, 1, 0, 1, 1, 1},
	    .ports = &ports};
	struct buf b;
	size_t n;

	for (n = 0; n <= 2; n++) {
		struct policy_answer one;
		struct policy_answer two;

		q.n_entities = n;
		one = policy_decide(&q, layers, 1);
		two = policy_decide(&q, layers, 2);
		if (one.verdict > VERDICT_DENY ||
		    (one.verdict == VERDICT_ASK) != (one.ttl_s > 0))
			abort();
		if (two.verdict != one.verdict || two.ttl_s != one.ttl_s ||
		    two.keys != one.keys)
			abort();
		if (policy_decide(&q, layers, 0).verdict != VERDICT_DENY)
			abort();
		buf_init(&b, 1 << 20);
		policy_spoke_text(&one, layers, 1, &b);
		if (b.len == 0)
			abort();
		policy_explain(&q, layers, 2, "", &b);
		buf_done(&b);
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
