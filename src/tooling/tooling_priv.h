/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLING_TOOLING_PRIV_H
#define TOOLING_TOOLING_PRIV_H

#include "base/limits.h"
#include "tooling/tooling.h"

/* A document that waits for the vault to agree to it. */
struct new_manifest {
	int64_t request; /* 0: a free place. */
	char *text;
	struct json *envelope; /* Of the command, for the vault. */
	char *body;
};

struct tooling {
	struct tooling_setup s;
	struct slots *slots;
	struct acts *acts;
	struct tooling_runner runner;
	int64_t started_ms;
	struct new_manifest new_manifests[NEW_MANIFESTS_MAX];
	char exempt[TOOLS_MAX][NAME_MAX_LEN + 1]; /* "": a free place. */
};

/* ---- exempt.c ---- */

/* May it be started on this machine? */
NODISCARD enum err exempt_check(
    const struct tooling *tg, const struct manifest *m, struct errmsg *why);

/* ---- tooling.c ---- */

NODISCARD enum err tooling_put(
    struct tooling *tg, const char *text, struct errmsg *why);

#endif
