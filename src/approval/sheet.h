/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_SHEET_H
#define APPROVAL_SHEET_H

/*
 * The sheet: everything that one yes is a yes to.
 *
 * The core writes it, for one client; the client shows it and signs its
 * bytes; the core and the role that acts both check the signature against
 * the trust table and that the sheet is about exactly this act, here, now.
 * Binding to the boot, the acting role's epoch and a nonce makes a yes die
 * with any restart and after one use.
 */

#include "approval/trust.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

#define TOKEN_SIZE 33 /* 128 bits in hex. */

struct sheet {
	struct digest box;
	struct digest client;
	char nonce[TOKEN_SIZE];
	char boot[TOKEN_SIZE];
	char epoch[TOKEN_SIZE]; /* Of the acting role. */
	int64_t issued_ms; /* Boot clock. */
	int64_t lives_s;
	int64_t log_size;
	struct digest log_root;
	struct digest policy;
	struct str rule; /* The lines that ask: "box:unlock,client:own" */
	int64_t keys; /* How many clients must say yes. */
	struct str key; /* "any", or "cli": not one kept by a browser */
	struct str attempt; /* "first", or that an earlier one may have been */
	char run[TOKEN_SIZE];
	char act[TOKEN_SIZE];
	struct str principal;
	struct str tool; /* "notes.delete" */
	struct str effect; /* Its name. */
	struct digest manifest;
	struct str image;
	struct str schema; /* Digest of the tool's definitions. */
	struct str args; /* The exact bytes that will be sent. */
	struct digest args_digest;
	struct str origins; /* "name:person,..." */
	struct str entities; /* Resolved, or "none". */
	struct str network;
	struct str secrets;
	struct str folders;
	struct str price;
	struct str labels;
	struct str decision; /* "approve" */
};

/* ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err sheet_write(const struct sheet *s, struct buf *out);
NODISCARD enum err sheet_read(const char *text, size_t len, struct sheet *ret);

/* The words of `key`. */
#define SHEET_KEY_ANY "any"
#define SHEET_KEY_CLI "cli"

/* Is this text signed by a live client of this box that may answer this, at
 * this time of the wall clock?  ERR_INPUT, ERR_SIGNATURE, ERR_DENIED with the
 * reason. */
NODISCARD enum err sheet_verify(const struct trust *t, struct str text,
    const struct signature *sig, int64_t wall_ms, struct sheet *ret,
    struct errmsg *why);

/* The line `entities`: of a call of the home the devices that it names, one
 * behind the other with a comma; else "none". */
void sheet_write_entities(const char *tool, struct str args, struct buf *out);

/* What the role that checks knows by itself. */
struct sheet_binding {
	const char *boot;
	const char *epoch; /* NULL: any, but issued from `since_ms` on. */
	int64_t since_ms;
	int64_t now_ms;
	const char *act;
	const char *tool;
	const char *effect;
	const struct digest *manifest;
	struct str args;
	const char *network;
	const char *secrets;
	const char *folders;
};

/* ERR_EXPIRED or ERR_DENIED with the line that differs. */
NODISCARD enum err sheet_binds(
    const struct sheet *s, const struct sheet_binding *b, struct errmsg *why);

/* Are these all the yeses that they themselves demand: enough, of different
 * clients, and about one and the same question?  `least` is the number that
 * the effect demands whatever the sheets say.  ERR_DENIED. */
NODISCARD enum err sheets_suffice(
    const struct sheet *sheets, size_t n, int least, struct errmsg *why);

#endif
