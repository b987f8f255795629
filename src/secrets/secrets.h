/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRETS_SECRETS_H
#define SECRETS_SECRETS_H

/*
 * The store of secrets: one file in the vault's folder, in which each value
 * is sealed with the key-encryption key, together with its name, its version
 * and the box.  In memory too they stay sealed, until somebody has a right
 * to one.
 *
 * A store that cannot be read is never written: what is in it may be saved
 * yet, with the right key or from a copy.
 */

#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "crypto/aead.h"

#define KEK_CREDENTIAL "credential"
#define KEK_FILE "file"

struct kek {
	struct aead_key *key; /* NULL: there is none yet. */
	char id[17]; /* Tells keys apart, and nothing else of them. */
	const char *provider;
};

/* ---- keys.c ---- */

/* `credential` is the path of a file, or NULL.  ERR_NOTFOUND, ERR_CORRUPT
 * when it is no key, ERR_IO. */
NODISCARD enum err kek_load(
    struct kek *k, const char *folder, const char *credential);
NODISCARD enum err kek_make(struct kek *k, const char *folder);

/* ---- secrets.c ---- */

struct secrets;

/* Always gives one; a store that cannot be read says so when it is used. */
struct secrets *secrets_open(
    const char *folder, const char *credential, const struct digest *box);
void secrets_free(struct secrets *s);

/* Why it cannot be used, or "". */
const char *secrets_broken(const struct secrets *s);

/* 0 when there is none of this name. */
int64_t secrets_version(const struct secrets *s, const char *name);

/* A new one, or a new version of one; no version of a name comes twice, also
 * when it was removed in between.  ERR_INPUT, ERR_LIMIT, ERR_CORRUPT. */
NODISCARD enum err secrets_put(struct secrets *s, const char *name,
    const struct secret *value, int64_t now_ms, struct errmsg *why);
NODISCARD enum err secrets_remove(
    struct secrets *s, const char *name, struct errmsg *why);
NODISCARD enum err secrets_get(const struct secrets *s, const char *name,
    struct secret **ret, struct errmsg *why);

/* Every value that somebody may still say: those of all secrets, and what
 * they were before, for as long as the house runs.  Who was given an old one
 * may not have ended, nor all been told of what it said.  Of those that many
 * the newest REDACT_OLD_MAX are known.  False behind the last. */
bool secrets_value_at(const struct secrets *s, size_t i, const char **ret_name,
    int64_t *ret_version);
/* ERR_NOTFOUND, ERR_CORRUPT. */
NODISCARD enum err secrets_get_version(const struct secrets *s,
    const char *name, int64_t version, struct secret **ret);

/* Of all that is kept; false when that is nothing. */
bool secrets_digest(const struct secrets *s, struct digest *ret);

/* {"secrets": [{"name", "version", "at_ms"}], "key", "error"} */
struct json *secrets_list(const struct secrets *s);

#endif
