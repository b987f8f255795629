/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "runner/runner_priv.h"
#include "sys/file.h"

/*
 * Where there is a cgroup of our own (a unit with Delegate=yes), it is
 * parted like this, because a cgroup with controllers for its children may
 * hold no process, and `podman run --cgroups=split` parts the one it is in:
 *
 *	UNIT/runner	the runner, and what else was in UNIT
 *	UNIT/CONTAINER	one `podman run`, which makes of it
 *		runtime			itself and conmon
 *		libpod-payload-ID	the tool, with its limits
 */

#define OURS "/runner"

static bool
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) > 0;
	close(fd);
	return done;
}

/* The line "0::PATH" of /proc/self/cgroup, when nothing but v2 is there. */
static bool
find_unit(struct cgroups *c)
{
	struct buf b;
	bool found = false;
	size_t n;

	buf_init(&b, 4096);
	if (file_read("/proc/self/cgroup", &b) == OK &&
	    strncmp(b.p, "0::/", 4) == 0) {
		n = strcspn(b.p + 3, "\n");
		/* Ours already, when only the runner was started anew. */
		if (n >= strlen(OURS) &&
		    strncmp(b.p + 3 + n - strlen(OURS), OURS, strlen(OURS)) ==
			0)
			n -= strlen(OURS);
		found = snprintf(c->unit, sizeof(c->unit), "/sys/fs/cgroup%.*s",
			    (int)n, b.p + 3) < (int)sizeof(c->unit);
	}
	buf_done(&b);
	return found;
}

static bool
leave_unit(const struct cgroups *c)
{
	char from[CGROUP_PATH_SIZE];
	char to[CGROUP_PATH_SIZE];
	char pid[16];
	struct str rest;
	struct str line;
	struct buf b;
	bool left = true;

	snprintf(to, sizeof(to), "%s" OURS, c->unit);
	if (mkdir(to, 0755) < 0 && access(to, W_OK) < 0)
		return false;
	snprintf(to, sizeof(to), "%s" OURS "/cgroup.procs", c->unit);
	snprintf(from, sizeof(from), "%s/cgroup.procs", c->unit);
	buf_init(&b, 64 * 1024);
	if (file_read(from, &b) != OK)
		left = false;
	rest = (struct str){b.p != NULL ? b.p : "", b.len};
	while (left && str_line(&rest, &line)) {
		snprintf(pid, sizeof(pid), "%.*s", (int)line.len, line.p);
		left = put(to, pid);
	}
	buf_done(&b);
	return left;
}

static bool
lists(const struct buf *b, const char *word)
{
	const char *at = b->p != NULL ? strstr(b->p, word) : NULL;
	size_t n = strlen(word);

	return at != NULL && (at == b->p || at[-1] == ' ') &&
	    (at[n] == '\0' || at[n] == ' ' || at[n] == '\n');
}

/* A controller that our children may have, once they are told so.  What the
 * kernel takes and does not list afterwards it does not enforce. */
static bool
enable(const struct cgroups *c, const char *controller)
{
	char path[CGROUP_PATH_SIZE];
	char word[16];
	struct buf b;
	bool enabled;

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", c->unit);
	snprintf(word, sizeof(word), "+%s", controller);
	buf_init(&b, 4096);
	enabled = put(path, word) && file_read(path, &b) == OK &&
	    lists(&b, controller);
	buf_done(&b);
	return enabled;
}

void
cgroups_open(struct cgroups *c)
{
	if (!find_unit(c) || access(c->unit, W_OK) < 0 || !leave_unit(c)) {
		c->unit[0] = '\0';
		c->why = "no writable cgroup v2 of our own";
		return;
	}
	c->memory = enable(c, "memory");
	c->pids = enable(c, "pids");
	c->why = !c->memory ? "the kernel gives our cgroup no memory controller"
	    : !c->pids      ? "the kernel gives our cgroup no pids controller"
			    : "";
}

/* rmdir refuses a cgroup that is in use. */
static void
sweep(const char *folder, const char *prefix, bool deeper)
{
	char path[CGROUP_PATH_SIZE];
	DIR *d = opendir(folder);
	const struct dirent *ent;

	if (d == NULL)
		return;
	while ((ent = readdir(d)) != NULL) {
		if (ent->d_type != DT_DIR || ent->d_name[0] == '.' ||
		    strncmp(ent->d_name, prefix, strlen(prefix)) != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", folder,
			ent->d_name) >= (int)sizeof(path))
			continue;
		if (deeper)
			sweep(path, "", false);
		rmdir(path);
	}
	closedir(d);
}

bool
cgroups_make(const struct cgroups *c, const char *name, char *ret, size_t size)
{
	sweep(c->unit, "durward-", true);
	snprintf(ret, size, "%s/%s", c->unit, name);
	if (mkdir(ret, 0755) < 0)
		return false;
	snprintf(ret, size, "%s/%s/cgroup.procs", c->unit, name);
	return true;
}
