/* SPDX-License-Identifier: Apache-2.0 */
#include "ids/ids.h"

#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/spawn.h"

#define RANGES_MAX 4
#define SUBIDS_BYTES_MAX (64 * 1024)
#define MAP_WORDS_MAX (2 + 3 * (1 + RANGES_MAX) + 1)

/* From linux/capability.h, which musl does not bring. */
#define CAPS_VERSION 0x20080522
#define CAP_READ_AND_SEARCH (1u << 2)
struct caps_head {
	uint32_t version;
	int pid;
};
struct caps_part {
	uint32_t effective, permitted, inheritable;
};

/* newuidmap PID INSIDE OUTSIDE COUNT ... */
struct map_words {
	char text[MAP_WORDS_MAX][24];
	const char *argv[MAP_WORDS_MAX + 1];
	size_t n;
};

static void
add_number(struct map_words *w, unsigned long long n)
{
	if (w->n == MAP_WORDS_MAX)
		return;
	snprintf(w->text[w->n], sizeof(w->text[0]), "%llu", n);
	w->argv[w->n] = w->text[w->n];
	w->n++;
}

/* "NAME:FIRST:COUNT", where the name may be the number of the user. */
static bool
read_range(struct str line, const char *name, const char *number,
    unsigned long long ret[2])
{
	char text[128];
	char *first;

	if (line.len >= sizeof(text))
		return false;
	memcpy(text, line.p, line.len);
	text[line.len] = '\0';
	first = strchr(text, ':');
	if (first == NULL)
		return false;
	*first++ = '\0';
	return (strcmp(text, name) == 0 || strcmp(text, number) == 0) &&
	    sscanf(first, "%llu:%llu", &ret[0], &ret[1]) == 2;
}

/* Ourselves as 0, and behind it all of our ids in the order of the file. */
static enum err
map_by(const char *program, const char *file, pid_t pid, unsigned own)
{
	struct map_words w = {.argv = {program}, .n = 1};
	const struct passwd *user = getpwuid(getuid());
	unsigned long long range[2];
	unsigned long long inside = 1;
	char number[16];
	struct str rest;
	struct str line;
	struct buf b;
	enum err e;

	snprintf(number, sizeof(number), "%u", (unsigned)getuid());
	add_number(&w, (unsigned long long)pid);
	add_number(&w, 0);
	add_number(&w, own);
	add_number(&w, 1);
	buf_init(&b, SUBIDS_BYTES_MAX);
	e = file_read(file, &b);
	rest = (struct str){b.p != NULL ? b.p : "", b.len};
	while (e == OK && str_line(&rest, &line)) {
		if (!read_range(
			line, user != NULL ? user->pw_name : "", number, range))
			continue;
		add_number(&w, inside);
		add_number(&w, range[0]);
		add_number(&w, range[1]);
		inside += range[1];
	}
	buf_clear(&b);
	if (e == OK)
		e = inside > 1 ? spawn_and_wait(w.argv, ID_MAP_MS, &b)
			       : ERR_NOTFOUND;
	buf_done(&b);
	return e;
}

/* It stays outside, where the two programs may be started. */
_Noreturn static void
mapper(int when, pid_t pid)
{
	char byte;

	if (read(when, &byte, 1) != 1 ||
	    map_by("newuidmap", "/etc/subuid", pid, getuid()) != OK ||
	    map_by("newgidmap", "/etc/subgid", pid, getgid()) != OK)
		_exit(1);
	_exit(0);
}

static enum err
keep_one_right(void)
{
	struct caps_head head = {.version = CAPS_VERSION};
	struct caps_part parts[2] = {{.effective = CAP_READ_AND_SEARCH,
	    .permitted = CAP_READ_AND_SEARCH}};

	return syscall(SYS_capset, &head, parts) == 0 ? OK : ERR_UNSUPPORTED;
}

enum err
ids_enter(pid_t parent)
{
	pid_t pid = getpid();
	int status = -1;
	int ends[2];
	pid_t maps;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent || pipe(ends) < 0)
		return ERR_IO;
	maps = fork();
	if (maps == 0) {
		close(ends[1]);
		mapper(ends[0], pid);
	}
	close(ends[0]);
	if (maps > 0 && unshare(CLONE_NEWUSER) == 0 &&
	    write(ends[1], "x", 1) == 1)
		status = 0;
	close(ends[1]);
	if (maps < 0 || waitpid(maps, &status, 0) != maps || status != 0)
		return ERR_UNSUPPORTED;
	/* With the namespace came other rights, which may have undone it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return getppid() == parent ? keep_one_right() : ERR_CLOSED;
}

enum err
ids_first(const char *file, uid_t user, struct ids_range *ret)
{
	const struct passwd *row = getpwuid(user);
	unsigned long long range[2];
	enum err e = ERR_NOTFOUND;
	char number[16];
	struct str rest;
	struct str line;
	struct buf b;

	snprintf(number, sizeof(number), "%u", (unsigned)user);
	buf_init(&b, SUBIDS_BYTES_MAX);
	if (file_read(file, &b) != OK)
		buf_clear(&b);
	rest = (struct str){b.p != NULL ? b.p : "", b.len};
	while (e != OK && str_line(&rest, &line))
		if (read_range(
			line, row != NULL ? row->pw_name : "", number, range))
			e = OK;
	buf_done(&b);
	if (e == OK)
		*ret = (struct ids_range){range[0], range[1]};
	return e;
}
