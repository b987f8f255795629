/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_RUNNER_PRIV_H
#define RUNNER_RUNNER_PRIV_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "images/images.h"
#include "ipc/peers.h"
#include "sys/tree.h"

#define CONTAINER_NAME_SIZE (NAME_MAX_LEN + 32)
#define STREAMS 3 /* stdin, stdout, stderr. */

/* ---- keep.c: what the runner remembers in its home ---- */

struct keep {
	char folder[512];
	char runtime[16]; /* The OCI runtime that worked; "" at first. */
	char volumes[512]; /* Where Podman keeps volumes; "" at first. */
};

/* Files of the folder that every container is started with. */
#define KEEP_SECCOMP "seccomp.json"
#define KEEP_RESOLV "resolv.conf"
#define KEEP_HOSTS "hosts"

/* NAME.pid: where Podman writes a container's first process. */
#define KEEP_PID ".pid"

NODISCARD enum err keep_open(struct keep *k, struct errmsg *why);
void keep_runtime(struct keep *k, const char *runtime);

/* Read it, and forget it; 0 when it is not there. */
pid_t keep_take_pid(const struct keep *k, const char *container);

/* The folder of Podman's volumes, asked once by way of this tool's: so a
 * start need not wait for the answer.  ERR_NOTFOUND when it has none. */
NODISCARD enum err keep_volumes(struct keep *k, const char *tool);
void keep_forget_volumes(struct keep *k);

/* ---- profile.c: what a tool may ask of the kernel ---- */

struct str profile_text(void);

/* ---- cgroup.c: the cgroup v2 of our own, if there is one ---- */

#define CGROUP_PATH_SIZE 1024

struct cgroups {
	char unit[CGROUP_PATH_SIZE / 2]; /* "": there is none. */
	bool memory; /* What can be limited in it. */
	bool pids;
	const char *why; /* Not both; "" when both can. */
};

void cgroups_open(struct cgroups *c);

/* A new cgroup to start `podman run` in; its file of processes. */
NODISCARD bool cgroups_make(
    const struct cgroups *c, const char *name, char *ret, size_t size);

/* ---- podman.c: the command lines ---- */

const char *podman_other_runtime(const char *runtime);

/* Does `podman` answer?  The reason when it does not. */
NODISCARD enum err podman_check(const struct keep *k, struct errmsg *why);

/* Where it keeps the volume of this tool; the caller frees it.
 * ERR_NOTFOUND when there is none. */
NODISCARD enum err podman_volume(const char *tool, char **ret);

/* Remove every container that an earlier runner left. */
NODISCARD enum err podman_remove_all(const char *instance);

/* The ids that this user's containers have outside.  ERR_STATE: none. */
struct podman_ids {
	int64_t first; /* That 1 inside stands for. */
	int64_t count;
};
NODISCARD enum err podman_read_ids(struct podman_ids *ret, struct errmsg *why);

/* Who the files of images belong to: the same inside as outside, so that
 * Podman need not change, and with that copy, every file of an image for each
 * slice.  Behind all slices, and nobody ever runs as it. */
#define IMAGE_UID 65000
#define TOOL_UID 1000
/* The user that the tool of a slice runs as, outside. */
int64_t podman_tool_uid(const struct podman_ids *ids, int slice);

struct podman_run {
	const char *runtime;
	const struct cgroups *cgroups;
	const char *instance;
	const char *name;
	const char *tool;
	const char *image;
	const char *folder; /* Of the keep. */
	const char *shim;
	bool volume;
	int64_t file_max;
	int slice;
	int64_t memory_mib;
	int64_t workspace_mib;
	int64_t pids;
	const struct json *ports; /* That the shim binds inside. */
	const struct json *folders; /* Of owners, checked. */
	const struct json *command;
};

/* Words of `podman run`; `words` owns their text. */
struct podman_words {
	const char *argv[PODMAN_WORDS_MAX];
	size_t n;
	char *owned[PODMAN_WORDS_MAX];
	size_t n_owned;
};

void podman_run_words(const struct podman_run *r, struct podman_words *ret);
void podman_words_done(struct podman_words *w);

/* ---- measure.c: a child that may look into what tools keep ---- */

