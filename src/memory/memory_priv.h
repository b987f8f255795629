/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_MEMORY_PRIV_H
#define MEMORY_MEMORY_PRIV_H

#include "memory/memory.h"

/* Too common to find anything by; in lower case. */
bool stop_has(const char *word, size_t len);

#define MEMORY_COLUMNS                                                         \
	"m.id, m.kind, m.role, m.run, m.act, m.session, m.who, m.source,"      \
	" m.text, m.labels, m.wall_ms, m.n"

/* A message that waits outside of the index, and may be what is asked for, is
 * brought in. */
NODISCARD enum err index_waiting(
    struct store_tx *tx, const struct memory_ask *ask);

/* A query of these columns for the rows that fit best, to be stepped and
 * closed.  ERR_NOTFOUND when no word of the question stands anywhere. */
NODISCARD enum err memory_find(struct store_tx *tx,
    const struct memory_ask *ask, int64_t most, struct store_query **ret);

#endif
