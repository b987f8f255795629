/* SPDX-License-Identifier: Apache-2.0 */
#include "folder/walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "check.h"

static char top[] = "/tmp/durward-unit-walk-XXXXXX";

static const char *
at(const char *name)
{
	static char path[4][4096];
	static int next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", top, name);
	return p;
}

static void
touch(const char *name)
{
	int fd = open(at(name), O_WRONLY | O_CREAT, 0600);

	REQUIRE(fd >= 0);
	close(fd);
}

static void
check_setup(void)
{
	check_folder(top);
	REQUIRE(mkdir(at("in"), 0700) == 0 && mkdir(at("in/deep"), 0700) == 0);
	touch("a");
	touch("in/deep/b");
	touch("in/twice");
	REQUIRE(link(at("in/twice"), at("in/again")) == 0);
	REQUIRE(symlink("/etc", at("in/away")) == 0);
	REQUIRE(symlink(".", at("in/self")) == 0);
	REQUIRE(mkfifo(at("pipe"), 0600) == 0);
}

struct seen {
	int n;
	bool folder_first;
	enum err answer;
};

static enum err
see(void *arg, int fd, const struct stat *st)
{
	struct seen *s = arg;
	struct stat held;

	REQUIRE(fstat(fd, &held) == 0);
	CHECK(held.st_ino == st->st_ino);
	if (s->n++ == 0)
		s->folder_first = S_ISDIR(st->st_mode);
	return s->answer;
}

TEST(files_and_folders_are_seen_and_what_leads_elsewhere_is_left_out)
{
	struct seen s = {.answer = OK};
	struct walk_counts c;

	REQUIRE(walk_folder(top, see, &s, &c) == OK);
	CHECK(s.folder_first);
	CHECK_INT(c.folders, 3);
	CHECK_INT(c.files, 2);
	/* Two names of one file, two links, a pipe. */
	CHECK_INT(c.left_out, 5);
	CHECK_INT(s.n, 5);
}

TEST(another_answer_ends_the_walk)
{
	struct seen s = {.answer = ERR_UNSUPPORTED};
	struct walk_counts c;

	CHECK(walk_folder(top, see, &s, &c) == ERR_UNSUPPORTED);
	CHECK_INT(s.n, 1);
}

TEST(what_is_no_folder_is_not_walked)
{
	struct seen s = {.answer = OK};
	struct walk_counts c;

	CHECK(walk_folder(at("nothing"), see, &s, &c) == ERR_NOTFOUND);
	CHECK(walk_folder(at("a"), see, &s, &c) == ERR_INPUT);
	CHECK(walk_folder(at("in/away"), see, &s, &c) == ERR_INPUT);
	CHECK_INT(s.n, 0);
}

TEST(a_deep_tree_ends_somewhere)
{
	char path[8 * WALK_DEPTH_MAX + 64];
	struct seen s = {.answer = OK};
	struct walk_counts c;
	int i;

	snprintf(path, sizeof(path), "%s", at("deep"));
	for (i = 0; i < WALK_DEPTH_MAX + 5; i++) {
		REQUIRE(mkdir(path, 0700) == 0);
		strncat(path, "/d", sizeof(path) - strlen(path) - 1);
	}
	REQUIRE(walk_folder(at("deep"), see, &s, &c) == OK);
	CHECK_INT(c.folders, WALK_DEPTH_MAX + 1);
	CHECK_INT(c.left_out, 1);
}
