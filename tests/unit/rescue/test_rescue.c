/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

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
