/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "hostile/hostile.h"

/* What there is to be seen: of oneself, of others, of the machine. */

#define NAMES_MAX 64

/* Told once, before the server opened anything. */
static char descriptors[SAID_SIZE];
static char cwd[SAID_SIZE];

void
seen_at_start(void)
{
	char path[32];
	char link[128];
	ssize_t n;
	int fd;

	for (fd = 3; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		snprintf(
		    descriptors, sizeof(descriptors), "got:%d=%s", fd, link);
	}
	if (descriptors[0] == '\0')
		snprintf(descriptors, sizeof(descriptors), "none");
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		snprintf(cwd, sizeof(cwd), "got:unreachable");
}

static void
try_told(struct said *said, const void *text)
{
	say(said, "%s", (const char *)text);
}

/* A field of /proc/self/status, without leading zeros. */
static void
try_status(struct said *said, const void *field)
{
	FILE *f = fopen("/proc/self/status", "r");
	size_t n = strlen(field);
	char line[400];
	const char *at;

	say(said, "absent");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, field, n) != 0 || line[n] != ':')
			continue;
		at = line + n + 1;
		at += strspn(at, "\t ");
		while (at[0] == '0' && isxdigit((unsigned char)at[1]))
			at++;
		say(said, "%.*s", (int)strcspn(at, "\n"), at);
	}
	if (f != NULL)
		fclose(f);
}

static void
try_ids(struct said *said, const void *arg)
{
	gid_t groups[16];
	int n = getgroups(16, groups);
	int i;
	int others = 0;

	(void)arg;
	for (i = 0; i < n; i++)
		if (groups[i] != getgid())
			others++;
	say(said, "%u:%u+%d", (unsigned)getuid(), (unsigned)getgid(), others);
}

/* One line of 1024 ids, none of which is the user that started it. */
static void
try_map(struct said *said, const void *path)
{
	FILE *f = fopen(path, "r");
	char text[400];
	char found[200] = "";
	const char *line;
	const char *next;
	unsigned long inside;
	unsigned long outside;
	unsigned long count;
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	text[n] = '\0';
	for (line = text; line != NULL && line[0] != '\0'; line = next) {
		next = strchr(line, '\n');
		next = next != NULL ? next + 1 : NULL;
		if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) !=
			3 ||
		    outside == 0) {
			say(said, "got:%.*s", (int)strcspn(line, "\n"), line);
			return;
		}
		snprintf(found + strlen(found), sizeof(found) - strlen(found),
		    "%s%lu_from_%lu", found[0] != '\0' ? "," : "", count,
		    inside);
	}
	say(said, "%s", found[0] != '\0' ? found : "got:nothing");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of what the server was given to live in. */
static void
try_environment(struct said *said, const void *path)
{
	static char text[16 * 1024];
	char *names[NAMES_MAX];
	char out[SAID_SIZE] = "";
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *at = text;
	size_t n = 0;
	size_t i;

	if (len < 0) {
		say_result(said, -1);
		return;
	}
	for (; at < text + len && n < NAMES_MAX; at += strlen(at) + 1)
		names[n++] = at;
	qsort(names, n, sizeof(names[0]), by_name);
	for (i = 0; i < n; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s",
		    i > 0 ? "," : "", (int)strcspn(names[i], "="), names[i]);
	say(said, "%s", out);
}

/* The first process that is neither this one nor the server. */
static void
find_other(struct said *said, const char *file)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	char path[300];
	long pid;

	say(said, "none");
	while (d != NULL && (e = readdir(d)) != NULL) {
		pid = strtol(e->d_name, NULL, 10);
		if (pid <= 0 || pid == getpid() || pid == getppid())
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/%s", pid, file);
		if (access(path, R_OK) == 0) {
			say(said, "got:%ld", pid);
			break;
		}
	}
}

static void
try_processes(struct said *said, const void *arg)
{
	(void)arg;
	find_other(said, "stat");
}

static void
try_memories(struct said *said, const void *arg)
{
	(void)arg;
	find_other(said, "mem");
}

/* Of a table of /proc/net: the first words behind its heading. */
static void
try_table(struct said *said, const void *path)
{
	FILE *f = fopen(path, "r");
	char line[400];
	char word[32];
	char out[SAID_SIZE] = "";

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strchr(line, '|') == NULL &&
		    strncmp(line, "Iface", 5) != 0 &&
		    strncmp(line, "IP address", 10) != 0 &&
		    sscanf(line, " %31[^: \t]", word) == 1)
			snprintf(out + strlen(out), sizeof(out) - strlen(out),
			    "%s%s", out[0] != '\0' ? "," : "", word);
	if (f != NULL)
		fclose(f);
	say(said, "%s", out[0] != '\0' ? out : "none");
}

/* Podman names a host by the first digits of the container's id. */
static void
try_hostname(struct said *said, const void *arg)
{
	struct utsname u;

	(void)arg;
	uname(&u);
	if (strlen(u.nodename) == 12 &&
	    strspn(u.nodename, "0123456789abcdef") == 12)
		say(said, "container");
	else
		say(said, "got:%.60s", u.nodename);
}

/* An overlay says where its layers are, and nothing can keep it from that. */
static void
try_layers(struct said *said, const void *arg)
{
	FILE *f = fopen("/proc/self/mounts", "r");
	static char line[16 * 1024];

	(void)arg;
	say(said, "none");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, "lowerdir=/") != NULL)
			say(said, "got");
	if (f != NULL)
		fclose(f);
}

void
attempt_seen(struct report *report)
{
	static const struct {
		const char *name;
		const char *field;
	} fields[] = {
	    {"capabilities_inherited", "CapInh"},
	    {"capabilities_permitted", "CapPrm"},
	    {"capabilities_effective", "CapEff"},
	    {"capabilities_bounding", "CapBnd"},
	    {"capabilities_ambient", "CapAmb"},
	    {"no_new_privileges", "NoNewPrivs"},
	    {"seccomp", "Seccomp"},
	    {"tracer", "TracerPid"},
	};
	size_t i;

	for (i = 0; i < LEN(fields); i++)
		attempt(report, fields[i].name, try_status, fields[i].field);
	attempt(report, "ids", try_ids, NULL);
	attempt(report, "uid_map", try_map, "/proc/self/uid_map");
	attempt(report, "gid_map", try_map, "/proc/self/gid_map");
	attempt(report, "descriptors", try_told, descriptors);
	attempt(report, "cwd", try_told, cwd);
	attempt(report, "environment", try_environment, "/proc/1/environ");
	attempt(report, "processes", try_processes, NULL);
	attempt(report, "memories", try_memories, NULL);
	attempt(report, "interfaces", try_table, "/proc/net/dev");
	attempt(report, "routes", try_table, "/proc/net/route");
	attempt(report, "neighbours", try_table, "/proc/net/arp");
	attempt(report, "hostname", try_hostname, NULL);
	attempt(report, "layers_path", try_layers, NULL);
}
