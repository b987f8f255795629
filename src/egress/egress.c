/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/egress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "egress/egress_priv.h"
#include "sys/confine.h"
#include "tool/manifest.h"

const struct document *
document_find(
    const struct egress *eg, const char *name, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (strcmp(eg->documents[i].name, name) == 0 &&
		    digest_equal(&eg->documents[i].digest, digest))
			return &eg->documents[i];
	return NULL;
}

/* In the place of the one of the same name, or of the one that has been here
 * longest: whether it counts is for the trust table to say. */
static void
keep_document(struct egress *eg, const struct manifest *m, const struct msg *in)
{
	struct document *d = NULL;
	size_t i;

	if (document_find(eg, m->name, &m->digest) != NULL)
		return;
	for (i = 0; i < TOOLS_MAX && d == NULL; i++)
		if (strcmp(eg->documents[i].name, m->name) == 0)
			d = &eg->documents[i];
	if (d != NULL)
		wire_forget(eg->wire);
	else
		d = &eg->documents[eg->next_document++ % TOOLS_MAX];
	free(d->text);
	snprintf(d->name, sizeof(d->name), "%s", m->name);
	d->digest = m->digest;
	d->text = xstrndup(in->bulk, in->bulk_len);
	d->len = in->bulk_len;
}

/* The document as bulk. */
static void
on_manifest(void *role, struct msg *m)
{
	struct egress *eg = role;
	struct manifest *doc;
	struct errmsg why;

	verifier_put_manifest(eg->verifier, m->bulk, m->bulk_len);
	if (manifest_parse(m->bulk, m->bulk_len, &doc, &why) != OK)
		return;
	if (manifest_is_provider(doc))
		keep_document(eg, doc, m);
	manifest_free(doc);
}

static void
on_trust_table(void *role, struct msg *m)
{
	struct egress *eg = role;

	if (verifier_put_trust(eg->verifier, m->body) != OK)
		fatal("the vault's trust table is malformed");
	egress_on_trust(eg);
}

static void
on_filter(void *role, struct msg *m)
{
	struct egress *eg = role;

	scanner_on_filter(eg->scanner, m);
}

static void
on_scanned(void *role, struct msg *m)
{
	struct egress *eg = role;

	scanner_on_scanned(eg->scanner, m);
}

static const struct peer_handler handlers[] = {
    {MSG_MANIFEST, on_manifest},
    {MSG_TRUST_TABLE, on_trust_table},
    {MSG_MODEL_REQUEST, egress_on_request},
    {MSG_MODEL_CANCEL, egress_on_cancel},
    {MSG_MODEL_ORDER, egress_on_order},
    {MSG_MODEL_STOP, egress_on_stop},
    {MSG_KEY, egress_on_key},
    {MSG_FILTER, on_filter},
    {MSG_SCANNED, on_scanned},
};

static void
on_lane(void *role, enum role peer)
{
	struct egress *eg = role;

	if (peer != ROLE_VAULT)
		return;
	peers_send(eg->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
	scanner_on_lane(eg->scanner);
}

static void
on_lost(void *role, enum role peer)
{
	if (peer == ROLE_MIND)
		egress_on_mind_lost(role);
}

int
egress_main(unsigned calls)
{
	static struct egress eg;
	struct peer_setup setup = {.self = ROLE_EGRESS,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .on_lost = on_lost,
	    .role = &eg};

	/* Open. */
	crypto_open();
	eg.peers = peers_open(&setup, PARENT_LANE_FD);
	eg.loop = peers_loop(eg.peers);
	eg.scanner = scanner_new(eg.peers);
	/* No epoch: a sheet from before our start counts for nothing here. */
	eg.verifier = verifier_new(peers_boot(eg.peers), NULL);
	eg.lookups = lookups_open(eg.loop);
	eg.wire = wire_open(&eg);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(eg.peers);
}
