/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt/mqtt_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static void
check_setup(void)
{
}

/* Of a SOCK_SEQPACKET each write arrives by itself. */
static void
open_pair(int type, int fd[2])
{
	REQUIRE(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fd) == 0);
}

TEST(what_is_said_in_a_turn_is_one_write)
{
	static struct cork c;
	char got[64];
	int fd[2];

	open_pair(SOCK_SEQPACKET, fd);
	cork_open(&c, fd[0]);
	CHECK(mqtt_cork_send(fd[0], "one", 3, 0) == 3);
	CHECK(mqtt_cork_send(fd[0], "two", 3, 0) == 3);
	CHECK(read(fd[1], got, sizeof(got)) < 0 && errno == EAGAIN);
	CHECK(cork_flush(&c) == OK);
	CHECK(read(fd[1], got, sizeof(got)) == 6);
	CHECK(memcmp(got, "onetwo", 6) == 0);
	CHECK(read(fd[1], got, sizeof(got)) < 0);
	CHECK(cork_flush(&c) == OK);
	CHECK(read(fd[1], got, sizeof(got)) < 0);
	cork_close(&c);
	close(fd[0]);
	close(fd[1]);
}

TEST(without_a_cork_all_goes_out_at_once)
{
	static struct cork c;
	char got[64];
	int fd[2];
	int other[2];

	open_pair(SOCK_SEQPACKET, fd);
	open_pair(SOCK_SEQPACKET, other);
	cork_open(&c, fd[0]);
	CHECK(mqtt_cork_send(other[0], "one", 3, 0) == 3);
	CHECK(read(other[1], got, sizeof(got)) == 3);
	CHECK(mqtt_cork_send(fd[0], "lost", 4, 0) == 4);
	cork_close(&c);
	CHECK(mqtt_cork_send(fd[0], "two", 3, 0) == 3);
	CHECK(read(fd[1], got, sizeof(got)) == 3);
	CHECK(memcmp(got, "two", 3) == 0);
	close(fd[0]);
	close(fd[1]);
	close(other[0]);
	close(other[1]);
}

/* Bytes that count up, as they were sent. */
static size_t
read_some(int fd, unsigned char *want)
{
	static char got[4096];
	ssize_t n = read(fd, got, sizeof(got));
	ssize_t i;

	for (i = 0; i < n; i++)
		REQUIRE(got[i] == (char)(*want)++);
	return n > 0 ? (size_t)n : 0;
}

/* Everything that was taken arrives once and in its order, whatever the size
 * of its parts and however slowly it is read. */
TEST(a_slow_reader_loses_nothing)
{
	static struct cork c;
	static char part[MQTT_CORK_BYTES + 100];
	const size_t sizes[] = {1, 700, MQTT_CORK_BYTES, 3, sizeof(part)};
	unsigned char next = 0;
	unsigned char want = 0;
	size_t sent = 0;
	size_t read_in = 0;
	bool was_full = false;
	ssize_t n;
	size_t i;
	int k;
	int fd[2];

	open_pair(SOCK_STREAM, fd);
	cork_open(&c, fd[0]);
	for (k = 0; k < 3000; k++) {
		for (i = 0; i < sizes[k % 5]; i++)
			part[i] = (char)(next + i);
		n = mqtt_cork_send(fd[0], part, sizes[k % 5], MSG_NOSIGNAL);
		if (n < 0) {
			CHECK(errno == EAGAIN);
			was_full = true;
		} else {
			next = (unsigned char)(next + n);
			sent += (size_t)n;
		}
		CHECK(cork_flush(&c) != ERR_CLOSED);
		if (k % 7 == 0)
			read_in += read_some(fd[1], &want);
	}
	CHECK(was_full);
	while (read_in < sent) {
		read_in += read_some(fd[1], &want);
		CHECK(cork_flush(&c) != ERR_CLOSED);
	}
	CHECK_INT(read_in, sent);
	cork_close(&c);
	close(fd[0]);
	close(fd[1]);
}

TEST(a_reader_that_is_gone_is_told)
{
	static struct cork c;
	int fd[2];

	open_pair(SOCK_STREAM, fd);
	cork_open(&c, fd[0]);
	close(fd[1]);
	CHECK(mqtt_cork_send(fd[0], "one", 3, 0) == 3);
	CHECK(cork_flush(&c) == ERR_CLOSED);
	cork_close(&c);
	close(fd[0]);
}
