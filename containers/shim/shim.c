/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The shim: what every container starts with, mounted read-only.
 *
 *	/shim [u:53] [t:PORT...] -- PROGRAM [WORD...]
 *
 * In the container's own network namespace, where there is nothing but
 * loopback, it binds what the words say: UDP 127.0.0.53 for names, TCP on
 * every address for connections.  These sockets go out over the socket that
 * Podman preserved as descriptor 3, and over the same one come the standard
 * streams.  Then it closes that socket for good, and becomes the tool.
 * Nothing of ours stays behind.
 *
 * Exit status 112: a socket could not be bound; 113: the streams did not
 * come.  In both cases the tool never started.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SOCKET_FD 3
#define STREAMS 3
#define SOCKETS_MAX 6 /* One for names, TOOL_PORTS_MAX for connections. */
#define BACKLOG 64
#define NO_SOCKETS 112
#define NO_STREAMS 113
#define NO_TOOL 127

union control {
	char space[CMSG_SPACE(SOCKETS_MAX * sizeof(int))];
	struct cmsghdr align;
};

/* "u:PORT" or "t:PORT". */
static int
bind_one(const char *word)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int tcp = word[0] == 't';
	char *end;
	long port;
	int fd =
	    socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

	if ((word[0] != 't' && word[0] != 'u') || word[1] != ':' || fd < 0)
		return -1;
	port = strtol(word + 2, &end, 10);
	if (end == word + 2 || *end != '\0' || port < 1 || port > 65535)
		return -1;
	at.sin_port = htons((unsigned short)port);
	at.sin_addr.s_addr = htonl(tcp ? INADDR_ANY : 0x7f000035);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    (tcp && listen(fd, BACKLOG) < 0))
		return -1;
	return fd;
}

static int
send_sockets(const int *fds, int n)
{
	char mark = 'N';
	struct iovec iov = {.iov_base = &mark, .iov_len = 1};
	union control control;
	size_t len = (size_t)n * sizeof(int);
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = (socklen_t)CMSG_SPACE(len)};
	struct cmsghdr *cm;

	memset(&control, 0, sizeof(control));
	cm = CMSG_FIRSTHDR(&mh);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = (socklen_t)CMSG_LEN(len);
	memcpy(CMSG_DATA(cm), fds, len);
	return sendmsg(SOCKET_FD, &mh, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int
take_streams(int fds[STREAMS])
{
	char mark;
	struct iovec iov = {.iov_base = &mark, .iov_len = 1};
	union control control;
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	struct cmsghdr *cm;

	if (recvmsg(SOCKET_FD, &mh, 0) != 1 || mark != 'S')
		return -1;
	cm = CMSG_FIRSTHDR(&mh);
	if (cm == NULL || cm->cmsg_level != SOL_SOCKET ||
	    cm->cmsg_type != SCM_RIGHTS ||
	    cm->cmsg_len != CMSG_LEN(STREAMS * sizeof(int)))
		return -1;
	memcpy(fds, CMSG_DATA(cm), STREAMS * sizeof(int));
	return 0;
}

/* Bind all that stands before "--"; how many words that is, or -1. */
static int
give_sockets(char **words)
{
	int fds[SOCKETS_MAX];
	int n = 0;
	int i;

	for (; words[n] != NULL && strcmp(words[n], "--") != 0; n++)
		if (n == SOCKETS_MAX || (fds[n] = bind_one(words[n])) < 0)
			return -1;
	if (words[n] == NULL || (n > 0 && send_sockets(fds, n) < 0))
		return -1;
	for (i = 0; i < n; i++)
		close(fds[i]);
	return n;
}

int
main(int argc, char **argv)
{
	int fds[STREAMS];
	int words;
	int i;

	words = argc > 1 ? give_sockets(argv + 1) : -1;
	if (words < 0)
		return NO_SOCKETS;
	argv += 1 + words + 1;
	if (argv[0] == NULL || take_streams(fds) < 0)
		return NO_STREAMS;
	for (i = 0; i < STREAMS; i++)
		if (dup2(fds[i], i) < 0)
			return NO_STREAMS;
	for (i = 0; i < STREAMS; i++)
		if (fds[i] >= STREAMS)
			close(fds[i]);
	close(SOCKET_FD);
	execv(argv[0], argv);
	return NO_TOOL;
}
