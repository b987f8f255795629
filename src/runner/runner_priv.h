/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_RUNNER_PRIV_H
#define RUNNER_RUNNER_PRIV_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "ipc/peers.h"

#define ARGV_MAX 96
#define CONTAINER_NAME_SIZE (NAME_MAX_LEN + 32)

/* ---- keep.c: what the runner remembers in its home ---- */

struct keep {
	char folder[512];
	char runtime[16]; /* The OCI runtime that worked; "" at first. */
};

/* Files of the folder that every container is started with. */
#define KEEP_SECCOMP "seccomp.json"
#define KEEP_RESOLV "resolv.conf"
#define KEEP_HOSTS "hosts"

NODISCARD enum err keep_open(struct keep *k, struct errmsg *why);
void keep_runtime(struct keep *k, const char *runtime);

/* The tool's slice of subordinate ids: the same number for ever. */
NODISCARD enum err keep_slice(struct keep *k, const char *tool, int *ret);

/* ---- profile.c: what a tool may ask of the kernel ---- */

struct str profile_text(void);

/* ---- cgroup.c: the cgroup v2 of our own, if there is one ---- */

#define CGROUP_PATH_SIZE 1024

struct cgroups {
	char unit[CGROUP_PATH_SIZE / 2]; /* "": limits cannot be enforced. */
};

bool cgroups_open(struct cgroups *c);

/* A new cgroup to start `podman run` in; its file of processes. */
NODISCARD bool cgroups_make(
    const struct cgroups *c, const char *name, char *ret, size_t size);

/* ---- podman.c: the command lines ---- */

/* There is no systemd of the user's own to ask; podman would warn on the
 * stream that we read. */
#define PODMAN_CGROUPFS "--cgroup-manager=cgroupfs"

const char *podman_other_runtime(const char *runtime);

/* Does `podman` answer?  The reason when it does not. */
NODISCARD enum err podman_check(struct errmsg *why);

/* Remove every container that an earlier runner left. */
NODISCARD enum err podman_remove_all(const char *instance);

/* The ids that this user's containers have outside.  ERR_STATE: none. */
struct podman_ids {
	int64_t first; /* That 1 inside stands for. */
	int64_t count;
};
NODISCARD enum err podman_read_ids(struct podman_ids *ret, struct errmsg *why);

/* Of a slice of them: the user that its tool runs as, outside. */
#define SLICE_IDS 1024
#define TOOL_UID 1000
int64_t podman_tool_uid(const struct podman_ids *ids, int slice);

struct podman_run {
	const char *runtime;
	bool limits;
	const char *instance;
	const char *name;
	const char *tool;
	const char *image;
	const char *folder; /* Of the keep. */
	const char *shim;
	bool volume;
	int slice;
	int64_t memory_mib;
	int64_t pids;
	const struct json *ports; /* That the shim binds inside. */
	const struct json *folders; /* Of owners, checked. */
	const struct json *command;
};

/* Words of `podman run`; `words` owns their text. */
struct podman_words {
	const char *argv[ARGV_MAX];
	size_t n;
	char *owned[ARGV_MAX];
	size_t n_owned;
};

void podman_run_words(const struct podman_run *r, struct podman_words *ret);
void podman_words_done(struct podman_words *w);

/* ---- containers.c: one warm container for each tool ---- */

struct starting;

struct warm {
	char tool[NAME_MAX_LEN + 1];
	char name[CONTAINER_NAME_SIZE];
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
	int count;
	int64_t asked; /* Questions to the vault, ever. */
};

peer_fn containers_on_start;
peer_fn containers_on_stop;
peer_fn containers_on_secret;

/* ---- folders.c ---- */

/* May these be mounted: [{"at", "from", "write"}]?  What the manifest's
 * reader cannot see is checked here, where the disk is. */
NODISCARD enum err folders_check(const struct runner *r, const char *tool,
    const struct json *folders, struct errmsg *why);

/* Who a tool is outside: {"id", "tool"}. */
peer_fn folders_on_ids_wanted;

/* ---- secrets.c ---- */

/* Put what the vault gave into the socket that the shim reads. */
NODISCARD enum err secrets_give(int pair_end, const struct msg *m);

#endif
