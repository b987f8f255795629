/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "egress/egress_priv.h"
#include "tool/manifest.h"

/* The manifests of providers, as they came. */

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
void
egress_on_manifest(void *role, struct msg *m)
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
