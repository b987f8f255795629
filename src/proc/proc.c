/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/proc.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/spawn.h"

#define BLOCK 512
#define PATH_SIZE 64
#define DELETED " (deleted)"

/* `name` below /proc/PID, as text, as much as could be read. */
static void
read_of(pid_t pid, const char *name, struct buf *ret)
{
	char path[PATH_SIZE];

	buf_init(ret, PROC_FILE_MAX);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	if (file_read(path, ret) != OK)
		buf_adds(ret, "");
}

/* The value of "NAME:   VALUE". */
static const char *
field(const struct buf *b, const char *name)
{
	const char *at = strstr(b->p, name);

	return at != NULL ? at + strlen(name) : "";
}

static void
add_children(struct processes *ret, pid_t pid, const char *task)
{
	char name[PATH_SIZE];
	struct buf b;
	char *at;
	char *end;
	long child;

	if (snprintf(name, sizeof(name), "task/%s/children", task) >=
	    (int)sizeof(name))
		return;
	read_of(pid, name, &b);
	for (at = b.p; ret->n < PROCESSES_MAX; at = end) {
		child = strtol(at, &end, 10);
		if (end == at)
			break;
		ret->pids[ret->n++] = (pid_t)child;
	}
	buf_done(&b);
}

void
proc_family(pid_t first, struct processes *ret)
{
	char path[PATH_SIZE];
	const struct dirent *e;
	size_t i;
	DIR *d;

	ret->pids[0] = first;
	ret->n = 1;
	for (i = 0; i < ret->n; i++) {
		snprintf(
		    path, sizeof(path), "/proc/%d/task", (int)ret->pids[i]);
		d = opendir(path);
		if (d == NULL)
			continue;
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				add_children(ret, ret->pids[i], e->d_name);
		closedir(d);
	}
}

bool
proc_is_first(pid_t pid)
{
	struct buf b;
	const char *ids;
	bool first;

	read_of(pid, "status", &b);
	ids = field(&b, "\nNSpid:");
	ids += strspn(ids, "\t ");
	ids += strcspn(ids, "\t \n");
	first = strtol(ids, NULL, 10) == 1;
	buf_done(&b);
	return first;
}

int64_t
proc_pss_kib(pid_t pid)
{
	struct buf b;
	const char *pss;
	int64_t kib;

	read_of(pid, "smaps_rollup", &b);
	pss = field(&b, "\nPss:");
	kib = pss[0] != '\0' ? strtoll(pss, NULL, 10) : -1;
	buf_done(&b);
	return kib;
}

/* True the first time.  When too many were seen, each counts. */
static bool
is_new(struct nameless *n, ino_t inode)
{
	size_t i;

	for (i = 0; i < n->n; i++)
		if (n->seen[i] == inode)
			return false;
	if (n->n < VOLUME_FILES_MAX)
		n->seen[n->n++] = inode;
	return true;
}

/* Its descriptor is ours for as long as it takes to look. */
static void
add_open(struct nameless *n, int pidfd, int number)
{
	struct stat st;
	long fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);

	if (fd < 0)
		return;
	if (fstat((int)fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 0 && st.st_dev == n->device && is_new(n, st.st_ino))
		n->bytes += (int64_t)st.st_blocks * BLOCK;
	close((int)fd);
}

/* FROM-TO PERMISSIONS OFFSET DEVICE INODE PATH; its size is not told. */
static void
add_mapped(struct nameless *n, struct str line)
{
	unsigned major_part, minor_part;
	unsigned long long inode;
	char text[256];

	if (line.len < strlen(DELETED) ||
	    memcmp(line.p + line.len - strlen(DELETED), DELETED,
		strlen(DELETED)) != 0)
		return;
	snprintf(text, sizeof(text), "%.*s",
	    (int)(line.len < 200 ? line.len : 200), line.p);
	if (sscanf(text, "%*s %*s %*s %x:%x %llu", &major_part, &minor_part,
		&inode) == 3 &&
	    makedev(major_part, minor_part) == n->device &&
	    is_new(n, (ino_t)inode))
		n->bytes += n->file_max;
}

void
proc_add_nameless(pid_t pid, struct nameless *n)
{
	char path[PATH_SIZE];
	const struct dirent *e;
	struct str rest;
	struct str line;
	struct buf b;
	int pidfd;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	d = opendir(path);
	if (d != NULL && spawn_pidfd(pid, &pidfd) == OK) {
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				add_open(
				    n, pidfd, (int)strtol(e->d_name, NULL, 10));
		close(pidfd);
	}
	if (d != NULL)
		closedir(d);
	read_of(pid, "maps", &b);
	rest = (struct str){b.p, b.len};
	while (str_line(&rest, &line))
		add_mapped(n, line);
	if (b.overflow) /* Behind so many one could be hidden. */
		n->bytes += n->file_max;
	buf_done(&b);
}

enum err
proc_kill(int pidfd)
{
	return syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0
	    ? OK
	    : ERR_NOTFOUND;
}
