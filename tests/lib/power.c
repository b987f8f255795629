/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "disk_priv.h"

/* What the disk remembers of its files, and what is left without power. */

#define FILES_MAX 16
#define SECTOR 512

struct bytes {
	char *p;
	size_t len;
	size_t room;
};

/* A write, or a truncation to `at` when there is no data. */
struct change {
	char *data;
	size_t len;
	size_t at;
};

struct disk_file {
	char *path; /* NULL: free. */
	struct bytes certain;
	struct change *changes;
	size_t n_changes;
	size_t changes_room;
	bool name_is_certain;
	bool removed;
};

static struct disk_file files[FILES_MAX];
static uint64_t randomness;

uint64_t
disk_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u); /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Of a hundred. */
static bool
chance(uint64_t percent)
{
	return disk_random(&randomness) % 100 < percent;
}

/* ---- What is remembered ---- */

static void
bytes_resize(struct bytes *b, size_t len)
{
	if (len > b->room) {
		b->room = len + len / 2 + 4096;
		b->p = xrealloc(b->p, b->room);
	}
	if (len > b->len)
		memset(b->p + b->len, 0, len - b->len);
	b->len = len;
}

static void
bytes_write(struct bytes *b, size_t at, const char *p, size_t len)
{
	if (len == 0)
		return;
	if (at + len > b->len)
		bytes_resize(b, at + len);
	memcpy(b->p + at, p, len);
}

static void
drop_changes(struct disk_file *f)
{
	size_t i;

	for (i = 0; i < f->n_changes; i++)
		free(f->changes[i].data);
	f->n_changes = 0;
}

static void
forget(struct disk_file *f)
{
	drop_changes(f);
	free(f->changes);
	free(f->certain.p);
	free(f->path);
	memset(f, 0, sizeof(*f));
}

void
power_changed(struct disk_file *f, const char *data, size_t len, size_t at)
{
	struct change *c;

	if (f->n_changes == f->changes_room) {
		f->changes_room = 2 * f->changes_room + 64;
		f->changes = xrealloc(f->changes, f->changes_room * sizeof(*c));
	}
	c = &f->changes[f->n_changes++];
	c->data = data != NULL ? xstrndup(data, len) : NULL;
	c->len = len;
	c->at = at;
}

void
power_synced(struct disk_file *f)
{
	size_t i;

	for (i = 0; i < f->n_changes; i++) {
		const struct change *c = &f->changes[i];

		if (c->data != NULL)
			bytes_write(&f->certain, c->at, c->data, c->len);
		else if (c->at < f->certain.len)
			bytes_resize(&f->certain, c->at);
	}
	drop_changes(f);
}

void
power_folder_synced(void)
{
	size_t i;

	for (i = 0; i < FILES_MAX; i++) {
		files[i].name_is_certain = true;
		if (files[i].removed)
			forget(&files[i]);
	}
}

static void
load(struct disk_file *f)
{
	FILE *in = fopen(f->path, "rb");
	char chunk[4096];
	size_t n;

	f->name_is_certain = in != NULL;
	if (in == NULL)
		return;
	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		bytes_write(&f->certain, f->certain.len, chunk, n);
	fclose(in);
}

struct disk_file *
power_find(const char *path)
{
	struct disk_file *f = NULL;
	size_t i;

	for (i = 0; i < FILES_MAX; i++) {
		if (files[i].path == NULL)
			f = f == NULL ? &files[i] : f;
		else if (strcmp(files[i].path, path) == 0)
			break;
	}
	if (i < FILES_MAX && !files[i].removed)
		return &files[i];
	/* Made again: that it was removed has reached the disk by now. */
	if (i < FILES_MAX) {
		forget(&files[i]);
		f = &files[i];
	}
	if (f == NULL)
		fatal("the disk has more than %d files", FILES_MAX);
	f->path = xstrdup(path);
	load(f);
	return f;
}

/* ---- The power goes ---- */

static void
keep_sector(struct bytes *b, const struct change *c, size_t from, size_t to)
{
	char noise[SECTOR];
	size_t i;

	if (!chance(2)) {
		bytes_write(b, from, c->data + (from - c->at), to - from);
		return;
	}
	for (i = 0; i < to - from; i++)
		noise[i] = (char)disk_random(&randomness);
	bytes_write(b, from, noise, to - from);
}

static void
keep_change(struct bytes *b, const struct change *c, bool torn, uint64_t most)
{
	size_t from = c->at;
	size_t to;

	if (c->data == NULL) {
		if (c->at < b->len)
			bytes_resize(b, c->at);
		return;
	}
	for (; from < c->at + c->len; from = to) {
		to = (from / SECTOR + 1) * SECTOR;
		if (to > c->at + c->len)
			to = c->at + c->len;
		if (!torn)
			bytes_write(
			    b, from, c->data + (from - c->at), to - from);
		else if (chance(most))
			keep_sector(b, c, from, to);
	}
}

static void
shuffle(struct disk_file *f)
{
	size_t i;

	for (i = f->n_changes; i > 1; i--) {
		size_t j = disk_random(&randomness) % i;
		struct change c = f->changes[i - 1];

		f->changes[i - 1] = f->changes[j];
		f->changes[j] = c;
	}
}

static void
write_back(const struct disk_file *f)
{
	FILE *out = fopen(f->path, "wb");

	if (out == NULL ||
	    fwrite(f->certain.p, 1, f->certain.len, out) != f->certain.len ||
	    fclose(out) != 0)
		fatal("%s cannot be written", f->path);
}

static void
lose_power_of(struct disk_file *f)
{
	static const uint64_t shares[] = {0, 10, 50, 50, 90, 100};
	uint64_t share = shares[disk_random(&randomness) % 6];
	bool torn = chance(50);
	size_t i;

	if ((!f->name_is_certain || f->removed) && chance(50)) {
		unlink(f->path);
		return;
	}
	if (chance(30))
		shuffle(f);
	for (i = 0; i < f->n_changes; i++)
		if (chance(share))
			keep_change(&f->certain, &f->changes[i], torn, share);
	write_back(f);
}

void
power_lose(void)
{
	char shm[1024];
	size_t i;

	for (i = 0; i < FILES_MAX; i++) {
		if (files[i].path == NULL)
			continue;
		lose_power_of(&files[i]);
		snprintf(shm, sizeof(shm), "%s-shm", files[i].path);
		unlink(shm);
	}
}

void
power_seed(uint64_t seed)
{
	randomness = seed;
}

void
power_forget_unmade(struct disk_file *f)
{
	if (!f->name_is_certain && access(f->path, F_OK) < 0)
		forget(f);
}

void
power_removed(const char *path)
{
	size_t i;

	for (i = 0; i < FILES_MAX; i++)
		if (files[i].path != NULL && strcmp(files[i].path, path) == 0)
			files[i].removed = true;
}
