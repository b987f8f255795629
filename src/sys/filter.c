/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/confine.h"

/*
 * The seccomp filters: which system calls each group of confine.h allows.
 * Both spellings of a call stand here (open and openat), since libc and
 * architecture choose; a name the architecture does not have is skipped.
 */

#define SOCKET_TYPE_MASK 0xf /* Without SOCK_CLOEXEC and its like. */

struct group {
	unsigned bit;
	const char *const *names;
};

static const char *const loop_calls[] = {"read", "write", "readv", "writev",
    "close", "sendmsg", "recvmsg", "epoll_wait", "epoll_pwait", "epoll_ctl",
    "poll", "ppoll", "clock_gettime", "gettimeofday", "adjtimex",
    "clock_adjtime", /* Reading alone: nobody here has CAP_SYS_TIME. */
    "nanosleep", "clock_nanosleep", "exit", "exit_group", "futex", "munmap",
    "mremap", "brk", "madvise", "rt_sigreturn", "rt_sigprocmask",
    "rt_sigaction", "restart_syscall", "sched_yield", "getpid", "gettid",
    "getrandom", "fcntl", NULL};

static const char *const file_calls[] = {"open", "openat", "stat", "lstat",
    "fstat", "newfstatat", "statx", "access", "faccessat", "pread64",
    "pwrite64", "pwritev2", "lseek", "fsync", "fdatasync", "ftruncate",
    "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
    "fchmod", "getcwd", "readlink", "readlinkat", "geteuid", "getuid", "flock",
    "statfs", "statfs64", NULL};

static const char *const accept_calls[] = {"accept4", "listen", "shutdown",
    "getsockname", "setsockopt", "recvfrom", "sendto", NULL};

/* Names are looked up by libc, which reads its configuration. */
static const char *const connect_calls[] = {"connect", "bind", "accept4",
    "shutdown", "getsockname", "getpeername", "setsockopt", "getsockopt",
    "recvfrom", "sendto", "open", "openat", "fstat", "newfstatat", "statx",
    "lseek", NULL};

static const char *const list_calls[] = {"open", "openat", "fstat",
    "newfstatat", "statx", "getdents64", "lseek", NULL};

static const struct group groups[] = {
    {CALLS_LOOP, loop_calls},
    {CALLS_FILES, file_calls},
    {CALLS_ACCEPT, accept_calls},
    {CALLS_CONNECT, connect_calls},
    {CALLS_LIST, list_calls},
};

static enum err
allow_names(scmp_filter_ctx ctx, const char *const *names)
{
	for (; *names != NULL; names++) {
		int nr = seccomp_syscall_resolve_name(*names);

		if (nr < 0)
			continue;
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0) < 0)
			return ERR_IO;
	}
	return OK;
}

/* Memory may be mapped, but never made executable. */
static enum err
allow_memory(scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);

	if (seccomp_rule_add_array(
		ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_exec) < 0 ||
	    seccomp_rule_add_array(
		ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_exec) < 0)
		return ERR_IO;
	return OK;
}

/* Of the internet, and of those no raw ones. */
static enum err
allow_sockets(scmp_filter_ctx ctx, unsigned calls)
{
	static const int kinds[][2] = {{AF_INET, SOCK_STREAM},
	    {AF_INET, SOCK_DGRAM}, {AF_INET6, SOCK_STREAM},
	    {AF_INET6, SOCK_DGRAM}, {AF_UNIX, SOCK_STREAM}};
	size_t n = ARRAY_LEN(kinds) - !(calls & CALLS_UNIX);
	size_t i;

	for (i = 0; i < n; i++) {
		struct scmp_arg_cmp args[] = {
		    SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)kinds[i][0], 0),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_TYPE_MASK,
			(scmp_datum_t)kinds[i][1])};

		if (seccomp_rule_add_array(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, args) < 0)
			return ERR_IO;
	}
	return OK;
}

static enum err
load_filter(unsigned calls)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	enum err e = ctx != NULL ? OK : ERR_IO;
	size_t i;

	for (i = 0; i < ARRAY_LEN(groups) && e == OK; i++)
		if (calls & groups[i].bit)
			e = allow_names(ctx, groups[i].names);
	if (e == OK)
		e = allow_memory(ctx);
	if (e == OK && (calls & CALLS_CONNECT))
		e = allow_sockets(ctx, calls);
	if (e == OK &&
	    (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) < 0 ||
		seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0 ||
		seccomp_load(ctx) < 0))
		e = ERR_UNSUPPORTED;
	if (ctx != NULL)
		seccomp_release(ctx);
	return e;
}

enum err
confine_stay_in_memory(void)
{
	/* As pages come to be used: what is never touched costs nothing. */
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0
	    ? OK
	    : ERR_LIMIT;
}

enum err
confine_seal(unsigned calls)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	/* The runner execs setuid helpers (newuidmap), so it stays as its
	 * own user made it; that user owns nothing of the house. */
	if (calls & CALLS_PROGRAMS)
		return OK;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return ERR_IO;
	return load_filter(calls);
}
