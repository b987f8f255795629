/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOME_EFFECT_H
#define HOME_EFFECT_H

/*
 * The effect that an accepted entity's actions have unless an owner says
 * otherwise.  Before it is accepted every action is EFFECT_PHYSICAL.
 *
 * Reversible is what can be undone by another word and hurts nobody:
 * lights, fans, humidifiers, and covers that shade.  Physical is everything
 * that opens, locks, heats, sounds, moves about or changes firmware, and
 * whatever does not say what it is: a switch without a class, a button, a
 * scene.
 */

#include "home/record.h"
#include "policy/policy.h"

enum effect home_effect(const char *component, const char *class);

/* Of two entities with one command topic, each has the stricter. */
enum effect home_effect_stricter(enum effect a, enum effect b);

#endif
