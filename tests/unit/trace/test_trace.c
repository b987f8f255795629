/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "crypto/crypto.h"
#include "trace/trace.h"

/* The replay digest is of all that a turn did, and of nothing else. */

static void
check_setup(void)
{
	crypto_open();
}

struct did {
	const char *goal;
	const char *name;
	const char *content;
	const char *tool; /* NULL: it wished nothing. */
	const char *args;
	const char *origins;
	const char *reply;
	bool reached;
};

static void
digest_of(const struct did *d, char ret[DIGEST_HEX_SIZE])
{
	struct digest end;
	struct trace t;

	trace_begin(&t, d->goal);
	if (d->tool != NULL)
		trace_wish(&t, d->tool, d->args, d->origins);
	trace_step(&t, d->name, d->content);
	trace_end(&t, d->reply, d->reached, &end);
	digest_hex(&end, ret);
}

TEST(whatever_a_turn_does_otherwise_has_another_digest)
{
	static const struct did rows[] = {
	    {"g", "think", "{}", "t", "{}", "none", "r", true},
	    {"h", "think", "{}", "t", "{}", "none", "r", true},
	    {"g", "reflect", "{}", "t", "{}", "none", "r", true},
	    {"g", "think", "[]", "t", "{}", "none", "r", true},
	    {"g", "think", "{}", "u", "{}", "none", "r", true},
	    {"g", "think", "{}", "t", "{\"a\":1}", "none", "r", true},
	    {"g", "think", "{}", "t", "{}", "a:model", "r", true},
	    {"g", "think", "{}", NULL, NULL, NULL, "r", true},
	    {"g", "think", "{}", "t", "{}", "none", "s", true},
	    {"g", "think", "{}", "t", "{}", "none", "r", false},
	    /* No part can pass for a piece of its neighbour. */
	    {"g", "think{", "}", "t", "{}", "none", "r", true},
	    {"g", "think", "{}", "t{", "}", "none", "r", true},
	    {"g", "think", "{}", "", "t{}", "none", "r", true},
	};
	char digests[ARRAY_LEN(rows)][DIGEST_HEX_SIZE];
	size_t i;
	size_t j;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		digest_of(&rows[i], digests[i]);
		for (j = 0; j < i; j++)
			CHECK(strcmp(digests[i], digests[j]) != 0);
	}
	digest_of(&rows[0], digests[1]);
	CHECK_STR(digests[1], digests[0]);
}

TEST(it_goes_on_from_any_step_as_if_it_had_never_stopped)
{
	struct trace whole;
	struct trace later;
	char hex[DIGEST_HEX_SIZE];

	trace_begin(&whole, "goal");
	trace_step(&whole, "recall", "{}");
	digest_hex(&whole.at, hex);
	trace_step(&whole, "think", "{}");
	trace_begin(&later, "goal");
	/* What was wished before the crash is wished again. */
	trace_wish(&later, "t", "{}", "none");
	CHECK(trace_take_up(&later, 1, hex) == OK);
	trace_step(&later, "think", "{}");
	CHECK(digest_equal(&whole.at, &later.at));
	CHECK(trace_take_up(&later, 1, "") != OK);
	CHECK(trace_take_up(&later, 1, "xyz") != OK);
}

static void
digest_of_view(const struct digest *view, char ret[DIGEST_HEX_SIZE])
{
	struct trace t;

	trace_begin(&t, "goal");
	if (view != NULL)
		trace_view(&t, view);
	trace_step(&t, "recall", "{}");
	digest_hex(&t.at, ret);
}

TEST(the_same_step_after_another_view_has_another_digest)
{
	static const struct digest none = {{0}};
	static const struct digest one = {{1}};
	char of_none[DIGEST_HEX_SIZE];
	char of_one[DIGEST_HEX_SIZE];
	char of_nothing[DIGEST_HEX_SIZE];

	digest_of_view(&none, of_none);
	digest_of_view(&one, of_one);
	digest_of_view(NULL, of_nothing);
	CHECK(strcmp(of_none, of_one) != 0);
	CHECK(strcmp(of_none, of_nothing) != 0);
	digest_of_view(&one, of_none);
	CHECK_STR(of_one, of_none);
}

/* Whoever changes how it is made makes every recorded one wrong. */
TEST(it_is_made_as_it_was)
{
	static const struct did d = {"list notes", "think", "{}", "notes.list",
	    "{}", "none", "milk", true};
	char hex[DIGEST_HEX_SIZE];

	digest_of(&d, hex);
	CHECK_STR(hex,
	    "b0e21b616e1b19ad6e9d47d386f49fb704093a196ef3eae4c9"
	    "91068b829e3924");
}

TEST(a_request_is_named_by_its_digest)
{
	struct buf b;

	buf_init(&b, 1024);
	trace_request("tiny", 7, "abc", 3, &b);
	CHECK_STR(b.p,
	    "{\"bytes\":3,\"model\":\"tiny\",\"output\":7,\"sha256\":"
	    "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
	    "ad\"}");
	buf_done(&b);
}
