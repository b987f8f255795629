/* SPDX-License-Identifier: Apache-2.0 */
#include "rescue/rescue.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "check.h"
#include "crypto/crypto.h"
#include "fake_clock.h"
#include "ids/ids.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/tree.h"

#define CALLS_MAX 4000
#define VOLUMES "tools/.local/share/containers/storage/volumes"

/* A house without a process: state, tools' home, and a second one of both
 * that is restored into. */
static char top[64];
static char paths[5][400];
static int next_path;
static struct secret *passphrase;
static bool with_tools; /* Root, and somebody with subordinate ids. */
static uid_t tools_uid;

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

static const char *
in_top(const char *name)
{
	char *p = paths[next_path++ % 5];

	snprintf(p, sizeof(paths[0]), "%s/%s", top, name);
	return p;
}

static void
make_folder(const char *name)
{
	CHECK(mkdir(in_top(name), 0700) == 0);
}

static void
write_text(const char *name, const char *text)
{
	CHECK(file_replace(in_top(name), text, strlen(text), 0600) == OK);
}

static void
check_text(const char *name, const char *want)
{
	char got[128] = "";
	int fd = open(in_top(name), O_RDONLY);

	CASE(name);
	if (CHECK(fd >= 0)) {
		CHECK(read(fd, got, sizeof(got) - 1) >= 0);
		CHECK_STR(got, want);
		close(fd);
	}
	CASE("");
}

static bool
is_there(const char *name)
{
	return file_is_there(in_top(name));
}

static void
check_setup(void)
{
	const struct passwd *row = getpwnam("durward-tools");
	struct ids_range range;

	crypto_open();
	passphrase = secret_new("five wide rivers", 16);
	snprintf(top, sizeof(top), "%s/durward-unit-rescue-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	check_folder(top);
	with_tools = geteuid() == 0 && row != NULL &&
	    ids_first("/etc/subuid", row->pw_uid, &range) == OK;
	tools_uid = row != NULL ? row->pw_uid : 0;
	if (with_tools)
		CHECK(chmod(top, 0755) == 0);
}

static void
clean(void)
{
	static const char *const names[] = {"state", "tools", "house.backup",
	    "house.backup.new", "other.backup"};
	int fd = open(top, O_RDONLY | O_DIRECTORY);
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		CHECK(tree_remove(fd, names[i]) == OK);
	close(fd);
}

static void
make_database(const char *word)
{
	char statement[100];
	const char *migrations[] = {statement};
	struct store_options o = {.path = in_top("state/core/durward.db"),
	    .migrations = migrations,
	    .n_migrations = 1};
	struct store *st = NULL;
	struct errmsg why = {""};

	snprintf(
	    statement, sizeof(statement), "CREATE TABLE %s (n INTEGER)", word);
	REQUIRE(store_open(&o, &st, &why) == OK);
	store_close(st);
}

static void
own_by_tools(const char *name, uid_t more)
{
	struct ids_range range = {0, 0};

	REQUIRE(ids_first("/etc/subuid", tools_uid, &range) == OK);
	CHECK(chown(in_top(name),
		  more == 0 ? tools_uid : (uid_t)range.first + more,
		  more == 0 ? tools_uid : (gid_t)range.first + more) == 0);
}

/* All of it says `word`. */
static void
make_house(const char *word)
{
	clean();
	make_folder("state");
	make_folder("state/core");
	make_folder("state/vault");
	make_database(word);
	write_text("state/core/policy", word);
	write_text("state/vault/trust.json", word);
	write_text("state/vault/kek", word);
	make_folder("tools");
	if (!with_tools)
		return;
	make_folder("tools/.local");
	make_folder("tools/.local/share");
	make_folder("tools/.local/share/containers");
	make_folder("tools/.local/share/containers/storage");
	make_folder(VOLUMES);
	make_folder(VOLUMES "/durward-notes");
	make_folder(VOLUMES "/durward-notes/_data");
	make_folder(VOLUMES "/durward-notes/_data/deep");
	write_text(VOLUMES "/durward-notes/_data/deep/note", word);
	own_by_tools("tools", 0);
	own_by_tools("tools/.local", 0);
	own_by_tools("tools/.local/share", 0);
	own_by_tools("tools/.local/share/containers", 0);
	own_by_tools("tools/.local/share/containers/storage", 0);
	own_by_tools(VOLUMES, 0);
	own_by_tools(VOLUMES "/durward-notes/_data", 2048 + 1000);
	own_by_tools(VOLUMES "/durward-notes/_data/deep", 2048 + 1000);
	own_by_tools(VOLUMES "/durward-notes/_data/deep/note", 2048 + 7);
}

static struct rescue
wanted(void)
{
	static char state[128], tools[128], file[128];
	struct rescue r = {.state = state,
	    .tools = with_tools ? tools : NULL,
	    .file = file,
	    .passphrase = passphrase,
	    .rounds = 1};

	snprintf(state, sizeof(state), "%s/state", top);
	snprintf(tools, sizeof(tools), "%s/tools", top);
	snprintf(file, sizeof(file), "%s/house.backup", top);
	return r;
}

/* Into memory, to be there again when the house is made anew. */
static struct buf kept;

static void
back_up(const char *word)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	make_house(word);
	if (!CHECK(rescue_backup(&r, &done, &why) == OK))
		printf("  %s\n", why.text);
	CHECK_INT(done.volumes, with_tools ? 1 : 0);
	CHECK(done.key);
	buf_done(&kept);
	buf_init(&kept, 4 * 1024 * 1024);
	REQUIRE(file_read(r.file, &kept) == OK);
	CHECK_INT(done.bytes, kept.len);
	CHECK(!is_there("house.backup.new"));
	CHECK(!is_there("state/core/durward.out.tmp"));
}

