/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_PRIV_H
#define CLI_CLI_PRIV_H

#include <stdbool.h>

#include "approval/grant.h"
#include "audit/check.h"
#include "cli/cli.h"
#include "client/session.h"

#define VERSION "0.1.0"

/* --json was given: answers go out as they came, one document a line. */
extern bool cli_json;

int command_ask(int argc, char **argv);
int command_runs(int argc, char **argv);
int command_approvals(int argc, char **argv);
int command_approve(int argc, char **argv);
int command_deny(int argc, char **argv);
int command_pair(int argc, char **argv);
int command_clients(int argc, char **argv);
int command_audit(int argc, char **argv);
#define AUDIT_USAGE                                                            \
	"show [--run ID] | verify [--db FILE | --export FILE]"                 \
	" [--anchor FILE] | export FILE | prune --before N"
int command_tool(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_grants(int argc, char **argv);
int command_halt(int argc, char **argv);
int command_resume(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_version(int argc, char **argv);

/* An option with a value: taken out of argv, or `otherwise`. */
const char *cli_option(
    int *argc, char **argv, const char *name, const char *otherwise);
bool cli_flag(int *argc, char **argv, const char *name);

int cli_usage(const char *usage);

/* Print a document with --json; false when people are to read it. */
bool cli_print_json(const struct json *v);

/* Text of the house on a terminal: control characters as escapes. */
void cli_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* A short form of an id, digest or key. */
#define SHORT_LEN 12

/* "Always like this": exact arguments when `args` is NULL, else "any" or
 * arg.NAME= words; the others have defaults. */
struct always {
	const char *args;
	const char *uses;
	const char *days;
	const char *hours;
};

/* Show the sheet of an act and sign it, and a grant with it unless `always`
 * is NULL.  `id` may be a beginning. */
int cli_approve(
    struct session *s, const char *id, bool yes, const struct always *always);

NODISCARD enum err cli_offer_grant(const struct sheet *sheet,
    const struct always *a, struct buf *out, struct errmsg *why);
void cli_say_grant(const struct grant *g, int64_t uses);

/* Verify entry `seq` with `leaf` under a checkpoint that the box signed.
 * Prints the outcome; an exit code. */
int cli_prove(struct session *s, uint64_t seq, const struct digest *leaf);

/* The hashes of a proof that the house answered with. */
#define PATH_MAX_LEN (TREE_LEVELS + 1)
NODISCARD enum err cli_read_path(const struct json *answer,
    struct digest path[PATH_MAX_LEN], size_t *ret_len);

/* All entries of the house's log, or of one run, page by page. */
typedef void entry_fn(void *arg, const struct json *entry);
int cli_each_entry(struct session *s, const char *run, entry_fn *fn, void *arg);

/* ---- anchor.c: the checkpoint that this client keeps ---- */

/* All of these say on stderr what is wrong, and return an exit code. */
int anchor_load(const char *path, struct anchor *ret);

/* A fresh checkpoint that the box signed.  It has grown from the one that
 * this client kept, and is the one it keeps from now on. */
int anchor_fetch(struct session *s, struct anchor *ret);

/* Has `now` grown from the tree of `size` with `root`? */
int anchor_prove(struct session *s, uint64_t size, const struct digest *root,
    const struct anchor *now);

/* ---- verify.c and export.c: the whole log ---- */

/* Do the entries lead to this root, and past the anchor?  Says so, when
 * `under` names the root. */
int verify_end(const struct audit_check *c, const struct digest *root,
    uint64_t size, const char *under);

/* The anchor's signature, when there is a key to check it with. */
int verify_anchor(const struct anchor *a, const struct public_key *key);
int cli_broken(const char *words);

/* The box's key as this client pinned it; false when it is not paired. */
bool verify_pinned_key(struct public_key *ret);

/* `anchor` may be NULL. */
int verify_house(const struct anchor *anchor);
int verify_copy(const char *path, const struct anchor *anchor);
int verify_export(const char *path, const struct anchor *anchor);
int export_log(const char *path);

#endif
