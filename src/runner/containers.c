/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "proc/proc.h"
#include "runner/runner_priv.h"
#include "sys/clock.h"
#include "sys/sock.h"
#include "sys/spawn.h"

/*
 * Containers: started, handed over, removed.  A tool's streams go to its
 * shim and to the tools role; nothing of what it says passes here.
 */

static enum err start_podman(struct starting *s, const struct msg *secrets);

static void
tell(struct runner *r, const char *tool, const char *state, const char *name,
    const char *why)
{
	struct json *body = json_object();

	json_put_str(body, "tool", tool);
	json_put_str(body, "state", state);
	json_put_str(body, "container", name);
	json_put_str(body, "why", why);
	peers_send(r->peers, ROLE_CORE, MSG_CONTAINER_STATE, body);
}

/* Those that were not handed over. */
static void
close_streams(struct starting *s)
{
	int i;

	for (i = 0; i < STREAMS; i++) {
		if (s->streams[i] >= 0)
			close(s->streams[i]);
		s->streams[i] = -1;
	}
}

static void
starting_free(struct starting *s)
{
	struct runner *r = s->runner;
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (r->starting[i] == s)
			r->starting[i] = NULL;
	loop_timer_cancel(r->loop, s->timer);
	loop_timer_cancel(r->loop, s->again);
	if (s->pidfd >= 0) {
		loop_remove(s->runner->loop, s->pidfd);
		close(s->pidfd);
	}
	if (s->said_fd >= 0)
		close(s->said_fd);
	close_streams(s);
	json_free(s->order);
	free(s->manifest);
	free(s);
}

static struct warm *
find_warm(struct runner *r, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (strcmp(r->warm[i].tool, tool) == 0)
			return &r->warm[i];
	return NULL;
}

struct removal {
	struct runner *runner;
	char name[CONTAINER_NAME_SIZE];
	pid_t pid;
	int pidfd;
	uint64_t timer;
};

static void
on_removal_late(void *arg)
{
	struct removal *rm = arg;

	rm->timer = 0;
	log_warn("podman does not remove the container %s; it is tried again "
		 "when the tools' half starts",
	    rm->name);
	kill(-rm->pid, SIGKILL);
}

static void
on_removed(void *arg, int fd, int events)
{
	struct removal *rm = arg;

	(void)fd;
	(void)events;
	waitpid(rm->pid, NULL, 0);
	loop_timer_cancel(rm->runner->loop, rm->timer);
	loop_remove(rm->runner->loop, rm->pidfd);
	close(rm->pidfd);
	free(rm);
}

/* Nobody waits for it: the name is never used again. */
static void
remove_container(struct runner *r, const char *name)
{
	const char *const argv[] = {
	    "podman", PODMAN_CGROUPFS, "rm", "-f", "-t0", name, NULL};
	struct spawn s = {.argv = argv, .stdout_fd = -1, .extra_fd = -1};
	struct removal *rm = xalloc(sizeof(*rm));

	rm->runner = r;
	snprintf(rm->name, sizeof(rm->name), "%s", name);
	if (spawn_program(&s, &rm->pid) == OK &&
	    spawn_pidfd(rm->pid, &rm->pidfd) == OK &&
	    loop_add(r->loop, rm->pidfd, LOOP_READ, on_removed, rm) == OK) {
		rm->timer = loop_timer(r->loop,
		    clock_boot_ms() + PODMAN_QUICK_MS, on_removal_late, rm);
		return;
	}
	log_warn("container %s cannot be removed", name);
	free(rm);
}

static void
forget_warm(struct runner *r, const char *tool)
{
	struct warm *w = find_warm(r, tool);

	if (w == NULL)
		return;
	remove_container(r, w->name);
	if (w->first != 0)
		close(w->first_fd);
	memset(w, 0, sizeof(*w));
}

/* Podman is ended; what it may have made is removed when it is gone. */
static void
give_up(void *arg)
{
	struct starting *s = arg;

	if (s->pid == 0) {
		starting_free(s); /* Podman is not at it. */
		return;
	}
	s->unwanted = true;
	kill(-s->pid, SIGKILL);
}

