/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/durward-unit-file-XXXXXX";
static char path[64];
static char beside[64];

static void
check_setup(void)
{
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(beside, sizeof(beside), "%s/file.new", folder);
}

static void
check_content(const char *want)
{
	struct buf b;

	buf_init(&b, 1024);
	CHECK(file_read(path, &b) == OK);
	CHECK_STR(b.p, want);
	buf_done(&b);
}

TEST(a_file_is_replaced_whole)
{
	struct stat st;

	CHECK(file_replace(path, "one", 3, 0600) == OK);
	check_content("one");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(file_replace(path, "", 0, 0600) == OK);
	check_content("");
	CHECK(file_replace(path, "three", 5, 0600) == OK);
	check_content("three");
	CHECK(access(beside, F_OK) < 0);
}

TEST(a_left_over_neighbour_does_not_lend_its_mode)
{
	struct stat st;
	int fd = open(beside, O_WRONLY | O_CREAT, 0644);

	REQUIRE(fd >= 0);
	fchmod(fd, 0644);
	close(fd);
	CHECK(file_replace(path, "secret", 6, 0600) == OK);
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
}

TEST(a_link_in_its_way_is_not_followed)
{
	REQUIRE(file_replace(path, "old", 3, 0600) == OK);
	REQUIRE(symlink("/dev/null", beside) == 0);
	CHECK(file_replace(path, "new", 3, 0600) != OK);
	check_content("old");
	unlink(beside);
}

TEST(reading_tells_what_is_wrong)
{
	struct buf b;

	buf_init(&b, 4);
	CHECK(file_read("/nowhere/at/all", &b) == ERR_NOTFOUND);
	CHECK(file_read(folder, &b) == ERR_IO);
	REQUIRE(file_replace(path, "12345", 5, 0600) == OK);
	CHECK(file_read(path, &b) == ERR_LIMIT);
	buf_done(&b);
	CHECK(file_replace("/nowhere/at/all", "x", 1, 0600) == ERR_IO);
}

TEST(a_folder_is_made_once)
{
	char name[80];
	struct stat st;

	snprintf(name, sizeof(name), "%s/sub", folder);
	CHECK(file_mkdir(name, 0700) == OK);
	CHECK(file_mkdir(name, 0700) == OK);
	CHECK(stat(name, &st) == 0 && (st.st_mode & 0777) == 0700);
	rmdir(name);
	CHECK(file_mkdir(path, 0700) == ERR_IO);
	CHECK(file_mkdir("/nowhere/at/all", 0700) == ERR_IO);
}

TEST(a_folder_is_plain_when_no_link_leads_to_it)
{
	char inner[80];
	char link[80];
	char through[96];

	NEEDS_A_KERNEL("emulators know no openat2");
	snprintf(inner, sizeof(inner), "%s/in", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	snprintf(through, sizeof(through), "%s/link/x", folder);
	REQUIRE(mkdir(inner, 0700) == 0 && symlink(folder, link) == 0);
	CHECK(file_check_plain(inner) == OK);
	CHECK(file_check_plain(folder) == OK);
	CHECK(file_check_plain(link) == ERR_INPUT);
	snprintf(through, sizeof(through), "%s/link/in", folder);
	CHECK(file_check_plain(through) == ERR_INPUT);
	CHECK(file_check_plain("/proc/self/root") == ERR_INPUT);
	CHECK(file_check_plain("/proc/self/exe") == ERR_INPUT);
	CHECK(file_replace(path, "x", 1, 0600) == OK);
	CHECK(file_check_plain(path) == ERR_INPUT);
	unlink(link);
	CHECK(file_check_plain(link) == ERR_NOTFOUND);
	rmdir(inner);
}

TEST(what_is_mounted_below_a_folder_is_found)
{
	bool found = false;

	CHECK(file_find_mounts("/proc/nothing", &found) == OK && !found);
	CHECK(file_find_mounts("/pro", &found) == OK && !found);
	CHECK(file_find_mounts(folder, &found) == OK && !found);
	/* Itself does not count, as a folder it is one. */
	CHECK(file_find_mounts("/dev/pts", &found) == OK && !found);
	CHECK(file_find_mounts("/dev", &found) == OK && found);
}
