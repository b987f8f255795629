/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGES_IMAGES_H
#define IMAGES_IMAGES_H

/*
 * The store of images that tools are started from, and what tools leave
 * behind: loading an archive, deleting what no manifest names any more, and
 * all that a removed tool had.  All of it is done by Podman, of which one
 * runs at a time.
 *
 * Owned by the runner.  What it does is by order of the core, which is told
 * how it went.
 */

#include "ipc/peers.h"
#include "sys/loop.h"

/* There is no systemd of the user's own to ask; podman would warn on the
 * stream that we read. */
#define PODMAN_CGROUPFS "--cgroup-manager=cgroupfs"

#define VOLUME_NAME "durward-%s"

/* What a podman that failed means, in our own words; its own are in a file of
 * this name in the folder, for who may read there. */
#define PODMAN_SAID "podman-said"
const char *images_meaning(const char *folder, const char *said);

struct images;

struct images_setup {
	struct peers *peers;
	struct loop *loop;
	const char *folder; /* Of the runner, for what must outlive it. */
	const struct errmsg *broken; /* Why nothing can be done, or "". */
	void *arg;
	/* Is Podman at a container of this tool? */
	bool (*is_starting)(void *arg, const char *tool);
};

/* Begins with taking back what an earlier runner did not finish. */
struct images *images_new(const struct images_setup *s);

/* The tool's slice of subordinate ids: the same number until it is removed
 * with all that they own.  ERR_LIMIT, ERR_IO.  The second is for who has the
 * runner's folder and no runner. */
#define SLICE_IDS 1024
NODISCARD enum err images_take_slice(
    struct images *im, const char *tool, int *ret);
NODISCARD enum err slices_take(const char *folder, const char *tool, int *ret);

void images_load(struct images *im, const struct msg *m);
void images_named(struct images *im, const struct msg *m);
void images_wipe(struct images *im, const struct msg *m);

#endif
