/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/loop.h"

#include <unistd.h>

#include "check.h"
#include "sys/clock.h"

static struct loop *loop;
static char order[64];
static uint64_t victim;
static uint64_t again;
static int fd_events;

static void
check_setup(void)
{
}

static void
on_timer(void *arg)
{
	size_t n = strlen(order);

	if (n + 1 < sizeof(order)) {
		order[n] = *(const char *)arg;
		order[n + 1] = '\0';
	}
}

static void
on_cancel(void *arg)
{
	on_timer(arg);
	loop_timer_cancel(loop, victim);
}

static void
on_again(void *arg)
{
	on_timer(arg);
	again = loop_timer(loop, clock_boot_ms(), on_timer, "n");
}

static void
on_stop(void *arg)
{
	on_timer(arg);
	loop_stop(loop);
}

static void
begin(void)
{
	loop = loop_new();
	order[0] = '\0';
}

TEST(timers_run_when_their_time_has_come)
{
	int64_t now = clock_boot_ms();

	begin();
	loop_timer(loop, now + 40, on_stop, "3");
	loop_timer(loop, now + 20, on_timer, "2");
	loop_timer(loop, now, on_timer, "1");
	loop_run(loop);
	CHECK_STR(order, "123");
	CHECK(clock_boot_ms() - now >= 40);
	CHECK(clock_boot_ms() - now < 2000);
	loop_free(loop);
}

TEST(a_timer_runs_once)
{
	begin();
	loop_timer(loop, 0, on_timer, "a");
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	CHECK_STR(order, "a");
	loop_free(loop);
}

TEST(a_timer_can_cancel_another_that_is_due)
{
	begin();
	loop_timer(loop, 0, on_cancel, "a");
	victim = loop_timer(loop, 0, on_timer, "x");
	loop_timer(loop, 0, on_timer, "b");
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	CHECK_STR(order, "ab");
	loop_free(loop);
}

TEST(a_timer_can_cancel_itself_and_the_last)
{
	begin();
	victim = loop_timer(loop, 0, on_cancel, "a");
	loop_turn(loop, 0);
	CHECK_STR(order, "a");
	loop_timer(loop, 0, on_cancel, "b");
	victim = loop_timer(loop, 0, on_timer, "x");
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	CHECK_STR(order, "ab");
	loop_timer_cancel(loop, 0);
	loop_timer_cancel(loop, 12345);
	loop_free(loop);
}

TEST(a_timer_set_by_a_timer_waits_for_the_next_turn)
{
	begin();
	loop_timer(loop, 0, on_again, "a");
	loop_turn(loop, 0);
	CHECK_STR(order, "a");
	CHECK(again != 0);
	loop_turn(loop, 0);
	CHECK_STR(order, "an");
	loop_free(loop);
}

TEST(ids_are_never_used_again)
{
	uint64_t a;
	uint64_t b;

	begin();
	a = loop_timer(loop, INT64_MAX, on_timer, "a");
	loop_timer_cancel(loop, a);
	b = loop_timer(loop, 0, on_timer, "b");
	CHECK(a != 0 && a != b);
	loop_timer_cancel(loop, a);
	loop_turn(loop, 0);
	CHECK_STR(order, "b");
	loop_free(loop);
}

static void
on_fd(void *arg, int fd, int events)
{
	(void)fd;
	fd_events = events;
	if (arg != NULL)
		loop_remove(loop, *(int *)arg);
}

TEST(a_descriptor_is_told_while_it_is_watched)
{
	int fds[2];

	begin();
	REQUIRE(pipe(fds) == 0);
	CHECK(loop_add(loop, fds[0], LOOP_READ, on_fd, NULL) == OK);
	loop_turn(loop, 0);
	CHECK_INT(fd_events, 0);
	CHECK(write(fds[1], "x", 1) == 1);
	loop_turn(loop, 0);
	CHECK(fd_events & LOOP_READ);
	close(fds[1]);
	loop_turn(loop, 0);
	CHECK(fd_events & LOOP_HANGUP);
	fd_events = 0;
	loop_remove(loop, fds[0]);
	loop_remove(loop, fds[0]);
	loop_turn(loop, 0);
	CHECK_INT(fd_events, 0);
	close(fds[0]);
	CHECK(loop_add(loop, fds[0], LOOP_READ, on_fd, NULL) == ERR_IO);
	loop_free(loop);
	loop_free(NULL);
}

TEST(a_descriptor_removed_in_the_same_turn_is_not_told)
{
	int a[2];
	int b[2];
	int told = 0;
	int turn;

	begin();
	REQUIRE(pipe(a) == 0 && pipe(b) == 0);
	CHECK(write(a[1], "x", 1) == 1 && write(b[1], "x", 1) == 1);
	/* Each removes the other, so that whichever is first speaks. */
	CHECK(loop_add(loop, a[0], LOOP_READ, on_fd, &b[0]) == OK);
	CHECK(loop_add(loop, b[0], LOOP_READ, on_fd, &a[0]) == OK);
	for (turn = 0; turn < 1; turn++) {
		fd_events = 0;
		loop_turn(loop, 0);
		told += fd_events != 0;
	}
	CHECK_INT(told, 1);
	loop_remove(loop, a[0]);
	loop_remove(loop, b[0]);
	fd_events = 0;
	loop_turn(loop, 0);
	CHECK_INT(fd_events, 0);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
	loop_free(loop);
}
