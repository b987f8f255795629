/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "vault/vault_priv.h"

void
vault_tell_trust(struct vault *v)
{
	enum role r;

	for (r = ROLE_PARENT; r < ROLE_COUNT; r++)
		if (lane_allows(MSG_TRUST_TABLE, ROLE_VAULT, r))
			peers_send(
			    v->peers, r, MSG_TRUST_TABLE, giving_table(v));
}

static void
on_trust_wanted(void *role, struct msg *m)
{
	struct vault *v = role;

	peers_send(v->peers, m->from, MSG_TRUST_TABLE, giving_table(v));
	/* Behind the table that it logged last, so that nothing in this one
	 * is a change without an entry. */
	if (m->from == ROLE_CORE)
		terms_watch(v);
}

/* {"id", "client"}: for whom, so that nobody takes the places of others. */
static void
on_challenge_wanted(void *role, struct msg *m)
{
	struct vault *v = role;
	const char *client = json_words(m->body, "client");
	struct json *body = json_object();
	struct digest id;
	uint8_t bytes[TOKEN_SIZE / 2];
	char challenge[TOKEN_SIZE];
	int64_t now_ms = clock_boot_ms();

	crypto_random(bytes, sizeof(bytes));
	hex_write(challenge, bytes, sizeof(bytes));
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_str(body, "client", client);
	if (digest_read(client, strlen(client), &id) == OK &&
	    nonces_issue(v->challenges, &id, challenge,
		now_ms + CHALLENGE_LIFE_MS, now_ms) == OK)
		json_put_str(body, "challenge", challenge);
	peers_send(v->peers, ROLE_CORE, MSG_CHALLENGE, body);
}

void
vault_answer(struct vault *v, int64_t request, const char *what,
    const struct client *client, const char *told)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];

	json_put_int(body, "id", request);
	json_put_bool(body, "ok", true);
	json_put_str(body, "what", what);
	if (client != NULL) {
		digest_hex(&client->id, hex);
		json_put_str(body, "client", hex);
		json_put_str(body, "name", client->name);
		json_put_str(body, "role", client_role_name(client->role));
		term_write(&client->term, body);
	}
	peers_send_bulk(v->peers, ROLE_CORE, MSG_TRUST_ANSWER, body, told,
	    told != NULL ? strlen(told) : 0);
}

static const struct peer_handler handlers[] = {
    {MSG_TRUST_WANTED, on_trust_wanted},
    {MSG_CHALLENGE_WANTED, on_challenge_wanted},
    {MSG_TRUST_COMMAND, changes_on_command},
    {MSG_CHECKPOINT_WANTED, signing_on_checkpoint},
    {MSG_IDENTITY_WANTED, signing_on_identity},
    {MSG_NAMES, signing_on_names},
    {MSG_PAIR_REQUEST, pairing_on_request},
    {MSG_SESSION_WANTED, sessions_on_wanted},
    {MSG_SECRETS_WANTED, giving_on_list},
    {MSG_SECRET_WANTED, giving_on_wanted},
    {MSG_KEY_WANTED, giving_on_key_wanted},
    {MSG_BROKER_KEY_WANTED, giving_on_broker_wanted},
    {MSG_PUSH_TOKEN_WANTED, pushing_on_token_wanted},
    {MSG_PUSH_KEY_WANTED, pushing_on_key_wanted},
    {MSG_FILTER_WANTED, redaction_on_wanted},
    {MSG_SCAN, redaction_on_scan},
};

int
vault_main(unsigned calls)
{
	static struct vault v;
	struct peer_setup setup = {.self = ROLE_VAULT,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .role = &v};

	/* Open. */
	if (confine_stay_in_memory() != OK)
		log_warn("secrets in memory may be swapped to a disk: let "
			 "this user lock 8 MiB (RLIMIT_MEMLOCK)");
	crypto_open();
	v.challenges = nonces_new(CHALLENGES_MAX);
	if (box_load(VAULT_FOLDER, &v.files, &v.trust) != OK ||
	    key_read_pem(secret_reveal(v.files.root_key), &v.root_key) != OK)
		fatal("the vault's files are missing or damaged; "
		      "'durward init' makes them, a backup restores them");
	if (recovery_load(&v) != OK)
		log_err("the hash of the recovery code is damaged: the code is "
			"good for nothing; make another one");
	v.sealing = seal_key_new();
	v.peers = peers_open(&setup, PARENT_LANE_FD);
	v.secrets = secrets_open(
	    VAULT_FOLDER, peers_setting(v.peers, "credential"), &v.trust.box);
	redaction_open(&v);
	terms_open(&v);
	pushing_open(&v);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(v.peers);
}
