/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/proc.h"
#include "runner/runner_priv.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/sock.h"
#include "sys/spawn.h"

/*
 * Volumes: each is measured before its tool starts, and every second while
 * the tool is warm.  No kernel keeps a limit for a folder of an ordinary
 * user, so who is found over the limit is ended at once, and not started
 * again until there is room.  Beside the names in the volume count the files
 * that the tool still holds without one.  How much the disk has left is
 * looked at more often, since that is everybody's.
 *
 * What cannot be measured is not run.
 */

#define WHY_SIZE sizeof(struct errmsg)

static bool
is_watched(const struct warm *w)
{
	return w->tool[0] != '\0' && w->volume.mib > 0;
}

static int64_t
limit_of(const struct volume *v)
{
	return v->mib * 1024 * 1024;
}

static int64_t
entries_of(const struct volume *v)
{
	int64_t n = v->mib * VOLUME_ENTRIES_PER_MIB;

	return n < VOLUME_ENTRIES_MAX ? n : VOLUME_ENTRIES_MAX;
}

static void
path_of(const struct runner *r, const char *tool, char *ret, size_t size)
{
	snprintf(ret, size, "%s/durward-%s/_data", r->keep.volumes, tool);
}

/* ---- The child that measures ---- */

/* The reason of its end, in words. */
static const char *
reap(struct volumes *v)
{
	int status = 0;

	kill(v->pid, SIGKILL);
	waitpid(v->pid, &status, 0);
	close(v->fd);
	v->fd = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 72)
		return "newuidmap does not give it the subordinate ids of this "
		       "user";
	return "who measures it ended, or was too slow";
}

static void
stop_child(struct runner *r)
{
	if (r->volumes.pid == 0)
		return;
	loop_remove(r->loop, r->volumes.fd);
	reap(&r->volumes);
	r->volumes.pid = 0;
}

/* Nothing with a volume goes on unmeasured. */
static void
child_lost(struct runner *r)
{
	struct errmsg why;
	size_t i;

	loop_remove(r->loop, r->volumes.fd);
	err_say(
	    &why, OK, "its volume cannot be measured: %s", reap(&r->volumes));
	r->volumes.pid = 0;
	log_warn("volumes: %s", why.text);
	for (i = 0; i < TOOLS_MAX; i++)
		if (r->starting[i] != NULL && r->starting[i]->volume.asked != 0)
			containers_measured(
			    r->starting[i], ERR_UNSUPPORTED, why.text);
	for (i = 0; i < TOOLS_MAX; i++)
		if (is_watched(&r->warm[i]))
			containers_end(r, &r->warm[i], why.text);
}

static void on_answer(void *arg, int fd, int events);

static enum err
start_child(struct runner *r)
{
	struct volumes *v = &r->volumes;
	pid_t parent = getpid();
	int pair[2];

	if (v->pid != 0)
		return OK;
	if (sock_lane_pair(pair) != OK)
		return ERR_IO;
	v->pid = fork();
	if (v->pid == 0)
		measure_serve(pair[1], parent);
	close(pair[1]);
	v->fd = pair[0];
	if (v->pid > 0 &&
	    loop_add(r->loop, v->fd, LOOP_READ, on_answer, r) == OK)
		return OK;
	if (v->pid > 0)
		reap(v);
	else
		close(v->fd);
	v->pid = 0;
	return ERR_IO;
}

static enum err
ask(struct runner *r, struct volume *v, const char *tool)
{
	struct measure_question q;
	struct sock_part part = {&q, sizeof(q)};
	enum err e = keep_volumes(&r->keep, tool);

	if (e == OK)
		e = start_child(r);
	if (e != OK)
		return e;
	memset(&q, 0, sizeof(q));
	q.id = v->asked = ++r->volumes.questions;
	v->asked_ms = clock_boot_ms();
	q.entries_max = entries_of(v);
	path_of(r, tool, q.path, sizeof(q.path));
	return sock_send(r->volumes.fd, &part, 1, NULL, 0);
}

/* ---- What it said ---- */

/* Files without a name, held by the processes of the container. */
static int64_t
nameless_bytes(const struct warm *w, dev_t device)
{
	static struct processes family;
	static struct nameless n;
	size_t i;

	if (w->first == 0)
		return 0;
	n.device = device;
	n.file_max = limit_of(&w->volume);
	n.bytes = 0;
	n.n = 0;
	proc_family(w->first, &family);
	for (i = 0; i < family.n; i++)
		proc_add_nameless(family.pids[i], &n);
	return n.bytes;
}

/* False when it is over, and then `why` says by how much. */
static bool
fits(const struct volume *v, const struct tree_size *size, struct errmsg *why)
{
	if (size->bytes > limit_of(v))
		err_say(why, OK,
		    "its volume holds %lld bytes, %lld over its limit of %lld "
		    "MiB",
		    (long long)size->bytes,
		    (long long)(size->bytes - limit_of(v)), (long long)v->mib);
	else if (size->cut)
		err_say(why, OK,
		    "its volume holds more than %lld files and folders, or "
		    "some deeper than %d",
		    (long long)entries_of(v), VOLUME_DEPTH_MAX);
	else
		return true;
	return false;
}

static void
on_start_measured(struct starting *s, const struct measure_answer *a)
{
	struct errmsg why = {""};
	struct errmsg more = {""};

	s->volume.asked = 0;
	s->volume.bytes = a->size.bytes;
	if (a->e == ERR_NOTFOUND) {
		containers_measured(s, OK, ""); /* It is made now. */
	} else if (a->e != OK) {
		keep_forget_volumes(&s->runner->keep);
		containers_measured(s, a->e, "its volume cannot be read");
	} else if (fits(&s->volume, &a->size, &why)) {
		containers_measured(s, OK, "");
	} else {
		err_say(&more, OK,
		    "%.120s; empty it ('podman volume rm durward-%.32s' as "
		    "the tools' user) or sign a larger volume_mib",
		    why.text, s->tool);
		containers_measured(s, ERR_LIMIT, more.text);
	}
}

