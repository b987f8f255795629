/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROC_PROC_H
#define PROC_PROC_H

/*
 * The processes of a container, seen through /proc by the user who started
 * it: the kernel lets the owner of a user namespace look at what runs in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/limits.h"

struct processes {
	pid_t pids[PROCESSES_MAX];
	size_t n;
};

/* `first` and what descends from it, as far as they are seen at once. */
void proc_family(pid_t first, struct processes *ret);

/* Is it the first process of a pid namespace below ours? */
bool proc_is_first(pid_t pid);

/* What is its own and its part of what it shares; -1 when that is not
 * told. */
int64_t proc_pss_kib(pid_t pid);

/* Files on `device` that have no name any more and are open or mapped. */
struct nameless {
	dev_t device;
	int64_t file_max; /* One that is only mapped counts as this. */
	int64_t bytes;
	size_t n;
	ino_t seen[VOLUME_FILES_MAX];
};
void proc_add_nameless(pid_t pid, struct nameless *n);

NODISCARD enum err proc_kill(int pidfd);

#endif
