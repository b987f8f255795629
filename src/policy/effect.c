/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policy/policy.h"

static const char *const effect_names[] = {
#define X(name, text) text,
    EFFECT_TABLE(X)
#undef X
};

static const char *const dimension_names[] = {
#define X(name, text) text,
    DIMENSION_TABLE(X)
#undef X
};

static const char *const verdict_names[] = {"allow", "ask", "deny"};

static const int64_t risks[EFFECT_COUNT] = {[EFFECT_READ] = 0,
    [EFFECT_REVERSIBLE] = 1,
    [EFFECT_PHYSICAL] = 5,
    [EFFECT_EXTERNAL] = 5,
    [EFFECT_MONEY] = 10,
    [EFFECT_SYSTEM] = 10};

const char *
effect_name(enum effect e)
{
	return (unsigned)e < EFFECT_COUNT ? effect_names[e] : "unknown";
}

enum effect
effect_by_name(const char *name)
{
	int e;

	for (e = 0; e < EFFECT_COUNT; e++)
		if (strcmp(effect_names[e], name) == 0)
			return (enum effect)e;
	return EFFECT_COUNT;
}

bool
effect_needs_yes(enum effect e)
{
	return e != EFFECT_READ && e != EFFECT_REVERSIBLE;
}

int64_t
effect_risk(enum effect e)
{
	return risks[e];
}

const char *
dimension_name(enum dimension d)
{
	return (unsigned)d < DIM_COUNT ? dimension_names[d] : "unknown";
}

enum dimension
dimension_by_name(const char *name)
{
	int d;

	for (d = 0; d < DIM_COUNT; d++)
		if (strcmp(dimension_names[d], name) == 0)
			return (enum dimension)d;
	return DIM_COUNT;
}

const char *
verdict_name(enum verdict v)
{
	return verdict_names[v];
}
