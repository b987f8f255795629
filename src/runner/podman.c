/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "runner/runner_priv.h"
#include "sys/file.h"
#include "sys/spawn.h"

#define WORKSPACE_OPTIONS "rw,exec,nosuid,nodev,mode=0700,U"
#define DATA_ONLY "ro,noexec,nosuid,nodev"

/* The only network a tool has is none.  In it any port is anybody's. */
#define ANY_PORT "--sysctl=net.ipv4.ip_unprivileged_port_start=0"
#define NETWORK "--network=none", ANY_PORT

static void
word(struct podman_words *w, const char *text)
{
	if (w->n + 1 >= PODMAN_WORDS_MAX)
		fatal("a podman command line is too long");
	w->argv[w->n++] = text;
	w->argv[w->n] = NULL;
}

static void PRINTF_LIKE(2, 3)
    wordf(struct podman_words *w, const char *fmt, ...)
{
	struct buf b;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&b, sizeof(text));
	buf_adds(&b, text);
	w->owned[w->n_owned++] = buf_steal(&b);
	word(w, w->owned[w->n_owned - 1]);
}

void
podman_words_done(struct podman_words *w)
{
	size_t i;

	for (i = 0; i < w->n_owned; i++)
		free(w->owned[i]);
}

const char *
podman_other_runtime(const char *runtime)
{
	return strcmp(runtime, "crun") == 0 ? "runc" : "crun";
}

static enum err
ask_version(struct buf *out)
{
	static const char *const argv[] = {"podman", PODMAN_CGROUPFS, "version",
	    "--format={{.Client.Version}}", NULL};

	buf_clear(out);
	return spawn_and_wait(argv, PODMAN_FIRST_MS, out);
}

enum err
podman_check(const struct keep *k, struct errmsg *why)
{
	static const char *const migrate[] = {
	    "podman", PODMAN_CGROUPFS, "system", "migrate", NULL};
	struct buf out;
	enum err e;

	buf_init(&out, 4096);
	e = ask_version(&out);
	if (e != OK) {
		/* Containers that died together with their conmon, as in a
		 * unit that was killed, still run in podman's books. */
		buf_clear(&out);
		if (spawn_and_wait(migrate, PODMAN_ASK_MS, &out) == OK)
			e = ask_version(&out);
	}
	if (e != OK)
		err_say(why, e,
		    "podman does not answer (%s); install podman and "
		    "uidmap, and give this user subordinate ids in "
		    "/etc/subuid",
		    out.p != NULL && out.len > 0
			? images_meaning(k->folder, out.p)
			: err_text(e));
	buf_done(&out);
	return e;
}

enum err
podman_volume(const char *tool, char **ret)
{
	char name[NAME_MAX_LEN + 16];
	const char *const argv[] = {"podman", PODMAN_CGROUPFS, "volume",
	    "inspect", "--format={{.Mountpoint}}", name, NULL};
	struct buf out;
	struct str rest;
	struct str line;
	enum err e;

	snprintf(name, sizeof(name), "durward-%s", tool);
	buf_init(&out, 4096);
	e = spawn_and_wait(argv, PODMAN_ASK_MS, &out);
	rest = (struct str){out.p != NULL ? out.p : "", out.len};
	/* Its warnings come on the same stream. */
	while (e == OK && str_line(&rest, &line))
		if (line.len > 1 && line.p[0] == '/') {
			*ret = xstrndup(line.p, line.len);
			goto out;
		}
	if (e == OK)
		e = ERR_UNSUPPORTED;
	else if (e == ERR_STATE)
		e = ERR_NOTFOUND;
out:
	buf_done(&out);
	return e;
}

enum err
podman_remove_all(const char *instance)
{
	struct podman_words w = {.n = 0};
	struct str rest;
	struct str line;
	struct buf out;
	size_t named = 0;
	enum err e;

	buf_init(&out, 64 * 1024);
	word(&w, "podman");
	word(&w, PODMAN_CGROUPFS);
	word(&w, "ps");
	word(&w, "-aq");
	wordf(&w, "--filter=label=durward.instance=%s", instance);
	e = spawn_and_wait(w.argv, PODMAN_ASK_MS, &out);
	podman_words_done(&w);
	if (e != OK)
		goto out;
	w = (struct podman_words){.n = 0};
	word(&w, "podman");
	word(&w, PODMAN_CGROUPFS);
	word(&w, "rm");
	word(&w, "-f");
	word(&w, "-t0");
	rest = (struct str){out.p != NULL ? out.p : "", out.len};
	while (str_line(&rest, &line) && named < 64)
		/* Its warnings come on the same stream. */
		if (line.len >= 12 &&
		    strspn(line.p, "0123456789abcdef") >= line.len) {
			wordf(&w, "%.*s", (int)line.len, line.p);
			named++;
		}
	buf_clear(&out);
	if (named > 0)
		e = spawn_and_wait(w.argv, PODMAN_ASK_MS, &out);
	podman_words_done(&w);
out:
	buf_done(&out);
	return e;
}

/* "inside outside count" of the user namespace that Podman makes: its own
 * user is 0 there, and what it was given follows from 1. */
static enum err
read_second_range(struct str text, struct podman_ids *ret)
{
	long long v[3];
	struct str line;
	char copy[96];

	while (str_line(&text, &line)) {
		if (line.len >= sizeof(copy))
			continue;
		snprintf(copy, sizeof(copy), "%.*s", (int)line.len, line.p);
		if (sscanf(copy, "%lld %lld %lld", &v[0], &v[1], &v[2]) != 3 ||
		    v[0] != 1)
			continue;
		ret->first = v[1];
		ret->count = v[2];
		return OK;
	}
	return ERR_STATE;
}

