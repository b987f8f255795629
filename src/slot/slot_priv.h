/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLOT_SLOT_PRIV_H
#define SLOT_SLOT_PRIV_H

#include "slot/slot.h"

enum slot_state { SLOT_ABSENT, SLOT_QUEUED, SLOT_STARTING, SLOT_READY };

struct slot {
	struct slots *slots;
	struct manifest *manifest;
	char *text; /* The manifest's bytes. */
	enum slot_state state;
	bool up; /* The runner said so. */
	uint64_t timer; /* End of the wait, the start, or of idleness. */
	int calls; /* Open now. */
	int64_t calls_begun;
	uint64_t turn; /* In the queue. */
	int64_t since_ms; /* When it was started. */
	int64_t idle_ms; /* When its last call ended. */
	bool retired; /* Its container ends behind its calls. */
	bool disabled;
	bool drifted; /* Its server offered something else. */
	char container[CONTAINER_NAME_SIZE]; /* "" until it is known. */
	/* One that ended before the runner had spoken of it, and why. */
	char gone[CONTAINER_NAME_SIZE];
	char gone_why[sizeof(struct errmsg)];
};

/* "MANIFEST DEFINITIONS", both as digests. */
struct pin {
	char tool[NAME_MAX_LEN + 1];
	char text[SLOT_PIN_SIZE];
};

struct slots {
	struct loop *loop;
	struct slot_ports ports;
	struct slot *slots[TOOLS_MAX];
	size_t n;
	uint64_t turns; /* Given in the queue, ever. */
	struct pin pins[TOOLS_MAX];
};

#endif
