/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_H
#define CHECK_H

/*
 * The harness of the unit tests: each test file includes it once and gets
 * its main().
 *
 *	TEST(a_name_that_is_a_sentence)
 *	{
 *		CHECK(cond);
 *	}
 *
 * A CHECK that fails is told and the test goes on; a REQUIRE ends it.  A
 * test that checked nothing has failed.  CASE() names the row of a table.
 * NEEDS_A_KERNEL() leaves a test out where an emulator of programs stands
 * between it and the kernel, and says so.  check_folder() makes a folder that
 * is gone when the program ends, with all that the tests left in it.
 */

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct check_test {
	const char *name;
	void (*run)(void);
	struct check_test *next;
};

static struct check_test *check_tests;
static struct check_test **check_end = &check_tests;
static const char *check_row = "";
static int check_count;
static int check_failures;
static const char *check_left_out;
static jmp_buf check_stop;

#define TEST(id)                                                               \
	static void test_##id(void);                                           \
	__attribute__((constructor)) static void add_##id(void)                \
	{                                                                      \
		static struct check_test t = {#id, test_##id, NULL};           \
		*check_end = &t;                                               \
		check_end = &t.next;                                           \
	}                                                                      \
	static void test_##id(void)

#define CHECK_SHOWN 8
#define CASE(text) (check_row = (text))
#define CHECK(cond) check_true((cond), __FILE__, __LINE__, #cond)
#define CHECK_INT(a, b)                                                        \
	check_int((long long)(a), (long long)(b), __FILE__, __LINE__, #a)
#define CHECK_STR(a, b) check_str((a), (b), __FILE__, __LINE__, #a)
#define REQUIRE(cond)                                                          \
	do {                                                                   \
		if (!CHECK(cond))                                              \
			longjmp(check_stop, 1);                                \
	} while (0)

/* tests/lib/run-unit says what it runs its programs under. */
#define NEEDS_A_KERNEL(why)                                                    \
	do {                                                                   \
		const char *under = getenv("UNIT_UNDER");                      \
		if (under != NULL && under[0] != '\0') {                       \
			check_left_out = (why);                                \
			return;                                                \
		}                                                              \
	} while (0)

static inline bool
check_true(bool good, const char *file, int line, const char *text)
{
	check_count++;
	if (good)
		return true;
	/* The first few say enough. */
	if (++check_failures > CHECK_SHOWN)
		return false;
	printf("# %s:%d: %s%s%s\n", file, line, text,
	    check_row[0] != '\0' ? " with " : "", check_row);
	return false;
}

static inline bool
check_int(
    long long a, long long b, const char *file, int line, const char *text)
{
	char line_text[512];

	snprintf(
	    line_text, sizeof(line_text), "%s is %lld, want %lld", text, a, b);
	return check_true(a == b, file, line, line_text);
}

static inline bool
check_str(
    const char *a, const char *b, const char *file, int line, const char *text)
{
	char line_text[1024];
	bool same = a != NULL && b != NULL && strcmp(a, b) == 0;

	snprintf(line_text, sizeof(line_text),
	    "%s is \"%.300s\", want \"%.300s\"", text, a != NULL ? a : "(null)",
	    b != NULL ? b : "(null)");
	return check_true(same, file, line, line_text);
}

/* Run what might crash or hang in a process of its own: did it come back
 * and say yes? */
static inline bool
check_survives(bool (*fn)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(5);
		_exit(fn() ? 42 : 43);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static const char *check_folder_made;
static pid_t check_folder_owner;

/* Not by nftw(), to which a path may be too long; and a child that ends in
 * between is not the end. */
static inline void
check_remove_folder(void)
{
	pid_t pid;

	if (getpid() != check_folder_owner)
		return;
	pid = fork();
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", check_folder_made, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* Once in a file; `path` ends in XXXXXX and is the caller's. */
static inline void
check_folder(char *path)
{
	if (check_folder_made != NULL || mkdtemp(path) == NULL)
		abort();
	check_folder_made = path;
	check_folder_owner = getpid();
	atexit(check_remove_folder);
}

/* tests/unit/ROOM/test_FILE.c becomes ROOM/FILE. */
static void
check_title(const char *file, char *ret, size_t size)
{
	const char *dir = strstr(file, "unit/");
	const char *name = strstr(file, "/test_");

	dir = dir != NULL ? dir + 5 : file;
	snprintf(ret, size, "%.*s/%.*s", name != NULL ? (int)(name - dir) : 0,
	    dir, name != NULL ? (int)strcspn(name + 6, ".") : 0,
	    name != NULL ? name + 6 : "");
}

/* What a file needs before its first test, for instance crypto_open(). */
static void check_setup(void);

/* Apart from main(), so that a jump back finds its variables whole. */
static void
check_run(const struct check_test *t, const char *title)
{
	check_count = check_failures = 0;
	check_row = "";
	check_left_out = NULL;
	if (setjmp(check_stop) == 0)
		t->run();
	if (check_left_out != NULL) {
		printf("skip %s %s: %s\n", title, t->name, check_left_out);
		return;
	}
	if (check_count == 0)
		check_true(false, title, 0, "nothing was checked");
	printf("%s %s %s\n", check_failures == 0 ? "ok" : "not ok", title,
	    t->name);
}

int
main(void)
{
	char title[128];
	const struct check_test *t;
	int status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	check_title(__BASE_FILE__, title, sizeof(title));
	check_setup();
	for (t = check_tests; t != NULL; t = t->next) {
		check_run(t, title);
		status |= check_failures != 0;
	}
	return status;
}

#endif
