/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_ENTITY_H
#define WEB_ENTITY_H

/*
 * Character references: "&eacute;", "&#233;", "&#xe9;".  The names are those
 * of HTML 4 and the few later ones that are met.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The reference at `p`, which is a '&': how many bytes it has and its
 * character, or 0 when it is none and stands for itself.  In an attribute a
 * name without ';' before '=', a letter or a digit is none: "?a=1&copy=2". */
size_t entity_decode(
    const uint8_t *p, const uint8_t *end, bool in_attribute, uint32_t *ret);

#endif
