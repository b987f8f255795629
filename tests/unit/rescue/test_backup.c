/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/statvfs.h>

#include "fake_clock.h"
#include "fixture.h"

/* In the place of the C library's: room for the backup as a test has it. */
#define PLENTY (1LL << 40)
static int64_t room_bytes = PLENTY;

int
statvfs(const char *path, struct statvfs *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->f_frsize = 1;
	ret->f_bavail =
	    (fsblkcnt_t)(strstr(path, ".backup.new") != NULL ? room_bytes
							     : PLENTY);
	return 0;
}

TEST(a_database_that_is_damaged_is_not_put_in_place)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	make_house("first");
	write_text("state/core/durward.db", "no database at all");
	CHECK_INT(rescue_backup(&r, &done, &why), ERR_CORRUPT);
	CHECK(strstr(why.text, "damaged") != NULL);
	CHECK(!is_there("house.backup"));
	CHECK(!is_there("house.backup.new"));
}

/* A child that writes into the tool's note all the while. */
static pid_t
write_on(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int fd = open(
		    in_top(VOLUMES "/durward-notes/_data/deep/note"), O_WRONLY);

		while (write(fd, "x", 1) == 1)
			usleep(100);
		_exit(1);
	}
	return pid;
}

TEST(a_volume_that_changes_all_the_while_is_not_copied)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};
	enum err e = OK;
	pid_t pid;
	int tries;

	CHECK(true);
	if (!with_tools)
		return;
	make_house("first");
	pid = write_on();
	/* Who writes must have its turn on a busy machine, too. */
	for (tries = 0; tries < 50 && e == OK; tries++)
		e = rescue_backup(&r, &done, &why);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_INT(e, ERR_BUSY);
	CHECK(strstr(why.text, "notes writes all the while") != NULL);
	CHECK(!is_there("house.backup.new"));
	CHECK(rescue_backup(&r, &done, &why) == OK);
}

/* All that is there bears times that are still to come. */
TEST(a_clock_that_was_ahead_once_hinders_no_backup)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	make_house("first");
	wall_back_s = 24 * 60 * 60;
	if (!CHECK(rescue_backup(&r, &done, &why) == OK))
		printf("  %s\n", why.text);
	CHECK_INT(done.volumes, with_tools ? 1 : 0);
	wall_back_s = 0;
}

#define DATA VOLUMES "/durward-notes/_data"
#define MIB (1024 * 1024)

static void
make_file(const char *name, off_t size)
{
	write_text(name, "");
	CHECK(truncate(in_top(name), size) == 0);
	own_by_tools(name, 2048 + 7);
}

/* 4 MiB on the disk, under so many names. */
static void
make_names(const char *name, int names)
{
	char other[200];
	int fd = open(in_top(name), O_WRONLY);

	CHECK(posix_fallocate(fd, 0, 4 * MIB) == 0);
	close(fd);
	for (; names > 1; names--) {
		snprintf(other, sizeof(other), "%s-%d", name, names);
		CHECK(link(in_top(name), in_top(other)) == 0);
	}
}

static void
check_refused(const char *word)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	CASE(word);
	CHECK_INT(rescue_backup(&r, &done, &why), ERR_LIMIT);
	CHECK(strstr(why.text, "notes") != NULL);
	if (!CHECK(strstr(why.text, word) != NULL))
		printf("  %s\n", why.text);
	CHECK(!is_there("house.backup"));
	CHECK(!is_there("house.backup.new"));
	CASE("");
}

TEST(a_volume_is_not_much_more_in_a_backup_than_on_the_disk)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	CHECK(true);
	if (!with_tools)
		return;
	make_house("first");
	make_file(DATA "/hole", 80 * MIB);
	check_refused("holes");
	REQUIRE(!is_there("house.backup"));
	/* No sum of sizes goes round. */
	make_file(DATA "/hole", INT64_MAX / 2);
	make_file(DATA "/hole-1", INT64_MAX / 2);
	make_file(DATA "/hole-2", INT64_MAX / 2);
	check_refused("holes");
	make_house("first");
	make_file(DATA "/name", 0);
	make_names(DATA "/name", 20);
	check_refused("names");
	make_house("first");
	make_file(DATA "/hole", MIB);
	make_file(DATA "/name", 0);
	make_names(DATA "/name", 3);
	if (!CHECK(rescue_backup(&r, &done, &why) == OK))
		printf("  %s\n", why.text);
	CHECK(done.bytes > 13 * MIB);
}