bool
containers_is_starting(const struct runner *r, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (r->starting[i] != NULL &&
		    strcmp(r->starting[i]->tool, tool) == 0)
			return true;
	return false;
}

static void
give_up_tool(struct runner *r, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (r->starting[i] != NULL &&
		    strcmp(r->starting[i]->tool, tool) == 0)
			give_up(r->starting[i]);
}

/* By its first process all others are found, and ended. */
static void
find_first(struct runner *r, struct warm *w)
{
	w->first = keep_take_pid(&r->keep, w->name);
	if (w->first == 0 || spawn_pidfd(w->first, &w->first_fd) != OK) {
		w->first = 0;
	} else if (!proc_is_first(w->first)) {
		close(w->first_fd);
		w->first = 0;
	}
}

static void
succeeded(struct starting *s)
{
	struct runner *r = s->runner;
	struct warm *w;

	keep_runtime(&r->keep, s->runtime);
	tell(r, s->tool, "started", s->name, "");
	w = find_warm(r, "");
	if (w == NULL)
		return;
	memcpy(w->tool, s->tool, sizeof(w->tool));
	memcpy(w->name, s->name, sizeof(w->name));
	w->volume = s->volume;
	find_first(r, w);
	if (w->volume.mib > 0)
		volumes_watch(r);
}

static void
failed(struct starting *s)
{
	char said[PODMAN_SAID_MAX];
	ssize_t n = read(s->said_fd, said, sizeof(said) - 1);
	struct errmsg why;

	said[n > 0 ? n : 0] = '\0';
	err_say(&why, OK, "podman with %s: %s", s->runtime,
	    images_meaning(s->runner->keep.folder, said));
	log_warn("%s does not start: %s", s->tool, why.text);
	tell(s->runner, s->tool, "failed", "", why.text);
}

static void ask_vault(struct starting *s);

static void
on_again(void *arg)
{
	struct starting *s = arg;

	s->again = 0;
	ask_vault(s);
}

/* They are never kept: each start of Podman asks for them anew.  A vault that
 * is away comes back by itself; `timer` ends the waiting. */
static void
ask_vault(struct starting *s)
{
	struct runner *r = s->runner;
	struct json *body = json_object();

	s->asked = ++r->asked;
	json_put_int(body, "id", s->asked);
	if (peers_send_bulk(r->peers, ROLE_VAULT, MSG_SECRET_WANTED, body,
		s->manifest, strlen(s->manifest)) != OK)
		s->again = loop_timer(
		    r->loop, clock_boot_ms() + VAULT_AGAIN_MS, on_again, s);
}

/* Which OCI runtime works is found by use: crun refuses hybrid cgroups,
 * and either may be missing. */
static bool
try_other(struct starting *s)
{
	struct runner *r = s->runner;

	if (s->second_try || strcmp(r->keep.runtime, s->runtime) == 0)
		return false;
	loop_remove(r->loop, s->pidfd);
	close(s->pidfd);
	close(s->said_fd);
	close_streams(s);
	s->pidfd = s->said_fd = -1;
	s->pid = 0;
	s->second_try = true;
	snprintf(s->runtime, sizeof(s->runtime), "%s",
	    podman_other_runtime(s->runtime));
	ask_vault(s);
	return true;
}

static void
on_podman_end(void *arg, int fd, int events)
{
	struct starting *s = arg;
	int status = -1;

	(void)fd;
	(void)events;
	waitpid(s->pid, &status, 0);
	if (s->unwanted)
		remove_container(s->runner, s->name);
	else if (status == 0)
		succeeded(s);
	else if (try_other(s))
		return;
	else
		failed(s);
	starting_free(s);
}

