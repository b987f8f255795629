/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALK_TALK_PRIV_H
#define TALK_TALK_PRIV_H

#include "talk/watch.h"

/* Give the house a goal and look on until it is over; `session` is the
 * conversation that it belongs to, or NULL.  ctrl-C stops the work on it, a
 * second one the client.  Returns an exit code. */
int talk_ask(struct watch *w, const char *goal, const char *session);

#endif
