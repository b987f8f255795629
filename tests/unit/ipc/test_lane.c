/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/lane.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"
#include "ipc/frame.h"
#include "sys/sock.h"

struct end {
	struct lane *lane;
	int messages;
	int closed;
	int violations;
	int kept_fd;
	size_t n_fds;
	enum msg_type type;
	enum role from;
	char word[64];
	char bulk[64];
	int64_t last;
	bool in_order;
	bool free_at_once;
};

static struct loop *loop;

static void
check_setup(void)
{
	/* Violations are logged; here they are meant. */
	log_open("test", LOG_ERR);
	close(STDERR_FILENO);
	if (open("/dev/null", O_WRONLY) < 0)
		return;
}

static void
on_lane(void *arg, enum role peer, enum lane_event event, struct msg *m)
{
	struct end *e = arg;
	int64_t n;

	e->closed += event == LANE_CLOSED;
	e->violations += event == LANE_VIOLATION;
	if (event == LANE_MESSAGE) {
		n = json_int(m->body, "n", 0);
		e->in_order = e->messages == 0 || n == e->last + 1;
		e->last = n;
		e->messages++;
		e->type = m->type;
		e->from = m->from;
		e->n_fds = m->n_fds;
		snprintf(e->word, sizeof(e->word), "%s",
		    json_words(m->body, "word"));
		snprintf(e->bulk, sizeof(e->bulk), "%.*s", (int)m->bulk_len,
		    m->bulk);
		if (m->n_fds > 0) {
			e->kept_fd = m->fds[0];
			m->fds[0] = -1;
		}
	}
	if (event != LANE_MESSAGE || e->free_at_once) {
		lane_free(e->lane);
		e->lane = NULL;
	}
	(void)peer;
}

static void
open_pair(struct end *a, enum role role_a, struct end *b, enum role role_b)
{
	int fds[2];

	*a = *b = (struct end){.kept_fd = -1};
	loop = loop_new();
	REQUIRE(sock_lane_pair(fds) == OK);
	a->lane = lane_new(loop, fds[0], role_a, role_b, on_lane, a);
	b->lane = lane_new(loop, fds[1], role_b, role_a, on_lane, b);
}

static void
close_pair(struct end *a, struct end *b)
{
	lane_free(a->lane);
	lane_free(b->lane);
	loop_free(loop);
}

static void
turns(int n)
{
	while (n-- > 0)
		loop_turn(loop, 5);
}

TEST(a_message_arrives_with_its_bulk_and_descriptors)
{
	struct end core;
	struct end tools;
	struct json *body = json_object();
	struct outgoing o = {.type = MSG_TOOL_STDIO,
	    .body = body,
	    .bulk = "raw bytes",
	    .bulk_len = 9,
	    .n_fds = 2};
	char c = 0;
	int fds[2];

	open_pair(&core, ROLE_RUNNER, &tools, ROLE_TOOLS);
	REQUIRE(pipe(fds) == 0);
	json_put_str(body, "word", "hello");
	o.fds[0] = fds[0];
	o.fds[1] = fds[1];
	CHECK(lane_send(core.lane, &o) == OK);
	json_free(body);
	CHECK(write(fds[1], "x", 1) == 1);
	close(fds[0]);
	close(fds[1]);
	turns(2);
	CHECK_INT(tools.messages, 1);
	CHECK_INT(tools.type, MSG_TOOL_STDIO);
	CHECK_INT(tools.from, ROLE_RUNNER);
	CHECK_STR(tools.word, "hello");
	CHECK_STR(tools.bulk, "raw bytes");
	CHECK_INT(tools.n_fds, 2);
	REQUIRE(tools.kept_fd >= 0);
	CHECK(fcntl(tools.kept_fd, F_GETFD) & FD_CLOEXEC);
	CHECK(read(tools.kept_fd, &c, 1) == 1 && c == 'x');
	/* Only the one that was kept is open: the writer is gone. */
	CHECK(read(tools.kept_fd, &c, 1) == 0);
	close(tools.kept_fd);
	close_pair(&core, &tools);
}

TEST(a_message_off_its_lane_is_a_violation_and_never_delivered)
{
	struct end mind;
	struct end core;
	struct outgoing o = {.type = MSG_ACT_ORDER};

	open_pair(&mind, ROLE_MIND, &core, ROLE_CORE);
	CHECK(lane_send(mind.lane, &o) == OK);
	o.type = MSG_PROPOSAL;
	CHECK(lane_send(mind.lane, &o) == OK);
	turns(3);
	CHECK_INT(core.violations, 1);
	CHECK_INT(core.messages, 0);
	CHECK(core.lane == NULL);
	CHECK_INT(mind.closed, 1);
	close_pair(&mind, &core);
}

static void
check_raw(const void *p, size_t len)
{
	struct end end = {.kept_fd = -1};
	int fds[2];

	loop = loop_new();
	REQUIRE(sock_lane_pair(fds) == OK);
	end.lane = lane_new(loop, fds[0], ROLE_CORE, ROLE_MIND, on_lane, &end);
	CHECK(send(fds[1], p, len, 0) == (ssize_t)len);
	turns(2);
	CHECK_INT(end.violations, 1);
	CHECK_INT(end.messages, 0);
	lane_free(end.lane);
	loop_free(loop);
	close(fds[1]);
}

