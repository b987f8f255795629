/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "cert/cert.h"
#include "control/control_priv.h"

/* The two doors: opened once sockets and identity are there, and given
 * another certificate when this machine has other names. */

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

static struct tls_config *
make_plain_config(const struct control *c)
{
	struct tls_config *config;

	if (tls_plain_config(json_words(c->identity, "cert"), &config) != OK)
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
	c->front = http_server_new(c->loop, c->pairing_fd,
	    make_config(c, false), CONNS_FRONT_MAX, front_on_request, c);
	if (c->certificate_fd >= 0)
		c->first = http_server_new(c->loop, c->certificate_fd,
		    make_plain_config(c), CONNS_FIRST_MAX, first_on_request, c);
	if (http_server_open(c->api) != OK)
		fatal("cannot listen");
	log_info("listening");
}

/* {"key", "cert", "root"}, PEM: our own TLS key. */
void
listen_on_identity(void *role, struct msg *m)
{
	struct control *c = role;

	json_free(c->identity);
	c->identity = json_copy(m->body);
	if (cert_key(json_words(c->identity, "root"), &c->box_key) != OK)
		fatal("the vault's TLS identity is malformed");
	public_id(&c->box_key, &c->box);
	if (c->api == NULL) {
		control_listen(c);
		return;
	}
	/* Another certificate, for names that are new. */
	http_server_use(c->api, make_config(c, true));
	http_server_use(c->front, make_config(c, false));
	if (c->first != NULL)
		http_server_use(c->first, make_plain_config(c));
}
