/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "disk_priv.h"

#define FRAME_HEADER 24

struct handle {
	sqlite3_file base;
	struct disk_file *file; /* NULL when nothing is remembered. */
	bool commits; /* The last frame of one waits for its sync. */
	bool is_wal;
	bool syncs_folder; /* With its next sync, as SQLite's own does. */
	sqlite3_file *real;
};

static struct {
	pthread_mutex_t lock;
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	struct disk_options o;
	long calls;
	long calls_of_all;
	bool tracks;
	bool dead;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- Calls that count ---- */

/* Begins every call that counts, with the lock held. */
static int
begin(int kind)
{
	if (disk.dead)
		return SQLITE_IOERR;
	if (++disk.calls_of_all == disk.o.die_at) {
		disk.dead = true;
		power_lose();
		if (disk.o.on_death != NULL)
			disk.o.on_death(disk.o.arg);
		if (disk.o.die_at_once)
			_exit(71);
		return SQLITE_IOERR;
	}
	if ((kind & disk.o.fail_kinds) == 0)
		return SQLITE_OK;
	disk.calls++;
	if (disk.o.fail_at > 0 &&
	    (disk.calls == disk.o.fail_at ||
		(disk.o.fail_for_good && disk.calls > disk.o.fail_at)))
		return disk.o.fail_rc;
	return SQLITE_OK;
}

static void
lock(void)
{
	pthread_mutex_lock(&disk.lock);
}

static int
unlock(int rc)
{
	pthread_mutex_unlock(&disk.lock);
	return rc;
}

#define REAL(f) (((struct handle *)(void *)(f))->real)

static int
on_close(sqlite3_file *f)
{
	return REAL(f)->pMethods->xClose(REAL(f));
}

static int
on_read(sqlite3_file *f, void *p, int len, sqlite3_int64 at)
{
	int rc;

	lock();
	rc = begin(DISK_READS);
	if (rc == SQLITE_OK)
		rc = REAL(f)->pMethods->xRead(REAL(f), p, len, at);
	return unlock(rc);
}

/* The header of a frame with which a transaction ends names the size that
 * the database then has. */
static bool
ends_commit(const struct handle *h, const void *p, int len)
{
	static const char none[4];

	return h->is_wal && len == FRAME_HEADER &&
	    memcmp((const char *)p + 4, none, sizeof(none)) != 0;
}

static int
on_write(sqlite3_file *f, const void *p, int len, sqlite3_int64 at)
{
	struct handle *h = (struct handle *)(void *)f;
	int rc;

	lock();
	rc = begin(DISK_WRITES);
	if (rc == SQLITE_OK && h->file != NULL && ends_commit(h, p, len)) {
		h->commits = true;
		if (disk.o.on_commit != NULL)
			disk.o.on_commit(disk.o.arg, false);
	}
	if (rc == SQLITE_OK)
		rc = h->real->pMethods->xWrite(h->real, p, len, at);
	if (rc == SQLITE_OK && h->file != NULL)
		power_changed(h->file, p, (size_t)len, (size_t)at);
	return unlock(rc);
}

static int
on_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	struct handle *h = (struct handle *)(void *)f;
	int rc;

	lock();
	rc = begin(DISK_WRITES);
	if (rc == SQLITE_OK)
		rc = h->real->pMethods->xTruncate(h->real, len);
	if (rc == SQLITE_OK && h->file != NULL)
		power_changed(h->file, NULL, 0, (size_t)len);
	return unlock(rc);
}

static void
synced(struct handle *h)
{
	if (!disk.o.sync_lies) {
		power_synced(h->file);
		if (h->syncs_folder)
			power_folder_synced();
		h->syncs_folder = false;
	}
	if (h->commits && disk.o.on_commit != NULL)
		disk.o.on_commit(disk.o.arg, true);
	h->commits = false;
}

static int
on_sync(sqlite3_file *f, int flags)
{
	struct handle *h = (struct handle *)(void *)f;
	int rc;

	if (disk.o.sync_ms > 0)
		usleep((useconds_t)disk.o.sync_ms * 1000);
	lock();
	rc = begin(DISK_SYNCS);
	/* What is remembered here needs no real disk. */
	if (rc == SQLITE_OK && h->file != NULL)
		synced(h);
	else if (rc == SQLITE_OK)
		rc = h->real->pMethods->xSync(h->real, flags);
	return unlock(rc);
}

