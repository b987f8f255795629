/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "check.h"

static int pair[2];

static void
check_setup(void)
{
	if (sock_lane_pair(pair) != OK)
		pair[0] = pair[1] = -1;
}

/* How many descriptors this process has open. */
static int
count_open(void)
{
	struct stat st;
	int n = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		n += fstat(fd, &st) == 0;
	return n;
}

TEST(messages_keep_their_bounds)
{
	struct sock_part parts[3] = {{"ab", 2}, {"", 0}, {"cd", 2}};
	struct sock_part one = {"e", 1};
	char text[16];
	size_t len;
	int fds[LANE_FDS_MAX];
	size_t n_fds;

	CHECK(sock_recv(pair[1], text, sizeof(text), &len, fds, &n_fds) ==
	    ERR_BUSY);
	CHECK(sock_send(pair[0], parts, 3, NULL, 0) == OK);
	CHECK(sock_send(pair[0], &one, 1, NULL, 0) == OK);
	CHECK(sock_recv(pair[1], text, sizeof(text), &len, fds, &n_fds) == OK);
	CHECK(len == 4 && memcmp(text, "abcd", 4) == 0);
	CHECK_INT(n_fds, 0);
	CHECK(sock_recv(pair[1], text, sizeof(text), &len, fds, &n_fds) == OK);
	CHECK_INT(len, 1);
}

