/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_MAPPED_H
#define SYS_MAPPED_H

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
NODISCARD enum err mapped_enter(pid_t parent);

#endif
