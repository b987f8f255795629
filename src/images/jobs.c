/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "images/images_priv.h"
#include "sys/clock.h"
#include "sys/spawn.h"

/*
 * Jobs: what takes several programs, one after the other.  One job at a
 * time, so that each knows what the store of images held before it.
 */

struct job *
job_new(struct images *im, job_step_fn *step)
{
	struct job *j = xalloc(sizeof(*j));

	j->images = im;
	j->step = step;
	j->pidfd = j->said_fd = -1;
	buf_init(&j->said, IMAGES_LISTED_MAX);
	return j;
}

static void
job_free(struct job *j)
{
	buf_done(&j->said);
	json_free(j->named);
	json_free(j->tools);
	free(j->before);
	free(j);
}

static void
begin_next(struct images *im)
{
	struct job *j = im->jobs;

	if (j != NULL)
		j->step(j, 0);
}

void
job_post(struct job *j)
{
	struct job **last = &j->images->jobs;
	bool idle = *last == NULL;

	while (*last != NULL)
		last = &(*last)->next;
	*last = j;
	if (idle)
		begin_next(j->images);
}

void
job_end(struct job *j)
{
	struct images *im = j->images;

	loop_timer_cancel(im->s.loop, j->timer);
	im->jobs = j->next;
	job_free(j);
	begin_next(im);
}

/* ---- One program ---- */

static void
on_said(void *arg, int fd, int events)
{
	struct job *j = arg;
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	(void)events;
	if (n > 0) {
		buf_add(&j->said, chunk, (size_t)n);
		return;
	}
	loop_remove(j->images->s.loop, fd);
	close(fd);
	j->said_fd = -1;
}

static void
on_end(void *arg, int fd, int events)
{
	struct job *j = arg;
	int status = -1;

	(void)events;
	waitpid(j->pid, &status, 0);
	loop_remove(j->images->s.loop, fd);
	close(fd);
	j->pidfd = -1;
	/* What it said last may still be in the pipe. */
	while (j->said_fd >= 0)
		on_said(j, j->said_fd, LOOP_READ);
	loop_timer_cancel(j->images->s.loop, j->timer);
	j->timer = 0;
	j->step(j, status);
}

static void
on_late(void *arg)
{
	struct job *j = arg;

	j->timer = 0;
	kill(-j->pid, SIGKILL);
}

static enum err
start(struct job *j, const char *const *argv, int64_t wait_ms)
{
	struct images *im = j->images;
	struct spawn s = {.argv = argv, .extra_fd = -1, .tied = true};
	int ends[2];
	enum err e;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return ERR_IO;
	s.stdout_fd = ends[1];
	e = spawn_program(&s, &j->pid);
	close(ends[1]);
	j->said_fd = ends[0];
	if (e == OK)
		e = spawn_pidfd(j->pid, &j->pidfd);
	if (e == OK)
		e = loop_add(im->s.loop, j->pidfd, LOOP_READ, on_end, j);
	if (e == OK)
		e = loop_add(im->s.loop, j->said_fd, LOOP_READ, on_said, j);
	j->timer =
	    loop_timer(im->s.loop, clock_boot_ms() + wait_ms, on_late, j);
	return e;
}

void
job_run(struct job *j, const char *const *argv, int64_t wait_ms)
{
	buf_clear(&j->said);
	j->stage++;
	if (start(j, argv, wait_ms) != OK)
		fatal("no program can be started");
}

static void
on_waited(void *arg)
{
	struct job *j = arg;

	j->timer = 0;
	j->step(j, 0);
}

void
job_wait(struct job *j, int64_t wait_ms)
{
	j->timer = loop_timer(
	    j->images->s.loop, clock_boot_ms() + wait_ms, on_waited, j);
}

const char *
job_said(const struct job *j)
{
	return j->said.p != NULL ? j->said.p : "";
}

void
job_list_images(struct job *j)
{
	static const char *const argv[] = {"podman", PODMAN_CGROUPFS, "images",
	    "-a", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}",
	    NULL};

	job_run(j, argv, PODMAN_QUICK_MS);
}

const char *
job_meaning(const struct job *j)
{
	return images_meaning(j->images->s.folder, job_said(j));
}
