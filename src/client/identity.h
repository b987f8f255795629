/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_IDENTITY_H
#define CLIENT_IDENTITY_H

/*
 * Who this client is: a folder with its key (0600), its certificate, the
 * box's root, and where the box is.  $DURWARD_CLIENT, or ~/.config/durward.
 */

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/secret.h"
#include "crypto/key.h"

struct identity {
	char folder[1024]; /* Where all of this lies. */
	char name[65];
	char host[256];
	uint16_t port;
	uint16_t pairing_port;
	struct secret *key_pem;
	char *cert_pem;
	char *root_pem;
	struct key *key;
	struct digest id;
	struct public_key box_key;
	struct digest box;
};

/* The folder in force: `wish`, the environment, or the home. */
NODISCARD enum err identity_folder(
    const char *wish, char *ret, size_t size, struct errmsg *why);

NODISCARD enum err identity_load(
    const char *folder, struct identity *ret, struct errmsg *why);
void identity_done(struct identity *i);

/* Only the key, made when there is none yet. */
NODISCARD enum err identity_make_key(
    const char *folder, struct secret **ret_pem, struct errmsg *why);

/* What pairing or init gave. */
struct identity_parts {
	const char *name;
	const char *host;
	uint16_t port;
	uint16_t pairing_port;
	const char *cert_pem;
	const char *root_pem;
};
NODISCARD enum err identity_save(
    const char *folder, const struct identity_parts *parts, struct errmsg *why);

#endif
