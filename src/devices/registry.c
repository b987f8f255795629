/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices_priv.h"

/*
 * Which name each thing has here, kept by the key of its record: it does not
 * hang on who is announced first, nor on what a thing calls itself later.  A
 * name that an owner accepted waits for its thing; any other goes to who comes
 * when its thing is away.
 */

#define REGISTERED "entity" /* The name of the setting. */
#define REGISTRY_ROWS_MAX 32 /* Written at once. */

static struct registered *
find(struct devices *d, const char *key)
{
	size_t i;

	for (i = 0; i < d->n_registered; i++)
		if (strcmp(d->registered[i].key, key) == 0)
			return &d->registered[i];
	return NULL;
}

static struct registered *
find_id(struct devices *d, const char *id)
{
	size_t i;

	for (i = 0; i < d->n_registered; i++)
		if (strcmp(d->registered[i].id, id) == 0)
			return &d->registered[i];
	return NULL;
}

static void
put(struct devices *d, const char *key, const char *id, bool kept)
{
	struct registered *r = find(d, key);

	if (r == NULL && d->n_registered == DEVICES_REGISTERED_MAX)
		return; /* It is called by the order in which they come. */
	if (r == NULL) {
		r = &d->registered[d->n_registered++];
		snprintf(r->key, sizeof(r->key), "%s", key);
	}
	snprintf(r->id, sizeof(r->id), "%s", id);
	r->kept = kept;
	d->unkept += !kept;
}

bool
registry_is_free(struct devices *d, const char *key, const char *id)
{
	const struct manifest *m = d->s.accepted(d->s.arg);
	const struct registered *r = find_id(d, id);

	if (devices_by_id(d, id) != NULL)
		return false;
	return r == NULL || strcmp(r->key, key) == 0 || m == NULL ||
	    manifest_device(m, id) == NULL;
}

const char *
registry_id(struct devices *d, const char *key)
{
	const struct registered *r = find(d, key);

	return r != NULL && r->id[0] != '\0' && devices_by_id(d, r->id) == NULL
	    ? r->id
	    : NULL;
}

void
registry_take(struct devices *d, const char *key, const char *id)
{
	struct registered *r = find(d, key);
	struct registered *other = find_id(d, id);

	if (r != NULL && strcmp(r->id, id) == 0)
		return;
	/* Its thing is away, and may have another one when it comes. */
	if (other != NULL)
		put(d, other->key, "", false);
	put(d, key, id, false);
}

void
registry_load(struct devices *d, const struct json *row)
{
	const char *key = json_words(row, "scope");

	if (strcmp(json_words(row, "name"), REGISTERED) == 0 &&
	    strlen(key) == HOME_KEY_LEN)
		put(d, key, json_words(row, "value"), true);
}

void
devices_keep(struct devices *d)
{
	struct ledger *l = d->s.requests->ledger;
	struct record *r;
	size_t rows = 0;
	size_t i;

	if (d->unkept == 0 || ledger_is_busy(l))
		return;
	r = record_new(l);
	d->unkept = 0;
	for (i = 0; i < d->n_registered; i++) {
		struct registered *one = &d->registered[i];
		struct json *row;

		if (one->kept || rows == REGISTRY_ROWS_MAX) {
			d->unkept += !one->kept;
			continue;
		}
		row = json_object();
		json_put_str(row, "scope", one->key);
		json_put_str(row, "name", REGISTERED);
		json_put_str(row, "value", one->id);
		record_row(r, ROW_SETTING, row);
		one->kept = true;
		rows++;
	}
	record_post(r, false, NULL, NULL, NULL);
}
