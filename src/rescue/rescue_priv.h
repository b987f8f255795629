/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESCUE_RESCUE_PRIV_H
#define RESCUE_RESCUE_PRIV_H

#include <sys/stat.h>
#include <sys/types.h>

#include "archive/archive.h"
#include "ids/ids.h"
#include "images/images.h"
#include "rescue/rescue.h"

#define DATABASE_NAME "durward.db"
#define KEY_NAME "vault/kek"
#define VOLUME_PREFIX "durward-"
#define REPLACED ".replaced"
#define STAGED ".restore"
#define PATH_SIZE 1024

/* ---- own.c ---- */

/* For a child's answers: memory that it shares with us. */
void *own_shared(size_t size);
void own_shared_free(void *p, size_t size);

/* Call `fn` in a child that is this user, when we are another; what it
 * returns.  ERR_IO when it did not end by itself. */
NODISCARD enum err own_run(
    uid_t uid, gid_t gid, enum err (*fn)(void *arg), void *arg);

/* The ids of a tools' user: its own, and the ranges of its tools. */
struct own_ids {
	uid_t uid;
	gid_t gid;
	struct ids_range uids;
	struct ids_range gids;
};
NODISCARD enum err own_ids_of(
    const char *home, struct own_ids *ret, struct errmsg *why);

/* ---- backup.c ---- */

/* ERR_LIMIT when the disk of `path` has no room for so many bytes more and
 * what the house keeps of it. */
NODISCARD enum err backup_check_room(const char *path, int64_t bytes);

/* ---- volumes.c: out of them ---- */

/* The folder of all volumes.  ERR_NOTFOUND: there is none. */
NODISCARD enum err volumes_open(const char *home, int *ret_fd);

/* `file` is where `w` writes. */
NODISCARD enum err volumes_save(const struct rescue *r,
    struct archive_writer *w, const char *file, struct rescue_done *done,
    struct errmsg *why);

/* ---- placing.c: into new ones ---- */

struct placing;

/* Leftovers of another restore are removed. */
NODISCARD enum err placing_new(
    const char *home, struct placing **ret, struct errmsg *why);
void placing_free(struct placing *p); /* With what was not kept. */
/* One entry, of VOLUME to VOLUME_END. */
NODISCARD enum err placing_entry(struct placing *p, struct archive_reader *from,
    const struct archive_entry *e, struct errmsg *why);
/* The tools whose volumes are built, a name a line; what lies in the way of
 * their .replaced is removed, and all is synced. */
NODISCARD enum err placing_keep(
    struct placing *p, struct buf *ret_names, struct errmsg *why);

/* What was built takes the volume's place. */
NODISCARD enum err volumes_swap(
    const char *home, const char *tool, struct errmsg *why);

/* ---- finish.c ---- */

#define RESTORE_NAME "restore"
#define RESTORE_TMP "restore.tmp"
#define RESTORE_VOLUMES "volumes"

NODISCARD enum err finish_locked(int state_fd, struct errmsg *why);

#endif
