/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLOT_SLOT_H
#define SLOT_SLOT_H

/*
 * Slots: one for each tool, with its manifest and the life of the one warm
 * container it may have.
 *
 *	absent -- want --> starting -- ready --> ready -- idle, old --> absent
 *	           any of them -- failed, gone, late --> absent
 *
 * At most WARM_MAX are starting or ready.  When one more is wanted, the one
 * that is idle longest gives way; while all are busy, it is queued.
 *
 * Two roles speak of a container, in any order: the runner, when Podman has
 * started it, and the tools role, when the program inside has shaken hands
 * or ended.  The name of the container tells which one they mean, since the
 * runner may have tried another one before.
 *
 * Starting, stopping and telling are ports.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/limits.h"
#include "sys/loop.h"
#include "tool/manifest.h"

#define CONTAINER_NAME_SIZE (2 * NAME_MAX_LEN)

struct slot_ports {
	void *arg;
	/* False when it cannot be started; `why` is filled then. */
	bool (*start)(void *arg, const struct manifest *m, struct errmsg *why);
	void (*stop)(void *arg, const char *tool);
	void (*ready)(void *arg, const char *tool);
	void (*failed)(void *arg, const char *tool, const char *why);
	/* Remember what this tool's server offers under its manifest; it is
	 * given back by slots_pinned() after a restart. */
	void (*pin)(void *arg, const char *tool, const char *definitions);
	int64_t wait_ms; /* For a place, while all are busy. */
};

#define SLOT_PIN_SIZE (2 * DIGEST_HEX_SIZE)

struct slots;
struct slot;

struct slots *slots_new(struct loop *loop, const struct slot_ports *ports);
void slots_free(struct slots *s);

/* Add a tool, or replace its manifest; a container of the old one ends.
 * ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err slots_put(struct slots *s, const char *text, size_t len,
    struct slot **ret, struct errmsg *why);

/* A tool is no more; its container ends.  What it offered is forgotten. */
void slots_remove(struct slots *s, const char *tool, const char *why);

/* What was remembered of a tool, whether or not its slot is there yet. */
void slots_pinned(struct slots *s, const char *tool, const char *definitions);

/* NULL when there is none. */
struct slot *slots_find(struct slots *s, const char *tool);
struct slot *slots_at(struct slots *s, size_t i);
void slots_fail_all(struct slots *s, const char *why);

const struct manifest *slot_manifest(const struct slot *t);
const char *slot_text(const struct slot *t);
const char *slot_container(const struct slot *t);
/* It can be called: a provider, which has no container, always. */
bool slot_is_ready(const struct slot *t);
bool slot_is_disabled(const struct slot *t);
/* Blocked: what its server offers is not what was agreed to. */
bool slot_is_drifted(const struct slot *t);

/* An owner wants it to do nothing, or something again; a container ends. */
void slot_disable(struct slot *t, bool disabled, const char *why);

/* Start a container unless there is one, or wait for a place.  The end is
 * told by a port. */
void slot_want(struct slot *t);

/* What its container was started with is no longer so: it ends behind the
 * calls that it has. */
void slot_retire(struct slot *t);

/* A call keeps the container; idleness counts from the last one. */
void slot_call_began(struct slot *t);
void slot_call_ended(struct slot *t);

/* Of the container there is now; false when there is none. */
struct slot_life {
	int64_t age_ms;
	int64_t idle_ms; /* 0 under a call. */
	int64_t calls; /* Ever begun. */
	int open;
	bool starting;
};
bool slot_life(const struct slot *t, struct slot_life *ret);

/* What the tools role and the runner say.  `definitions` is the digest of
 * all that the server offers: the first one is kept, and with another one
 * the tool fails until its manifest is signed anew. */
void slot_on_ready(
    struct slot *t, const char *container, const char *definitions);
void slot_on_gone(struct slot *t, const char *container, const char *why);
void slot_on_failed(struct slot *t, const char *why);
/* True the first time that this container is said to be up. */
bool slot_on_up(struct slot *t, const char *container);

#endif
