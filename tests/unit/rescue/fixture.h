/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIXTURE_H
#define FIXTURE_H

/*
 * A house without a process, in a folder of its own.  A test file includes it
 * once.
 */

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "check.h"
#include "crypto/crypto.h"
#include "ids/ids.h"
#include "rescue/rescue.h"
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

static inline const char *
in_top(const char *name)
{
	char *p = paths[next_path++ % 5];

	snprintf(p, sizeof(paths[0]), "%s/%s", top, name);
	return p;
}

static inline void
make_folder(const char *name)
{
	CHECK(mkdir(in_top(name), 0700) == 0);
}

static inline void
write_text(const char *name, const char *text)
{
	CHECK(file_replace(in_top(name), text, strlen(text), 0600) == OK);
}

static inline bool
is_there(const char *name)
{
	return file_is_there(in_top(name));
}

static inline void
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

static inline void
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

static inline void
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

static inline void
own_by_tools(const char *name, uid_t more)
{
	struct ids_range range = {0, 0};

	REQUIRE(ids_first("/etc/subuid", tools_uid, &range) == OK);
	CHECK(chown(in_top(name),
		  more == 0 ? tools_uid : (uid_t)range.first + more,
		  more == 0 ? tools_uid : (gid_t)range.first + more) == 0);
}

/* All of it says `word`. */
static inline void
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

static inline struct rescue
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

/* A process that does `work`, stopped before its n-th system call; 0 when it
 * ended well before that. */
static inline pid_t
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

#endif
