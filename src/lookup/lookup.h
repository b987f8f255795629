/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOOKUP_LOOKUP_H
#define LOOKUP_LOOKUP_H

/*
 * Names to addresses, on threads of their own, for roles that connect out.
 * What was found is not checked here: what an address is good for is said by
 * net/address.h, and who asks must say so before it connects.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "net/address.h"
#include "sys/loop.h"

struct found {
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	size_t n; /* 0: there is no such name, or nobody answers. */
};

struct lookups;
typedef void found_fn(void *arg, const struct found *f);

/* Before the role is confined: threads are made now. */
struct lookups *lookups_open(struct loop *loop);

/* By the machine's resolver, and names under ".local" by multicast.  Returns
 * an id, or 0 when too many are under way. */
uint64_t lookup_begin(
    struct lookups *l, const char *name, found_fn *fn, void *arg);
void lookup_cancel(struct lookups *l, uint64_t id);

#endif
