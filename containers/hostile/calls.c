/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>

#include "hostile/hostile.h"

/* As mknod() takes it. */
#define DEVICE(major, minor) ((major) << 8 | (minor))

/* Calls that no tool has a use for. */

/* Numbers and pointers are one to a call. */
#define N(number) ((const void *)(intptr_t)(number))

static char some[4096]; /* Zeros where a structure is wanted. */
static char attributes[256];

/* A call as it is, where it is enough to know whether it was let. */
struct call {
	const char *name;
	long number;
	const void *args[6];
};

static const struct call calls[] = {
    /* Namespaces. */
    {"unshare_user", SYS_unshare, {N(CLONE_NEWUSER)}},
    {"unshare_mount", SYS_unshare, {N(CLONE_NEWNS)}},
    {"unshare_pid", SYS_unshare, {N(CLONE_NEWPID)}},
    {"unshare_net", SYS_unshare, {N(CLONE_NEWNET)}},
    {"unshare_ipc", SYS_unshare, {N(CLONE_NEWIPC)}},
    {"unshare_uts", SYS_unshare, {N(CLONE_NEWUTS)}},
    {"unshare_cgroup", SYS_unshare, {N(CLONE_NEWCGROUP)}},
    {"unshare_time", SYS_unshare, {N(CLONE_NEWTIME)}},
    {"unshare_user_and_mount", SYS_unshare, {N(CLONE_NEWUSER | CLONE_NEWNS)}},
    /* Mounts. */
    {"mount_tmpfs", SYS_mount, {"none", "/tmp", "tmpfs"}},
    {"mount_proc", SYS_mount, {"none", "/tmp", "proc"}},
    {"mount_bind", SYS_mount, {"/", "/tmp", NULL, N(MS_BIND | MS_REC)}},
    {"mount_cgroup", SYS_mount, {"none", "/tmp", "cgroup2"}},
    {"remount_root", SYS_mount, {NULL, "/", NULL, N(MS_REMOUNT | MS_BIND)}},
    {"umount_sys", SYS_umount2, {"/sys", N(MNT_DETACH)}},
    {"umount_shim", SYS_umount2, {"/shim", N(MNT_DETACH)}},
    {"pivot_root", SYS_pivot_root, {"/tmp", "/tmp"}},
    {"chroot", SYS_chroot, {"/tmp"}},
    {"fsopen", SYS_fsopen, {"tmpfs"}},
    {"fspick", SYS_fspick, {N(AT_FDCWD), "/"}},
    {"open_tree", SYS_open_tree, {N(AT_FDCWD), "/", N(1)}},
    {"move_mount", SYS_move_mount, {N(AT_FDCWD), "/tmp", N(AT_FDCWD), "/"}},
    {"mount_setattr", SYS_mount_setattr, {N(AT_FDCWD), "/", NULL, some, N(32)}},
    /* Keys, and programs for the kernel. */
    {"add_key", SYS_add_key, {"user", "durward", "x", N(1), N(-2)}},
    {"request_key", SYS_request_key, {"user", "durward", NULL, N(-2)}},
    {"keyctl", SYS_keyctl, {NULL, N(-3), N(1)}},
    {"bpf", SYS_bpf, {N(BPF_MAP_CREATE), attributes, N(64)}},
    {"perf_event_open", SYS_perf_event_open, {attributes, NULL, N(-1), N(-1)}},
    {"userfaultfd", SYS_userfaultfd, {N(1)}},
    {"io_uring_setup", SYS_io_uring_setup, {N(1), some}},
    {"io_setup", SYS_io_setup, {N(1), some}},
    {"init_module", SYS_init_module, {"x", N(1), ""}},
    {"finit_module", SYS_finit_module, {NULL, ""}},
    {"delete_module", SYS_delete_module, {"durward", N(O_NONBLOCK)}},
    {"kexec_load", SYS_kexec_load, {NULL}},
    {"kexec_file_load", SYS_kexec_file_load, {N(-1), N(-1)}},
    /* The machine. */
    {"reboot", SYS_reboot, {NULL}},
    {"swapon", SYS_swapon, {"/durward"}},
    {"swapoff", SYS_swapoff, {"/durward"}},
    {"acct", SYS_acct, {"/durward"}},
    {"quotactl", SYS_quotactl, {N(QCMD(Q_SYNC, 0))}},
    {"syslog", SYS_syslog, {N(10)}},
    {"sethostname", SYS_sethostname, {"durward", N(7)}},
    {"setdomainname", SYS_setdomainname, {"durward", N(7)}},
    {"vhangup", SYS_vhangup, {NULL}},
    {"fanotify_init", SYS_fanotify_init, {N(0x200)}},
    {"memfd_secret", SYS_memfd_secret, {NULL}},
    {"personality_read_implies_exec", SYS_personality, {N(READ_IMPLIES_EXEC)}},
    {"personality_no_randomize", SYS_personality, {N(ADDR_NO_RANDOMIZE)}},
    {"personality_linux32", SYS_personality, {N(8)}},
    /* Who one is. */
    {"setuid_0", SYS_setuid, {NULL}},
    {"setgid_0", SYS_setgid, {NULL}},
    {"setresuid_0", SYS_setresuid, {NULL}},
    {"setgroups_0", SYS_setgroups, {N(1), some}},
    {"ambient_capability", SYS_prctl,
	{N(PR_CAP_AMBIENT), N(2), N(CAP_SYS_ADMIN)}},
    {"securebits", SYS_prctl, {N(PR_SET_SECUREBITS), N(0x2f)}},
    {"new_privileges_again", SYS_prctl, {N(PR_SET_NO_NEW_PRIVS)}},
    {"no_seccomp_again", SYS_prctl, {N(PR_SET_SECCOMP)}},
    /* More than its share of the machine. */
    {"priority", SYS_setpriority, {N(PRIO_PROCESS), NULL, N(-5)}},
    {"io_priority", SYS_ioprio_set, {N(1), NULL, N(1 << 13)}},
    /* Devices.  1,1 is the memory, 8,0 a disk. */
    {"mknod_memory", SYS_mknodat,
	{N(AT_FDCWD), "/tmp/memory", N(S_IFCHR | 0600), N(DEVICE(1, 1))}},
    {"mknod_disk", SYS_mknodat,
	{N(AT_FDCWD), "/tmp/disk", N(S_IFBLK | 0600), N(DEVICE(8, 0))}},
#ifdef __x86_64__
    {"iopl", SYS_iopl, {N(3)}},
    {"ioperm", SYS_ioperm, {N(0x80), N(1), N(1)}},
    {"modify_ldt", SYS_modify_ldt, {NULL, some, N(16)}},
    {"mknod_old", SYS_mknod, {"/tmp/old", N(S_IFCHR | 0600), N(DEVICE(1, 1))}},
    {"abi_x32", 0x40000000 + SYS_getpid, {NULL}},
#endif
};

