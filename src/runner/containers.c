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
#include "runner/runner_priv.h"
#include "sys/clock.h"
#include "sys/sock.h"
#include "sys/spawn.h"

/*
 * Containers: started, handed over, removed.  A tool's streams go to its
 * shim and to the tools role; nothing of what it says passes here.
 */

#define SAID_MAX 1024

/* A `podman run` under way. */
struct starting {
	struct runner *runner;
	char name[CONTAINER_NAME_SIZE];
	char tool[NAME_MAX_LEN + 1];
	struct json *order;
	char *manifest; /* NULL: it has no secrets. */
	int64_t asked; /* The question to the vault; 0: none is open. */
	char runtime[16];
	bool second_try;
	bool unwanted; /* Given up while Podman was at it. */
	uint64_t timer;
	pid_t pid;
	int pidfd;
	int said_fd;
	int streams[2]; /* The tools role's ends: stdin, stdout. */
};

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

	for (i = 0; i < 2; i++) {
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
	pid_t pid;
	int pidfd;
};

static void
on_removed(void *arg, int fd, int events)
{
	struct removal *rm = arg;

	(void)fd;
	(void)events;
	waitpid(rm->pid, NULL, 0);
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
	if (spawn_program(&s, &rm->pid) == OK &&
	    spawn_pidfd(rm->pid, &rm->pidfd) == OK &&
	    loop_add(r->loop, rm->pidfd, LOOP_READ, on_removed, rm) == OK)
		return;
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
	w->tool[0] = '\0';
}

