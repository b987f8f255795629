/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tooling/tooling_priv.h"

/* `durward tool top`: what the slots know of their containers, and beside it
 * what the runner sees. */

static const struct json *
seen_by_runner(const struct json *containers, const char *name)
{
	const struct json *v = json_first(containers);

	while (v != NULL && strcmp(json_words(v, "container"), name) != 0)
		v = json_next(v);
	return v;
}

static void
put_seen(struct json *row, const struct json *seen, const char *name)
{
	if (json_has(seen, name))
		json_put_int(row, name, json_int(seen, name, 0));
}

static struct json *
row_of(const struct slot *t, const struct slot_life *life,
    const struct json *containers)
{
	const struct manifest *m = slot_manifest(t);
	const struct json *seen = seen_by_runner(containers, slot_container(t));
	struct json *row = json_object();

	json_put_str(row, "tool", m->name);
	json_put_str(row, "container", slot_container(t));
	json_put_str(row, "state", life->starting ? "starting" : "warm");
	json_put_int(row, "age_ms", life->age_ms);
	json_put_int(row, "idle_ms", life->idle_ms);
	json_put_int(row, "calls", life->calls);
	json_put_int(row, "open", life->open);
	if (m->volume)
		json_put_int(row, "volume_mib", m->volume_mib);
	json_put_int(row, "memory_mib", m->memory_mib);
	put_seen(row, seen, "pss_kib");
	put_seen(row, seen, "processes");
	put_seen(row, seen, "volume_bytes");
	put_seen(row, seen, "volume_entries");
	return row;
}

static void
answer(struct tooling *tg, int64_t request, const struct json *containers)
{
	struct json *v = json_object();
	struct json *list = json_array();
	struct slot_life life;
	const struct slot *t;
	size_t i;

	for (i = 0; (t = slots_at(tg->slots, i)) != NULL; i++)
		if (slot_life(t, &life))
			json_push(list, row_of(t, &life, containers));
	json_put(v, "containers", list);
	json_put_int(v, "most", WARM_MAX);
	json_put_bool(v, "limits", tg->runner.has_limits);
	json_put_str(v, "limits_why", tg->runner.limits_why);
	request_answer(tg->s.requests, request, v);
}

void
tooling_query_top(void *room, const struct request *q)
{
	struct tooling *tg = room;
	struct json *body = json_object();

	json_put_int(body, "id", q->id);
	if (tooling_ask(tg, q->id, ROLE_RUNNER, MSG_CONTAINERS_WANTED,
		MSG_CONTAINERS, body) != OK)
		answer(tg, q->id, NULL);
}

/* {"id", "containers": [{"container", "pss_kib", "processes",
 * "volume_bytes", "volume_entries"}]} */
void
tooling_on_containers(struct tooling *tg, const struct msg *m)
{
	int64_t id = json_int(m->body, "id", 0);

	if (request_take(tg->s.requests, id, MSG_CONTAINERS))
		answer(tg, id, json_get(m->body, "containers"));
}
