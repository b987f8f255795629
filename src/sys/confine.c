/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC)
#define LOCKED (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define FIRST_FD 3
#define CONFINE_PATH_MAX 256
#define HIGH_FD 200 /* Above everything that is handed on. */

static enum err
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return ERR_IO;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? OK : ERR_IO;
}

/* Inside the new user namespace: be whom we were outside. */
static enum err
keep_ids(uid_t uid, gid_t gid)
{
	char line[64];
	enum err e;

	e = write_text("/proc/self/setgroups", "deny");
	if (e != OK)
		return e;
	snprintf(line, sizeof(line), "%u %u 1", uid, uid);
	e = write_text("/proc/self/uid_map", line);
	if (e != OK)
		return e;
	snprintf(line, sizeof(line), "%u %u 1", gid, gid);
	return write_text("/proc/self/gid_map", line);
}

/* By descriptor: it may lie below what was just covered. */
static enum err
bind_at(int fd, const char *to, unsigned long flags)
{
	char from[32];

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	if (mount(from, to, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, to, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
		return ERR_IO;
	close(fd);
	return OK;
}

/* An empty file, in its folders, for another one to be bound over. */
static enum err
make_file(const char *path)
{
	char to[CONFINE_PATH_MAX];
	char *slash;
	int fd;

	snprintf(to, sizeof(to), "/tmp%s", path);
	for (slash = strchr(to + 5, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(to, 0755) < 0 && errno != EEXIST)
			return ERR_IO;
		*slash = '/';
	}
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0)
		return ERR_IO;
	close(fd);
	return OK;
}

/* What goes into the root, opened while the old one is still there. */
struct furniture {
	int state_fd; /* -1: none. */
	int file_fds[CONFINE_FILES_MAX]; /* -1: there is no such file. */
};

static enum err
open_furniture(const struct confine_start *s, struct furniture *ret)
{
	size_t i;

	ret->state_fd = -1;
	for (i = 0; i < s->n_files; i++)
		ret->file_fds[i] = open(s->files[i].from, O_PATH | O_CLOEXEC);
	if (s->state_dir == NULL)
		return OK;
	ret->state_fd = open(s->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return ret->state_fd >= 0 ? OK : ERR_IO;
}

static enum err
fill_root(const struct confine_start *s, const struct furniture *f)
{
	char to[CONFINE_PATH_MAX];
	enum err e = OK;
	size_t i;

	if (f->state_fd >= 0) {
		if (mkdir("/tmp/state", 0700) < 0)
			return ERR_IO;
		e = bind_at(f->state_fd, "/tmp/state", LOCKED);
	}
	for (i = 0; i < s->n_files && e == OK; i++) {
		if (f->file_fds[i] < 0)
			continue;
		e = make_file(s->files[i].to);
		snprintf(to, sizeof(to), "/tmp%s", s->files[i].to);
		if (e == OK)
			e = bind_at(f->file_fds[i], to, MS_RDONLY | LOCKED);
	}
	return e;
}

/* A root of our own: an empty tmpfs, read-only once it is furnished. */
static enum err
enter_root(const struct confine_start *s)
{
	struct furniture f;
	enum err e = open_furniture(s, &f);

	if (e != OK)
		return e;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/tmp", "tmpfs", LOCKED, "size=64k,mode=755") < 0)
		return ERR_IO;
	e = fill_root(s, &f);
	if (e != OK)
		return e;
	if (chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return ERR_IO;
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | LOCKED,
		NULL) < 0)
		return ERR_IO;
	return OK;
}

/* Move everything above the range, then down into place, so that no
 * descriptor is overwritten before it was moved. */
static enum err
place_fds(const struct confine_start *s, int *exe_fd)
{
	int high[CONFINE_FDS_MAX];
	size_t i;

	for (i = 0; i < s->n_fds; i++) {
		high[i] = -1;
		if (s->fds[i] < 0)
			continue;
		high[i] = fcntl(s->fds[i], F_DUPFD_CLOEXEC, HIGH_FD);
		if (high[i] < 0)
			return ERR_IO;
	}
	*exe_fd = fcntl(s->exe_fd, F_DUPFD_CLOEXEC, HIGH_FD);
	if (*exe_fd < 0)
		return ERR_IO;
	if (syscall(SYS_close_range, FIRST_FD, HIGH_FD - 1, 0) < 0)
		return ERR_IO;
	for (i = 0; i < s->n_fds; i++)
		if (high[i] >= 0 && dup2(high[i], FIRST_FD + (int)i) < 0)
			return ERR_IO;
	return OK;
}

_Noreturn static void
child(const struct confine_start *s, uid_t uid, gid_t gid)
{
	sigset_t none;
	int exe_fd = -1;
	int null = open("/dev/null", O_RDONLY);
	const char *step = "keep its user id";

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (keep_ids(uid, gid) != OK)
		goto out;
	step = "place its descriptors";
	if (place_fds(s, &exe_fd) != OK)
		goto out;
	/* A folder on a disk that was made read-only cannot be bound. */
	step = s->state_dir != NULL && access(s->state_dir, W_OK) < 0
	    ? "write to its folder; is the disk read-only?"
	    : "enter its own root";
	if (enter_root(s) != OK)
		goto out;
	step = "start its program";
	syscall(SYS_execveat, exe_fd, "", s->argv, s->envp, AT_EMPTY_PATH);
out:
	log_err("role %s cannot %s: errno %d", s->argv[2], step, errno);
	_exit(71);
}

enum err
confine_start(const struct confine_start *s, pid_t *ret_pid, struct errmsg *why)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	long flags = NAMESPACES | (s->network ? 0 : CLONE_NEWNET) | SIGCHLD;
	long pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);

	if (pid == 0)
		child(s, uid, gid);
	if (pid < 0)
		return err_say(why, ERR_UNSUPPORTED,
		    "the kernel refuses user namespaces (%s); set "
		    "kernel.unprivileged_userns_clone=1 and "
		    "user.max_user_namespaces above 0",
		    strerror(errno));
	*ret_pid = (pid_t)pid;
	return OK;
}