/* Podman is ended; what it may have made is removed when it is gone. */
static void
give_up(void *arg)
{
	struct starting *s = arg;

	if (s->asked != 0) {
		starting_free(s); /* Podman is not at it. */
		return;
	}
	s->unwanted = true;
	kill(-s->pid, SIGKILL);
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

static void
succeeded(struct starting *s)
{
	struct runner *r = s->runner;
	struct warm *w;

	keep_runtime(&r->keep, s->runtime);
	tell(r, s->tool, "started", s->name, "");
	w = find_warm(r, "");
	if (w != NULL) {
		memcpy(w->tool, s->tool, sizeof(w->tool));
		memcpy(w->name, s->name, sizeof(w->name));
	}
}

static void
failed(struct starting *s)
{
	char said[SAID_MAX];
	ssize_t n = read(s->said_fd, said, sizeof(said) - 1);
	struct errmsg why;

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	err_say(&why, OK, "podman with %s: %.200s", s->runtime,
	    said[0] != '\0' ? said : "failed without a word");
	log_warn("%s does not start: %s", s->tool, why.text);
	tell(s->runner, s->tool, "failed", "", why.text);
}

/* They are never kept: each start of Podman asks for them anew. */
static enum err
ask_for_secrets(struct starting *s)
{
	struct runner *r = s->runner;
	struct json *body = json_object();

	s->asked = ++r->asked;
	json_put_int(body, "id", s->asked);
	return peers_send_bulk(r->peers, ROLE_VAULT, MSG_SECRET_WANTED, body,
	    s->manifest, strlen(s->manifest));
}

static enum err
begin(struct starting *s)
{
	return s->manifest != NULL ? ask_for_secrets(s) : start_podman(s, NULL);
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
	s->second_try = true;
	snprintf(s->runtime, sizeof(s->runtime), "%s",
	    podman_other_runtime(s->runtime));
	return begin(s) == OK;
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

/* The shim's ends go over the socket that podman preserves as descriptor 3;
 * they wait there until it asks. */
static enum err
give_streams(struct starting *s, int pair_end, size_t n_secrets)
{
	char words[2] = {'S', (char)('0' + n_secrets)};
	struct sock_part mark = {words, sizeof(words)};
	int in[2];
	int out[2];
	int fds[3];
	enum err e;

	if (pipe2(in, O_CLOEXEC) < 0)
		return ERR_IO;
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return ERR_IO;
	}
	fds[0] = in[0];
	fds[1] = out[1];
	fds[2] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	e = sock_send(pair_end, &mark, 1, fds, 3);
	close(in[0]);
	close(out[1]);
	close(fds[2]);
	s->streams[0] = in[1];
	s->streams[1] = out[0];
	return e;
}

static enum err
spawn_run(struct starting *s, int preserved, int said)
{
	struct runner *r = s->runner;
	struct podman_run run = {.runtime = s->runtime,
	    .limits = r->cgroups.unit[0] != '\0',
	    .instance = r->instance,
	    .name = s->name,
	    .tool = s->tool,
	    .image = json_str(s->order, "image"),
	    .folder = r->keep.folder,
	    .shim = r->shim,
	    .volume = json_flag(s->order, "volume"),
	    .memory_mib = json_int(s->order, "memory_mib", 64),
	    .pids = json_int(s->order, "pids", 16),
	    .ports = json_get(s->order, "ports"),
	    .folders = json_get(s->order, "folders"),
	    .command = json_get(s->order, "command")};
	struct podman_words words;
	char cgroup[CGROUP_PATH_SIZE];
	struct spawn spawn = {.stdout_fd = said, .extra_fd = preserved};
	enum err e = keep_slice(&r->keep, s->tool, &run.slice);

	if (e != OK)
		return e;
	if (run.limits) {
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
	peers_send_fds(
	    s->runner->peers, ROLE_TOOLS, MSG_TOOL_STDIO, body, s->streams, 2);
	close_streams(s);
}

/* A shim whose sockets are still to come.  Podman's end says only that it
 * runs. */
struct awaited {
	struct runner *runner;
	char tool[NAME_MAX_LEN + 1];
	int fd;
	uint64_t timer;
};

static void
awaited_free(struct awaited *w)
{
	loop_timer_cancel(w->runner->loop, w->timer);
	loop_remove(w->runner->loop, w->fd);
	close(w->fd);
	free(w);
}

static void
on_shim_late(void *arg)
{
	struct awaited *w = arg;

	w->timer = 0;
	awaited_free(w);
}

/* The sockets that the shim bound inside, once: from here on nothing that
 * runs in the container can say anything to us. */
static void
on_shim(void *arg, int fd, int events)
{
	struct awaited *w = arg;
	struct json *body;
	int fds[LANE_FDS_MAX];
	size_t n_fds = 0;
	size_t len = 0;
	char mark = '\0';
	size_t i;

	(void)events;
	if (sock_recv(fd, &mark, 1, &len, fds, &n_fds) == OK && len == 1 &&
	    mark == 'N') {
		body = json_object();
		json_put_str(body, "tool", w->tool);
		peers_send_fds(w->runner->peers, ROLE_GATE, MSG_TOOL_SOCKETS,
		    body, fds, n_fds);
	}
	for (i = 0; i < n_fds; i++)
		close(fds[i]);
	awaited_free(w);
}

static enum err
await_sockets(struct starting *s, int pair_end)
{
	struct runner *r = s->runner;
	struct awaited *w;

	if (json_count(json_get(s->order, "ports")) == 0) {
		close(pair_end);
		return OK;
	}
	w = xalloc(sizeof(*w));
	w->runner = r;
	w->fd = pair_end;
	memcpy(w->tool, s->tool, sizeof(w->tool));
	w->timer = loop_timer(
	    r->loop, clock_boot_ms() + CONTAINER_START_MS, on_shim_late, w);
	return loop_add(r->loop, pair_end, LOOP_READ, on_shim, w);
}

static enum err
start_podman(struct starting *s, const struct msg *secrets)
{
	struct runner *r = s->runner;
	size_t n = secrets != NULL
	    ? json_count(json_get(secrets->body, "secrets"))
	    : 0;
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
	e = n > TOOL_SECRETS_MAX ? ERR_LIMIT : give_streams(s, pair[0], n);
	if (e == OK && n > 0)
		e = secrets_give(pair[0], secrets);
	if (e == OK)
		e = spawn_run(s, pair[1], said[1]);
	if (e == OK)
		e = await_sockets(s, pair[0]);
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

/* {"id", "ok", "error", "secrets": [...]} and the values. */
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
	else if (start_podman(s, m) == OK)
		return;
	else
		tell(r, s->tool, "failed", "", "podman cannot be started");
	starting_free(s);
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
	r->starting[i] = s = xalloc(sizeof(*s));
	s->runner = r;
	s->pidfd = s->said_fd = -1;
	s->streams[0] = s->streams[1] = -1;
	s->order = json_copy(m->body);
	if (m->bulk_len > 0)
		s->manifest = xstrndup(m->bulk, m->bulk_len);
	snprintf(s->tool, sizeof(s->tool), "%s", tool);
	snprintf(s->runtime, sizeof(s->runtime), "%s",
	    r->keep.runtime[0] != '\0' ? r->keep.runtime : "crun");
	s->timer = loop_timer(
	    r->loop, clock_boot_ms() + CONTAINER_START_MS, give_up, s);
	if (begin(s) != OK) {
		tell(r, tool, "failed", "",
		    s->asked != 0 ? "the vault is away"
				  : "podman cannot be started");
		starting_free(s);
	}
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