static void
put_file_back(void)
{
	struct rescue r = wanted();

	REQUIRE(file_replace(r.file, kept.p, kept.len, 0600) == OK);
}

static bool
says(const char *name, const char *word)
{
	struct buf b;
	bool same;

	buf_init(&b, 1000);
	same = file_read(in_top(name), &b) == OK && b.len == strlen(word) &&
	    memcmp(b.p, word, b.len) == 0;
	buf_done(&b);
	return same;
}

static bool
database_says(const char *word)
{
	struct buf b;
	bool same;

	buf_init(&b, 1024 * 1024);
	same = file_read(in_top("state/core/durward.db"), &b) == OK &&
	    memmem(b.p, b.len, word, strlen(word)) != NULL;
	buf_done(&b);
	return same;
}

static bool
is_all(const char *word)
{
	return says("state/core/policy", word) &&
	    says("state/vault/trust.json", word) &&
	    says("state/vault/kek", word) && database_says(word) &&
	    (!with_tools ||
		says(VOLUMES "/durward-notes/_data/deep/note", word));
}

TEST(a_house_is_in_the_file_and_comes_out_of_it)
{
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	back_up("first");
	make_house("second");
	put_file_back();
	CHECK(rescue_is_backup(r.file));
	if (!CHECK(rescue_restore(&r, &done, &why) == OK))
		printf("  %s\n", why.text);
	CHECK(is_all("first"));
	check_text("state/vault.replaced/trust.json", "second");
	check_text("state/core.replaced/policy", "second");
	CHECK(!is_there("state/restore"));
	CHECK(!is_there("state/restore.tmp"));
	if (with_tools) {
		struct stat st;
		struct ids_range range = {0, 0};

		check_text(VOLUMES "/durward-notes.replaced/_data/deep/note",
		    "second");
		/* The tool has the first slice here, whatever it had. */
		REQUIRE(ids_first("/etc/subuid", tools_uid, &range) == OK);
		REQUIRE(stat(in_top(VOLUMES "/durward-notes/_data/deep/note"),
			    &st) == 0);
		CHECK_INT(st.st_uid, range.first + 7);
	}
	/* And again, over what the first one replaced. */
	CHECK(rescue_restore(&r, &done, &why) == OK);
	CHECK(is_all("first"));
	check_text("state/core.replaced/policy", "first");
}

