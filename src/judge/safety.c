/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/safety.h"

#include <stdio.h>

static const struct {
	const char *name;
	const char *what;
	const char *well;
	const char *leave;
	bool ends;
} reasons[] = {
#define X(name, text, what, well, leave, ends) {text, what, well, leave, ends},
    SAFE_TABLE(X)
#undef X
};

const char *
safe_name(enum safe_reason r)
{
	return reasons[r].name;
}

const char *
safe_what(enum safe_reason r)
{
	return reasons[r].what;
}

const char *
safe_well(enum safe_reason r)
{
	return reasons[r].well;
}

const char *
safe_leave(enum safe_reason r)
{
	return reasons[r].leave;
}

bool
safe_ends_itself(enum safe_reason r)
{
	return reasons[r].ends;
}

bool
safety_is_on(const struct safety *s)
{
	int r;

	for (r = 0; r < SAFE_COUNT; r++)
		if (s->on[r])
			return true;
	return false;
}

bool
safety_is_free(const struct safety *s)
{
	return !s->halted && !safety_is_on(s);
}

bool
safety_set(struct safety *s, enum safe_reason r, bool on, const char *detail)
{
	bool changed = s->on[r] != on;

	s->on[r] = on;
	snprintf(s->detail[r], sizeof(s->detail[r]), "%s", detail);
	return changed;
}