static enum err
spawn_run(struct starting *s, int preserved, int said)
{
	struct runner *r = s->runner;
	struct podman_run run = {.runtime = s->runtime,
	    .cgroups = &r->cgroups,
	    .instance = r->instance,
	    .name = s->name,
	    .tool = s->tool,
	    .image = json_str(s->order, "image"),
	    .folder = r->keep.folder,
	    .shim = r->shim,
	    .volume = s->volume.mib > 0,
	    .file_max = s->volume.mib > 0 ? s->volume.mib * 1024 * 1024
					  : FILE_BYTES_MAX,
	    .memory_mib = json_int(s->order, "memory_mib", 64),
	    .workspace_mib = json_int(s->order, "workspace_mib", 0),
	    .pids = json_int(s->order, "pids", 16),
	    .ports = json_get(s->order, "ports"),
	    .folders = json_get(s->order, "folders"),
	    .command = json_get(s->order, "command")};
	struct podman_words words;
	char cgroup[CGROUP_PATH_SIZE];
	struct spawn spawn = {.stdout_fd = said, .extra_fd = preserved};
	enum err e = images_take_slice(r->images, s->tool, &run.slice);

	if (e != OK)
		return e;
	if (r->cgroups.unit[0] != '\0') {
		if (!cgroups_make(&r->cgroups, s->name, cgroup, sizeof(cgroup)))
			return ERR_IO;
		spawn.cgroup = cgroup;
	}
	podman_run_words(&run, &words);
	spawn.argv = words.argv;
	e = spawn_program(&spawn, &s->pid);
	podman_words_done(&words);
	return e;
}

static void
hand_over(struct starting *s)
{
	struct json *body = json_object();

	json_put_str(body, "tool", s->tool);
	json_put_str(body, "container", s->name);
	peers_send_fds(s->runner->peers, ROLE_TOOLS, MSG_TOOL_STDIO, body,
	    s->streams, STREAMS);
	close_streams(s);
}

static enum err
start_podman(struct starting *s, const struct msg *secrets)
{
	struct runner *r = s->runner;
	size_t n = json_count(json_get(secrets->body, "secrets"));
	int pair[2];
	int said[2];
	enum err e;

	snprintf(s->name, sizeof(s->name), "durward-%s-%d-%d", s->tool,
	    (int)getpid(), ++r->count);
	if (sock_lane_pair(pair) != OK)
		return ERR_IO;
	if (pipe2(said, O_CLOEXEC | O_NONBLOCK) < 0) {
		close(pair[0]);
		close(pair[1]);
		return ERR_IO;
	}
	e = n > TOOL_SECRETS_MAX ? ERR_LIMIT
				 : shim_give_streams(pair[0], n, s->streams);
	if (e == OK && n > 0)
		e = secrets_give(pair[0], secrets);
	if (e == OK)
		e = spawn_run(s, pair[1], said[1]);
	if (e == OK)
		e = shim_await_sockets(r, s->tool,
		    json_count(json_get(s->order, "ports")) > 0, pair[0]);
	else
		close(pair[0]);
	close(pair[1]);
	close(said[1]);
	s->said_fd = said[0];
	if (e == OK)
		e = spawn_pidfd(s->pid, &s->pidfd);
	if (e == OK)
		e = loop_add(r->loop, s->pidfd, LOOP_READ, on_podman_end, s);
	if (e == OK)
		hand_over(s);
	return e;
}

/* What the core wants started must be what an owner signed, word for word:
 * the core's order and the vault's reading of the manifest. */
static bool
is_as_signed(const struct starting *s, const struct json *signed_words)
{
	struct buf wanted;
	struct buf agreed;
	bool same;

	buf_init(&wanted, LANE_BODY_MAX);
	buf_init(&agreed, LANE_BODY_MAX);
	json_canonical(s->order, &wanted);
	json_canonical(signed_words, &agreed);
	same = !wanted.overflow && wanted.len == agreed.len &&
	    memcmp(wanted.p, agreed.p, wanted.len) == 0;
	buf_done(&wanted);
	buf_done(&agreed);
	return same;
}

