/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

/*
 * The event loop: descriptors (epoll, level-triggered) and timers on the
 * boot clock.  One per process, one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

typedef void loop_fd_fn(void *arg, int fd, int events);
typedef void loop_timer_fn(void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *l);

/* The descriptor stays the caller's; remove it before closing it. */
NODISCARD enum err loop_add(
    struct loop *l, int fd, int events, loop_fd_fn *fn, void *arg);
NODISCARD enum err loop_change(struct loop *l, int fd, int events);
void loop_remove(struct loop *l, int fd);

/* Once, at `at_ms` of the boot clock.  Returns an id for the cancel, never
 * 0; a limit that is reached is fatal, since a wait would lose its end. */
uint64_t loop_timer(
    struct loop *l, int64_t at_ms, loop_timer_fn *fn, void *arg);
void loop_timer_cancel(struct loop *l, uint64_t id);

/* Each time before it waits for events; one function a loop. */
typedef void loop_rest_fn(void *arg);
void loop_at_rest(struct loop *l, loop_rest_fn *fn, void *arg);

/* Until loop_stop(). */
void loop_run(struct loop *l);
/* One turn, waiting at most `wait_ms`. */
void loop_turn(struct loop *l, int64_t wait_ms);
void loop_stop(struct loop *l);

#endif
