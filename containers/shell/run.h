/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHELL_RUN_H
#define SHELL_RUN_H

/*
 * One command, from its start until nothing of it runs any more.  The tool is
 * the first process of its container, so that whatever a command leaves behind
 * is its child in the end, and ends with the call: between two calls nothing
 * happens.
 */

#include <stdbool.h>

#include "shell/stream.h"

struct run {
	int status; /* As of waitpid(). */
	bool late; /* Its time was over. */
	int left; /* Processes that were ended with it. */
	long ms;
	struct stream out;
	struct stream err;
};

/* False and errno when it cannot be started. */
bool run_command(const char *command, int seconds, struct run *ret);

/* Of one process, where no cgroup bounds all of them. */
#define RUN_MEMORY ((unsigned long long)640 * 1024 * 1024)

#endif
