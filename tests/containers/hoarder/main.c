/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/serve.h"

/*
 * A tool that fills its volume in every way there is.  It answers only when
 * it had the time to be noticed.
 */

#define MIB (1024 * 1024)
#define NOTICED_S 4

static int
number(const cJSON *args, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(args, name);

	return v != NULL ? v->valueint : 0;
}

/* A file of one MiB; its descriptor, or -1. */
static int
write_file(const char *path)
{
	static char chunk[MIB];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	memset(chunk, 'x', sizeof(chunk));
	if (fd >= 0 && write(fd, chunk, sizeof(chunk)) == MIB)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
say_kept(struct reply *reply, int n, const char *what)
{
	sleep(NOTICED_S);
	reply_set(reply, false, "kept %d %s", n, what);
}

static int
fill(const char *folder, int mib)
{
	char path[64];
	int i;
	int fd;

	for (i = 0; i < mib; i++) {
		snprintf(path, sizeof(path), "%s/%d", folder, i);
		fd = write_file(path);
		if (fd < 0)
			break;
		close(fd);
	}
	return i;
}

static void
run_keep(const cJSON *args, struct reply *reply)
{
	say_kept(reply, fill("/data", number(args, "mib")), "MiB");
}

/* Where only it itself can look. */
static void
run_closed(const cJSON *args, struct reply *reply)
{
	int n;

	mkdir("/data/closed", 0700);
	chmod("/data", 0700);
	n = fill("/data/closed", number(args, "mib"));
	say_kept(reply, n, "MiB");
}

static void
run_nameless(const cJSON *args, struct reply *reply)
{
	int mib = number(args, "mib");
	int i;

	for (i = 0; i < mib; i++)
		if (write_file("/data/gone") < 0 || unlink("/data/gone") < 0)
			break;
	say_kept(reply, i, "MiB without a name");
}

/* No name and no descriptor. */
static void
run_mapped(const cJSON *args, struct reply *reply)
{
	int mib = number(args, "mib");
	int fd;
	int i;

	for (i = 0; i < mib; i++) {
		fd = write_file("/data/gone");
		if (fd < 0 ||
		    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) ==
			MAP_FAILED ||
		    unlink("/data/gone") < 0 || close(fd) < 0)
			break;
	}
	say_kept(reply, i, "MiB that are only mapped");
}

static void
run_many(const cJSON *args, struct reply *reply)
{
	char path[64];
	int n = number(args, "n");
	int fd;
	int i;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/data/%d", i);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	say_kept(reply, i, "files");
}

static void
run_deep(const cJSON *args, struct reply *reply)
{
	int n = number(args, "n");
	int i;

	if (chdir("/data") < 0)
		n = 0;
	for (i = 0; i < n; i++)
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			break;
	if (chdir("/") < 0)
		i = -1;
	say_kept(reply, i, "levels");
}

/* Ways out of the volume and round in it, and one file by many names. */
static void
run_links(const cJSON *args, struct reply *reply)
{
	char path[64];
	int n = number(args, "n");
	int i = 0;

	close(write_file("/data/one"));
	if (symlink("/", "/data/root") == 0 &&
	    symlink("/data", "/data/round") == 0 &&
	    symlink("../../../../../../../..", "/data/up") == 0)
		for (; i < n; i++) {
			snprintf(path, sizeof(path), "/data/name%d", i);
			if (link("/data/one", path) < 0)
				break;
		}
	say_kept(reply, i, "names");
}

/* Moved all the time, so that whoever looks may miss it. */
static void
run_turn(const cJSON *args, struct reply *reply)
{
	int mib = number(args, "mib");
	long i;

	mkdir("/data/a", 0700);
	mkdir("/data/b", 0700);
	mkdir("/data/a/c", 0700);
	mib = fill("/data/a/c", mib);
	for (i = 0; i < 200000; i++)
		if (rename(i % 2 == 0 ? "/data/a/c" : "/data/b/c",
			i % 2 == 0 ? "/data/b/c" : "/data/a/c") < 0)
			break;
	say_kept(reply, mib, "MiB on the move");
}

static void
clear(int in, const char *name)
{
	int fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0) {
			clear(fd, e->d_name);
			unlinkat(fd, e->d_name, AT_REMOVEDIR);
		}
	}
	if (d != NULL)
		closedir(d);
}

static void
run_clear(const cJSON *args, struct reply *reply)
{
	(void)args;
	clear(AT_FDCWD, "/data");
	reply_set(reply, false, "cleared");
}

#define NO_SCHEMA "{\"type\":\"object\",\"properties\":{}}"
#define NUMBER_SCHEMA(name)                                                    \
	"{\"type\":\"object\",\"properties\":{\"" name                         \
	"\":{\"type\":\"integer\"}},\"required\":[\"" name "\"]}"

static const struct function functions[] = {
    {"keep", "Files.", NUMBER_SCHEMA("mib"), run_keep},
    {"closed", "Files in a closed folder.", NUMBER_SCHEMA("mib"), run_closed},
    {"nameless", "Files without a name.", NUMBER_SCHEMA("mib"), run_nameless},
    {"mapped", "Files that are only mapped.", NUMBER_SCHEMA("mib"), run_mapped},
    {"many", "Empty files.", NUMBER_SCHEMA("n"), run_many},
    {"deep", "Folders in folders.", NUMBER_SCHEMA("n"), run_deep},
    {"links", "Names of one file.", NUMBER_SCHEMA("n"), run_links},
    {"turn", "Files that are moved.", NUMBER_SCHEMA("mib"), run_turn},
    {"clear", "Nothing any more.", NO_SCHEMA, run_clear},
};

int
main(void)
{
	return serve("hoarder", functions,
	    (int)(sizeof(functions) / sizeof(functions[0])));
}