enum err
podman_read_ids(struct podman_ids *ret, struct errmsg *why)
{
	static const char *const argv[] = {"podman", PODMAN_CGROUPFS, "unshare",
	    "cat", "/proc/self/uid_map", NULL};
	struct buf out;
	enum err e;

	buf_init(&out, 4096);
	e = spawn_and_wait(argv, PODMAN_ASK_MS, &out);
	if (e == OK)
		e = read_second_range((struct str){out.p, out.len}, ret);
	buf_done(&out);
	if (e != OK)
		return err_say(why, e,
		    "podman does not say which subordinate ids it uses; look "
		    "at /etc/subuid");
	return OK;
}

int64_t
podman_tool_uid(const struct podman_ids *ids, int slice)
{
	return ids->first + (int64_t)slice * SLICE_IDS + TOOL_UID;
}

static void
limit_words(const struct podman_run *r, struct podman_words *w)
{
	int64_t nproc = r->pids > NPROC_MIN ? r->pids : NPROC_MIN;

	word(w, "--ulimit=core=0:0");
	word(w, "--ulimit=nofile=256:256");
	word(w, "--ulimit=msgqueue=0:0");
	wordf(w, "--ulimit=fsize=%lld:%lld", (long long)r->file_max,
	    (long long)r->file_max);
	if (r->cgroups->unit[0] != '\0')
		word(w, "--cgroups=split");
	if (r->cgroups->memory) {
		wordf(w, "--memory=%lldm", (long long)r->memory_mib);
		wordf(w, "--memory-swap=%lldm", (long long)r->memory_mib);
	}
	if (r->cgroups->pids)
		wordf(w, "--pids-limit=%lld", (long long)r->pids);
	else
		/* Each tool is a user of its own, so that this counts its
		 * processes alone. */
		wordf(w, "--ulimit=nproc=%lld:%lld", (long long)nproc,
		    (long long)nproc);
}

static void
id_words(const struct podman_run *r, struct podman_words *w)
{
	/* Inside a rootless user namespace 0 is the user itself and its
	 * subordinate ids follow from 1. */
	int first = 1 + r->slice * SLICE_IDS;

	wordf(w, "--uidmap=0:%d:%d", first, SLICE_IDS);
	wordf(w, "--gidmap=0:%d:%d", first, SLICE_IDS);
	wordf(w, "--uidmap=%d:%d:1", IMAGE_UID, IMAGE_UID);
	wordf(w, "--gidmap=%d:%d:1", IMAGE_UID, IMAGE_UID);
	wordf(w, "--user=%d:%d", TOOL_UID, TOOL_UID);
}

/* `bind`: without what else is mounted below it, which would keep its own
 * options; Podman then fails where there is something. */
static void
folder_words(const struct podman_run *r, struct podman_words *w)
{
	const struct json *f;

	for (f = json_first(r->folders); f != NULL; f = json_next(f))
		wordf(w, "--volume=%s:%s:%s,noexec,nosuid,nodev,bind",
		    json_words(f, "from"), json_words(f, "at"),
		    json_flag(f, "write") ? "rw" : "ro");
}

void
podman_run_words(const struct podman_run *r, struct podman_words *w)
{
	static const char *const fixed[] = {"run", "-d", "--rm", "--pull=never",
	    "--preserve-fds=1", NETWORK, "--http-proxy=false", "--read-only",
	    "--read-only-tmpfs=false",
	    "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=16m,U", "--cap-drop=all",
	    "--security-opt=no-new-privileges", "--security-opt=mask=/sys",
	    "--ipc=none", "--log-driver=none"};
	const struct json *m;
	size_t i;

	*w = (struct podman_words){.n = 0};
	/* From Podman 5 on, a folder that the container's ids can reach is
	 * made below it, and the images' scratch is closed to them. */
	word(w, "env");
	word(w, "--unset=TMPDIR");
	word(w, "podman");
	word(w, PODMAN_CGROUPFS);
	wordf(w, "--runtime=%s", r->runtime);
	for (i = 0; i < ARRAY_LEN(fixed); i++)
		word(w, fixed[i]);
	wordf(w, "--name=%s", r->name);
	wordf(w, "--pidfile=%s/%s" KEEP_PID, r->folder, r->name);
	wordf(w, "--label=durward.instance=%s", r->instance);
	wordf(w, "--label=durward.tool=%s", r->tool);
	limit_words(r, w);
	id_words(r, w);
	wordf(w, "--security-opt=seccomp=%s/" KEEP_SECCOMP, r->folder);
	wordf(w, "--volume=%s/" KEEP_RESOLV ":/etc/resolv.conf:" DATA_ONLY,
	    r->folder);
	wordf(w, "--volume=%s/" KEEP_HOSTS ":/etc/hosts:" DATA_ONLY, r->folder);
	wordf(w, "--volume=%s:/shim:ro,nosuid,nodev", r->shim);
	if (r->volume)
		wordf(w,
		    "--volume=" VOLUME_NAME ":/data:rw,noexec,nosuid,nodev",
		    r->tool);
	folder_words(r, w);
	/* The one place where a tool may run what it wrote. */
	if (r->workspace_mib > 0)
		wordf(w, "--tmpfs=/workspace:" WORKSPACE_OPTIONS ",size=%lldm",
		    (long long)r->workspace_mib);
	wordf(w, "%s", r->image + strlen("sha256:"));
	word(w, "/shim");
	if (json_count(r->ports) > 0)
		word(w, "u:53");
	for (m = json_first(r->ports); m != NULL; m = json_next(m))
		wordf(w, "t:%s", json_text(m));
	word(w, "--");
	for (m = json_first(r->command); m != NULL; m = json_next(m))
		wordf(w, "%s", json_text(m));
}
