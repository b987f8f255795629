/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SECRET_H
#define CLIENT_SECRET_H

/* A secret leaves the client sealed for the vault of its box alone. */

#include "base/secret.h"
#include "client/session.h"

/* Say what became of it; an exit code. */
int client_set_secret(struct session *s, const char *name,
    const struct secret *value, bool rotate);

#endif
