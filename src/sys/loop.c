/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "sys/clock.h"

#define EVENTS_PER_TURN 32
#define LONGEST_WAIT_MS 60000

struct watch {
	int fd; /* -1: free. */
	int events;
	loop_fd_fn *fn;
	void *arg;
	/* Tells an event of an earlier watch of the same number apart. */
	uint32_t generation;
};

struct timer {
	uint64_t id; /* 0: free. */
	int64_t at_ms;
	loop_timer_fn *fn;
	void *arg;
};

struct loop {
	int epfd;
	bool stopped;
	struct watch *watches; /* Indexed by descriptor. */
	int watches_len;
	uint32_t generation;
	struct timer timers[TIMERS_MAX];
	int timers_used; /* Slots at and above are free. */
	uint64_t last_timer;
	loop_rest_fn *at_rest; /* NULL: nothing. */
	void *at_rest_arg;
};

struct loop *
loop_new(void)
{
	struct loop *l = xalloc(sizeof(*l));

	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0)
		fatal("epoll_create1 failed: errno %d", errno);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	close(l->epfd);
	free(l->watches);
	free(l);
}

static uint32_t
to_epoll(int events)
{
	return (events & LOOP_READ ? (uint32_t)EPOLLIN : 0) |
	    (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

static void
grow_watches(struct loop *l, int fd)
{
	int i;

	if (fd < l->watches_len)
		return;
	l->watches =
	    xrealloc(l->watches, (size_t)(fd + 16) * sizeof(l->watches[0]));
	for (i = l->watches_len; i < fd + 16; i++)
		l->watches[i].fd = -1;
	l->watches_len = fd + 16;
}

static struct epoll_event
event_of(const struct loop *l, int fd, int events)
{
	struct epoll_event ev = {.events = to_epoll(events)};

	ev.data.u64 = (uint64_t)l->watches[fd].generation << 32 | (uint32_t)fd;
	return ev;
}

enum err
loop_add(struct loop *l, int fd, int events, loop_fd_fn *fn, void *arg)
{
	struct epoll_event ev;

	grow_watches(l, fd);
	l->watches[fd] = (struct watch){fd, events, fn, arg, ++l->generation};
	ev = event_of(l, fd, events);
	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		l->watches[fd].fd = -1;
		return ERR_IO;
	}
	return OK;
}

enum err
loop_change(struct loop *l, int fd, int events)
{
	struct epoll_event ev = event_of(l, fd, events);

	if (l->watches[fd].fd == fd && l->watches[fd].events == events)
		return OK;
	if (epoll_ctl(l->epfd, EPOLL_CTL_MOD, fd, &ev) < 0)
		return ERR_IO;
	l->watches[fd].events = events;
	return OK;
}

void
loop_remove(struct loop *l, int fd)
{
	if (fd < 0 || fd >= l->watches_len || l->watches[fd].fd < 0)
		return;
	l->watches[fd].fd = -1;
	epoll_ctl(l->epfd, EPOLL_CTL_DEL, fd, NULL);
}

uint64_t
loop_timer(struct loop *l, int64_t at_ms, loop_timer_fn *fn, void *arg)
{
	int i = 0;

	while (i < l->timers_used && l->timers[i].id != 0)
		i++;
	if (i == TIMERS_MAX)
		fatal("more than %d timers", TIMERS_MAX);
	if (i == l->timers_used)
		l->timers_used++;
	l->timers[i] = (struct timer){++l->last_timer, at_ms, fn, arg};
	return l->timers[i].id;
}

void
loop_timer_cancel(struct loop *l, uint64_t id)
{
	int i;

	for (i = 0; id != 0 && i < l->timers_used; i++)
		if (l->timers[i].id == id)
			l->timers[i].id = 0;
	while (l->timers_used > 0 && l->timers[l->timers_used - 1].id == 0)
		l->timers_used--;
}

void
loop_at_rest(struct loop *l, loop_rest_fn *fn, void *arg)
{
	l->at_rest = fn;
	l->at_rest_arg = arg;
}

static int
wait_for(const struct loop *l, int64_t wait_ms)
{
	int64_t now_ms = clock_boot_ms();
	int i;

	for (i = 0; i < l->timers_used; i++) {
		const struct timer *t = &l->timers[i];

		if (t->id != 0 && t->at_ms - now_ms < wait_ms)
			wait_ms = t->at_ms > now_ms ? t->at_ms - now_ms : 0;
	}
	return (int)wait_ms;
}

static void
run_timers(struct loop *l)
{
	int64_t now_ms = clock_boot_ms();
	uint64_t newest = l->last_timer;
	int i;

	/* A timer set by a timer waits for the next turn. */
	for (i = 0; i < l->timers_used; i++) {
		struct timer t = l->timers[i];

		if (t.id == 0 || t.id > newest || t.at_ms > now_ms)
			continue;
		loop_timer_cancel(l, t.id);
		t.fn(t.arg);
	}
}

static void
run_event(struct loop *l, const struct epoll_event *ev)
{
	int fd = (int)(uint32_t)ev->data.u64;
	struct watch w;
	int events = 0;

	if (fd >= l->watches_len)
		return;
	w = l->watches[fd];
	if (w.fd < 0 || w.generation != (uint32_t)(ev->data.u64 >> 32))
		return;
	if (ev->events & EPOLLIN)
		events |= LOOP_READ;
	if (ev->events & EPOLLOUT)
		events |= LOOP_WRITE;
	if (ev->events & (EPOLLHUP | EPOLLERR))
		events |= LOOP_HANGUP;
	w.fn(w.arg, fd, events);
}

void
loop_turn(struct loop *l, int64_t wait_ms)
{
	struct epoll_event evs[EVENTS_PER_TURN];
	int n;
	int i;

	if (l->at_rest != NULL)
		l->at_rest(l->at_rest_arg);
	n = epoll_wait(l->epfd, evs, EVENTS_PER_TURN, wait_for(l, wait_ms));
	if (n < 0 && errno != EINTR)
		fatal("epoll_wait failed: errno %d", errno);
	for (i = 0; i < n; i++)
		run_event(l, &evs[i]);
	run_timers(l);
}

void
loop_run(struct loop *l)
{
	while (!l->stopped)
		loop_turn(l, LONGEST_WAIT_MS);
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}