TEST(descriptors_travel_and_close_on_exec)
{
	struct sock_part one = {"e", 1};
	char text[16];
	size_t len;
	int sent[LANE_FDS_MAX + 1];
	int got[LANE_FDS_MAX];
	size_t n_got;
	size_t i;
	int before;

	for (i = 0; i <= LANE_FDS_MAX; i++)
		sent[i] = STDOUT_FILENO;
	before = count_open();
	CHECK(sock_send(pair[0], &one, 1, sent, LANE_FDS_MAX + 1) == ERR_LIMIT);
	CHECK(sock_send(pair[0], &one, 1, sent, LANE_FDS_MAX) == OK);
	CHECK(sock_recv(pair[1], text, sizeof(text), &len, got, &n_got) == OK);
	CHECK_INT(n_got, LANE_FDS_MAX);
	CHECK_INT(count_open(), before + LANE_FDS_MAX);
	for (i = 0; i < n_got; i++) {
		CHECK(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
		close(got[i]);
	}
}

TEST(a_message_that_is_too_long_leaves_nothing_open)
{
	struct sock_part big = {"0123456789abcdefg", 17};
	char text[16];
	size_t len;
	int sent = STDOUT_FILENO;
	int got[LANE_FDS_MAX];
	size_t n_got = 9;
	int before = count_open();

	CHECK(sock_send(pair[0], &big, 1, &sent, 1) == OK);
	CHECK(sock_recv(pair[1], text, sizeof(text), &len, got, &n_got) ==
	    ERR_LIMIT);
	CHECK_INT(n_got, 0);
	CHECK_INT(count_open(), before);
}

TEST(too_many_descriptors_leave_none_open)
{
	union {
		char space[CMSG_SPACE((LANE_FDS_MAX + 1) * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = "x", .iov_len = 1};
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	struct cmsghdr *cm;
	int many[LANE_FDS_MAX + 1];
	int got[LANE_FDS_MAX];
	size_t n_got = 9;
	size_t len;
	char text[16];
	int before = count_open();
	size_t i;

	NEEDS_A_KERNEL("emulators do not say what they cut off");
	for (i = 0; i < ARRAY_LEN(many); i++)
		many[i] = STDOUT_FILENO;
	memset(&control, 0, sizeof(control));
	cm = CMSG_FIRSTHDR(&mh);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(many));
	memcpy(CMSG_DATA(cm), many, sizeof(many));
	REQUIRE(sendmsg(pair[0], &mh, 0) == 1);
	CHECK(sock_recv(pair[1], text, sizeof(text), &len, got, &n_got) ==
	    ERR_LIMIT);
	CHECK_INT(n_got, 0);
	CHECK_INT(count_open(), before);
}

TEST(a_full_frame_fits_and_a_full_socket_says_so)
{
	static char frame[LANE_FRAME_MAX];
	struct sock_part part = {frame, sizeof(frame)};
	int got[LANE_FDS_MAX];
	size_t n_got;
	size_t len;
	enum err e = OK;
	int n;

	for (n = 0; n < 100 && e == OK; n++)
		e = sock_send(pair[0], &part, 1, NULL, 0);
	CHECK_INT(e, ERR_BUSY);
	CHECK(n > 1);
	while (
	    sock_recv(pair[1], frame, sizeof(frame), &len, got, &n_got) == OK)
		CHECK_INT(len, sizeof(frame));
}

TEST(the_other_end_gone_is_told)
{
	struct sock_part one = {"e", 1};
	char text[4];
	int got[LANE_FDS_MAX];
	size_t n_got;
	size_t len;
	int fds[2];

	REQUIRE(sock_lane_pair(fds) == OK);
	CHECK(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	close(fds[1]);
	CHECK(sock_send(fds[0], &one, 1, NULL, 0) == ERR_CLOSED);
	CHECK(sock_recv(fds[0], text, sizeof(text), &len, got, &n_got) ==
	    ERR_CLOSED);
	close(fds[0]);
}

TEST(a_port_is_bound_and_answers)
{
	struct sockaddr_in in4;
	socklen_t in4_len = sizeof(in4);
	struct errmsg why;
	uint16_t port = 0;
	int again;
	int in;
	int fd;

	REQUIRE(sock_bind_tcp("127.0.0.1", 0, &fd) == OK);
	REQUIRE(getsockname(fd, (struct sockaddr *)&in4, &in4_len) == 0);
	port = ntohs(in4.sin_port);
	CHECK(port != 0);
	CHECK(
	    sock_connect_tcp("127.0.0.1", port, 200, &in, &why) == ERR_CLOSED);
	CHECK(strstr(why.text, "127.0.0.1") != NULL);
	REQUIRE(listen(fd, 1) == 0);
	CHECK(sock_bind_tcp("127.0.0.1", port, &again) == ERR_EXISTS);
	CHECK(sock_connect_tcp("127.0.0.1", port, 1000, &in, &why) == OK);
	close(in);
	close(fd);
	CHECK(sock_bind_tcp("not an address", 0, &fd) == ERR_INPUT);
}

TEST(the_uid_of_a_peer_is_known)
{
	uid_t uid = 12345;

	CHECK(sock_peer_uid(pair[0], &uid) == OK);
	CHECK(uid == getuid());
}

/* Binds `path`, or a name of the abstract namespace. */
static int
listener(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, path, len);
	if (path[0] == '@')
		un.sun_path[0] = '\0';
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&un,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -1;
	return fd;
}

TEST(a_datagram_reaches_a_path_and_an_abstract_name)
{
	char names[2][64];
	char heard[16];
	int fd;
	int i;

	snprintf(names[0], sizeof(names[0]), "/tmp/durward-tell-%d", getpid());
	snprintf(names[1], sizeof(names[1]), "@durward-tell-%d", getpid());
	for (i = 0; i < 2; i++) {
		fd = listener(names[i]);
		REQUIRE(fd >= 0);
		CHECK(sock_tell_unix(names[i], "READY=1") == OK);
		CHECK_INT(recv(fd, heard, sizeof(heard), MSG_DONTWAIT), 7);
		CHECK(memcmp(heard, "READY=1", 7) == 0);
		close(fd);
		CHECK(sock_tell_unix(names[i], "READY=1") == ERR_CLOSED);
	}
	unlink(names[0]);
}

TEST(a_datagram_waits_for_nobody)
{
	char name[64];
	int told = 0;
	int fd;

	snprintf(name, sizeof(name), "@durward-behind-%d", getpid());
	fd = listener(name);
	REQUIRE(fd >= 0);
	while (told < 100000 && sock_tell_unix(name, "WATCHDOG=1") == OK)
		told++;
	CHECK(told > 0 && told < 100000);
	close(fd);
}

TEST(a_path_too_long_for_a_socket_is_refused)
{
	char name[200];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(sock_tell_unix(name, "READY=1") == ERR_LIMIT);
}
