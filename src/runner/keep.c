/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/str.h"
#include "runner/runner_priv.h"
#include "sys/file.h"

/* 1024 ids each out of the usual 65536, the first of which is no slice. */
#define SLICES_MAX 63
#define SLICES_BYTES_MAX (SLICES_MAX * (NAME_MAX_LEN + 1))

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

enum err
keep_volumes(struct keep *k, struct errmsg *why)
{
	char path[600];
	char *folder = NULL;
	struct buf b;
	enum err e = OK;

	if (k->volumes[0] != '\0')
		return OK;
	path_of(k, "volumes", path, sizeof(path));
	buf_init(&b, sizeof(k->volumes) - 1);
	if (file_read(path, &b) == OK && b.p[0] == '/')
		folder = buf_steal(&b);
	else
		e = podman_volumes(&folder);
	if (e == OK)
		e = str_copy(k->volumes, sizeof(k->volumes), folder);
	if (e == OK)
		e = file_replace(path, k->volumes, strlen(k->volumes), 0600);
	buf_done(&b);
	free(folder);
	return e == OK
	    ? OK
	    : err_say(why, e, "podman does not say where it keeps volumes: %s",
		  err_text(e));
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

/* ---- Slices: their numbers are those of the lines ---- */

#define FREE_SLICE "-"

static enum err
read_slices(const struct keep *k, struct buf *ret)
{
	char path[600];
	enum err e;

	path_of(k, "slices", path, sizeof(path));
	e = file_read(path, ret);
	return e == ERR_NOTFOUND ? OK : e;
}

/* The slices again, with line `n` saying this. */
static enum err
write_slices(
    const struct keep *k, const struct buf *now, int n, const char *word)
{
	struct str rest = {now->p != NULL ? now->p : "", now->len};
	struct str line;
	char path[600];
	struct buf b;
	enum err e;
	int i;

	buf_init(&b, SLICES_BYTES_MAX);
	for (i = 0; str_line(&rest, &line); i++)
		if (i == n)
			buf_addf(&b, "%s\n", word);
		else
			buf_addf(&b, "%.*s\n", (int)line.len, line.p);
	if (n >= i)
		buf_addf(&b, "%s\n", word);
	path_of(k, "slices", path, sizeof(path));
	e = file_replace(path, b.p, b.len, 0600);
	buf_done(&b);
	return e;
}

/* The line that says `word`, or the number of lines. */
static int
find_slice(const struct buf *now, const char *word)
{
	struct str rest = {now->p != NULL ? now->p : "", now->len};
	struct str line;
	int i;

	for (i = 0; str_line(&rest, &line); i++)
		if (str_eq(line, word))
			break;
	return i;
}

static int
count_slices(const struct buf *now)
{
	return find_slice(now, "\n"); /* No line has its end in it. */
}

enum err
keep_slice(struct keep *k, const char *tool, int *ret)
{
	struct buf b;
	enum err e;
	int slice;

	buf_init(&b, SLICES_BYTES_MAX);
	e = read_slices(k, &b);
	slice = find_slice(&b, tool);
	if (e == OK && slice == count_slices(&b)) {
		slice = find_slice(&b, FREE_SLICE);
		e = slice == SLICES_MAX ? ERR_LIMIT
					: write_slices(k, &b, slice, tool);
	}
	if (e == OK)
		*ret = slice;
	buf_done(&b);
	return e;
}

enum err
keep_free_slice(struct keep *k, const char *tool)
{
	struct buf b;
	enum err e;
	int slice;

	buf_init(&b, SLICES_BYTES_MAX);
	e = read_slices(k, &b);
	slice = find_slice(&b, tool);
	if (e == OK && slice < count_slices(&b))
		e = write_slices(k, &b, slice, FREE_SLICE);
	buf_done(&b);
	return e;
}
