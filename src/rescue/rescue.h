/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESCUE_RESCUE_H
#define RESCUE_RESCUE_H

/*
 * A backup that survives the disk: database, vault and the volumes of tools
 * in one file that a passphrase seals (archive/), and the way back.
 *
 * No role does this and none has a right for it: it is a command, run by who
 * owns the machine.  Root reads and writes everything; a house of one user
 * without tools that keep anything does with that user.  As root it trusts
 * nobody's folders: the database is opened by a child that is the house's
 * user, and volumes are walked by descriptors, following no link, taking no
 * file that is not its tool's.
 *
 * A restore builds everything beside what is there, checks it, and puts it
 * in place behind one rename:
 *
 *	1. STATE/restore.tmp and durward-TOOL.restore are filled and checked
 *	2. STATE/restore.tmp becomes STATE/restore: no way back from here
 *	3. each volume, then vault, then core becomes NAME.replaced, and what
 *	   was built takes its place
 *
 * Who finds STATE/restore does 3 first: the next restore, or the house at
 * its start.
 */

#include <stdbool.h>
#include <stdint.h>

#include "archive/archive.h"
#include "base/err.h"
#include "base/secret.h"

#define PASSPHRASE_MIN 12 /* Bytes. */
#define PASSPHRASE_MAX 1024
#define RESCUE_FILES_MAX 64 /* Of the vault. */
#define RESCUE_TRIES ARCHIVE_TRIES_MAX /* To read what changes meanwhile. */

struct rescue {
	const char *state; /* Folder of the house. */
	const char *tools; /* Home of the tools' user; NULL: no volumes. */
	const char *file;
	const struct secret *passphrase;
	uint32_t rounds; /* Of a backup's key. */
	bool without_keys; /* Leave the key of the secrets out. */
};

struct rescue_done {
	uint64_t bytes; /* Of the file. */
	int volumes;
	int left_out; /* Files of volumes that are no tool's. */
	bool key; /* The key of the secrets is in it, */
	bool secrets; /* and secrets. */
};

/* The file is there whole, or as it was before.  ERR_BUSY: another one is at
 * work, on this file or this house; or a tool writes all the while. */
NODISCARD enum err rescue_backup(
    const struct rescue *r, struct rescue_done *ret, struct errmsg *why);

/* Does the file want to be such a backup? */
bool rescue_is_backup(const char *path);

/* With the house down.  On an error nothing that was there has changed, but
 * behind step 2: then `why` says so. */
NODISCARD enum err rescue_restore(
    const struct rescue *r, struct rescue_done *ret, struct errmsg *why);

/* Is there a restore that was begun and is not ended? */
bool rescue_is_pending(const char *state);

/* End what a restore began and could not end; fine when there is nothing.
 * ERR_BUSY: it is at work. */
NODISCARD enum err rescue_finish(const char *state, struct errmsg *why);

#endif
