/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATE_AUTOMATE_PRIV_H
#define AUTOMATE_AUTOMATE_PRIV_H

#include "automate/automate.h"

/* ---- command.c ---- */

/* Show it, have it agreed to, sign it.  Takes the document over. */
int automate_add(struct session *s, struct json *document, bool yes);

/* ---- sentence.c ---- */

/* The document that a sentence means, with this name or one made of its
 * words; the caller's.  ERR_NOTFOUND: it is none; ERR_INPUT with the reason.
 * ERR_CLOSED: the house did not answer, and `ret_code` is the exit code. */
NODISCARD enum err automate_read(struct session *s, const char *sentence,
    const char *name, struct json **ret, int *ret_code, struct errmsg *why);

#endif