/* {"id", "ok", "error", "secrets": [...], "container"} and the values. */
void
containers_on_secret(void *role, struct msg *m)
{
	struct runner *r = role;
	int64_t id = json_int(m->body, "id", 0);
	struct starting *s = NULL;
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (r->starting[i] != NULL && r->starting[i]->asked == id)
			s = r->starting[i];
	if (s == NULL || id == 0)
		return; /* Given up in the meantime. */
	s->asked = 0;
	if (!json_flag(m->body, "ok"))
		tell(r, s->tool, "failed", "", json_words(m->body, "error"));
	else if (!json_is_object(json_get(m->body, "container")) ||
	    !is_as_signed(s, json_get(m->body, "container")))
		tell(r, s->tool, "failed", "",
		    "what was to be started is not what its manifest says");
	else if (start_podman(s, m) == OK)
		return;
	else
		tell(r, s->tool, "failed", "", "podman cannot be started");
	starting_free(s);
}

static struct starting *
starting_new(struct runner *r, const struct msg *m, struct starting **place)
{
	struct starting *s = xalloc(sizeof(*s));
	int i;

	*place = s;
	s->runner = r;
	s->pidfd = s->said_fd = -1;
	for (i = 0; i < STREAMS; i++)
		s->streams[i] = -1;
	s->order = json_copy(m->body);
	s->manifest = xstrndup(m->bulk_len > 0 ? m->bulk : "", m->bulk_len);
	snprintf(s->tool, sizeof(s->tool), "%s", json_words(m->body, "tool"));
	snprintf(s->runtime, sizeof(s->runtime), "%s",
	    r->keep.runtime[0] != '\0' ? r->keep.runtime : "crun");
	if (json_flag(m->body, "volume"))
		s->volume.mib = json_int(m->body, "volume_mib", VOLUME_MIB);
	s->timer = loop_timer(
	    r->loop, clock_boot_ms() + CONTAINER_START_MS, give_up, s);
	return s;
}

void
containers_measured(struct starting *s, enum err e, const char *why)
{
	struct runner *r = s->runner;

	if (e != OK) {
		log_warn("%s is not started: %s", s->tool, why);
		tell(r, s->tool, "failed", "", why);
		starting_free(s);
		return;
	}
	ask_vault(s);
}

void
containers_end(struct runner *r, struct warm *w, const char *why)
{
	log_warn("%s is ended: %s", w->tool, why);
	/* First the reason: the end itself is soon told by others. */
	tell(r, w->tool, "killed", w->name, why);
	if (w->first != 0 && proc_kill(w->first_fd) != OK)
		log_warn("container %s cannot be killed", w->name);
	forget_warm(r, w->tool);
}

void
containers_on_start(void *role, struct msg *m)
{
	struct runner *r = role;
	const char *tool = json_str(m->body, "tool");
	const char *image = json_str(m->body, "image");
	struct errmsg why = {""};
	struct starting *s;
	size_t i = 0;

	if (tool == NULL || image == NULL || !str_is_name(tool) ||
	    strncmp(image, "sha256:", 7) != 0)
		return;
	if (r->broken.text[0] != '\0')
		why = r->broken;
	else if (folders_check(r, tool, json_get(m->body, "folders"), &why) !=
	    OK)
		log_warn("%s does not start: %s", tool, why.text);
	if (why.text[0] != '\0') {
		tell(r, tool, "failed", "", why.text);
		return;
	}
	forget_warm(r, tool);
	give_up_tool(r, tool);
	while (i < TOOLS_MAX && r->starting[i] != NULL)
		i++;
	if (i == TOOLS_MAX) {
		tell(r, tool, "failed", "", "too many containers are starting");
		return;
	}
	s = starting_new(r, m, &r->starting[i]);
	if (s->volume.mib == 0)
		containers_measured(s, OK, "");
	else if (volumes_ask(s, &why) != OK)
		containers_measured(s, ERR_STATE, why.text);
}

/* {"tool"} */
void
containers_on_stop(void *role, struct msg *m)
{
	const char *tool = json_str(m->body, "tool");

	if (tool == NULL || tool[0] == '\0')
		return;
	give_up_tool(role, tool);
	forget_warm(role, tool);
}
