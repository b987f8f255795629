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

#define NAMESPACES                                                             \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |           \
	    CLONE_NEWIPC)
#define LOCKED (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define FIRST_FD 3
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

/* By descriptor: the folder may lie below what was just covered. */
static enum err
fill_root(int state_fd)
{
	char from[32];

	if (state_fd < 0)
		return OK;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", state_fd);
	if (mkdir("/tmp/state", 0700) < 0 ||
	    mount(from, "/tmp/state", NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, "/tmp/state", NULL, MS_REMOUNT | MS_BIND | LOCKED,
		NULL) < 0)
		return ERR_IO;
	return OK;
}

/* A root of our own: an empty tmpfs, read-only once it is furnished. */
static enum err
enter_root(const char *state_dir)
{
	int state_fd = -1;
	enum err e;

	if (state_dir != NULL) {
		state_fd = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (state_fd < 0)
			return ERR_IO;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/tmp", "tmpfs", LOCKED, "size=64k,mode=755") < 0)
		return ERR_IO;
	e = fill_root(state_fd);
	if (e != OK)
		return e;
	close(state_fd);
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
	if (enter_root(s->state_dir) != OK)
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
	long pid =
	    syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);

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
