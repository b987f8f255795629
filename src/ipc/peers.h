/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_PEERS_H
#define IPC_PEERS_H

/*
 * A role's view of the house: its lanes, its handlers, its heartbeat.
 *
 * The parent hands over every lane, at the start and again whenever a peer
 * was restarted; `on_lane` tells the role, so that it can say again what
 * that peer must know.  When the parent's own lane closes, the role exits.
 */

#include "base/json.h"
#include "ipc/lane.h"
#include "sys/loop.h"

#define PARENT_LANE_FD 3

struct peers;

typedef void peer_fn(void *role, struct msg *m);

struct peer_handler {
	enum msg_type type;
	peer_fn *fn;
};

struct peer_setup {
	enum role self;
	const struct peer_handler *handlers;
	size_t n_handlers;
	void (*on_lane)(void *role, enum role peer);
	void (*on_lost)(void *role, enum role peer);
	void (*on_end)(void *role); /* The house ends: the last chance. */
	/* Asked before each heartbeat: false, and there is none.  NULL: the
	 * loop turns, and that is enough. */
	bool (*is_alive)(void *role);
	void *role;
};

/* Waits for the parent's START, which names the boot and the settings; the
 * caller reads them with peers_boot() and peers_setting(). */
struct peers *peers_open(const struct peer_setup *s, int parent_fd);

struct loop *peers_loop(struct peers *p);

/* Random at each start of the house, 32 hex digits. */
const char *peers_boot(const struct peers *p);

/* A setting that the parent passed on, or NULL. */
const char *peers_setting(const struct peers *p, const char *name);
/* One that is a number, or 0. */
int64_t peers_setting_number(const struct peers *p, const char *name);

bool peers_have(const struct peers *p, enum role to);

/* So much waits for it that more should wait elsewhere. */
bool peers_is_behind(const struct peers *p, enum role to);

/* Takes `body` over.  What cannot be sent because the peer is away is
 * dropped and told by the result: on_lane() is the place to begin anew.
 * ERR_CLOSED: away; ERR_BUSY: it does not keep up; ERR_LIMIT: too large. */
enum err peers_send(
    struct peers *p, enum role to, enum msg_type type, struct json *body);
enum err peers_send_bulk(struct peers *p, enum role to, enum msg_type type,
    struct json *body, const void *bulk, size_t bulk_len);
enum err peers_send_fds(struct peers *p, enum role to, enum msg_type type,
    struct json *body, const int *fds, size_t n_fds);

/* Tell the parent that the role is open and sealed, then run its loop until
 * the house ends.  Returns the exit status. */
int peers_serve(struct peers *p);

#endif
