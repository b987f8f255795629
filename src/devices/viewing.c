/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "devices/devices_priv.h"

/*
 * What a turn is shown of the home: what may be meant, or in a small home all
 * of it; and of a large one, when nothing is named, its rooms and how much of
 * which kind is in each.
 */

#define ROOM_TEXT_MAX 256

static void
put_floor(const struct devices *d, const char *area, struct json *row)
{
	if (devices_floor(d, area)[0] != '\0')
		json_put_str(row, "floor", devices_floor(d, area));
}

static struct json *
view_row(const struct devices *d, const struct device *one)
{
	struct json *v = json_object();

	json_put_str(v, "entity", one->id);
	json_put_str(v, "name", one->entity->name);
	json_put_str(v, "area", device_area(one));
	put_floor(d, device_area(one), v);
	if (one->called != NULL && one->called->n_aliases > 0)
		json_put(v, "aliases", device_aliases(one));
	return v;
}

static int
best_score(const struct devices *d, const char *goal)
{
	int best = 0;
	size_t i;

	for (i = 0; i < d->n; i++) {
		int score = devices_score(d, d->list[i], goal);

		best = score > best ? score : best;
	}
	return best;
}

static void
push_scored(
    const struct devices *d, const char *goal, int score, struct json *list)
{
	size_t i;

	for (i = 0; i < d->n && json_count(list) < DEVICES_VIEW_MAX; i++)
		if (devices_score(d, d->list[i], goal) == score)
			json_push(list, view_row(d, d->list[i]));
}

/* ---- Rooms ---- */

/* "4 light, 1 cover": by their ids, things of one kind stand together. */
static void
write_kinds(const struct devices *d, const char *area, struct buf *out)
{
	const char *kind = "";
	size_t count = 0;
	size_t i;

	for (i = 0; i <= d->n; i++) {
		const struct device *one = i < d->n ? d->list[i] : NULL;

		if (one != NULL && strcmp(device_area(one), area) != 0)
			continue;
		if (one == NULL || strcmp(one->entity->component, kind) != 0) {
			if (count > 0)
				buf_addf(out, "%s%zu %s",
				    out->len > 0 ? ", " : "", count, kind);
			kind = one != NULL ? one->entity->component : "";
			count = 0;
		}
		count++;
	}
}

static bool
has_room(const struct json *rooms, const char *area)
{
	const struct json *r = json_first(rooms);

	while (r != NULL && strcmp(json_words(r, "area"), area) != 0)
		r = json_next(r);
	return r != NULL;
}

static struct json *
view_rooms(const struct devices *d)
{
	struct json *rooms = json_array();
	size_t i;

	for (i = 0; i < d->n && json_count(rooms) < DEVICES_ROOMS_MAX; i++) {
		const char *area = device_area(d->list[i]);
		struct json *row;
		struct buf kinds;

		if (has_room(rooms, area))
			continue;
		row = json_object();
		buf_init(&kinds, ROOM_TEXT_MAX);
		write_kinds(d, area, &kinds);
		json_put_str(row, "area", area);
		put_floor(d, area, row);
		json_put_str(row, "kinds", kinds.p);
		json_push(rooms, row);
		buf_done(&kinds);
	}
	return rooms;
}

bool
devices_put_view(void *devices, const char *goal, struct json *view)
{
	const struct devices *d = devices;
	struct json *list = json_array();
	int score = best_score(d, goal);

	if (score == 0 && d->n <= DEVICES_VIEW_MAX)
		push_scored(d, goal, 0, list);
	else if (score == 0)
		json_put(view, "rooms", view_rooms(d));
	for (; score > 0; score--)
		push_scored(d, goal, score, list);
	if (d->n > 0)
		json_put(view, "home", list);
	else
		json_free(list);
	return d->n > 0;
}
