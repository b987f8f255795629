/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCEPT_ACCEPT_H
#define ACCEPT_ACCEPT_H

/*
 * What a browser's key may do to the manifest of the home: accept devices that
 * no owner has accepted, and nothing else.  Each of them asks for a yes at
 * every command, but for lights and what else is harmless whatever it is used
 * for: so a false page gains no act that needs none.  The command brings the
 * manifest that it replaces, whose digest stands in the trust table, so
 * nobody's word is taken for what that says.
 */

#include "approval/trust.h"
#include "base/json.h"

/* body: of tool.update, and "before": the manifest that it replaces.
 * ERR_DENIED; ERR_STATE: that one has been replaced meanwhile. */
NODISCARD enum err accept_check(
    const struct trust *t, const struct json *body, struct errmsg *why);

#endif
