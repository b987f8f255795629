/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOME_COMMAND_H
#define HOME_COMMAND_H

/* From an action and its typed parameters to the one message that does it. */

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "home/record.h"

/*
 * `params` is an object of the action's parameters, numbers as numbers,
 * options by their name; NULL is an empty one.  `*ret_topic` is the
 * entity's; the payload is appended to `payload`.  ERR_NOTFOUND for the
 * action, ERR_INPUT for a parameter; `why` then names what is possible.
 */
NODISCARD enum err home_render(const struct entity *e, const char *action,
    const struct json *params, const char **ret_topic, struct buf *payload,
    struct errmsg *why);

/* The same checks without the message. */
NODISCARD enum err home_check(const struct entity *e, const char *action,
    const struct json *params, struct errmsg *why);

/* "a number from 1 to 100 % in steps of 1", "one of on, off": for people and
 * models. */
void home_domain_words(const struct home_domain *d, struct buf *out);

/* The actions and values as one JSON object for a tool's description:
 * {"actions":{NAME:{PARAM:{"kind","unit","min","max","step","options",
 * "optional"}}},"values":{NAME:{...}}}; the caller frees it. */
struct json *home_describe(const struct entity *e);

#endif