/* ---- Calls that do not count, but end with the power ---- */

static int
on_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	return disk.dead ? SQLITE_IOERR
			 : REAL(f)->pMethods->xFileSize(REAL(f), ret);
}

static int
on_lock(sqlite3_file *f, int how)
{
	return disk.dead ? SQLITE_IOERR
			 : REAL(f)->pMethods->xLock(REAL(f), how);
}

static int
on_unlock(sqlite3_file *f, int how)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), how);
}

static int
on_is_reserved(sqlite3_file *f, int *ret)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), ret);
}

static int
on_control(sqlite3_file *f, int op, void *arg)
{
	return disk.dead ? SQLITE_NOTFOUND
			 : REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int
on_sector_size(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int
on_characteristics(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int
on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
	if (disk.dead)
		return SQLITE_IOERR;
	return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, ret);
}

static int
on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}

static void
on_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int
on_shm_unmap(sqlite3_file *f, int remove)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

/* ---- The VFS ---- */

static const sqlite3_io_methods methods = {.iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_is_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_characteristics,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap};

static int
open_real(struct handle *h, const char *path, int flags, int *ret_flags)
{
	int rc;

	if (disk.o.read_only && path != NULL)
		flags =
		    (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) |
		    SQLITE_OPEN_READONLY;
	h->file = disk.tracks && path != NULL ? power_find(path) : NULL;
	h->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
	/* Whether it was there or not: what was removed may be behind it. */
	h->syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 &&
	    (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
	h->real = (sqlite3_file *)(void *)(h + 1);
	rc = disk.real->xOpen(disk.real, path, h->real, flags, ret_flags);
	if (h->real->pMethods != NULL)
		h->base.pMethods = &methods;
	if (rc != SQLITE_OK && h->file != NULL)
		power_forget_unmade(h->file);
	return rc;
}

static int
on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags,
    int *ret_flags)
{
	int rc;

	(void)vfs;
	f->pMethods = NULL;
	lock();
	rc = begin(DISK_OPENS);
	if (rc == SQLITE_OK)
		rc = open_real(
		    (struct handle *)(void *)f, path, flags, ret_flags);
	else if (!disk.dead && rc == SQLITE_IOERR)
		rc = SQLITE_CANTOPEN;
	return unlock(rc);
}

static int
on_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
	int rc;

	(void)vfs;
	lock();
	rc = begin(DISK_REMOVALS);
	if (rc == SQLITE_OK)
		rc = disk.real->xDelete(
		    disk.real, path, disk.tracks ? 0 : sync_folder);
	if (rc == SQLITE_OK)
		power_removed(path);
	if (rc == SQLITE_OK && sync_folder && !disk.o.sync_lies)
		power_folder_synced();
	return unlock(rc);
}

static int
on_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
	(void)vfs;
	return disk.dead ? SQLITE_IOERR
			 : disk.real->xAccess(disk.real, path, flags, ret);
}

void
disk_set(const struct disk_options *o)
{
	if (disk.real == NULL) {
		if (sqlite3_initialize() != SQLITE_OK)
			fatal("SQLite does not start");
		disk.real = sqlite3_vfs_find(NULL);
		disk.vfs = *disk.real;
		disk.vfs.zName = "disk";
		disk.vfs.pNext = NULL;
		disk.vfs.szOsFile += (int)sizeof(struct handle);
		disk.vfs.xOpen = on_open;
		disk.vfs.xDelete = on_delete;
		disk.vfs.xAccess = on_access;
		sqlite3_vfs_register(&disk.vfs, 1);
	}
	lock();
	disk.o = *o;
	power_seed(o->seed);
	disk.calls = 0;
	disk.calls_of_all = 0;
	unlock(SQLITE_OK);
}

void
disk_track(void)
{
	disk.tracks = true;
}

long
disk_calls(void)
{
	return disk.calls;
}

long
disk_calls_of_all(void)
{
	return disk.calls_of_all;
}

bool
disk_is_dead(void)
{
	return disk.dead;
}
