/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "hostile/hostile.h"

/* Files that are somebody else's: the kernel's, the host's, the house's. */

#define MOUNTS_MAX 32
#define FOLDER_SIZE 100

struct file {
	const char *name;
	const char *path;
	int flags;
};

static const struct file opened[] = {
    /* Of the kernel, to write. */
    {"sysrq_trigger", "/proc/sysrq-trigger", O_WRONLY},
    {"core_pattern", "/proc/sys/kernel/core_pattern", O_WRONLY},
    {"modprobe_path", "/proc/sys/kernel/modprobe", O_WRONLY},
    {"hotplug_path", "/proc/sys/kernel/hotplug", O_WRONLY},
    {"sysctl_hostname", "/proc/sys/kernel/hostname", O_WRONLY},
    {"sysctl_forward", "/proc/sys/net/ipv4/ip_forward", O_WRONLY},
    {"sysctl_low_ports", "/proc/sys/net/ipv4/ip_unprivileged_port_start",
	O_WRONLY},
    {"sysctl_ptrace", "/proc/sys/kernel/yama/ptrace_scope", O_WRONLY},
    {"sysctl_overcommit", "/proc/sys/vm/overcommit_memory", O_WRONLY},
    {"binfmt_register", "/proc/sys/fs/binfmt_misc/register", O_WRONLY},
    {"irq_affinity", "/proc/irq/default_smp_affinity", O_WRONLY},
    {"mtrr", "/proc/mtrr", O_WRONLY},
    {"uevent_helper", "/sys/kernel/uevent_helper", O_WRONLY},
    {"cgroup_procs", "/sys/fs/cgroup/cgroup.procs", O_WRONLY},
    {"cgroup_release_agent", "/sys/fs/cgroup/release_agent", O_WRONLY},
    {"cgroup_v1_release_agent", "/sys/fs/cgroup/memory/release_agent",
	O_WRONLY},
    {"cgroup_memory_max", "/sys/fs/cgroup/memory.max", O_WRONLY},
    {"cgroup_v1_memory", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
	O_WRONLY},
    {"cgroup_v1_devices", "/sys/fs/cgroup/devices/devices.allow", O_WRONLY},
    /* Of the image, the shim and what the house mounted. */
    {"own_program", "/program", O_WRONLY},
    {"own_exe", "/proc/self/exe", O_WRONLY},
    {"server_exe", "/proc/1/exe", O_WRONLY},
    {"shim", "/shim", O_WRONLY},
    {"etc_resolv", "/etc/resolv.conf", O_WRONLY},
    {"etc_hosts", "/etc/hosts", O_WRONLY},
    {"etc_passwd", "/etc/passwd", O_WRONLY},
    {"etc_hostname", "/etc/hostname", O_WRONLY},
};

static const struct file read_from[] = {
    {"proc_kcore", "/proc/kcore", 0},
    {"proc_kmsg", "/proc/kmsg", 0},
    {"proc_keys", "/proc/keys", 0},
    {"proc_timer_list", "/proc/timer_list", 0},
    {"proc_sched_debug", "/proc/sched_debug", 0},
    {"proc_latency", "/proc/latency_stats", 0},
    {"proc_slabinfo", "/proc/slabinfo", 0},
    {"proc_vmallocinfo", "/proc/vmallocinfo", 0},
    {"proc_kpageflags", "/proc/kpageflags", 0},
    {"proc_pagetypeinfo", "/proc/pagetypeinfo", 0},
    {"sys_cgroup_procs", "/sys/fs/cgroup/cgroup.procs", 0},
    {"sys_release_agent", "/sys/fs/cgroup/release_agent", 0},
    {"sys_vmcoreinfo", "/sys/kernel/vmcoreinfo", 0},
    {"sys_dmi_serial", "/sys/class/dmi/id/product_serial", 0},
    {"sys_machine_serial", "/sys/firmware/devicetree/base/serial-number", 0},
    {"sys_mac_address", "/sys/class/net/eth0/address", 0},
    {"machine_id", "/etc/machine-id", 0},
    {"host_shadow", "/etc/shadow", 0},
    {"host_passwd_by_dots", "/../../../../../../etc/shadow", 0},
    {"host_by_server_root", "/proc/1/root/etc/shadow", 0},
    {"host_by_server_cwd", "/proc/1/cwd/etc/shadow", 0},
    {"house_log_key", "/var/lib/durward/vault/root.key", 0},
    {"house_database", "/var/lib/durward/core/durward.db", 0},
    {"house_binary", "/usr/local/lib/durward/durward", 0},
    {"runner_profile", "/var/lib/durward-tools/.durward-tools/seccomp.json", 0},
};

