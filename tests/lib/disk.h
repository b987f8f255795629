/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DISK_H
#define DISK_H

/*
 * A disk that can be made to fail and to lose power: an SQLite VFS in front
 * of the ordinary one.  Every call passes through to real files.
 *
 * With disk_track() it also remembers, for each file, what is on the disk
 * for certain (as of its last sync) and every write and truncation since.
 * When the power goes, the real files become what is certain and a random
 * part of the rest: in other order, torn at sectors, some of them noise.
 * The same goes for names: a file that was made or removed may or may not
 * have been, until its folder is synced.
 *
 * The memory that connections share (xShm) belongs to the ordinary VFS and
 * is lost with the power.
 */

#include <stdbool.h>
#include <stdint.h>

enum {
	DISK_OPENS = 1,
	DISK_READS = 2,
	DISK_WRITES = 4, /* Truncations, too. */
	DISK_SYNCS = 8,
	DISK_REMOVALS = 16,
	DISK_ALL = 31,
};

struct disk_options {
	/* The call of these kinds, counted from 1, that answers `rc`; and
	 * all behind it when `for_good`. */
	int fail_kinds;
	long fail_at;
	int fail_rc;
	bool fail_for_good;

	bool read_only;
	int sync_ms; /* Each sync takes so long. */
	bool sync_lies; /* It says OK and does nothing. */

	/* The call of any kind at which the power goes; 0 for never.  All
	 * behind it fail, or the process ends at once. */
	long die_at;
	bool die_at_once;
	uint64_t seed;

	void (*on_death)(void *arg);
	/* Around each commit of a WAL: before its last frame is written,
	 * and when it was synced. */
	void (*on_commit)(void *arg, bool synced);
	void *arg;
};

/* Make it the VFS of this process, or change what it does. */
void disk_set(const struct disk_options *o);

/* From here on remember; before any file is open. */
void disk_track(void);

/* Calls that counted since disk_set(): of `fail_kinds`, and of any. */
long disk_calls(void);
long disk_calls_of_all(void);
bool disk_is_dead(void);

/* A generator for all that is seeded. */
uint64_t disk_random(uint64_t *state);

#endif
