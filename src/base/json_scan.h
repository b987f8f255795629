/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

/*
 * The strict scanner in front of cJSON: RFC 8259 to the letter, valid UTF-8,
 * paired surrogates, no \u0000, JSON_DEPTH_MAX levels.  Builds nothing.
 */

#include <stdbool.h>
#include <stddef.h>

bool json_scan(const char *text, size_t len);

#endif
