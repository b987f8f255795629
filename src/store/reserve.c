/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "store/store_priv.h"
#include "sys/file.h"

/*
 * The reserve: a file that holds room on the disk, so that a house that ran
 * out of it can still write down that it did.  It is not made again while
 * that would take the very room that giving it up made.
 */

#define SUFFIX ".reserve"

void
reserve_make(struct store *st)
{
	char *path;
	int64_t free_bytes = 0;

	if (st->reserve_bytes == 0)
		return;
	path = path_beside(st->path, SUFFIX);
	if (file_free_bytes(st->path, &free_bytes) != OK)
		free_bytes = 0;
	if (file_is_there(path) || free_bytes >= 2 * st->reserve_bytes) {
		st->has_reserve = file_reserve(path, st->reserve_bytes) == OK;
		st->reserve_refused = !st->has_reserve;
	}
	free(path);
}

void
reserve_release(struct store *st)
{
	char *path = path_beside(st->path, SUFFIX);

	if (file_remove(path) == OK) {
		pthread_mutex_lock(&st->lock);
		st->has_reserve = false;
		pthread_mutex_unlock(&st->lock);
	}
	free(path);
}

bool
store_is_low(struct store *st)
{
	int64_t free_bytes = 0;
	int64_t want = st->reserve_bytes;

	if (want == 0)
		return false;
	pthread_mutex_lock(&st->lock);
	/* The reserve that is missing will take its part. */
	if (!st->has_reserve)
		want *= 2;
	pthread_mutex_unlock(&st->lock);
	return st->reserve_refused ||
	    file_free_bytes(st->path, &free_bytes) != OK || free_bytes < want;
}
