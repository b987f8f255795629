/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNOWN_KNOWN_H
#define KNOWN_KNOWN_H

/*
 * Is a call one of something that the house knows: a function of its own or of
 * a tool that is there, with arguments that fit, to what an owner accepted?
 */

#include "acts/acts.h"

/* `house` is its own function of that name, or NULL.  Gives the effect of this
 * call.  ERR_INPUT, ERR_NOTFOUND, ERR_DENIED. */
NODISCARD enum err known_check(const struct house_function *house,
    struct slots *slots, const char *tool, const struct json *args,
    enum effect *ret, struct errmsg *why);

#endif
