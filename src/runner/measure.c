/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "ids/ids.h"
#include "runner/runner_priv.h"
#include "sys/confine.h"
#include "sys/sock.h"

/*
 * The child that measures volumes.  A tool may close its folders to the
 * runner, which is another user; so this child enters a user namespace with
 * all of our subordinate ids, keeps the right to read and search and no
 * other, and can make no call but those that look through folders.  It has
 * no descriptor but the socket over which it is asked.
 */

#define SOCKET_FD 3

static void
answer(int fd, struct measure_question *q)
{
	struct measure_answer a;
	struct sock_part part = {&a, sizeof(a)};

	memset(&a, 0, sizeof(a));
	a.id = q->id;
	q->path[sizeof(q->path) - 1] = '\0';
	a.e = tree_measure(q->path, VOLUME_DEPTH_MAX, q->entries_max, &a.size);
	if (sock_send(fd, &part, 1, NULL, 0) != OK)
		_exit(0);
}

static void
become_it(int fd, pid_t parent)
{
	if (fd != SOCKET_FD && dup2(fd, SOCKET_FD) < 0)
		_exit(71);
	syscall(SYS_close_range, SOCKET_FD + 1, ~0u, 0);
	if (ids_enter(parent) != OK)
		_exit(72);
	if (confine_seal(CALLS_LOOP | CALLS_LIST) != OK)
		_exit(73);
}

_Noreturn void
measure_serve(int fd, pid_t parent)
{
	struct measure_question q;
	struct pollfd pfd = {.fd = SOCKET_FD, .events = POLLIN};
	int fds[LANE_FDS_MAX];
	size_t n_fds;
	size_t len;
	enum err e;

	become_it(fd, parent);
	for (;;) {
		if (poll(&pfd, 1, -1) < 0)
			continue;
		e = sock_recv(SOCKET_FD, &q, sizeof(q), &len, fds, &n_fds);
		if (e == ERR_BUSY)
			continue;
		if (e != OK || len != sizeof(q))
			_exit(0);
		answer(SOCKET_FD, &q);
	}
}
