/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/spawn.h"

#include "check.h"
#include "sys/clock.h"

static void
check_setup(void)
{
}

static enum err
run(const char *words, int64_t wait_ms, struct buf *out)
{
	const char *const argv[] = {"/bin/sh", "-c", words, NULL};

	buf_init(out, 4096);
	return spawn_and_wait(argv, wait_ms, out);
}

TEST(what_a_program_says_is_collected_and_how_it_ended_is_told)
{
	struct buf out;

	CHECK(run("echo one; echo two >&2", 5000, &out) == OK);
	CHECK_STR(out.p, "one\ntwo\n");
	buf_done(&out);
	CHECK(run("exit 3", 5000, &out) == ERR_STATE);
	buf_done(&out);
}

TEST(a_program_that_does_not_end_is_not_waited_for_without_end)
{
	static const char *const words[] = {"sleep 60",
	    "exec >/dev/null 2>&1; sleep 60",
	    "exec >/dev/null 2>&1; trap '' TERM; while :; do sleep 1; done"};
	struct buf out;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int64_t began_ms = clock_boot_ms();

		CASE(words[i]);
		alarm(20); /* Without the deadline it never comes back. */
		CHECK(run(words[i], 300, &out) == ERR_EXPIRED);
		alarm(0);
		CHECK(clock_boot_ms() - began_ms < 5000);
		buf_done(&out);
	}
}
