/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The shim: what every container starts with, mounted read-only.  It takes
 * the standard streams from the socket that Podman preserved as descriptor
 * 3, closes that socket for good, and becomes the tool.  Nothing of ours
 * stays behind.
 *
 * Exit status 113: the streams did not come, so the tool never started.
 */

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SOCKET_FD 3
#define STREAMS 3
#define NO_STREAMS 113
#define NO_TOOL 127

union control {
	char space[CMSG_SPACE(STREAMS * sizeof(int))];
	struct cmsghdr align;
};

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

int
main(int argc, char **argv)
{
	int fds[STREAMS];
	int i;

	if (argc < 2 || take_streams(fds) < 0)
		return NO_STREAMS;
	for (i = 0; i < STREAMS; i++)
		if (dup2(fds[i], i) < 0)
			return NO_STREAMS;
	for (i = 0; i < STREAMS; i++)
		if (fds[i] >= STREAMS)
			close(fds[i]);
	close(SOCKET_FD);
	execv(argv[1], argv + 1);
	return NO_TOOL;
}