struct measure_question {
	int64_t id;
	int64_t entries_max;
	char path[600];
};

struct measure_answer {
	int64_t id;
	enum err e;
	struct tree_size size;
};

/* Answers until the other end is closed. */
_Noreturn void measure_serve(int fd, pid_t parent);

/* ---- volumes.c: what tools keep, measured while they run ---- */

/* The volume of a tool that is starting or warm. */
struct volume {
	int64_t mib; /* Its limit; 0: it has none. */
	int64_t asked; /* The open question; 0: none. */
	int64_t asked_ms;
	int64_t next_ms; /* When it is to be measured again. */
	int64_t bytes; /* As they were last measured. */
	int64_t entries;
	bool grew;
};

struct volumes {
	int fd; /* The child's other end. */
	pid_t pid; /* 0: there is none. */
	uint64_t timer;
	int64_t questions; /* Ever. */
};

/* ---- containers.c: one warm container for each tool ---- */

/* A `podman run` under way. */
struct starting {
	struct runner *runner;
	char name[CONTAINER_NAME_SIZE];
	char tool[NAME_MAX_LEN + 1];
	struct json *order;
	char *manifest; /* NULL: it has no secrets. */
	int64_t asked; /* The question to the vault; 0: none is open. */
	struct volume volume;
	char runtime[16];
	bool second_try;
	bool unwanted; /* Given up while Podman was at it. */
	uint64_t timer;
	uint64_t again; /* Asks the vault, which was away. */
	pid_t pid; /* 0: Podman is not at it. */
	int pidfd;
	int said_fd;
	/* The tools role's ends: stdin, stdout, stderr. */
	int streams[STREAMS];
};

struct warm {
	char tool[NAME_MAX_LEN + 1];
	char name[CONTAINER_NAME_SIZE];
	pid_t first; /* Its first process; 0: unknown. */
	int first_fd;
	struct volume volume;
};

struct runner {
	struct peers *peers;
	struct loop *loop;
	struct keep keep;
	const char *shim;
	const char *instance;
	const char *state; /* Where the house keeps its own. */
	struct cgroups cgroups;
	struct errmsg broken; /* Why nothing can be started, or "". */
	struct warm warm[TOOLS_MAX];
	struct starting *starting[TOOLS_MAX];
	struct volumes volumes;
	int count;
	int64_t asked; /* Questions to the vault, ever. */
	struct images *images;
};

/* Its volume was measured before it starts: it does, or it is refused. */
void containers_measured(struct starting *s, enum err e, const char *why);
/* Ended at once, because of its volume. */
void containers_end(struct runner *r, struct warm *w, const char *why);

/* Before the start: is there room?  Told to containers_measured(). */
NODISCARD enum err volumes_ask(struct starting *s, struct errmsg *why);
/* A tool with a volume is warm: from here on it is measured. */
void volumes_watch(struct runner *r);

peer_fn containers_on_start;
peer_fn containers_on_stop;
peer_fn containers_on_secret;
bool containers_is_starting(const struct runner *r, const char *tool);

/* ---- folders.c ---- */

/* May these be mounted: [{"at", "from", "write"}]?  What the manifest's
 * reader cannot see is checked here, where the disk is. */
NODISCARD enum err folders_check(const struct runner *r, const char *tool,
    const struct json *folders, struct errmsg *why);

/* Who a tool is outside: {"id", "tool"}. */
peer_fn folders_on_ids_wanted;

/* ---- top.c ---- */

peer_fn top_on_wanted;

/* ---- shim.c: the socket that a container's shim speaks over ---- */

/* `ret_ours` are the tools role's ends, as far as they were made. */
NODISCARD enum err shim_give_streams(
    int pair_end, size_t n_secrets, int ret_ours[STREAMS]);

/* What it bound inside goes to the gate.  Takes `pair_end` over. */
NODISCARD enum err shim_await_sockets(
    struct runner *r, const char *tool, bool has_ports, int pair_end);

/* ---- secrets.c ---- */

/* Put what the vault gave into the socket that the shim reads. */
NODISCARD enum err secrets_give(int pair_end, const struct msg *m);

#endif
