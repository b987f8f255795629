/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_STEADY_H
#define APPROVAL_STEADY_H

/*
 * The house's own clock.  Pure: the clocks of the machine are parameters.
 *
 * House time is milliseconds that never run backwards: it goes on with the
 * boot clock, and over a stop by what the wall clock says has passed, but
 * never by less than nothing.  Rates, budgets and questions run on it, so
 * that setting the wall clock moves none of them.
 *
 * The wall clock is for people, for hours and for the end of grants.  It is
 * trusted while it is not behind what it once was, and does not jump.  A
 * jump is believed when the kernel says that a time server made it.
 */

#include <stdbool.h>
#include <stdint.h>

struct steady {
	int64_t house_ms; /* At `boot_ms`. */
	int64_t boot_ms;
	int64_t wall_less_boot_ms; /* As it was when it was last trusted. */
	int64_t floor_ms; /* The wall clock was there already. */
	bool trusted;
};

/* What was saved before the stop; all 0 when nothing was. */
struct steady_saved {
	int64_t house_ms;
	int64_t boot_ms; /* The boot clock then. */
	int64_t wall_ms; /* The wall clock then, as it was trusted. */
	bool same_boot; /* The machine was not started anew since. */
};

/* Over a restart of the house alone the boot clock says what passed, and a
 * leap of the wall clock is one; over a start of the machine the wall clock
 * is all there is. */
void steady_start(struct steady *s, const struct steady_saved *saved,
    int64_t boot_ms, int64_t wall_ms);

/* What the wall clock shows if nobody has set it. */
int64_t steady_wall_ms(const struct steady *s, int64_t boot_ms);

int64_t steady_now_ms(const struct steady *s, int64_t boot_ms);

/* Look at the wall clock.  True when the trust in it changed. */
bool steady_watch(
    struct steady *s, int64_t boot_ms, int64_t wall_ms, bool synchronised);

/* An owner says that the wall clock is right. */
void steady_accept(struct steady *s, int64_t boot_ms, int64_t wall_ms);

#endif
