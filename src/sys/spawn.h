/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

/* Plain programs: what the runner starts, and the parent's re-exec. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct spawn {
	const char *const *argv; /* Found through PATH. */
	const char *const *envp; /* NULL: as ours. */
	int stdout_fd; /* Also stderr; -1 for /dev/null. */
	const char *cgroup; /* Enter by this cgroup.procs; NULL: ours. */
	int extra_fd; /* Given as descriptor 3; -1 for none. */
	bool tied; /* It does not outlive us. */
};

/* In a process group of its own, with stdin from /dev/null. */
NODISCARD enum err spawn_program(const struct spawn *s, pid_t *ret_pid);

/* A descriptor that becomes readable when the child ends. */
NODISCARD enum err spawn_pidfd(pid_t pid, int *ret);

/* Run to the end and collect what it says.  ERR_EXPIRED: killed after
 * `wait_ms`; ERR_STATE: it ended with another status than 0. */
NODISCARD enum err spawn_and_wait(
    const char *const *argv, int64_t wait_ms, struct buf *out);

/* The same, with more than its arguments; where it writes is ours to say. */
NODISCARD enum err spawn_and_collect(
    const struct spawn *s, int64_t wait_ms, struct buf *out);

/* With our own terminal, for as long as a person needs.  ERR_STATE when it
 * ended with an error. */
NODISCARD enum err spawn_in_foreground(const char *const *argv);

#endif
