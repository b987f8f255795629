/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CERT_PROFILE_H
#define CERT_PROFILE_H

/*
 * A configuration profile, as iPhones and iPads install one: the box's root,
 * and perhaps a client's certificate with its key as a PKCS #12 box, whose
 * password the phone asks for.
 */

#include "base/buf.h"
#include "base/digest.h"

struct profile {
	struct digest box;
	const char *root_pem;
	const char *name; /* Of the client; NULL: of the root alone. */
	const void *p12;
	size_t p12_len;
};

/* ERR_INPUT when the root is no PEM. */
NODISCARD enum err profile_write(const struct profile *p, struct buf *out);

#endif
