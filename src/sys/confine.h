/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_CONFINE_H
#define SYS_CONFINE_H

/*
 * How a role is locked up, in two halves.
 *
 * The parent's half, confine_start(): fresh user, mount, pid, network and
 * IPC namespaces and a read-only root that holds at most one folder and a few
 * files, then
 * exec.  Works without privileges.  The user inside is the user outside, so
 * that the exec drops the capabilities over the new namespaces.
 *
 * The role's half, confine_seal(): when everything it needs is open, no new
 * privileges, no core dumps, no tracing, and a seccomp filter over all its
 * threads (TSYNC) that allows only the groups named.  Everything else
 * answers EPERM.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Groups of system calls; each role's row names those it may use. */
enum {
	CALLS_LOOP = 1, /* memory, lanes it already has, clocks */
	CALLS_FILES = 2, /* files below its own root */
	CALLS_ACCEPT = 4, /* serve sockets it was handed; never make one */
	CALLS_PROGRAMS = 8, /* fork, exec, wait: the runner, unfiltered */
	/* Make internet sockets, connect, and look names up. */
	CALLS_CONNECT = 16,
	CALLS_LIST = 32, /* look through folders */
	CALLS_UNIX = 64, /* With CALLS_CONNECT: to sockets in its root, too. */
};

#define CONFINE_FDS_MAX 32
#define CONFINE_FILES_MAX 4

/* Bound read-only, if it exists. */
struct confine_file {
	const char *from;
	const char *to; /* As the role sees it. */
};

struct confine_start {
	int exe_fd;
	const char *const *argv;
	const char *const *envp;
	/* Bound read-write at /state, or NULL for a root with nothing. */
	const char *state_dir;
	const struct confine_file *files;
	size_t n_files;
	/* Keep the machine's network instead of an empty one. */
	bool network;
	/* Descriptors given, in order, as 3, 4, 5 ... in the new process;
	 * -1 leaves a hole. */
	int fds[CONFINE_FDS_MAX];
	size_t n_fds;
};

/* ERR_UNSUPPORTED with the reason when the kernel refuses namespaces. */
NODISCARD enum err confine_start(
    const struct confine_start *s, pid_t *ret_pid, struct errmsg *why);

/* Nothing of this process goes to the swap, neither what it has nor what it
 * will have.  ERR_LIMIT where RLIMIT_MEMLOCK is too small for it. */
NODISCARD enum err confine_stay_in_memory(void);

/* From here on only `calls` work, in every thread, for good. */
NODISCARD enum err confine_seal(unsigned calls);

#endif