static void
on_warm_measured(
    struct runner *r, struct warm *w, const struct measure_answer *a)
{
	struct volume *v = &w->volume;
	struct tree_size size = a->size;
	int64_t now_ms = clock_boot_ms();
	int64_t pause_ms = VOLUME_SCAN_SHARE * (now_ms - v->asked_ms);
	struct errmsg why = {""};

	v->asked = 0;
	v->next_ms =
	    now_ms + (pause_ms > VOLUME_SCAN_MS ? pause_ms : VOLUME_SCAN_MS);
	if (a->e != OK) {
		keep_forget_volumes(&r->keep);
		containers_end(r, w, "its volume cannot be measured");
		return;
	}
	size.bytes += nameless_bytes(w, size.device);
	v->grew = size.bytes - v->bytes >= VOLUME_GREW_MIN;
	v->bytes = size.bytes;
	v->entries = size.entries;
	if (!fits(v, &size, &why))
		containers_end(r, w, why.text);
}

static void
on_answer(void *arg, int fd, int events)
{
	struct runner *r = arg;
	struct measure_answer a;
	int fds[LANE_FDS_MAX];
	size_t n_fds = 0;
	size_t len = 0;
	enum err e = sock_recv(fd, &a, sizeof(a), &len, fds, &n_fds);
	size_t i;

	(void)events;
	if (e == ERR_BUSY)
		return;
	if (e != OK || len != sizeof(a)) {
		child_lost(r);
		return;
	}
	for (i = 0; i < TOOLS_MAX; i++)
		if (is_watched(&r->warm[i]) && r->warm[i].volume.asked == a.id)
			on_warm_measured(r, &r->warm[i], &a);
	for (i = 0; i < TOOLS_MAX; i++)
		if (r->starting[i] != NULL &&
		    r->starting[i]->volume.asked == a.id)
			on_start_measured(r->starting[i], &a);
}

/* ---- Time ---- */

static bool
disk_left(const struct runner *r, int64_t *ret)
{
	const char *folder =
	    r->keep.volumes[0] != '\0' ? r->keep.volumes : r->keep.folder;

	return file_free_bytes(folder, ret) == OK;
}

/* The room that is left is the house's as well, and everybody's. */
static void
look_at_disk(struct runner *r, int64_t now_ms)
{
	struct errmsg why;
	int64_t left;
	size_t i;

	if (!disk_left(r, &left) || left >= VOLUME_DISK_LEFT)
		return;
	err_say(&why, OK,
	    "the disk has only %lld MiB left, and it has a volume to fill",
	    (long long)(left / 1024 / 1024));
	for (i = 0; i < TOOLS_MAX; i++) {
		struct warm *w = &r->warm[i];

		if (!is_watched(w))
			continue;
		if (w->volume.grew || left < VOLUME_DISK_LEFT / 2)
			containers_end(r, w, why.text);
		else if (w->volume.asked == 0)
			w->volume.next_ms = now_ms;
	}
}

static bool
is_late(const struct volume *v, int64_t now_ms)
{
	return v->asked != 0 && now_ms - v->asked_ms > VOLUME_SCAN_LATE_MS;
}

/* How many tools with a volume there are. */
static int
look_at_each(struct runner *r, int64_t now_ms)
{
	bool lost = false;
	int n = 0;
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++) {
		struct starting *s = r->starting[i];
		struct warm *w = &r->warm[i];

		if (s != NULL && s->volume.mib > 0) {
			lost |= is_late(&s->volume, now_ms);
			n++;
		}
		if (!is_watched(w))
			continue;
		lost |= is_late(&w->volume, now_ms);
		if (w->volume.asked == 0 && w->volume.next_ms <= now_ms &&
		    ask(r, &w->volume, w->tool) != OK)
			containers_end(r, w, "its volume cannot be measured");
		n++;
	}
	if (lost && r->volumes.pid != 0)
		child_lost(r);
	return n;
}

static void
on_tick(void *arg)
{
	struct runner *r = arg;
	int64_t now_ms = clock_boot_ms();

	r->volumes.timer = 0;
	look_at_disk(r, now_ms);
	if (look_at_each(r, now_ms) > 0)
		volumes_watch(r);
	else
		stop_child(r);
}

void
volumes_watch(struct runner *r)
{
	if (r->volumes.timer == 0)
		r->volumes.timer = loop_timer(
		    r->loop, clock_boot_ms() + VOLUME_DISK_MS, on_tick, r);
}

enum err
volumes_ask(struct starting *s, struct errmsg *why)
{
	struct runner *r = s->runner;
	int64_t left;
	enum err e;

	if (disk_left(r, &left) && left < VOLUME_DISK_LEFT / 2)
		return err_say(why, ERR_LIMIT,
		    "the disk has only %lld MiB left; make room before a tool "
		    "with a volume is started",
		    (long long)(left / 1024 / 1024));
	volumes_watch(r);
	e = ask(r, &s->volume, s->tool);
	if (e == ERR_NOTFOUND) {
		containers_measured(s, OK, ""); /* It is made now. */
		return OK;
	}
	return e == OK
	    ? OK
	    : err_say(why, e, "its volume cannot be measured: %s", err_text(e));
}
