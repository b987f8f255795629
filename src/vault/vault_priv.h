/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_VAULT_PRIV_H
#define VAULT_VAULT_PRIV_H

#include "approval/command.h"
#include "approval/nonces.h"
#include "approval/pairing.h"
#include "approval/steady.h"
#include "approval/trust.h"
#include "base/buf.h"
#include "base/secret.h"
#include "box/box.h"
#include "crypto/seal.h"
#include "ipc/peers.h"
#include "redact/book.h"
#include "secrets/secrets.h"
#include "vapid/vapid.h"

#define VAULT_FOLDER "/state"

/* One pairing at a time, for a few minutes and a few tries. */
struct pairing {
	bool open;
	int64_t until_ms;
	int tries_left;
	struct secret *secret;
	struct digest opener; /* The owner whose command it was. */
	enum client_role role;
	enum client_kind kind; /* Whom it is for. */
	struct term term; /* Who comes has it. */
	/* A browser that knew the secret, until an owner confirms it. */
	bool asks;
	struct client who;
};

/* A code on paper, of which we know a hash. */
struct recovery {
	bool exists;
	struct digest hash;
	struct digest maker; /* Zero in a file from before it was kept. */
	int tries_left; /* In the window that began last. */
	int64_t window_ms;
};

/* A secret that was kept out of what some role let pass. */
#define REDACTED_MAX SECRETS_MAX
struct redacted {
	char name[NAME_MAX_LEN + 1];
	enum role where;
	int64_t times; /* 0: a free place. */
	int64_t told_ms;
};

struct vault {
	struct peers *peers;
	struct box_files files;
	struct key *root_key;
	struct trust trust;
	struct steady clock; /* The wall clock, as it began. */
	uint64_t term_timer;
	struct nonces *challenges;
	struct pairing pairing;
	struct recovery recovery;
	int64_t uncounted; /* Knocks that were refused unheard. */
	struct secrets *secrets;
	struct seal_key *sealing; /* Of this start alone. */
	struct vapid *vapid; /* NULL: it is damaged. */
	struct redact_book *book;
	struct redacted redacted[REDACTED_MAX];
	size_t n_redacted;
};

void vault_tell_trust(struct vault *v);

/* A change of trust, told to the core for the log; `told` (JSON, or NULL) is
 * for the client alone. */
void vault_answer(struct vault *v, int64_t request, const char *what,
    const struct client *client, const char *told);

/* ---- changes.c ---- */
NODISCARD enum err vault_save(struct vault *v, struct errmsg *why);
peer_fn changes_on_command;

/* ---- terms.c: until when clients count ---- */

void terms_open(struct vault *v);
/* The wall clock may be set while we run: this is what it would show. */
int64_t terms_wall_ms(struct vault *v);
/* Whose time is over is told, now and when the next one's is. */
void terms_watch(struct vault *v);
/* May this owner give somebody so much time?  0: without an end. */
NODISCARD enum err terms_check_owner(
    const struct client *owner, int64_t until_ms, struct errmsg *why);
/* {"until_ms", "scope"} of who is paired with the role by this owner. */
NODISCARD enum err terms_read(struct vault *v, const struct json *body,
    const struct client *owner, enum client_role role, struct term *ret,
    struct errmsg *why);
/* body: {"client", "until_ms"}; 0: without an end. */
NODISCARD enum err terms_extend(struct vault *v, const struct json *body,
    const struct client *owner, struct errmsg *why);

/* ---- pairing.c ---- */
/* What the client is told of it: the caller frees it. */
NODISCARD enum err pairing_open(struct vault *v, const struct client *owner,
    const struct json *body, char **ret_told, struct errmsg *why);
/* A window that this client opened is closed. */
void pairing_client_lost(struct vault *v, const struct digest *client);
/* body: {"client": id}, of the browser that asks. */
NODISCARD enum err pairing_confirm(struct vault *v, const struct json *body,
    struct client *ret, struct errmsg *why);
NODISCARD enum err pairing_refuse(struct vault *v, const struct json *body,
    struct client *ret, struct errmsg *why);
/* {"csr", "name"}: a certificate for a phone, which is a client of its own. */
NODISCARD enum err pairing_certify(struct vault *v, const struct json *body,
    const struct client *owner, struct client *ret, struct buf *cert,
    struct errmsg *why);
/* Who asks now, or NULL. */
const struct client *pairing_asking(const struct vault *v);
/* What control must know of the window and of browsers, unasked. */
void pairing_tell(struct vault *v);
peer_fn pairing_on_request;

/* What both ways of joining do. */
NODISCARD enum err pairing_read(
    const struct json *body, struct client *c, struct errmsg *why);
NODISCARD enum err pairing_admit(struct vault *v, const struct client *c,
    struct buf *cert, struct errmsg *why);

/* ---- recovery.c ---- */
NODISCARD enum err recovery_load(struct vault *v);
/* A code, which replaces an older one; what the client is told of it. */
NODISCARD enum err recovery_make(struct vault *v, const struct client *owner,
    const struct json *body, char **ret_told, struct errmsg *why);
NODISCARD enum err recovery_revoke(struct vault *v, struct errmsg *why);
/* Was there one that this client made?  It is good for nothing now. */
bool recovery_client_lost(struct vault *v, const struct digest *client);
/* Somebody says that it has the code: an owner, when it does. */
NODISCARD enum err recovery_knock(struct vault *v, const struct json *body,
    struct client *ret, struct buf *cert, struct errmsg *why);

/* ---- sessions.c: who a browser is ---- */
peer_fn sessions_on_wanted;

/* ---- giving.c: secrets in, and out to containers and providers ---- */
NODISCARD enum err giving_set(struct vault *v, int64_t request,
    const struct client *owner, const struct json *body, struct errmsg *why);
NODISCARD enum err giving_remove(struct vault *v, int64_t request,
    const struct client *owner, const struct json *body, struct errmsg *why);
/* The trust table as it is told, with the state of the secrets in it. */
struct json *giving_table(const struct vault *v);
peer_fn giving_on_list;
peer_fn giving_on_wanted;
peer_fn giving_on_key_wanted;
/* By its name, and no manifest names it. */
#define BROKER_SECRET "broker"
peer_fn giving_on_broker_wanted;

/* ---- signing.c ---- */
peer_fn signing_on_checkpoint;
peer_fn signing_on_identity;
peer_fn signing_on_names;

/* ---- pushing.c: who the house is to push services ---- */
void pushing_open(struct vault *v);
peer_fn pushing_on_token_wanted;
peer_fn pushing_on_key_wanted;

/* ---- redaction.c: where secrets stand in what others let pass ---- */
void redaction_open(struct vault *v);
/* The secrets have changed. */
void redaction_renew(struct vault *v);
peer_fn redaction_on_wanted;
peer_fn redaction_on_scan;

#endif
