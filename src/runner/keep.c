/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "runner/runner_priv.h"
#include "sys/file.h"

static void
path_of(const struct keep *k, const char *file, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%s", k->folder, file);
}

static enum err
write_file(const struct keep *k, const char *name, struct str text, mode_t mode)
{
	char path[600];
	enum err e;

	path_of(k, name, path, sizeof(path));
	e = file_replace(path, text.p, text.len, mode);
	/* Whatever our umask is. */
	if (e == OK && chmod(path, mode) < 0)
		e = ERR_IO;
	return e;
}

/* Written anew at each start: what stands there was this user's to change.
 * Tools are other users, and read the last two. */
static enum err
write_files(const struct keep *k)
{
	static const char resolv[] = "nameserver 127.0.0.53\n"
				     "options ndots:0 timeout:2 attempts:1\n";
	/* Podman would write down the names that the host has for itself. */
	static const char hosts[] = "127.0.0.1 localhost\n";
	enum err e = write_file(k, KEEP_SECCOMP, profile_text(), 0600);

	if (e == OK)
		e = write_file(k, KEEP_RESOLV,
		    (struct str){resolv, sizeof(resolv) - 1}, 0644);
	if (e == OK)
		e = write_file(k, KEEP_HOSTS,
		    (struct str){hosts, sizeof(hosts) - 1}, 0644);
	return e;
}

/* Left by a runner that was killed. */
static void
remove_pids(const struct keep *k)
{
	DIR *d = opendir(k->folder);
	const struct dirent *e;
	size_t n;

	while (d != NULL && (e = readdir(d)) != NULL) {
		n = strlen(e->d_name);
		if (n > strlen(KEEP_PID) &&
		    strcmp(e->d_name + n - strlen(KEEP_PID), KEEP_PID) == 0)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}

enum err
keep_open(struct keep *k, struct errmsg *why)
{
	const char *home = getenv("HOME");
	char path[600];
	struct buf b;

	memset(k, 0, sizeof(*k));
	if (home == NULL || home[0] != '/')
		return err_say(why, ERR_STATE,
		    "HOME is not set; run as a user with a home of its own");
	snprintf(k->folder, sizeof(k->folder), "%s/.durward-tools", home);
	if (file_mkdir(k->folder, 0700) != OK)
		return err_say(why, ERR_IO,
		    "%.200s cannot be made; is the home writable?", k->folder);
	if (write_files(k) != OK)
		return err_say(why, ERR_IO,
		    "%.200s cannot be written; is there room?", k->folder);
	remove_pids(k);
	path_of(k, "runtime", path, sizeof(path));
	buf_init(&b, sizeof(k->runtime) - 1);
	if (file_read(path, &b) == OK && str_is_name(b.p))
		memcpy(k->runtime, b.p, b.len + 1);
	buf_done(&b);
	return OK;
}

void
keep_runtime(struct keep *k, const char *runtime)
{
	char path[600];

	if (strcmp(k->runtime, runtime) == 0)
		return;
	snprintf(k->runtime, sizeof(k->runtime), "%s", runtime);
	path_of(k, "runtime", path, sizeof(path));
	/* Losing it costs one more try at the next start. */
	if (file_replace(path, runtime, strlen(runtime), 0600) != OK)
		return;
}

pid_t
keep_take_pid(const struct keep *k, const char *container)
{
	char path[600];
	long pid = 0;
	struct buf b;

	snprintf(path, sizeof(path), "%s/%s" KEEP_PID, k->folder, container);
	buf_init(&b, 31);
	if (file_read(path, &b) == OK)
		pid = strtol(b.p, NULL, 10);
	buf_done(&b);
	if (file_remove(path) != OK)
		return 0; /* It would be read again. */
	return pid > 1 ? (pid_t)pid : 0;
}

/* FOLDER/durward-TOOL/_data: what stands before the tool's own part. */
static enum err
take_folder(struct keep *k, const char *tool, char *mountpoint)
{
	char end[NAME_MAX_LEN + 32];
	size_t n = strlen(mountpoint);
	int len = snprintf(end, sizeof(end), "/durward-%s/_data", tool);

	if (n <= (size_t)len || strcmp(mountpoint + n - len, end) != 0)
		return ERR_UNSUPPORTED;
	mountpoint[n - (size_t)len] = '\0';
	return str_copy(k->volumes, sizeof(k->volumes), mountpoint);
}

enum err
keep_volumes(struct keep *k, const char *tool)
{
	char path[600];
	char *mountpoint = NULL;
	struct buf b;
	enum err e;

	if (k->volumes[0] != '\0')
		return OK;
	path_of(k, "volumes", path, sizeof(path));
	buf_init(&b, sizeof(k->volumes) - 1);
	if (file_read(path, &b) == OK && b.p[0] == '/') {
		e = str_copy(k->volumes, sizeof(k->volumes), b.p);
	} else {
		e = podman_volume(tool, &mountpoint);
		if (e == OK)
			e = take_folder(k, tool, mountpoint);
		if (e == OK)
			e = file_replace(
			    path, k->volumes, strlen(k->volumes), 0600);
	}
	buf_done(&b);
	free(mountpoint);
	return e;
}

void
keep_forget_volumes(struct keep *k)
{
	char path[600];

	path_of(k, "volumes", path, sizeof(path));
	k->volumes[0] = '\0';
	if (file_remove(path) != OK)
		return; /* It will be found to be wrong again. */
}