TEST(bytes_that_are_no_frame_are_a_violation)
{
	static const char *const bodies[] = {
	    "", "[]", "{", "1", "{\"a\":1,\"a\":1}", "\"\xff\""};
	uint8_t packet[64];
	static uint8_t big[LANE_FRAME_MAX + 1];
	size_t i;

	check_raw("x", 1);
	check_raw("DWL1 and some words that are no lengths", 39);
	for (i = 0; i < ARRAY_LEN(bodies); i++) {
		struct frame f = {
		    .type = MSG_PROPOSAL, .body_len = strlen(bodies[i])};

		CASE(bodies[i]);
		REQUIRE(frame_encode_head(&f, packet) == OK);
		memcpy(packet + FRAME_HEAD_LEN, bodies[i], f.body_len);
		check_raw(packet, FRAME_HEAD_LEN + f.body_len);
	}
	check_raw(big, sizeof(big));
}

TEST(the_queue_is_bounded_and_keeps_the_order)
{
	struct end mind;
	struct end core;
	int sent = 0;
	enum err e = OK;

	open_pair(&mind, ROLE_MIND, &core, ROLE_CORE);
	while (sent < 100000 && e == OK) {
		struct json *body = json_object();
		struct outgoing o = {.type = MSG_STEP, .body = body};

		json_put_int(body, "n", sent);
		e = lane_send(mind.lane, &o);
		json_free(body);
		sent += e == OK;
	}
	CHECK_INT(e, ERR_BUSY);
	CHECK(sent >= LANE_QUEUE_MAX);
	CHECK(sent < 100000);
	core.in_order = true;
	for (int i = 0; i < 5000 && core.messages < sent && core.in_order; i++)
		loop_turn(loop, 5);
	CHECK(core.in_order);
	CHECK_INT(core.messages, sent);
	close_pair(&mind, &core);
}

TEST(the_queue_is_bounded_in_bytes)
{
	static char bulk[LANE_BULK_MAX];
	struct end runner;
	struct end tools;
	struct outgoing o = {
	    .type = MSG_TOOL_STDIO, .bulk = bulk, .bulk_len = sizeof(bulk)};
	int sent = 0;

	open_pair(&runner, ROLE_RUNNER, &tools, ROLE_TOOLS);
	while (sent < 1000 && lane_send(runner.lane, &o) == OK)
		sent++;
	CHECK(sent > 0);
	CHECK(sent <= 40);
	o.bulk_len++;
	CHECK(lane_send(runner.lane, &o) == ERR_LIMIT);
	for (int i = 0; i < 5000 && tools.messages < sent; i++)
		loop_turn(loop, 5);
	CHECK_INT(tools.messages, sent);
	close_pair(&runner, &tools);
}

TEST(descriptors_that_wait_in_the_queue_arrive_or_are_closed)
{
	struct end runner;
	struct end tools;
	struct outgoing o = {.type = MSG_TOOL_STDIO, .n_fds = 1};
	struct outgoing filler = {.type = MSG_TOOL_STDIO};
	int fds[2];
	int sent = 0;
	enum err e = ERR_LIMIT;

	open_pair(&runner, ROLE_RUNNER, &tools, ROLE_TOOLS);
	while (sent < 100000 && lane_send(runner.lane, &filler) == OK)
		sent++;
	REQUIRE(pipe(fds) == 0);
	o.fds[0] = fds[1];
	/* As soon as one place in the queue is free. */
	for (int i = 0; i < 5000 && e != OK; i++) {
		loop_turn(loop, 5);
		e = lane_send(runner.lane, &o);
	}
	CHECK_INT(e, OK);
	CHECK(tools.messages < sent);
	close(fds[1]);
	for (int i = 0; i < 5000 && tools.messages <= sent; i++)
		loop_turn(loop, 5);
	CHECK_INT(tools.n_fds, 1);
	CHECK(tools.kept_fd >= 0);
	close(tools.kept_fd);
	CHECK(read(fds[0], &(char){0}, 1) == 0);
	close(fds[0]);
	close_pair(&runner, &tools);
}

TEST(a_closed_lane_is_told_once)
{
	struct end mind;
	struct end core;
	struct outgoing o = {.type = MSG_TURN_START};

	open_pair(&mind, ROLE_MIND, &core, ROLE_CORE);
	lane_free(mind.lane);
	mind.lane = NULL;
	CHECK(lane_send(core.lane, &o) == ERR_CLOSED);
	turns(2);
	CHECK_INT(core.closed, 1);
	CHECK_INT(core.violations, 0);
	close_pair(&mind, &core);
}

TEST(a_handler_may_free_its_lane)
{
	struct end mind;
	struct end core;
	struct outgoing o = {.type = MSG_PROPOSAL};

	open_pair(&mind, ROLE_MIND, &core, ROLE_CORE);
	core.free_at_once = true;
	CHECK(lane_send(mind.lane, &o) == OK);
	CHECK(lane_send(mind.lane, &o) == OK);
	turns(3);
	CHECK_INT(core.messages, 1);
	CHECK_INT(mind.closed, 1);
	close_pair(&mind, &core);
}

TEST(waiting_reads_one_message)
{
	struct end mind;
	struct end core;
	struct outgoing o = {.type = MSG_PROPOSAL};

	open_pair(&mind, ROLE_MIND, &core, ROLE_CORE);
	lane_wait(core.lane, 1);
	CHECK_INT(core.messages, 0);
	CHECK(lane_send(mind.lane, &o) == OK);
	CHECK(lane_send(mind.lane, &o) == OK);
	lane_wait(core.lane, 1000);
	CHECK_INT(core.messages, 1);
	close_pair(&mind, &core);
}
