/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATION_AUTOMATION_PRIV_H
#define AUTOMATION_AUTOMATION_PRIV_H

#include "automation/automation.h"

/* "07:30" as a minute of the day, and nothing else; -1 for what is none. */
int automation_minute(const char *text);

/* Is each member one of these?  Ends in NULL.  ERR_INPUT. */
NODISCARD enum err automation_members(const struct json *v, const char *where,
    const char *const *known, struct errmsg *why);
/* "is", "above" or "below" of a test.  ERR_INPUT. */
NODISCARD enum err automation_read_wanted(const struct json *v,
    const char *where, struct automation_test *t, struct errmsg *why);

/* ---- topic.c ---- */

/* `when`, of a topic.  ERR_INPUT. */
NODISCARD enum err automation_read_topic(
    const struct json *when, struct automation *a, struct errmsg *why);
void automation_say_topic(const struct automation_topic *t, struct buf *out);

/* "30/min".  ERR_INPUT. */
NODISCARD enum err automation_read_rate(
    const char *text, struct automation_rate *ret);
/* "at most 30 times a minute" */
void automation_say_rate(const struct automation_rate *r, struct buf *out);

extern const char *const automation_days[7]; /* "sun" to "sat" */

#endif
