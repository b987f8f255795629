/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/proc.h"
#include "runner/runner_priv.h"

/* What warm containers use. */

/* Of all its processes together; -1 when the kernel does not tell it. */
static int64_t
pss_kib(const struct processes *family)
{
	int64_t sum = 0;
	int64_t kib;
	size_t i;

	for (i = 0; i < family->n; i++) {
		kib = proc_pss_kib(family->pids[i]);
		if (kib < 0)
			return -1;
		sum += kib;
	}
	return sum;
}

static struct json *
warm_json(const struct warm *w)
{
	static struct processes family;
	struct json *v = json_object();

	json_put_str(v, "container", w->name);
	if (w->first != 0) {
		proc_family(w->first, &family);
		json_put_int(v, "pss_kib", pss_kib(&family));
		json_put_int(v, "processes", (int64_t)family.n);
	}
	if (w->volume.next_ms != 0) { /* It was measured. */
		json_put_int(v, "volume_bytes", w->volume.bytes);
		json_put_int(v, "volume_entries", w->volume.entries);
	}
	return v;
}

/* {"id"} */
void
top_on_wanted(void *role, struct msg *m)
{
	struct runner *r = role;
	struct json *body = json_object();
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (r->warm[i].tool[0] != '\0')
			json_push(list, warm_json(&r->warm[i]));
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put(body, "containers", list);
	peers_send(r->peers, ROLE_CORE, MSG_CONTAINERS, body);
}
