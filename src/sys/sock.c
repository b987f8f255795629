/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"

#define PARTS_MAX 4
/* What wmem_max is where nobody raised it; of a packet the kernel takes twice
 * that, but for a few bytes. */
#define SEND_BUFFER 212992

_Static_assert(LANE_FRAME_MAX <= 2 * SEND_BUFFER - 32,
    "a full frame is too long for a packet of a stock kernel");

enum err
sock_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return ERR_IO;
	return OK;
}

enum err
sock_lane_pair(int ret[2])
{
	int size = SEND_BUFFER;
	int i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, ret) < 0)
		return ERR_IO;
	for (i = 0; i < 2; i++)
		setsockopt(ret[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return OK;
}

enum err
sock_bind_tcp(const char *address, uint16_t port, int *ret)
{
	struct addrinfo hints = {
	    .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *ai;
	char service[8];
	int on = 1;
	int off = 0;
	int fd;

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	if (getaddrinfo(address, service, &hints, &ai) != 0)
		return ERR_INPUT;
	fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		freeaddrinfo(ai);
		return ERR_IO;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		freeaddrinfo(ai);
		close(fd);
		return errno == EADDRINUSE ? ERR_EXISTS : ERR_IO;
	}
	freeaddrinfo(ai);
	*ret = fd;
	return OK;
}

static enum err
unix_address(const char *path, struct sockaddr_un *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(ret->sun_path))
		return ERR_LIMIT;
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return OK;
}

enum err
sock_listen_unix(const char *path, int *ret)
{
	struct sockaddr_un un;
	int fd;
	enum err e = unix_address(path, &un);

	if (e != OK)
		return e;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_IO;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    listen(fd, 4) < 0) {
		close(fd);
		return ERR_IO;
	}
	*ret = fd;
	return OK;
}

enum err
sock_connect_unix(const char *path, int *ret)
{
	struct sockaddr_un un;
	int fd;
	enum err e = unix_address(path, &un);

	if (e != OK)
		return e;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERR_IO;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		close(fd);
		return ERR_CLOSED;
	}
	*ret = fd;
	return OK;
}

enum err
sock_tell_unix(const char *path, const char *what)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	enum err e = unix_address(path, &un);
	int fd;

	if (e != OK)
		return e;
	if (path[0] == '@') {
		un.sun_path[0] = '\0';
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    strlen(path));
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_IO;
	if (sendto(fd, what, strlen(what), MSG_NOSIGNAL, (struct sockaddr *)&un,
		len) < 0)
		e = ERR_CLOSED;
	close(fd);
	return e;
}

void
sock_notice_silence(int fd, int wait_ms)
{
	int on = 1;
	int probes = 2;
	int wait_s = wait_ms / 1000;
	int quiet_s = wait_s / 2;
	int every_s = (wait_s - quiet_s) / probes;

	/* Asked for when nothing is under way, and awaited when something is;
	 * what a kernel refuses of it is only later noticed. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &quiet_s, sizeof(quiet_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(
	    fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof(wait_ms));
}

static int
connect_one(const struct addrinfo *ai, int wait_ms)
{
	struct pollfd pfd;
	int failed = 0;
	socklen_t len = sizeof(failed);
	int on = 1;
	int fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	pfd = (struct pollfd){.fd = fd, .events = POLLOUT};
	if (errno == EINPROGRESS && poll(&pfd, 1, wait_ms) == 1 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 &&
	    failed == 0)
		return fd;
	close(fd);
	return -1;
}

enum err
sock_connect_tcp(
    const char *host, uint16_t port, int wait_ms, int *ret, struct errmsg *why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	struct addrinfo *ai;
	char service[8];
	int fd = -1;

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return err_say(why, ERR_NOTFOUND,
		    "no address is known for '%s'; check the name", host);
	for (ai = list; ai != NULL && fd < 0; ai = ai->ai_next)
		fd = connect_one(ai, wait_ms);
	freeaddrinfo(list);
	if (fd < 0)
		return err_say(why, ERR_CLOSED,
		    "no answer from %s port %u; is the house running there? "
		    "('./scripts/run', or 'systemctl start durward')",
		    host, (unsigned)port);
	*ret = fd;
	return OK;
}

enum err
sock_peer_uid(int fd, uid_t *ret)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return ERR_IO;
	*ret = cred.uid;
	return OK;
}

_Static_assert(CMSG_SPACE(LANE_FDS_MAX * sizeof(int)) ==
	CMSG_LEN(LANE_FDS_MAX * sizeof(int)),
    "an even number: rounded up there would be room for one descriptor "
    "more than have a place");

union control {
	char space[CMSG_SPACE(LANE_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

enum err
sock_send(int fd, const struct sock_part *parts, size_t n_parts, const int *fds,
    size_t n_fds)
{
	struct iovec iov[PARTS_MAX];
	union control control;
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = (int)n_parts};
	struct cmsghdr *cm;
	size_t i;

	if (n_parts > PARTS_MAX || n_fds > LANE_FDS_MAX)
		return ERR_LIMIT;
	for (i = 0; i < n_parts; i++) {
		iov[i].iov_base = (void *)(uintptr_t)parts[i].p;
		iov[i].iov_len = parts[i].len;
	}
	if (n_fds > 0) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = control.space;
		mh.msg_controllen = (socklen_t)CMSG_SPACE(n_fds * sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		assert(cm != NULL);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = (socklen_t)CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, n_fds * sizeof(int));
	}
	if (sendmsg(fd, &mh, MSG_NOSIGNAL) >= 0)
		return OK;
	if (errno == EAGAIN || errno == ENOBUFS)
		return ERR_BUSY;
	return errno == EMSGSIZE ? ERR_LIMIT : ERR_CLOSED;
}

static void
take_fds(struct msghdr *mh, int *ret_fds, size_t *ret_n_fds)
{
	struct cmsghdr *cm;
	size_t n;

	*ret_n_fds = 0;
	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret_fds, CMSG_DATA(cm), n * sizeof(int));
		*ret_n_fds = n;
	}
}

enum err
sock_recv(int fd, void *p, size_t size, size_t *ret_len, int *ret_fds,
    size_t *ret_n_fds)
{
	struct iovec iov = {.iov_base = p, .iov_len = size};
	union control control;
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC);
	size_t i;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? ERR_BUSY
							 : ERR_CLOSED;
	take_fds(&mh, ret_fds, ret_n_fds);
	if (n > 0 && (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) {
		*ret_len = (size_t)n;
		return OK;
	}
	for (i = 0; i < *ret_n_fds; i++)
		close(ret_fds[i]);
	*ret_n_fds = 0;
	return n == 0 ? ERR_CLOSED : ERR_LIMIT;
}
