/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_ADDRESSES_H
#define MAIN_ADDRESSES_H

/*
 * The names and addresses under which this machine is found, for the
 * certificate of its listener: HOST.local (RFC 6762), HOST.home.arpa (RFC
 * 8375), durward, localhost, and the address of each interface that is up, if
 * it is one of a home: the root is good for no other (cert/cert.h).
 */

#include <stdbool.h>

#include "base/buf.h"

/* Words joined by spaces, at most HOUSE_NAMES_MAX of them. */
void addresses_write(struct buf *out);

/* Are they others than when this was last so, or is that a month ago, or are
 * they wanted anew?  Then `out` has them.  Looks every ADDRESSES_MS. */
bool addresses_changed(bool anew, struct buf *out);

#endif
