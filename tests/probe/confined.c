/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house, with one change: before its loop begins, each role tries what
 * it must never be able to do, after it has confined itself, and logs what
 * the kernel answered.  Linked in the place of src/ipc/serve.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/peers_priv.h"

/* Each attempt returns 0 when it worked, which is the alarm. */
static int
result(long rc)
{
	return rc >= 0 ? 0 : errno;
}

static int
try_socket_inet(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int
try_socket_unix(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
try_socket_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
try_exec(void)
{
	char *argv[] = {(char *)"sh", NULL};

	return result(execve("/bin/sh", argv, NULL));
}

static int
try_exec_itself(void)
{
	char *argv[] = {(char *)"durward", NULL};
	int fd = open("/state/durward.db", O_RDONLY);

	return result(
	    syscall(SYS_execveat, fd >= 0 ? fd : 0, "", argv, NULL, 0x1000));
}

static int
try_fork(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int
try_open(const char *path)
{
	return result(open(path, O_RDONLY));
}

static int
try_open_passwd(void)
{
	return try_open("/etc/passwd");
}

static int
try_open_proc(void)
{
	return try_open("/proc/1/status");
}

static int
try_open_database(void)
{
	return try_open("/state/durward.db");
}

static int
try_open_vault(void)
{
	return try_open("/state/root.key");
}

static int
try_leave_root(void)
{
	return try_open("/state/../../../etc/hostname");
}

static int
try_write_root(void)
{
	return result(open("/new", O_CREAT | O_WRONLY, 0600));
}

static int
try_read_sibling(void)
{
	char byte;
	struct iovec mine = {&byte, 1};
	struct iovec other = {(void *)0x400000, 1};

	return result(process_vm_readv(2, &mine, 1, &other, 1, 0));
}

static int
try_ptrace(void)
{
	return result(ptrace(PTRACE_ATTACH, 2, NULL, NULL));
}

static int
try_signal_sibling(void)
{
	return result(kill(-1, 0)) != 0 ? result(kill(2, SIGKILL)) : 0;
}

static int
try_mount(void)
{
	return result(mount("proc", "/", "proc", 0, NULL));
}

static int
try_new_namespace(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int
try_executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED ? 0 : errno;
}

static int
try_become_root(void)
{
	return result(syscall(SYS_setuid, 0));
}

static int
try_memfd(void)
{
	return result(memfd_create("x", 0));
}

static int
try_keyring(void)
{
	return result(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
}

static const struct {
	const char *name;
	int (*run)(void);
	/* The role for which this is its own file, and so allowed. */
	enum role owner;
} attempts[] = {
    {"socket-inet", try_socket_inet, ROLE_COUNT},
    {"socket-unix", try_socket_unix, ROLE_COUNT},
    {"socket-netlink", try_socket_netlink, ROLE_COUNT},
    {"exec", try_exec, ROLE_COUNT},
    {"exec-itself", try_exec_itself, ROLE_COUNT},
    {"fork", try_fork, ROLE_COUNT},
    {"open-passwd", try_open_passwd, ROLE_COUNT},
    {"open-proc", try_open_proc, ROLE_COUNT},
    {"open-database", try_open_database, ROLE_CORE},
    {"open-vault", try_open_vault, ROLE_VAULT},
    {"leave-root", try_leave_root, ROLE_COUNT},
    {"write-root", try_write_root, ROLE_COUNT},
    {"read-sibling", try_read_sibling, ROLE_COUNT},
    {"ptrace", try_ptrace, ROLE_COUNT},
    {"signal-sibling", try_signal_sibling, ROLE_COUNT},
    {"mount", try_mount, ROLE_COUNT},
    {"new-namespace", try_new_namespace, ROLE_COUNT},
    {"executable-memory", try_executable_memory, ROLE_COUNT},
    {"become-root", try_become_root, ROLE_COUNT},
    {"memfd", try_memfd, ROLE_COUNT},
    {"keyring", try_keyring, ROLE_COUNT},
};

static void
report(const char *name, int refused)
{
	if (refused != 0)
		log_info("probe %s refused %d", name, refused);
	else
		log_info("probe %s ALLOWED", name);
}

/* The runner may start programs; what it must not is reach the house. */
static void
probe_runner(void)
{
	const char *state = getenv("DURWARD_PROBE_STATE");
	const char *pids = getenv("DURWARD_PROBE_PIDS");
	char path[512];
	char *end;
	long pid;

	if (state == NULL || pids == NULL)
		return;
	snprintf(path, sizeof(path), "%s/core/durward.db", state);
	report("open-database", try_open(path));
	snprintf(path, sizeof(path), "%s/vault/root.key", state);
	report("open-vault", try_open(path));
	while ((pid = strtol(pids, &end, 10)) > 0) {
		snprintf(path, sizeof(path), "/proc/%ld/mem", pid);
		report("open-memory", try_open(path));
		report("signal", result(kill((pid_t)pid, SIGTERM)));
		report("ptrace",
		    result(ptrace(PTRACE_ATTACH, (pid_t)pid, NULL, NULL)));
		pids = end;
	}
	report("done", EPERM);
}

static void
probe(enum role self)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(attempts); i++)
		if (attempts[i].owner != self)
			report(attempts[i].name, attempts[i].run());
	report("done", EPERM);
}

int
peers_serve(struct peers *p)
{
	if (p->setup.self == ROLE_RUNNER)
		probe_runner();
	else
		probe(p->setup.self);
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
