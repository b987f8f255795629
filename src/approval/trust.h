/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_TRUST_H
#define APPROVAL_TRUST_H

/*
 * The trust table: whom the house believes.  The vault owns and changes it;
 * every role that decides or acts has a copy that came from the vault
 * itself, and believes nothing else.
 *
 * A revoked client stays as a tombstone, so that its key is never taken for
 * an unknown one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto/key.h"
#include "term/term.h"

#define CLIENT_ROLE_TABLE(X)                                                   \
	X(CLIENT_OWNER, "owner")                                               \
	X(CLIENT_APPROVER, "approver")                                         \
	X(CLIENT_VIEWER, "viewer")                                             \
	X(CLIENT_PROGRAM, "program")

enum client_role {
#define X(name, text) name,
	CLIENT_ROLE_TABLE(X)
#undef X
	    CLIENT_ROLE_COUNT
};

const char *client_role_name(enum client_role r);
enum client_role client_role_by_name(const char *name);

/* What keeps its key.  A certificate is one that a phone shows beside what
 * its browser signs: it opens the port of clients, and does nothing there. */
#define CLIENT_KIND_TABLE(X)                                                   \
	X(CLIENT_CLI, "cli")                                                   \
	X(CLIENT_BROWSER, "browser")                                           \
	X(CLIENT_CERTIFICATE, "certificate")

enum client_kind {
#define X(name, text) name,
	CLIENT_KIND_TABLE(X)
#undef X
	    CLIENT_KIND_COUNT
};

struct client {
	struct digest id; /* SHA-256 of its SPKI. */
	struct public_key key;
	char name[NAME_MAX_LEN + 1];
	enum client_role role;
	enum client_kind kind;
	bool revoked;
	int64_t paired_ms; /* Wall clock, for people. */
	/* An owner lent it the answering of questions about these tools (a
	 * glob, "" for none) until then, by the wall clock. */
	char lent[NAME_MAX_LEN + 1];
	int64_t lent_until_ms;
	struct term term; /* Until when it counts, and for which tools. */
};

#define TRUST_ID_SIZE 33 /* 128 bits in hex. */

/* The digest of a tool's active manifest, signed by an owner. */
struct trusted_tool {
	char name[NAME_MAX_LEN + 1];
	struct digest manifest;
};

/* The digest of an automation that waits for a topic, as an owner signed it:
 * its document as canonical JSON. */
struct trusted_automation {
	char name[NAME_MAX_LEN + 1];
	struct digest document;
};

struct trust {
	struct digest box; /* SHA-256 of the box's SPKI. */
	struct public_key box_key;
	struct client clients[CLIENTS_MAX];
	size_t n_clients;
	struct trusted_tool tools[TOOLS_MAX];
	size_t n_tools;
	struct trusted_automation automations[AUTOMATION_TOPICS_MAX];
	size_t n_automations;
	/* Grants that an owner took back; longer than they would have lasted.
	 */
	struct revoked_grant {
		char id[TRUST_ID_SIZE];
		int64_t until_ms; /* Wall clock. */
	} revoked_grants[GRANTS_REVOKED_MAX];
	size_t n_revoked_grants;
};

NODISCARD enum err trust_read(const struct json *v, struct trust *ret);
struct json *trust_write(const struct trust *t);

/* NULL when unknown; the caller looks whether it is live.  By its name those
 * are found that were not revoked. */
const struct client *trust_client(
    const struct trust *t, const struct digest *id);
const struct client *trust_client_by_name(
    const struct trust *t, const char *name);
const struct trusted_tool *trust_tool(const struct trust *t, const char *name);

/* Did an owner sign this very manifest for the tool? */
bool trust_has_manifest(
    const struct trust *t, const char *tool, const struct digest *manifest);

/* NULL: no automation of this name waits for a topic. */
const struct trusted_automation *trust_automation(
    const struct trust *t, const char *name);

/* Neither revoked nor over, at this time of the wall clock. */
bool client_is_live(const struct client *c, int64_t wall_ms);

/* Known and live.  ERR_NOTFOUND, ERR_DENIED for a tombstone, ERR_EXPIRED for
 * one whose term is over, which an owner may make live again. */
NODISCARD enum err trust_live_client(const struct trust *t,
    const struct digest *id, int64_t wall_ms, const struct client **ret);

bool client_may_approve(const struct client *c);

/* Live, and this tool is in its scope; by its role, or because it was lent to
 * it: a viewer, for this tool. */
bool client_may_answer(
    const struct client *c, struct str tool, int64_t wall_ms);

/* ERR_NOTFOUND, ERR_STATE when its role takes no loan, ERR_LIMIT when it is
 * too long.  An empty glob ends it. */
NODISCARD enum err trust_lend(struct trust *t, const char *client,
    const char *tools, int64_t until_ms, int64_t now_ms);

/* Another end of its term, or none (0).  ERR_NOTFOUND; ERR_INPUT when that is
 * past or beyond TERM_MS_MAX; ERR_STATE for the console, whose key is the
 * first of the table, and for the last owner that lasts: with a key of the
 * command line and without an end. */
NODISCARD enum err trust_extend(
    struct trust *t, const char *client, int64_t until_ms, int64_t now_ms);

/* ERR_EXISTS for a key or a name that is there already, if only as a
 * tombstone; ERR_LIMIT. */
NODISCARD enum err trust_add_client(struct trust *t, const struct client *c);
/* ERR_NOTFOUND; ERR_STATE for the last owner that lasts: one with a key of the
 * command line, which alone pairs and changes rules, and without an end. */
NODISCARD enum err trust_revoke(struct trust *t, const struct digest *id);

/* ERR_INPUT, ERR_LIMIT.  A clock that was set ahead for a moment must not
 * bring back what was revoked, so one that ended before `now_ms` makes room
 * only when there is none. */
NODISCARD enum err trust_revoke_grant(
    struct trust *t, const char *id, int64_t until_ms, int64_t now_ms);
bool trust_is_revoked_grant(const struct trust *t, const char *id);
NODISCARD enum err trust_set_tool(
    struct trust *t, const char *name, const struct digest *manifest);
/* ERR_NOTFOUND when it has none. */
NODISCARD enum err trust_unset_tool(struct trust *t, const char *name);
/* ERR_INPUT for what is no name, ERR_LIMIT. */
NODISCARD enum err trust_set_automation(
    struct trust *t, const char *name, const struct digest *document);
/* ERR_NOTFOUND when there is none. */
NODISCARD enum err trust_unset_automation(struct trust *t, const char *name);

#endif
