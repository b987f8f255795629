/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "automations/automations_priv.h"
#include "crypto/crypto.h"

/*
 * Automations that wait for a topic: the vault checks the owner's signature
 * again and keeps the digest of the document, by which the bridge knows it.
 * They are kept here once it says so.
 */

bool
trusted_is_needed(
    const struct automations *as, const char *name, const struct automation *a)
{
	return (a != NULL && automation_has_topic(a)) ||
	    trust_automation(as->s.trust, name) != NULL;
}

enum err
trusted_ask(struct automations *as, const struct request *k, const char *name,
    const struct json *document, struct errmsg *why)
{
	struct changing *c = &as->changing;

	if (request_send_trust(as->s.requests, k->id, k->envelope, k->raw) !=
	    OK)
		return err_say(why, ERR_BUSY, "the vault is away");
	c->request = k->id;
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->client, sizeof(c->client), "%s", k->client->name);
	c->document = document != NULL ? json_copy(document) : NULL;
	return OK;
}

static void
forget_change(struct automations *as)
{
	json_free(as->changing.document);
	memset(&as->changing, 0, sizeof(as->changing));
}

bool
automations_on_trust_answer(
    struct automations *as, int64_t request, struct record *r)
{
	const struct changing *c = &as->changing;

	if (request == 0 || c->request != request)
		return false;
	if (c->document != NULL)
		automations_keep(as, c->client, request, c->document, r);
	else
		automations_drop(as, c->client, request, c->name, r);
	trusted_tell(as, c->name);
	forget_change(as);
	return true;
}

void
automations_on_trust_refused(struct automations *as, int64_t request)
{
	if (request != 0 && as->changing.request == request)
		forget_change(as);
}

bool
held_is_trusted(const struct automations *as, const struct held *h)
{
	const struct trusted_automation *row =
	    trust_automation(as->s.trust, h->name);
	struct digest d;

	if (!automation_has_topic(h->a))
		return true;
	crypto_hash(h->text, strlen(h->text), &d);
	return row != NULL && digest_equal(&row->document, &d);
}

/* ---- The bridge ---- */

void
trusted_tell(const struct automations *as, const char *name)
{
	const struct held *h = automations_find(as, name);
	bool waits = h != NULL && h->a != NULL && automation_has_topic(h->a);
	struct json *body = json_object();

	json_put_str(body, "name", name);
	peers_send_bulk(as->s.requests->peers, ROLE_BRIDGE, MSG_HOME_TOPIC,
	    body, waits ? h->text : "", waits ? strlen(h->text) : 0);
}

void
automations_tell(struct automations *as)
{
	size_t i;

	for (i = 0; i < as->n; i++) {
		struct held *h = as->list[i];

		json_free(h->said);
		h->said = NULL;
		if (h->a != NULL && automation_has_topic(h->a))
			trusted_tell(as, h->name);
	}
}
