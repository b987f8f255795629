/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IDS_IDS_H
#define IDS_IDS_H

/*
 * A process of an ordinary user that may look at the files of all its
 * subordinate ids: a user namespace of its own, into which newuidmap and
 * newgidmap map them.
 */

#include <sys/types.h>

#include "base/err.h"

/* Called in a child that has no thread but this one, before anything else:
 * enters the namespace, and keeps of all rights in it the one to read and
 * search what belongs to anybody.  The child ends when `parent` does.
 * ERR_UNSUPPORTED: no subordinate ids, or newuidmap does not work. */
NODISCARD enum err ids_enter(pid_t parent);

/* The first range of subordinate ids that `file` gives a user: the one whose
 * slices tools have.  ERR_NOTFOUND: none. */
struct ids_range {
	unsigned long long first;
	unsigned long long count;
};
NODISCARD enum err ids_first(
    const char *file, uid_t user, struct ids_range *ret);

#endif
