/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DISCOVERY_DISCOVERY_PRIV_H
#define DISCOVERY_DISCOVERY_PRIV_H

#include "discovery/discovery.h"

/* The configuration with its abbreviations and `~` written out; `shared` is
 * what a device's message says for all of its components, or NULL:
 * normal.c. */
struct json *config_normal(const struct json *config);
struct json *config_component(
    const struct json *shared, const struct json *component);
const char *config_text(
    const struct json *c, const char *name, const char *otherwise);
double config_number(const struct json *c, const char *name, double otherwise);

/* Components by table, light and cover by hand; false for a component that
 * is not known. */
bool component_make(
    struct maker *m, const char *component, const struct json *c);
bool component_is_passed_over(const char *component);
void light_make(struct maker *m, const struct json *c);
void cover_make(struct maker *m, const char *component, const struct json *c);
/* States and buttons. */
void component_buttons(
    struct maker *m, const char *component, const struct json *c);

#endif
