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
 * streams, and behind them the secrets of the tool, which become variables
 * of its environment, or files that have no place but a descriptor.  Then it
 * closes that socket for good, and becomes the tool.  Nothing of ours stays
 * behind.
 *
 * Exit status 112: a socket could not be bound; 113: the streams did not
 * come; 114: nor did the secrets.  In all cases the tool never started.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
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
#define NO_SECRETS 114
#define NO_TOOL 127
#define SECRETS_MAX 8 /* TOOL_SECRETS_MAX */
#define FDS_MAX 256 /* Its limit of open files. */
#define PACKET_SIZE (8192 + 128) /* A value and its variable. */

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

/* One packet, with exactly `n_fds` descriptors; its length, or -1. */
static ssize_t
take_packet(char *p, size_t size, int *fds, size_t n_fds)
{
	struct iovec iov = {.iov_base = p, .iov_len = size};
	union control control;
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(SOCKET_FD, &mh, 0);
	struct cmsghdr *cm = n > 0 ? CMSG_FIRSTHDR(&mh) : NULL;

	if (n <= 0 || (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
	    (cm != NULL) != (n_fds > 0))
		return -1;
	if (cm == NULL)
		return n;
	if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS ||
	    cm->cmsg_len != CMSG_LEN(n_fds * sizeof(int)))
		return -1;
	memcpy(fds, CMSG_DATA(cm), n_fds * sizeof(int));
	return n;
}

/* How many secrets come behind them, or -1. */
static int
take_streams(int fds[STREAMS])
{
	char mark[2];

	if (take_packet(mark, sizeof(mark), fds, STREAMS) != 2 ||
	    mark[0] != 'S' || mark[1] < '0' || mark[1] > '0' + SECRETS_MAX)
		return -1;
	return mark[1] - '0';
}

static int files[SECRETS_MAX]; /* Of secrets: the tool's to read. */
static int n_files;

/* "E" VARIABLE NUL VALUE, or "F" VARIABLE NUL with a descriptor. */
static int
take_secret(void)
{
	static char packet[PACKET_SIZE + 1];
	char kind;
	char path[32];
	const char *value;
	ssize_t n = recv(SOCKET_FD, &kind, 1, MSG_PEEK);
	int fd = -1;

	if (n != 1 || (kind != 'E' && kind != 'F'))
		return -1;
	n = take_packet(packet, PACKET_SIZE, &fd, kind == 'F' ? 1 : 0);
	if (n < 3)
		return -1;
	if (fd >= 0)
		files[n_files++] = fd;
	packet[n] = '\0';
	value = packet + 1 + strlen(packet + 1) + 1;
	if (value > packet + n)
		return -1;
	if (kind == 'F') {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		value = path;
	}
	return setenv(packet + 1, value, 1);
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

static int
is_file(int fd)
{
	int i;

	for (i = 0; i < n_files; i++)
		if (files[i] == fd)
			return 1;
	return 0;
}

/* Onto 0, 1 and 2; nothing else stays open but the files of secrets. */
static int
place_streams(const int fds[STREAMS])
{
	int i;

	for (i = 0; i < STREAMS; i++)
		if (dup2(fds[i], i) < 0)
			return -1;
	for (i = STREAMS; i < FDS_MAX; i++)
		if (!is_file(i))
			close(i);
	return 0;
}

int
main(int argc, char **argv)
{
	int fds[STREAMS];
	int words;
	int secrets;

	words = argc > 1 ? give_sockets(argv + 1) : -1;
	if (words < 0)
		return NO_SOCKETS;
	argv += 1 + words + 1;
	secrets = argv[0] != NULL ? take_streams(fds) : -1;
	if (secrets < 0)
		return NO_STREAMS;
	for (; secrets > 0; secrets--)
		if (take_secret() < 0)
			return NO_SECRETS;
	if (place_streams(fds) < 0)
		return NO_STREAMS;
	execv(argv[0], argv);
	return NO_TOOL;
}