static const struct file listed[] = {
    {"sys", "/sys", 0},
    {"sys_firmware", "/sys/firmware", 0},
    {"sys_kernel", "/sys/kernel", 0},
    {"sys_kernel_debug", "/sys/kernel/debug", 0},
    {"sys_kernel_security", "/sys/kernel/security", 0},
    {"sys_cgroup", "/sys/fs/cgroup", 0},
    {"sys_bpf", "/sys/fs/bpf", 0},
    {"sys_block", "/sys/block", 0},
    {"sys_class_net", "/sys/class/net", 0},
    {"sys_module", "/sys/module", 0},
    {"proc_acpi", "/proc/acpi", 0},
    {"proc_scsi", "/proc/scsi", 0},
    {"home", "/home", 0},
    {"root_home", "/root", 0},
    {"var_lib", "/var/lib", 0},
    {"boot", "/boot", 0},
    {"run_durward", "/run/durward", 0},
    {"run_user", "/run/user", 0},
    {"lib_modules", "/lib/modules", 0},
};

/* Files that are not there yet. */
static const struct file made[] = {
    {"write_root", "/hostile", 0},
    {"write_etc", "/etc/hostile", 0},
    {"write_run", "/run/hostile", 0},
    {"write_dev", "/dev/hostile", 0},
    {"write_dev_shm", "/dev/shm/hostile", 0},
    {"write_dev_mqueue", "/dev/mqueue/hostile", 0},
    {"write_proc", "/proc/hostile", 0},
    {"write_sys", "/sys/hostile", 0},
    {"write_sys_cgroup", "/sys/fs/cgroup/hostile", 0},
    {"write_var_tmp", "/var/tmp/hostile", 0},
    {"write_by_server_root", "/proc/1/root/hostile", 0},
};

/* Of the house that the test runs, by where it is outside. */
static const struct file house[] = {
    {"this_house", "", 0},
    {"this_house_state", "/state", 0},
    {"this_house_vault", "/state/vault", 0},
    {"this_house_run", "/run", 0},
    {"this_house_binary", "/bin/durward", 0},
    {"this_house_policy", "/policy", 0},
    {"this_house_console_key", "/client-console/key.pem", 0},
    {"this_runner_home", "/podman", 0},
    {"this_runner_slices", "/podman/.durward-tools/slices", 0},
    {"this_runner_runtime_dir", "/podman/run", 0},
    {"this_runner_volumes", "/podman/.local/share/containers/storage/volumes",
	0},
    {"this_runner_other_volume",
	"/podman/.local/share/containers/storage/volumes/durward-notes/_data",
	0},
};

static void
try_open(struct said *said, const void *arg)
{
	const struct file *f = arg;

	say_result(said, open(f->path, f->flags));
}

/* Who one is outside, said anew. */
static void
try_uid_map(struct said *said, const void *path)
{
	int fd = open(path, O_WRONLY);

	say_result(said, fd < 0 ? -1 : write(fd, "0 0 1", 5));
}

static void
try_read(struct said *said, const void *arg)
{
	const struct file *f = arg;
	int fd = open(f->path, O_RDONLY | O_NONBLOCK);
	char byte;
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);

	if (n == 0)
		say(said, "empty");
	else
		say_result(said, n);
}

static void
try_list(struct said *said, const void *arg)
{
	const struct file *f = arg;
	DIR *d = opendir(f->path);
	const struct dirent *e;

	if (d == NULL) {
		say_result(said, -1);
		return;
	}
	say(said, "empty");
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			say(said, "got:%s", e->d_name);
}

static void
try_make(struct said *said, const void *arg)
{
	const struct file *f = arg;
	int fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	say_result(said, fd);
	if (fd >= 0)
		unlink(f->path);
}

static void
try_unlink(struct said *said, const void *path)
{
	say_result(said, unlink(path));
}

/* The root that /proc shows, against our own. */
static void
try_same(struct said *said, const void *path)
{
	struct stat theirs;
	struct stat ours;

	if (stat(path, &theirs) < 0 || stat("/", &ours) < 0)
		say_result(said, -1);
	else if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		say(said, "own");
	else
		say(said, "got");
}

/* A table of the kernel's addresses, which may be there without them. */
static void
try_addresses(struct said *said, const void *path)
{
	FILE *f = fopen(path, "r");
	char line[400];

	if (f == NULL) {
		say_result(said, -1);
		return;
	}
	say(said, "empty");
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strtoull(line, NULL, 16) != 0) {
			say(said, "got:%.*s", (int)strcspn(line, " \n"), line);
			break;
		}
		say(said, "zeros");
	}
	fclose(f);
}

