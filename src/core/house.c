/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/core_priv.h"
#include "sys/clock.h"

/* The house's own functions: acts like all others, done by the core. */

static const char *
say_state(const struct core *c, const struct slot *t)
{
	if (slot_is_disabled(t))
		return " (disabled)";
	return tooling_trusts(c->tooling, t) ? "" : " (not signed, unusable)";
}

static void
say_function(const struct manifest *m, const struct manifest_function *f,
    struct buf *out)
{
	char name[CALL_NAME_SIZE];

	manifest_call_name(m, f, name);
	buf_addf(out, "  %s (%s)\n", name, effect_name(f->effect));
}

static void
say_tools(void *arg, struct buf *out)
{
	struct core *c = arg;
	struct slot *t;
	size_t i;
	size_t j;

	for (i = 0; (t = slots_at(tooling_slots(c->tooling), i)) != NULL; i++) {
		const struct manifest *m = slot_manifest(t);

		buf_addf(
		    out, "%s %s%s\n", m->name, m->version, say_state(c, t));
		for (j = 0; j < m->n_functions; j++)
			say_function(m, &m->functions[j], out);
	}
	if (i == 0)
		buf_adds(out, "No tools yet; 'durward tool add' adds one.\n");
}

static void
say_status(void *arg, struct buf *out)
{
	struct core *c = arg;
	const struct tooling_runner *tools = tooling_runner(c->tooling);
	int64_t up_s = (clock_boot_ms() - c->started_ms) / 1000;

	buf_addf(out,
	    "The house is up since %lld s. %zu clients, %zu "
	    "questions wait, %llu log entries.",
	    (long long)up_s, c->trust.n_clients, acts_count(c->acts, ACT_ASKED),
	    (unsigned long long)ledger_head(c->ledger)->size);
	if (tools->ready && !tools->has_limits)
		buf_addf(out,
		    "\nMemory and processes of tools cannot be limited "
		    "here: %s. Tools run by an owner's exception alone.",
		    tools->limits_why);
	if (!tools->ready)
		buf_addf(out, "\nTools cannot run: %s",
		    tools->state[0] != '\0' ? tools->state
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
