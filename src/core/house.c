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
end_with(struct core *c, const struct act *a, struct buf *out)
{
	struct house_end end = {.ok = true, .text = out->p};

	acts_house_done(c->acts, a->id, &end);
	buf_done(out);
}

static void
say_tools(struct core *c, struct buf *out)
{
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
say_status(struct core *c, struct buf *out)
{
	const struct tooling_runner *tools = tooling_runner(c->tooling);
	int64_t up_s = (clock_boot_ms() - c->started_ms) / 1000;

	buf_addf(out,
	    "The house is up since %lld s. %zu clients, %zu "
	    "questions wait, %llu log entries.",
	    (long long)up_s, c->trust.n_clients,
	    acts_count(c->acts, NULL, ACT_ASKED),
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

static void
run_tools(void *arg, const struct act *a, const struct json *args)
{
	struct core *c = arg;
	struct buf out;

	(void)args;
	buf_init(&out, RESULT_MAX);
	say_tools(c, &out);
	end_with(c, a, &out);
}

/* The yes is all that there is of it: root's script heeds it, and no role could
 * install anything. */
static void
run_update(void *arg, const struct act *a, const struct json *args)
{
	struct buf out;

	buf_init(&out, RESULT_MAX);
	buf_addf(&out, "Version %s may take the place of this one.",
	    json_words(args, "version"));
	end_with(arg, a, &out);
}

static void
run_status(void *arg, const struct act *a, const struct json *args)
{
	struct core *c = arg;
	struct buf out;

	(void)args;
	buf_init(&out, RESULT_MAX);
	say_status(c, &out);
	end_with(c, a, &out);
}

/* What another room does. */
#define DONE_BY(room, verb)                                                    \
	static void run_##room##_##verb(                                       \
	    void *core, const struct act *a, const struct json *args)          \
	{                                                                      \
		room##_##verb(((struct core *)core)->room, a, args);           \
	}
DONE_BY(memories, remember)
DONE_BY(memories, search)
DONE_BY(memories, rest)
DONE_BY(memories, forget)
DONE_BY(devices, find)
DONE_BY(devices, get)

static const struct house_function functions[] = {
    {.name = "house.status",
	.call = {.name = "status", .effect = EFFECT_READ},
	.run = run_status},
    {.name = "house.tools",
	.call = {.name = "tools", .effect = EFFECT_READ},
	.run = run_tools},
    {.name = "house.update",
	.call = {.name = "update",
	    .effect = EFFECT_SYSTEM,
	    .args = {{"sha256", ARG_STRING, true, DIGEST_HEX_SIZE - 1},
		{"version", ARG_STRING, true, NAME_MAX_LEN}},
	    .n_args = 2},
	.run = run_update},
    {.name = "memory.remember",
	.about = "Remember a fact for later goals",
	.call = {.name = "remember",
	    .effect = EFFECT_REVERSIBLE,
	    .args = {{"text", ARG_STRING, true, MEMORY_FACT_MAX}},
	    .n_args = 1},
	.about_args = {"One short sentence"},
	.run = run_memories_remember},
    {.name = "memory.search",
	.about = "Find what was said before, and facts",
	.call = {.name = "search",
	    .effect = EFFECT_READ,
	    .args = {{"text", ARG_STRING, true, MEMORY_QUERY_MAX}},
	    .n_args = 1},
	.about_args = {"Words to look for"},
	.run = run_memories_search},
    {.name = "memory.rest",
	.about = "Read on in a result that was not shown whole",
	.of_rest = true,
	.call = {.name = "rest",
	    .effect = EFFECT_READ,
	    .args = {{"step", ARG_INTEGER, true, RUN_STEPS_MAX},
		{"from", ARG_INTEGER, true, RESULT_MAX}},
	    .n_args = 2},
	.about_args = {"As the result says", "The byte to go on from"},
	.run = run_memories_rest},
    {.name = "home.find",
	.about = "Find devices of the home, and how they are",
	.of_home = true,
	.call = {.name = "find",
	    .effect = EFFECT_READ,
	    .args = {{"text", ARG_STRING, false, HOME_WORDS_MAX}},
	    .n_args = 1},
	.about_args = {"Words of names, kinds or rooms; all when left out"},
	.run = run_devices_find},
    {.name = "home.get",
	.about = "How one device of the home is, and what it can do",
	.of_home = true,
	.call = {.name = "get",
	    .effect = EFFECT_READ,
	    .args = {{"entity", ARG_STRING, true, DEVICE_ID_SIZE}},
	    .n_args = 1},
	.about_args = {"As home.find shows it: light.kitchen"},
	.run = run_devices_get},
    /* For good: a backup aside, nothing brings it back. */
    {.name = "memory.forget",
	.about = "Forget one memory for good",
	.call = {.name = "forget",
	    .effect = EFFECT_SYSTEM,
	    .args = {{"id", ARG_STRING, true, NAME_MAX_LEN}},
	    .n_args = 1},
	.about_args = {"Its id, as a search shows it"},
	.run = run_memories_forget},
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
