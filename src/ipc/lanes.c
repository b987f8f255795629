/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/lanes.h"

#include <string.h>

#include "base/err.h"

static const char *const role_names[] = {
#define X(name, text) text,
    ROLE_TABLE(X)
#undef X
};

static const struct {
	const char *name;
	enum role from;
	enum role to;
} catalogue[] = {
#define X(name, from, to) {#name, from, to},
    LANE_TABLE(X)
#undef X
};

_Static_assert(ARRAY_LEN(role_names) == ROLE_COUNT, "a name for each role");
_Static_assert(ARRAY_LEN(catalogue) == MSG_COUNT, "a row for each message");

const char *
role_name(enum role r)
{
	return (unsigned)r < ROLE_COUNT ? role_names[r] : "unknown";
}

const char *
msg_name(enum msg_type t)
{
	return (unsigned)t < MSG_COUNT ? catalogue[t].name : "unknown";
}

enum role
role_by_name(const char *name)
{
	int r;

	for (r = 0; r < ROLE_COUNT; r++)
		if (strcmp(role_names[r], name) == 0)
			return (enum role)r;
	return ROLE_COUNT;
}

static bool
covers(enum role row, enum role r)
{
	if (row == ROLE_ANY)
		return r != ROLE_PARENT;
	if (row == ROLE_READER)
		return r == ROLE_CORE || covers(ROLE_ACTOR, r);
	if (row == ROLE_ACTOR)
		return r == ROLE_TOOLS || r == ROLE_GATE || r == ROLE_EGRESS ||
		    r == ROLE_BRIDGE;
	if (row == ROLE_SCANNER)
		return r == ROLE_CONTROL || r == ROLE_TOOLS || r == ROLE_GATE ||
		    r == ROLE_EGRESS;
	return row == r;
}

bool
lane_allows(enum msg_type t, enum role from, enum role to)
{
	if ((unsigned)t >= MSG_COUNT)
		return false;
	return covers(catalogue[t].from, from) && covers(catalogue[t].to, to);
}

bool
lane_exists(enum role a, enum role b)
{
	int t;

	for (t = 0; t < MSG_COUNT; t++)
		if (lane_allows((enum msg_type)t, a, b) ||
		    lane_allows((enum msg_type)t, b, a))
			return true;
	return false;
}
