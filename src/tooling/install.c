/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "tooling/tooling_priv.h"

/* Tools as clients see and change them. */

static struct new_manifest *
find_new_manifest(struct tooling *tg, int64_t request)
{
	size_t i;

	for (i = 0; i < NEW_MANIFESTS_MAX; i++)
		if (tg->new_manifests[i].request == request)
			return &tg->new_manifests[i];
	return NULL;
}

static void
forget_new_manifest(struct new_manifest *n)
{
	free(n->text);
	free(n->body);
	json_free(n->envelope);
	memset(n, 0, sizeof(*n));
}

/* The document is on the disk: should the vault trust it and the house end
 * in the same moment, it is there. */
static void
manifest_kept(void *arg, const char *key)
{
	struct tooling *tg = arg;
	int64_t request = strtoll(key, NULL, 10);
	struct new_manifest *n = find_new_manifest(tg, request);
	struct errmsg why = {"the vault is away"};

	if (n == NULL ||
	    request_send_trust(tg->s.requests, request, n->envelope,
		(struct str){n->body, strlen(n->body)}) == OK)
		return;
	forget_new_manifest(n);
	request_refuse(tg->s.requests, request, ERR_BUSY, &why);
}

static void
keep_manifest(struct tooling *tg, const struct new_manifest *n)
{
	struct record *r = record_new(tg->s.requests->ledger);
	struct json *row = json_object();
	struct digest d;
	char hex[DIGEST_HEX_SIZE];
	char key[24];

	crypto_hash(n->text, strlen(n->text), &d);
	digest_hex(&d, hex);
	json_put_str(row, "digest", hex);
	json_put_str(row, "body", n->text);
	record_row(r, ROW_MANIFEST, row);
	snprintf(key, sizeof(key), "%lld", (long long)n->request);
	record_post(r, true, manifest_kept, tg, key);
}

static enum err
check_manifest(const struct request *k, const char *text, struct errmsg *why)
{
	struct manifest *m;
	bool same_name;
	enum err e = manifest_parse(text, strlen(text), &m, why);

	if (e != OK)
		return e;
	same_name = strcmp(m->name, json_words(k->params, "tool")) == 0;
	manifest_free(m);
	return same_name
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "the command names another tool than its manifest");
}

/* body: {"tool", "digest", "manifest"} */
enum err
tooling_add(void *room, const struct request *k, struct errmsg *why)
{
	struct tooling *tg = room;
	const char *text = json_words(k->params, "manifest");
	struct new_manifest *n = find_new_manifest(tg, 0);
	enum err e;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner adds tools");
	if (n == NULL || find_new_manifest(tg, k->id) != NULL)
		return err_say(why, ERR_BUSY,
		    "other tools are being added; try again in a moment");
	e = check_manifest(k, text, why);
	if (e != OK)
		return e;
	n->request = k->id;
	n->text = xstrdup(text);
	n->envelope = json_copy(k->envelope);
	n->body = xstrndup(k->raw.p, k->raw.len);
	keep_manifest(tg, n);
	return OK;
}

/* The vault's word on a document that waits for it. */
void
tooling_on_trust_answer(struct tooling *tg, int64_t request, bool ok)
{
	struct new_manifest *n =
	    request != 0 ? find_new_manifest(tg, request) : NULL;
	struct errmsg why;

	if (n == NULL)
		return;
	if (ok && tooling_put(tg, n->text, &why) != OK)
		log_warn("the new manifest is left out: %s", why.text);
	forget_new_manifest(n);
}

void
tooling_query(void *room, const struct request *q)
{
	struct tooling *tg = room;
	struct json *v = json_object();
	struct json *list = json_array();
	char hex[DIGEST_HEX_SIZE];
	struct slot *slot;
	size_t i;

	for (i = 0; (slot = slots_at(tg->slots, i)) != NULL; i++) {
		const struct manifest *m = slot_manifest(slot);
		struct json *row = json_object();

		digest_hex(&m->digest, hex);
		json_put_str(row, "tool", m->name);
		json_put_str(row, "version", m->version);
		json_put_str(row, "image", m->image);
		json_put_str(row, "manifest", hex);
		json_put_bool(row, "trusted", tooling_trusts(tg, slot));
		json_put_bool(row, "warm", slot_is_ready(slot));
		json_put_bool(row, "exempt", tooling_is_exempt(tg, m->name));
		json_put(row, "folders", manifest_folders(m));
		json_push(list, row);
	}
	json_put(v, "tools", list);
	json_put_bool(v, "runner", tg->runner.ready);
	json_put_str(v, "runner_state", tg->runner.state);
	json_put_bool(v, "limits", tg->runner.has_limits);
	json_put_str(v, "limits_why", tg->runner.limits_why);
	request_answer(tg->s.requests, q->id, v);
}

/* {"tool"}: who it is, for an owner who opens a folder to it.  The runner
 * answers, and takes ids for a name that is new. */
void
tooling_query_ids(void *room, const struct request *q)
{
	struct tooling *tg = room;
	struct json *body;
	struct errmsg why;

	if (q->client->role != CLIENT_OWNER) {
		err_say(&why, ERR_DENIED, "only an owner opens folders");
		request_refuse(tg->s.requests, q->id, ERR_DENIED, &why);
		return;
	}
	body = json_object();
	json_put_int(body, "id", q->id);
	json_put_str(body, "tool", json_words(q->params, "tool"));
	if (peers_send(tg->s.requests->peers, ROLE_RUNNER, MSG_TOOL_IDS_WANTED,
		body) == OK)
		return;
	err_say(
	    &why, ERR_BUSY, "the tools' half of the house is away; try again");
	request_refuse(tg->s.requests, q->id, ERR_BUSY, &why);
}
