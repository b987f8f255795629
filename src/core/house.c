/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/core_priv.h"
#include "sys/clock.h"

/* The house's own functions: acts like all others, done by the core. */

static void
say_tools(void *arg, struct buf *out)
{
	struct core *c = arg;
	struct slot *t;
	size_t i;

	for (i = 0; (t = slots_at(c->slots, i)) != NULL; i++) {
		const struct manifest *m = slot_manifest(t);

		buf_addf(out, "%s %s%s\n", m->name, m->version,
		    tooling_trusts(c, t) ? "" : " (not signed, unusable)");
		manifest_write_functions(m, out);
	}
	if (i == 0)
		buf_adds(out, "No tools yet; 'durward tool add' adds one.\n");
}

static void
say_status(void *arg, struct buf *out)
{
	struct core *c = arg;
	int64_t up_s = (clock_boot_ms() - c->started_ms) / 1000;

	buf_addf(out,
	    "The house is up since %lld s. %zu clients, %zu "
	    "questions wait, %llu log entries.",
	    (long long)up_s, c->trust.n_clients, acts_count(c->acts, ACT_ASKED),
	    (unsigned long long)ledger_head(c->ledger)->size);
	if (c->runner_ready && !c->has_limits)
		buf_adds(out,
		    "\nMemory and processes of tools have no limits "
		    "here: no writable cgroup v2.");
	if (!c->runner_ready)
		buf_addf(out, "\nTools cannot run: %s",
		    c->runner_state[0] != '\0' ? c->runner_state
					       : "their half is not running");
	safety_say(c, out);
}

static const struct house_function functions[] = {
    {"house.status", EFFECT_READ, say_status},
    {"house.tools", EFFECT_READ, say_tools},
};

const struct house_function *
house_function_at(size_t i)
{
	return i < ARRAY_LEN(functions) ? &functions[i] : NULL;
}

const struct house_function *
house_function(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}
