/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TOOL_PRIV_H
#define TOOL_TOOL_PRIV_H

#include "tool/manifest.h"

/* The parts of reading a manifest. */

#define SAY(why, ...) err_say(why, ERR_INPUT, "manifest: " __VA_ARGS__)

NODISCARD enum err manifest_check_members(const struct json *v,
    const char *what, const char *const *known, size_t n, struct errmsg *why);

NODISCARD enum err manifest_read_secrets(
    const struct json *v, struct manifest *m, struct errmsg *why);

NODISCARD enum err manifest_read_folders(
    const struct json *v, struct manifest *m, struct errmsg *why);

/* transport "model": all that there is beside name and version. */
NODISCARD enum err manifest_read_provider(
    const struct json *v, struct manifest *m, struct errmsg *why);

/* transport "home": the devices that were accepted. */
NODISCARD enum err manifest_read_devices(
    const struct json *v, struct manifest *m, struct errmsg *why);
void manifest_free_devices(struct manifest *m);

#endif
