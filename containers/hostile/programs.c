/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostile/hostile.h"

/* Programs that came from nowhere, or that are somebody else. */

#define DEPTH_MAX 8
#define WORKSPACE "/workspace"

static bool
copy_self(int to)
{
	static char chunk[16 * 1024];
	int from = open("/proc/self/exe", O_RDONLY);
	ssize_t n = -1;

	while (from >= 0 && (n = read(from, chunk, sizeof(chunk))) > 0)
		if (write(to, chunk, (size_t)n) != n)
			return false;
	return n == 0;
}

/* The copy says "got", and takes itself away. */
static void
become(struct said *said, const char *path)
{
	dup2(said->fd, STDOUT_FILENO);
	execl(path, path, "got", (char *)NULL);
	say_result(said, -1);
	unlink(path);
}

static void
try_exec(struct said *said, const void *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	if (fd < 0 || !copy_self(fd) || fchmod(fd, 04755) < 0) {
		say_result(said, -1);
		return;
	}
	close(fd);
	become(said, path);
}

static void
try_memfd(struct said *said, const void *arg)
{
	int fd = memfd_create("hostile", 0);
	char path[64];

	(void)arg;
	if (fd < 0 || !copy_self(fd)) {
		say_result(said, -1);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	become(said, path);
}

static void
try_map(struct said *said, const void *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0755);

	if (fd < 0 || !copy_self(fd)) {
		say_result(said, -1);
		return;
	}
	unlink(path);
	say_result(said,
	    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) ==
		    MAP_FAILED
		? -1
		: 0);
}

/* The first program here that would run as another user. */
static bool
find_setuid(const char *folder, int depth, struct said *said)
{
	char path[512];
	DIR *d = depth < DEPTH_MAX ? opendir(folder[0] != '\0' ? folder : "/")
				   : NULL;
	const struct dirent *e;
	struct stat st;
	bool found = false;

	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "proc") == 0 ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", folder,
			e->d_name) >= sizeof(path) ||
		    lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			found = find_setuid(path, depth + 1, said);
		} else if (S_ISREG(st.st_mode) && (st.st_mode & 06000) != 0) {
			say(said, "got:%.100s", path);
			found = true;
		}
	}
	if (d != NULL)
		closedir(d);
	return found;
}

static void
try_setuid_programs(struct said *said, const void *arg)
{
	(void)arg;
	if (!find_setuid("", 0, said))
		say(said, "none");
}

void
attempt_programs(struct report *report)
{
	attempt(report, "exec_tmp", try_exec, "/tmp/program");
	attempt(report, "exec_data", try_exec, "/data/program");
	attempt(report, "exec_root", try_exec, "/hostile");
	attempt(report, "exec_memfd", try_memfd, NULL);
	attempt(report, "map_exec_tmp", try_map, "/tmp/mapped");
	attempt(report, "map_exec_data", try_map, "/data/mapped");
	attempt(report, "exec_folder", try_exec, "/folder/program");
	attempt(report, "exec_work", try_exec, WORKSPACE "/program");
	attempt(report, "map_exec_folder", try_map, "/folder/mapped");
	attempt(report, "setuid_programs", try_setuid_programs, NULL);
}
