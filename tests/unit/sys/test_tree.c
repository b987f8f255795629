/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/tree.h"

static char top[64];

static void remove_all(void);

void
check_setup(void)
{
	atexit(remove_all);
}

static const char *
path(const char *name)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s/%s", top, name);
	return text;
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(name);
}

static void
remove_all(void)
{
	if (top[0] != '\0')
		nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
new_folder(void)
{
	remove_all();
	snprintf(top, sizeof(top), "/tmp/durward-tree-XXXXXX");
	if (mkdtemp(top) == NULL)
		abort();
}

static void
put(const char *name, size_t len)
{
	static char chunk[65536];
	int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	memset(chunk, 'x', sizeof(chunk));
	if (fd < 0 || write(fd, chunk, len) != (ssize_t)len)
		abort();
	fsync(fd);
	close(fd);
}

static struct tree_size
measure(int depth_max, int64_t entries_max)
{
	struct tree_size size = {.bytes = -1};

	CHECK(tree_measure(top, depth_max, entries_max, &size) == OK);
	return size;
}

TEST(what_lies_in_folders_is_counted_with_them)
{
	struct tree_size before;
	struct tree_size after;

	new_folder();
	before = measure(8, 100);
	CHECK(before.entries == 1 && !before.cut);
	mkdir(path("a"), 0700);
	mkdir(path("a/b"), 0700);
	put("a/b/file", 65536);
	after = measure(8, 100);
	CHECK(after.entries == 4 && !after.cut);
	CHECK(after.bytes - before.bytes >= 65536);
	CHECK(after.bytes - before.bytes < 65536 + 64 * 1024);
}

TEST(nothing_is_followed)
{
	struct tree_size size;

	new_folder();
	CHECK(symlink("/", path("root")) == 0);
	CHECK(symlink("..", path("up")) == 0);
	CHECK(symlink(top, path("round")) == 0);
	size = measure(8, 100);
	CHECK(size.entries == 4 && !size.cut);
	CHECK(size.bytes < 64 * 1024);
	CHECK(symlink(top, "/tmp/durward-tree-link") == 0);
	CHECK(tree_measure("/tmp/durward-tree-link", 8, 100, &size) == ERR_IO);
	unlink("/tmp/durward-tree-link");
}

TEST(a_file_of_many_names_counts_once)
{
	struct tree_size one;
	struct tree_size many;
	char name[16];
	char from[512];
	int i;

	new_folder();
	put("file", 65536);
	one = measure(8, 100);
	snprintf(from, sizeof(from), "%s", path("file"));
	for (i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		CHECK(link(from, path(name)) == 0);
	}
	many = measure(8, 100);
	CHECK(many.entries == one.entries + 15);
	CHECK(many.bytes - one.bytes < 16 * 1024);
}

TEST(what_is_only_said_to_be_long_takes_no_room)
{
	struct tree_size size;

	new_folder();
	put("sparse", 1);
	CHECK(truncate(path("sparse"), 1 << 30) == 0);
	size = measure(8, 100);
	CHECK(size.bytes < 1024 * 1024);
}

TEST(depth_and_entries_are_bounded)
{
	char name[16];
	int i;

	new_folder();
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(name, 1);
	}
	CHECK(!measure(8, 21).cut);
	CHECK(measure(8, 20).cut);
	CHECK(measure(8, 20).entries == 20);
	new_folder();
	mkdir(path("a"), 0700);
	mkdir(path("a/b"), 0700);
	CHECK(!measure(3, 100).cut);
	CHECK(measure(2, 100).cut);
}

TEST(a_folder_that_is_not_there_is_told)
{
	struct tree_size size;

	new_folder();
	CHECK(tree_measure(path("none"), 8, 8, &size) == ERR_NOTFOUND);
	put("file", 1);
	CHECK(tree_measure(path("file"), 8, 8, &size) == ERR_IO);
}

TEST(a_folder_goes_with_all_that_is_in_it_and_nothing_that_it_names)
{
	struct stat st;
	int in;

	new_folder();
	put("outside", 10);
	REQUIRE(mkdir(path("tree"), 0700) == 0);
	REQUIRE(mkdir(path("tree/deep"), 0700) == 0);
	put("tree/deep/file", 10);
	CHECK(symlink("..", path("tree/deep/up")) == 0);
	CHECK(symlink("../outside", path("tree/out")) == 0);
	in = open(top, O_RDONLY | O_DIRECTORY);
	REQUIRE(in >= 0);
	CHECK(tree_remove(in, "tree") == OK);
	CHECK(lstat(path("tree"), &st) < 0);
	CHECK(lstat(path("outside"), &st) == 0);
	CHECK(tree_remove(in, "tree") == OK);
	CHECK(tree_remove(in, "outside") == OK);
	CHECK(lstat(path("outside"), &st) < 0);
	close(in);
}