static void
try_call(struct said *said, const void *arg)
{
	const struct call *c = arg;

	say_result(said,
	    syscall(c->number, c->args[0], c->args[1], c->args[2], c->args[3],
		c->args[4], c->args[5]));
}

/* A child in a namespace of its own; it only ends. */
static const struct flag {
	const char *name;
	unsigned long bits;
} clones[] = {
    {"clone_user", CLONE_NEWUSER},
    {"clone_mount", CLONE_NEWNS},
    {"clone_pid", CLONE_NEWPID},
    {"clone_net", CLONE_NEWNET},
    {"clone_ipc", CLONE_NEWIPC},
    {"clone_uts", CLONE_NEWUTS},
    {"clone_cgroup", CLONE_NEWCGROUP},
    {"clone_user_and_net", CLONE_NEWUSER | CLONE_NEWNET},
};

static void
try_clone(struct said *said, const void *arg)
{
	const struct flag *f = arg;
	long pid = syscall(SYS_clone, f->bits | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	say_result(said, pid);
}

/* The flags lie in memory here; the fifth word is the signal at the end. */
static void
try_clone3(struct said *said, const void *arg)
{
	uint64_t words[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
	long pid = syscall(SYS_clone3, words, sizeof(words));

	(void)arg;
	if (pid == 0)
		_exit(0);
	say_result(said, pid);
}

static const struct {
	const char *name;
	const char *path;
} namespaces[] = {
    {"setns_user", "/proc/1/ns/user"},
    {"setns_mount", "/proc/1/ns/mnt"},
    {"setns_pid", "/proc/1/ns/pid"},
    {"setns_net", "/proc/1/ns/net"},
};

static void
try_setns(struct said *said, const void *path)
{
	int fd = open(path, O_RDONLY);

	say_result(said, fd < 0 ? -1 : setns(fd, 0));
}

/* The way out of a chroot that every book has. */
static void
try_chroot_escape(struct said *said, const void *arg)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	(void)arg;
	mkdir("/tmp/inner", 0700);
	if (fd < 0 || chroot("/tmp/inner") < 0 || fchdir(fd) < 0 ||
	    chdir("../../../..") < 0) {
		say_result(said, -1);
		return;
	}
	say_result(said, chroot("."));
}

/* ---- at other processes ---- */

static void
try_ptrace(struct said *said, const void *arg)
{
	(void)arg;
	say_result(said, ptrace(PTRACE_SEIZE, getppid(), 0, 0));
}

static void
try_traceme(struct said *said, const void *arg)
{
	(void)arg;
	say_result(said, ptrace(PTRACE_TRACEME, 0, 0, 0));
}

static void
try_vm_read(struct said *said, const void *arg)
{
	char here[16];
	struct iovec to = {here, sizeof(here)};
	struct iovec from = {some, sizeof(here)};

	(void)arg;
	say_result(said, process_vm_readv(getppid(), &to, 1, &from, 1, 0));
}

static void
try_vm_write(struct said *said, const void *arg)
{
	struct iovec both = {some, 16};

	(void)arg;
	say_result(said, process_vm_writev(getppid(), &both, 1, &both, 1, 0));
}

static void
try_kcmp(struct said *said, const void *arg)
{
	(void)arg;
	say_result(said, syscall(SYS_kcmp, getpid(), getppid(), 0, 0, 0));
}

static void
try_getfd(struct said *said, const void *arg)
{
	long fd = syscall(SYS_pidfd_open, getppid(), 0);

	(void)arg;
	say_result(said, fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static void
try_madvise_other(struct said *said, const void *arg)
{
	struct iovec there = {some, sizeof(some)};
	long fd = syscall(SYS_pidfd_open, getppid(), 0);

	(void)arg;
	/* 20 is MADV_COLD: of no consequence. */
	say_result(said,
	    fd < 0 ? -1 : syscall(SYS_process_madvise, fd, &there, 1, 20, 0));
}

/* ---- that need more than words ---- */

static void
try_handle(struct said *said, const void *arg)
{
	struct file_handle *h = (struct file_handle *)(void *)some;
	int mount;

	(void)arg;
	h->handle_bytes = 128;
	say_result(said, name_to_handle_at(AT_FDCWD, "/", h, &mount, 0));
}

/* The root of most file systems has the inode 2. */
static void
try_open_handle(struct said *said, const void *arg)
{
	struct file_handle *h = (struct file_handle *)(void *)some;
	uint32_t inode[2] = {2, 0};
	int fd = open("/shim", O_RDONLY);

	(void)arg;
	h->handle_bytes = sizeof(inode);
	h->handle_type = 1;
	memcpy(h->f_handle, inode, sizeof(inode));
	say_result(said, open_by_handle_at(fd, h, O_RDONLY));
}

static void
try_clock(struct said *said, const void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	say_result(said, syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
}

static void
try_day(struct said *said, const void *arg)
{
	struct timeval now;

	(void)arg;
	gettimeofday(&now, NULL);
	say_result(said, syscall(SYS_settimeofday, &now, 0));
}

static void
try_capset(struct said *said, const void *arg)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct all[2];

	(void)arg;
	memset(all, 0xff, sizeof(all));
	say_result(said, syscall(SYS_capset, &head, all));
}

static void
try_realtime(struct said *said, const void *arg)
{
	struct sched_param first = {.sched_priority = 1};

	(void)arg;
	say_result(
	    said, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first));
}

#ifdef __x86_64__
/* getpid() by the door of 32-bit programs. */
static void
try_abi_32(struct said *said, const void *arg)
{
	long result = 20;

	(void)arg;
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 :
			 : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	say_result(said, result);
}
#endif

static const struct {
	const char *name;
	attempt_fn *fn;
} others[] = {
    {"clone3_user", try_clone3},
    {"chroot_escape", try_chroot_escape},
    {"ptrace_server", try_ptrace},
    {"ptrace_traceme", try_traceme},
    {"process_vm_readv", try_vm_read},
    {"process_vm_writev", try_vm_write},
    {"process_madvise", try_madvise_other},
    {"kcmp", try_kcmp},
    {"pidfd_getfd", try_getfd},
    {"name_to_handle_at", try_handle},
    {"open_by_handle_at", try_open_handle},
    {"clock_settime", try_clock},
    {"settimeofday", try_day},
    {"capset", try_capset},
    {"realtime", try_realtime},
#ifdef __x86_64__
    {"abi_32", try_abi_32},
#endif
};

/* What makes the calls good ones, so that only a lock can refuse them. */
static void
fill_attributes(const char *name)
{
	union bpf_attr *map = (union bpf_attr *)(void *)attributes;
	struct perf_event_attr *event =
	    (struct perf_event_attr *)(void *)attributes;

	memset(attributes, 0, sizeof(attributes));
	if (strcmp(name, "bpf") == 0) {
		map->map_type = BPF_MAP_TYPE_ARRAY;
		map->key_size = 4;
		map->value_size = 8;
		map->max_entries = 1;
	} else if (strcmp(name, "perf_event_open") == 0) {
		event->type = PERF_TYPE_SOFTWARE;
		event->size = sizeof(*event);
		event->exclude_kernel = 1;
		event->exclude_hv = 1;
	}
}

void
attempt_calls(struct report *report)
{
	size_t i;

	for (i = 0; i < LEN(calls); i++) {
		fill_attributes(calls[i].name);
		attempt(report, calls[i].name, try_call, &calls[i]);
	}
	for (i = 0; i < LEN(clones); i++)
		attempt(report, clones[i].name, try_clone, &clones[i]);
	for (i = 0; i < LEN(namespaces); i++)
		attempt(
		    report, namespaces[i].name, try_setns, namespaces[i].path);
	for (i = 0; i < LEN(others); i++)
		attempt(report, others[i].name, others[i].fn, NULL);
}
