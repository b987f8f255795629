/* SPDX-License-Identifier: Apache-2.0 */
#include "home/effect.h"

#include <string.h>

#include "base/err.h"

/* What is reversible; a class of NULL is any.  Whatever is not in here is
 * physical. */
static const struct {
	const char *component;
	const char *class;
} reversible[] = {
    {"light", NULL},
    {"fan", NULL},
    {"humidifier", NULL},
    {"switch", "outlet"},
    {"switch", "switch"},
    {"cover", "awning"},
    {"cover", "blind"},
    {"cover", "curtain"},
    {"cover", "shade"},
    {"cover", "shutter"},
};

enum effect
home_effect(const char *component, const char *class)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(reversible); i++)
		if (strcmp(reversible[i].component, component) == 0 &&
		    (reversible[i].class == NULL ||
			strcmp(reversible[i].class, class) == 0))
			return EFFECT_REVERSIBLE;
	return EFFECT_PHYSICAL;
}

enum effect
home_effect_stricter(enum effect a, enum effect b)
{
	return a > b ? a : b;
}