static void
try_flags(struct said *said, const void *path)
{
	struct statvfs v;

	if (statvfs(path, &v) < 0) {
		say_result(said, -1);
		return;
	}
	say(said, "%s%s%s%s", v.f_flag & ST_RDONLY ? "ro" : "rw",
	    v.f_flag & ST_NOSUID ? ",nosuid" : "",
	    v.f_flag & ST_NODEV ? ",nodev" : "",
	    v.f_flag & ST_NOEXEC ? ",noexec" : "");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Where this user can make a file, of all that is mounted. */
static void
try_writable(struct said *said, const void *arg)
{
	static char folders[MOUNTS_MAX][FOLDER_SIZE];
	FILE *f = fopen("/proc/self/mounts", "r");
	char line[4096];
	char path[FOLDER_SIZE + 16];
	char found[1024] = "";
	size_t n = 0;
	size_t i;
	int fd;

	(void)arg;
	while (f != NULL && n < MOUNTS_MAX &&
	    fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*s %99s", folders[n]) != 1)
			continue;
		snprintf(path, sizeof(path), "%.*s/hostile", FOLDER_SIZE - 1,
		    folders[n]);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0)
			continue;
		close(fd);
		unlink(path);
		n++;
	}
	if (f != NULL)
		fclose(f);
	/* They come as the engine mounted them: in any order. */
	qsort(folders, n, sizeof(folders[0]), by_name);
	for (i = 0; i < n; i++)
		snprintf(found + strlen(found), sizeof(found) - strlen(found),
		    "%s%.*s", i > 0 ? "," : "", FOLDER_SIZE - 1, folders[i]);
	say(said, "%.200s", n > 0 ? found : "none");
}

/* Does a file of the house's read as it wrote it, and not as the host's? */
static void
try_text(struct said *said, const char *path, const char *wanted)
{
	char text[2048];
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f == NULL) {
		say_result(said, -1);
		return;
	}
	fclose(f);
	if (strcmp(text, wanted) == 0)
		say(said, "ours");
	else
		say(said, "got:%.*s", (int)strcspn(text, "\n"), text);
}

static void
try_hosts(struct said *said, const void *arg)
{
	(void)arg;
	try_text(said, "/etc/hosts", "127.0.0.1 localhost\n");
}

static void
try_resolv(struct said *said, const void *arg)
{
	(void)arg;
	try_text(said, "/etc/resolv.conf",
	    "nameserver 127.0.0.53\noptions ndots:0 timeout:2 attempts:1\n");
}

/* What the engine tells its containers of itself: nothing. */
static void
try_engine(struct said *said, const void *arg)
{
	(void)arg;
	try_text(said, "/run/.containerenv", "");
}

static void
try_house(struct report *report, const char *root)
{
	char path[512];
	struct file f;
	size_t i;

	for (i = 0; i < LEN(house); i++) {
		snprintf(path, sizeof(path), "%s%s", root, house[i].path);
		f = (struct file){house[i].name, path, O_RDONLY};
		attempt(report, f.name, try_open, &f);
	}
}

void
attempt_files(struct report *report, const struct outside *outside)
{
	size_t i;

	for (i = 0; i < LEN(opened); i++)
		attempt(report, opened[i].name, try_open, &opened[i]);
	for (i = 0; i < LEN(read_from); i++)
		attempt(report, read_from[i].name, try_read, &read_from[i]);
	for (i = 0; i < LEN(listed); i++)
		attempt(report, listed[i].name, try_list, &listed[i]);
	for (i = 0; i < LEN(made); i++)
		attempt(report, made[i].name, try_make, &made[i]);
	try_house(report, outside->root);
	attempt(report, "unlink_shim", try_unlink, "/shim");
	attempt(report, "unlink_program", try_unlink, "/program");
	attempt(report, "uid_map_again", try_uid_map, "/proc/self/uid_map");
	attempt(report, "gid_map_again", try_uid_map, "/proc/self/gid_map");
	attempt(report, "server_root", try_same, "/proc/1/root/.");
	attempt(report, "server_cwd", try_same, "/proc/1/cwd/.");
	attempt(report, "own_cwd", try_same, ".");
	attempt(report, "kallsyms", try_addresses, "/proc/kallsyms");
	attempt(report, "iomem", try_addresses, "/proc/iomem");
	attempt(report, "flags_root", try_flags, "/");
	attempt(report, "flags_proc_sys", try_flags, "/proc/sys");
	attempt(report, "flags_tmp", try_flags, "/tmp");
	attempt(report, "flags_data", try_flags, "/data");
	attempt(report, "flags_folder", try_flags, "/folder");
	attempt(report, "flags_work", try_flags, "/workspace");
	attempt(report, "folder_up", try_same, "/folder/..");
	attempt(report, "writable", try_writable, NULL);
	attempt(report, "hosts", try_hosts, NULL);
	attempt(report, "resolv", try_resolv, NULL);
	attempt(report, "engine_env", try_engine, NULL);
}
