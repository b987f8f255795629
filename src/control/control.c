/* SPDX-License-Identifier: Apache-2.0 */
#include "control/control.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "control/control_priv.h"
#include "crypto/crypto.h"
#include "sys/confine.h"

/* {"api", "pairing"}: two bound sockets, in this order. */
static void
on_listener(void *role, struct msg *m)
{
	struct control *c = role;

	if (m->n_fds != 2)
		fatal("the parent did not hand over two listeners");
	c->api_fd = m->fds[0];
	c->pairing_fd = m->fds[1];
	m->fds[0] = m->fds[1] = -1;
	control_listen(c);
}

/* {"key", "cert", "root"}, PEM: our own TLS key. */
static void
on_identity(void *role, struct msg *m)
{
	struct control *c = role;

	if (c->identity != NULL)
		return;
	c->identity = json_copy(m->body);
	control_listen(c);
}

static struct tls_config *
make_config(const struct control *c, bool mutual)
{
	const char *root = json_str(c->identity, "root");
	const char *cert = json_str(c->identity, "cert");
	const char *key = json_str(c->identity, "key");
	struct tls_config *config;
	struct buf chain;
	enum err e = ERR_INPUT;

	buf_init(&chain, FILE_READ_MAX);
	if (root != NULL && cert != NULL && key != NULL) {
		buf_addf(&chain, "%s%s", cert, root);
		e = tls_server_config(
		    chain.p, key, mutual ? root : NULL, &config);
	}
	buf_done(&chain);
	if (e != OK)
		fatal("the vault's TLS identity is malformed");
	return config;
}

void
control_listen(struct control *c)
{
	if (c->api != NULL || c->identity == NULL || c->api_fd < 0)
		return;
	c->api = http_server_new(c->loop, c->api_fd, make_config(c, true),
	    CONNS_MAX, api_on_request, c);
	c->pairing = http_server_new(c->loop, c->pairing_fd,
	    make_config(c, false), CONNS_PAIRING_MAX, door_on_request, c);
	if (http_server_open(c->api) != OK)
		fatal("cannot listen");
	log_info("listening");
}

/* {"client"}: revoked, so its open connections end now. */
static void
on_cut(void *role, struct msg *m)
{
	struct control *c = role;
	const char *hex = json_str(m->body, "client");
	struct digest d;

	if (c->api != NULL && hex != NULL &&
	    digest_read(hex, strlen(hex), &d) == OK)
		http_server_cut(c->api, &d);
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
    {MSG_IDENTITY, on_identity},
    {MSG_CLIENT_REPLY, api_on_reply},
    {MSG_CLIENT_CUT, on_cut},
    {MSG_PAIR_WINDOW, door_on_window},
    {MSG_PAIR_ANSWER, door_on_answer},
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

int
control_main(unsigned calls)
{
	static struct control c = {.api_fd = -1, .pairing_fd = -1};
	struct peer_setup setup = {.self = ROLE_CONTROL,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .role = &c};

	/* Open. */
	crypto_open();
	c.peers = peers_open(&setup, PARENT_LANE_FD);
	c.loop = peers_loop(c.peers);
	c.scanner = scanner_new(c.peers);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(c.peers);
}
