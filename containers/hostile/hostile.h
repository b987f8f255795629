/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOSTILE_HOSTILE_H
#define HOSTILE_HOSTILE_H

/*
 * A tool that was taken over: it tries to get at everything that a tool
 * should not have, and tells for each attempt, on a line of its own, what it
 * came to.  `got` and what follows it is an escape; all else is the name of
 * the error, of the signal, or what little there was to be seen.
 *
 * No attempt does harm where it succeeds: it asks for what changes nothing,
 * gives back what it took, and writes to no file that it did not make.
 */

#include <stddef.h>

#define SAID_SIZE 240
#define LEN(table) (sizeof(table) / sizeof((table)[0]))

/* What one attempt came to, told by the process that made it. */
struct said {
	char text[SAID_SIZE];
	int fd; /* To the server, for who becomes another program. */
};

typedef void attempt_fn(struct said *said, const void *arg);

/* Every line so far. */
struct report {
	char text[32 * 1024];
	size_t len;
};

void say(struct said *said, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "got" for 0 and more, else the name of what errno says. */
void say_result(struct said *said, long result);

/* In a process of its own, which has two seconds. */
void attempt(
    struct report *report, const char *name, attempt_fn *fn, const void *arg);

/* What the test knows of the machine outside: a folder of the house, and
 * ports that it listens at, with commas between. */
struct outside {
	const char *root;
	const char *ports;
};

/* Where the server is: not what its children see of themselves. */
void seen_at_start(void);

void attempt_calls(struct report *report);
void attempt_devices(struct report *report);
void attempt_files(struct report *report, const struct outside *outside);
void attempt_limits(struct report *report);
void attempt_programs(struct report *report);
void attempt_seen(struct report *report);
void attempt_sockets(struct report *report, const struct outside *outside);

/* Those that go as far as they are let, one at a time. */
void bound_fork(struct said *said, const void *arg);
void bound_memory(struct said *said, const void *mib);
void bound_volume(struct said *said, const void *folder);

#endif
