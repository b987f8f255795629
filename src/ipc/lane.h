/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_LANE_H
#define IPC_LANE_H

/*
 * A lane: one socket between two roles, on the loop of one of them.
 * Messages leave in order; what the socket does not take yet waits in a
 * bounded queue.  A message that the catalogue does not allow is reported
 * as a violation and never delivered.
 */

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "ipc/lanes.h"
#include "sys/loop.h"

struct lane;

/* A message received.  A handler that keeps a descriptor sets its place to
 * -1; the rest are closed behind it. */
struct msg {
	enum msg_type type;
	enum role from;
	const struct json *body;
	const char *bulk;
	size_t bulk_len;
	int fds[LANE_FDS_MAX];
	size_t n_fds;
};

/* The bulk as text that can be written anywhere; the caller frees it. */
char *msg_text(const struct msg *m);

/* What is sent; bulk and descriptors are borrowed for the call only. */
struct outgoing {
	enum msg_type type;
	const struct json *body; /* NULL: an empty object. */
	const void *bulk;
	size_t bulk_len;
	int fds[LANE_FDS_MAX];
	size_t n_fds;
};

enum lane_event { LANE_MESSAGE, LANE_CLOSED, LANE_VIOLATION };

/* After LANE_CLOSED or LANE_VIOLATION the lane must be freed, which the
 * callback itself may do. */
typedef void lane_fn(
    void *arg, enum role peer, enum lane_event event, struct msg *m);

/* Takes the descriptor over. */
struct lane *lane_new(struct loop *l, int fd, enum role self, enum role peer,
    lane_fn *fn, void *arg);
void lane_free(struct lane *lane);

/* ERR_LIMIT: too large, whenever it is tried; ERR_BUSY: the queue is full;
 * ERR_CLOSED. */
NODISCARD enum err lane_send(struct lane *lane, const struct outgoing *o);

/* A quarter of its queue is taken: who can wait should. */
bool lane_is_behind(const struct lane *lane);

/* Read one message, waiting at most `wait_ms` for it. */
void lane_wait(struct lane *lane, int wait_ms);

#endif