TEST(what_is_refused_leaves_nothing_behind)
{
	struct secret *other = secret_new("another one", 11);
	struct rescue r = wanted();
	struct rescue_done done;
	struct errmsg why = {""};

	back_up("first");
	make_house("second");
	put_file_back();
	r.passphrase = other;
	CHECK_INT(rescue_restore(&r, &done, &why), ERR_DENIED);
	r.passphrase = passphrase;
	/* The last byte: all before it was built already. */
	kept.p[kept.len - 1] ^= 1;
	put_file_back();
	CHECK_INT(rescue_restore(&r, &done, &why), ERR_SIGNATURE);
	CHECK(strstr(why.text, "was changed") != NULL);
	kept.len -= 100;
	put_file_back();
	CHECK_INT(rescue_restore(&r, &done, &why), ERR_SIGNATURE);
	CHECK(is_all("second"));
	CHECK(!is_there("state/restore"));
	CHECK(!is_there("state/restore.tmp"));
	CHECK(!is_there("state/core.replaced"));
	CHECK(!is_there(VOLUMES "/durward-notes.restore"));
	secret_free(other);
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
put_fd(void *arg, const void *p, size_t len)
{
	return file_write_fd(*(const int *)arg, p, len);
}

static void
put_entry(struct archive_writer *w, enum archive_kind kind, const char *name,
    unsigned mode, const char *bytes, size_t size)
{
	struct archive_entry e = {
	    .kind = kind, .mode = mode, .uid = 1000, .gid = 1000, .size = size};

	snprintf(e.name, sizeof(e.name), "%s", name);
	CHECK(archive_write_entry(w, &e) == OK);
	CHECK(archive_write_bytes(w, bytes, size) == OK);
}

static void
put_volume(struct archive_writer *w, const char *name, const char *text,
    unsigned again)
{
	put_entry(w, ARCHIVE_VOLUME, "notes", 0700, "", 0);
	put_entry(w, ARCHIVE_PLAIN, name, 0600, text, strlen(text));
	put_entry(w, ARCHIVE_VOLUME_END, "", again, "", 0);
}

TEST(a_copy_of_a_volume_that_was_void_is_thrown_away)
{
	struct rescue r = wanted();
	struct archive_writer *w = NULL;
	struct rescue_done done;
	struct errmsg why = {""};
	struct buf db;
	int fd;

	CHECK(true);
	if (!with_tools)
		return;
	make_house("second");
	buf_init(&db, 1024 * 1024);
	REQUIRE(file_read(in_top("state/core/durward.db"), &db) == OK);
	fd = open(r.file, O_WRONLY | O_CREAT, 0600);
	REQUIRE(archive_write_new(passphrase, 1, put_fd, &fd, &w) == OK);
	put_entry(w, ARCHIVE_FILE, "core/durward.db", 0600, db.p, db.len);
	put_entry(w, ARCHIVE_FILE, "vault/trust.json", 0600, "first", 5);
	put_volume(w, "half", "torn", 1);
	put_volume(w, "whole", "first", 0);
	CHECK(archive_write_end(w) == OK);
	archive_write_free(w);
	close(fd);
	buf_done(&db);
	if (!CHECK(rescue_restore(&r, &done, &why) == OK))
		printf("  %s\n", why.text);
	CHECK_INT(done.volumes, 1);
	CHECK(!is_there(VOLUMES "/durward-notes/_data/half"));
	check_text(VOLUMES "/durward-notes/_data/whole", "first");
	CHECK(!is_there("state/vault/kek"));
}

/* A process that does `work`, stopped before its n-th system call; 0 when it
 * ended well before that. */
static pid_t
stop_before(long calls,
    enum err (*work)(
	const struct rescue *r, struct rescue_done *ret, struct errmsg *why))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rescue r = wanted();
		struct rescue_done done;
		struct errmsg why;

		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit((int)work(&r, &done, &why));
	}
	waitpid(pid, &status, 0);
	/* It stops before each and behind each. */
	for (calls = 2 * calls - 1; WIFSTOPPED(status) && calls > 0; calls--) {
		int sig = WSTOPSIG(status) == SIGCHLD ? SIGCHLD : 0;

		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
		waitpid(pid, &status, 0);
	}
	if (!WIFEXITED(status))
		return pid;
	CHECK_INT(WEXITSTATUS(status), OK);
	return 0;
}

/* False when it ended before that. */
static bool
restore_until(long calls)
{
	pid_t pid = stop_before(calls, rescue_restore);
	int status;

	if (pid == 0)
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

/* A child of what was killed may hold the folder for a moment. */
static bool
restore_again(const struct rescue *r)
{
	struct rescue_done done;
	struct errmsg why = {""};
	enum err e;
	int tries = 0;

	do {
		e = rescue_restore(r, &done, &why);
		if (e == ERR_BUSY)
			usleep(10000);
	} while (e == ERR_BUSY && tries++ < 3000);
	return e == OK;
}

/* Only between two calls of the last step may both be there in part, and
 * then STATE/restore says so. */
TEST(a_restore_of_all_that_is_killed_anywhere_leaves_the_old_or_the_new)
{
	struct rescue r = wanted();
	struct errmsg why;
	bool killed = true;
	char row[64];
	long calls;
	int old = 0;
	int new = 0;
	int begun = 0;

	NEEDS_A_KERNEL("emulators do not trace");
	back_up("first");
	for (calls = 1; calls < CALLS_MAX && killed; calls++) {
		snprintf(row, sizeof(row), "a kill before call %ld", calls);
		CASE(row);
		make_house("second");
		put_file_back();
		killed = restore_until(calls);
		begun += is_there("state/restore");
		CHECK(is_there("state/restore") || is_all("second") ||
		    is_all("first"));
		CHECK(rescue_finish(r.state, &why) == OK);
		CHECK(!is_there("state/restore"));
		new += is_all("first");
		old += is_all("second");
		CHECK(is_all("first") || is_all("second"));
		/* And it can be done again. */
		CHECK(restore_again(&r));
		CHECK(is_all("first"));
	}
	CASE("");
	CHECK(!killed);
	CHECK(old > 50 && new > 5 && begun > 5);
	CHECK_INT(old + new, calls - 1);
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