TEST(a_volume_is_copied_where_there_is_room_for_it)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	CHECK(true);
	if (!with_tools)
		return;
	make_house("first");
	make_file(DATA "/hole", 8 * MIB);
	room_bytes = 2 * STORE_RESERVE + 7 * MIB;
	check_refused("room");
	room_bytes += 2 * MIB;
	CHECK(rescue_backup(&r, &done, &why) == OK);
	room_bytes = PLENTY;
}

TEST(a_database_is_copied_where_there_is_room_for_it)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	make_house("first");
	room_bytes = 2 * STORE_RESERVE;
	CHECK_INT(rescue_backup(&r, &done, &why), ERR_LIMIT);
	CHECK(strstr(why.text, "is there room") != NULL);
	CHECK(!is_there("house.backup.new"));
	CHECK(!is_there("state/core/durward.out.tmp"));
	room_bytes = PLENTY;
}

static enum err
get_fd(void *arg, void *p, size_t len, size_t *ret_len)
{
	ssize_t n = read(*(const int *)arg, p, len);

	*ret_len = n < 0 ? 0 : (size_t)n;
	return n < 0 ? ERR_IO : OK;
}

/* A backup that can be read to its end. */
static bool
is_whole(const char *file)
{
	struct archive_entry entry = {.kind = ARCHIVE_FILE};
	struct archive_reader *from = NULL;
	int fd = open(file, O_RDONLY);
	enum err e = archive_read_new(passphrase, get_fd, &fd, &from);

	while (e == OK && entry.kind != ARCHIVE_END)
		e = archive_read_entry(from, &entry);
	archive_read_free(from);
	close(fd);
	return e == OK;
}

struct at_once {
	int first_busy;
	int second_busy;
	bool over; /* The first one ended before it was to be stopped. */
};

/* A second one, whole, before the n-th call of the first. */
static void
back_up_twice(long calls, const char *second_file, struct at_once *a)
{
	struct rescue r = wanted();
	struct rescue second = r;
	struct rescue_done done;
	struct errmsg why = {""};
	int status = 0;
	pid_t pid;
	enum err e;

	second.file = second_file;
	pid = stop_before(calls, rescue_backup);
	e = rescue_backup(&second, &done, &why);
	CHECK(e == OK || e == ERR_BUSY);
	if (e == ERR_BUSY)
		CHECK(strstr(why.text, "another backup") != NULL);
	a->second_busy += e == ERR_BUSY;
	a->over = pid == 0;
	if (pid != 0) {
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	}
	CHECK(WEXITSTATUS(status) == OK || WEXITSTATUS(status) == ERR_BUSY);
	a->first_busy += WEXITSTATUS(status) == ERR_BUSY;
	CHECK(e == OK || WEXITSTATUS(status) == OK);
	CHECK(is_whole(r.file));
	CHECK(e != OK || is_whole(second_file));
	CHECK(!is_there("house.backup.new"));
	CHECK(!is_there("state/core/durward.out.tmp"));
}

static struct at_once
back_up_twice_everywhere(const char *second_file)
{
	struct at_once a = {.over = false};
	char row[64];
	long calls;

	make_house("first");
	for (calls = 1; calls < CALLS_MAX && !a.over; calls++) {
		snprintf(row, sizeof(row), "another before call %ld", calls);
		CASE(row);
		back_up_twice(calls, second_file, &a);
	}
	CASE("");
	CHECK(a.over);
	return a;
}

TEST(of_two_backups_into_one_file_at_once_one_is_refused)
{
	struct at_once a;

	NEEDS_A_KERNEL("emulators do not trace");
	a = back_up_twice_everywhere(wanted().file);
	CHECK(a.second_busy > 50);
	/* Between opening the file and holding it. */
	CHECK(a.first_busy >= 1);
}

TEST(of_two_backups_of_one_house_at_once_one_is_refused)
{
	struct at_once a;
	char other[128];

	NEEDS_A_KERNEL("emulators do not trace");
	snprintf(other, sizeof(other), "%s/other.backup", top);
	a = back_up_twice_everywhere(other);
	CHECK(a.second_busy > 50);
	CHECK_INT(a.first_busy, 0);
}
