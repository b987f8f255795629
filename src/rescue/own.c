/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "rescue/rescue_priv.h"

void *
own_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fatal("there is no memory");
	return p;
}

void
own_shared_free(void *p, size_t size)
{
	munmap(p, size);
}

_Noreturn static void
be(pid_t parent, uid_t uid, gid_t gid, enum err (*fn)(void *arg), void *arg)
{
	if (uid != geteuid() &&
	    (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0))
		_exit(ERR_DENIED);
	/* What we know is none of this user's, and what it does ends with us.
	 */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(ERR_CLOSED);
	_exit((int)fn(arg));
}

enum err
own_run(uid_t uid, gid_t gid, enum err (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return ERR_IO;
	if (pid == 0)
		be(parent, uid, gid, fn, arg);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ERR_IO;
	return WIFEXITED(status) && WEXITSTATUS(status) < ERR_COUNT
	    ? (enum err)WEXITSTATUS(status)
	    : ERR_IO;
}

enum err
own_ids_of(const char *home, struct own_ids *ret, struct errmsg *why)
{
	struct stat st;

	if (stat(home, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_say(
		    why, ERR_NOTFOUND, "%.180s: there is no such home", home);
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	if (ids_first("/etc/subuid", ret->uid, &ret->uids) != OK ||
	    ids_first("/etc/subgid", ret->uid, &ret->gids) != OK)
		return err_say(why, ERR_NOTFOUND,
		    "whom %.150s belongs to has no subordinate ids in "
		    "/etc/subuid and /etc/subgid",
		    home);
	return OK;
}
