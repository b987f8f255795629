/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/runs_priv.h"
#include "sys/clock.h"

/*
 * How long a run takes.  Everything that it does counts, so that one act
 * after the other puts nothing off; the time that it waits for a person does
 * not, since a question has an end of its own.
 */

/* Only an owner ends a halt. */
static bool
waits_for_a_person(const struct run *run)
{
	const struct runs *rs = run->runs;

	return runs_is_asked(rs, run->id) ||
	    !safety_is_free(judge_safety(rs->s.judge));
}

static void
on_look(void *arg)
{
	struct run *run = arg;

	run->timer = 0;
	if (!waits_for_a_person(run))
		run->used_ms += clock_boot_ms() - run->looked_ms;
	/* In a halt what set it off grows old, and behind a yes it does not. */
	else if (runs_is_asked(run->runs, run->id))
		run->late_ms += clock_boot_ms() - run->looked_ms;
	if (run->used_ms < RUN_MS)
		run_watch(run);
	else
		run_is_late(run);
}

void
run_watch(struct run *run)
{
	run->looked_ms = clock_boot_ms();
	run->timer = loop_timer(
	    run->runs->s.loop, run->looked_ms + RUN_LOOK_MS, on_look, run);
}
