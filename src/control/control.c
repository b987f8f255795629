/* SPDX-License-Identifier: Apache-2.0 */
#include "control/control.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "control/control_priv.h"
#include "crypto/crypto.h"
#include "sys/confine.h"

/* Bound sockets, in this order: of clients, of browsers, and perhaps of what
 * comes before TLS. */
static void
on_listener(void *role, struct msg *m)
{
	struct control *c = role;

	if (m->n_fds < 2 || m->n_fds > 3)
		fatal("the parent did not hand over two listeners or three");
	c->api_fd = m->fds[0];
	c->pairing_fd = m->fds[1];
	m->fds[0] = m->fds[1] = -1;
	if (m->n_fds == 3) {
		c->certificate_fd = m->fds[2];
		m->fds[2] = -1;
	}
	control_listen(c);
}

/* {"client"}: revoked, so its open connections end now. */
static void
on_cut(void *role, struct msg *m)
{
	struct control *c = role;
	const char *hex = json_str(m->body, "client");
	struct digest d;

	if (c->api != NULL && hex != NULL &&
	    digest_read(hex, strlen(hex), &d) == OK) {
		http_server_cut(c->api, &d);
		live_cut(c, hex);
	}
}

static void
on_filter(void *role, struct msg *m)
{
	struct control *c = role;

	scanner_on_filter(c->scanner, m);
}

static void
on_scanned(void *role, struct msg *m)
{
	struct control *c = role;

	scanner_on_scanned(c->scanner, m);
}

static const struct peer_handler handlers[] = {
    {MSG_LISTENER, on_listener},
    {MSG_IDENTITY, listen_on_identity},
    {MSG_CLIENT_REPLY, api_on_reply},
    {MSG_CLIENT_CUT, on_cut},
    {MSG_PAIR_WINDOW, door_on_window},
    {MSG_WEB, door_on_web},
    {MSG_PAIR_ANSWER, door_on_answer},
    {MSG_SESSION, live_on_session},
    {MSG_FILTER, on_filter},
    {MSG_SCANNED, on_scanned},
};

static void
on_lane(void *role, enum role peer)
{
	struct control *c = role;

	if (peer != ROLE_VAULT)
		return;
	peers_send(c->peers, ROLE_VAULT, MSG_IDENTITY_WANTED, NULL);
	scanner_on_lane(c->scanner);
}

static void
make_validator(struct control *c)
{
	uint8_t bytes[(TOKEN_SIZE - 1) / 2];
	char hex[TOKEN_SIZE];

	crypto_random(bytes, sizeof(bytes));
	hex_write(hex, bytes, sizeof(bytes));
	snprintf(c->validator, sizeof(c->validator), "\"%s\"", hex);
}

int
control_main(unsigned calls)
{
	static struct control c = {
	    .api_fd = -1, .pairing_fd = -1, .certificate_fd = -1};
	struct peer_setup setup = {.self = ROLE_CONTROL,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .role = &c};

	/* Open. */
	crypto_open();
	make_validator(&c);
	c.peers = peers_open(&setup, PARENT_LANE_FD);
	c.loop = peers_loop(c.peers);
	c.scanner = scanner_new(c.peers);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(c.peers);
}
