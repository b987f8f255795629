/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/peers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "ipc/peers_priv.h"
#include "sys/clock.h"
#include "sys/sock.h"

static void on_event(
    void *arg, enum role peer, enum lane_event event, struct msg *m);

static void
on_start(struct peers *p, struct msg *m)
{
	const char *boot = json_str(m->body, "boot");

	if (boot == NULL || str_copy(p->boot, sizeof(p->boot), boot) != OK ||
	    p->started)
		fatal("the parent's start message is wrong");
	clock_tell_synchronised(json_flag(m->body, "synchronised"));
	p->settings = json_copy(m->body);
	p->started = true;
}

static void
lose(struct peers *p, enum role peer)
{
	lane_free(p->lanes[peer]);
	p->lanes[peer] = NULL;
	if (p->setup.on_lost != NULL)
		p->setup.on_lost(p->setup.role, peer);
}

/* {"peer": name} and the new end of the lane. */
static void
on_new_lane(struct peers *p, struct msg *m)
{
	const char *name = json_str(m->body, "peer");
	enum role peer = role_by_name(name != NULL ? name : "");

	if (peer == ROLE_COUNT || peer == ROLE_PARENT || m->n_fds != 1)
		fatal("the parent's lane message is wrong");
	/* Its end may not have been read yet. */
	if (p->lanes[peer] != NULL)
		lose(p, peer);
	p->lanes[peer] =
	    lane_new(p->loop, m->fds[0], p->setup.self, peer, on_event, p);
	m->fds[0] = -1;
	if (p->setup.on_lane != NULL)
		p->setup.on_lane(p->setup.role, peer);
}

static void
dispatch(struct peers *p, struct msg *m)
{
	size_t i;

	for (i = 0; i < p->setup.n_handlers; i++) {
		if (p->setup.handlers[i].type != m->type)
			continue;
		p->setup.handlers[i].fn(p->setup.role, m);
		return;
	}
	fatal("no handler for %s", msg_name(m->type));
}

/* A message off its lane: the parent ends whoever sent it. */
static void
accuse(struct peers *p, enum role peer)
{
	char byte = (char)peer;

	peers_send_bulk(p, ROLE_PARENT, MSG_VIOLATION, NULL, &byte, 1);
	lose(p, peer);
}

static void
on_event(void *arg, enum role peer, enum lane_event event, struct msg *m)
{
	struct peers *p = arg;

	if (peer == ROLE_PARENT && event != LANE_MESSAGE) {
		if (p->setup.on_end != NULL)
			p->setup.on_end(p->setup.role);
		exit(0);
	}
	if (event == LANE_VIOLATION)
		accuse(p, peer);
	else if (event == LANE_CLOSED)
		lose(p, peer);
	else if (m->type == MSG_START)
		on_start(p, m);
	else if (m->type == MSG_LANE)
		on_new_lane(p, m);
	else if (m->type == MSG_CLOCK)
		clock_tell_synchronised(json_flag(m->body, "synchronised"));
	else
		dispatch(p, m);
}

static void
on_term(int sig)
{
	(void)sig;
	_exit(0);
}

struct peers *
peers_open(const struct peer_setup *s, int parent_fd)
{
	struct peers *p = xalloc(sizeof(*p));
	int64_t until_ms = clock_boot_ms() + ROLE_START_MS;
	struct sigaction sa;

	/* The first process of a pid namespace ignores what it does not
	 * handle. */
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_term;
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);

	p->setup = *s;
	p->loop = loop_new();
	fcntl(parent_fd, F_SETFD, FD_CLOEXEC);
	if (sock_nonblocking(parent_fd) != OK)
		fatal("there is no lane to the parent");
	p->lanes[ROLE_PARENT] =
	    lane_new(p->loop, parent_fd, s->self, ROLE_PARENT, on_event, p);
	while (!p->started && clock_boot_ms() < until_ms)
		lane_wait(p->lanes[ROLE_PARENT], 100);
	if (!p->started)
		fatal("the parent did not say what to do");
	return p;
}

struct loop *
peers_loop(struct peers *p)
{
	return p->loop;
}

const char *
peers_boot(const struct peers *p)
{
	return p->boot;
}

const char *
peers_setting(const struct peers *p, const char *name)
{
	return json_str(p->settings, name);
}

int64_t
peers_setting_number(const struct peers *p, const char *name)
{
	return json_int(p->settings, name, 0);
}

bool
peers_have(const struct peers *p, enum role to)
{
	return p->lanes[to] != NULL;
}

bool
peers_is_behind(const struct peers *p, enum role to)
{
	return p->lanes[to] != NULL && lane_is_behind(p->lanes[to]);
}

static enum err
send_out(struct peers *p, enum role to, struct outgoing *o, struct json *body)
{
	enum err e = ERR_CLOSED;

	o->body = body;
	if (p->lanes[to] != NULL)
		e = lane_send(p->lanes[to], o);
	json_free(body);
	if (e == ERR_LIMIT || e == ERR_BUSY)
		log_warn("%s to %s is dropped: %s", msg_name(o->type),
		    role_name(to),
		    e == ERR_LIMIT ? "it does not fit" : "the lane is full");
	return e;
}

enum err
peers_send(struct peers *p, enum role to, enum msg_type type, struct json *body)
{
	return peers_send_bulk(p, to, type, body, NULL, 0);
}

enum err
peers_send_bulk(struct peers *p, enum role to, enum msg_type type,
    struct json *body, const void *bulk, size_t bulk_len)
{
	struct outgoing o = {.type = type, .bulk = bulk, .bulk_len = bulk_len};

	return send_out(p, to, &o, body);
}

enum err
peers_send_fds(struct peers *p, enum role to, enum msg_type type,
    struct json *body, const int *fds, size_t n_fds)
{
	struct outgoing o = {.type = type, .n_fds = n_fds};

	memcpy(o.fds, fds, n_fds * sizeof(fds[0]));
	return send_out(p, to, &o, body);
}

void
peers_heartbeat(void *arg)
{
	struct peers *p = arg;

	if (p->setup.is_alive == NULL || p->setup.is_alive(p->setup.role))
		peers_send(p, ROLE_PARENT, MSG_HEARTBEAT, NULL);
	loop_timer(p->loop, clock_boot_ms() + HEARTBEAT_MS, peers_heartbeat, p);
}
