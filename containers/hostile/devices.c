/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostile/hostile.h"

/* Device nodes, and what can be asked of a terminal. */

#define LIST_MAX 64
#define HIGH_BITS (1UL << 32)

static const struct {
	const char *name;
	const char *path;
} devices[] = {
    {"dev_mem", "/dev/mem"},
    {"dev_kmem", "/dev/kmem"},
    {"dev_port", "/dev/port"},
    {"dev_kmsg", "/dev/kmsg"},
    {"dev_fuse", "/dev/fuse"},
    {"dev_tty", "/dev/tty"},
    {"dev_tty0", "/dev/tty0"},
    {"dev_console", "/dev/console"},
    {"dev_net_tun", "/dev/net/tun"},
    {"dev_kvm", "/dev/kvm"},
    {"dev_vhost_net", "/dev/vhost-net"},
    {"dev_vsock", "/dev/vsock"},
    {"dev_loop_control", "/dev/loop-control"},
    {"dev_mapper", "/dev/mapper/control"},
    {"dev_userfaultfd", "/dev/userfaultfd"},
    {"dev_disk_sda", "/dev/sda"},
    {"dev_disk_vda", "/dev/vda"},
    {"dev_disk_mmc", "/dev/mmcblk0"},
    {"dev_watchdog", "/dev/watchdog"},
    {"dev_uinput", "/dev/uinput"},
    {"dev_input", "/dev/input/event0"},
    {"dev_hidraw", "/dev/hidraw0"},
    {"dev_dri", "/dev/dri/card0"},
    {"dev_snd", "/dev/snd/timer"},
    {"dev_video", "/dev/video0"},
    {"dev_gpio", "/dev/gpiomem"},
    {"dev_gpiochip", "/dev/gpiochip0"},
    {"dev_i2c", "/dev/i2c-1"},
    {"dev_vcio", "/dev/vcio"},
    {"dev_tpm", "/dev/tpm0"},
};

/* To open a watchdog is to arm it; reading is refused as writing is. */
static void
try_device(struct said *said, const void *path)
{
	say_result(said, open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* All that there is, in order. */
static void
try_list(struct said *said, const void *arg)
{
	static char names[LIST_MAX][32];
	char text[SAID_SIZE] = "";
	DIR *d = opendir(arg);
	const struct dirent *e;
	size_t n = 0;
	size_t i;

	while (d != NULL && (e = readdir(d)) != NULL && n < LIST_MAX)
		if (e->d_name[0] != '.')
			snprintf(
			    names[n++], sizeof(names[0]), "%.31s", e->d_name);
	qsort(names, n, sizeof(names[0]), by_name);
	for (i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s%.31s", i > 0 ? "," : "", names[i]);
	say(said, "%s", text);
}

/* /dev/null is the host's own. */
static void
try_chmod(struct said *said, const void *path)
{
	say_result(said, chmod(path, 0666));
}

static int
own_terminal(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
		return -1;
	return open(ptsname(fd), O_RDWR);
}

/* Typed into a terminal, as if by who sits there. */
static void
try_type(struct said *said, const void *command)
{
	const unsigned long *c = command;
	int fd = own_terminal();
	const char typed[2] = "\3";

	say_result(said, fd < 0 ? -1 : syscall(SYS_ioctl, fd, *c, (long)typed));
}

static void
try_drive(struct said *said, const void *command)
{
	const unsigned long *c = command;
	int fd = open("/dev/null", O_RDONLY);

	say_result(said, syscall(SYS_ioctl, fd, *c, 0));
}

void
attempt_devices(struct report *report)
{
	static const unsigned long commands[] = {
	    TIOCSTI, TIOCSTI + HIGH_BITS, TIOCLINUX, TIOCLINUX + HIGH_BITS};
	/* A loop device's, the random pool's, a network interface's. */
	static const unsigned long foreign[] = {0x4c00, 0x5206, 0x8946};
	size_t i;

	for (i = 0; i < LEN(devices); i++)
		attempt(report, devices[i].name, try_device, devices[i].path);
	attempt(report, "dev", try_list, "/dev");
	attempt(report, "dev_pts", try_list, "/dev/pts");
	attempt(report, "dev_null_chmod", try_chmod, "/dev/null");
	attempt(report, "tiocsti", try_type, &commands[0]);
	attempt(report, "tiocsti_high_bits", try_type, &commands[1]);
	attempt(report, "tioclinux", try_type, &commands[2]);
	attempt(report, "tioclinux_high_bits", try_type, &commands[3]);
	attempt(report, "ioctl_loop", try_drive, &foreign[0]);
	attempt(report, "ioctl_random", try_drive, &foreign[1]);
	attempt(report, "ioctl_ethtool", try_drive, &foreign[2]);
}
