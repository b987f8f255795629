/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/crypto.h"
#include "witness/witness_priv.h"

/* `durward audit verify`: all entries, from the house or from a copy of its
 * database, against a root, and past an anchor. */

int
witness_broken(const char *words)
{
	terminal_error("the log does not verify: %s", words);
	return EXIT_BROKEN;
}

int
verify_end(const struct audit_check *c, const struct digest *root,
    uint64_t size, const char *under)
{
	struct errmsg why;
	char hex[DIGEST_HEX_SIZE];

	if (audit_check_end(c, root, size, &why) != OK)
		return witness_broken(why.text);
	if (under == NULL)
		return EXIT_REACHED;
	digest_hex(root, hex);
	terminal_print("%llu entries verified under %s %.16s...",
	    (unsigned long long)size, under, hex);
	if (c->pruned > 0)
		terminal_print(
		    ", %llu of them pruned", (unsigned long long)c->pruned);
	if (c->anchor != NULL)
		terminal_print(", grown from the anchor's %llu",
		    (unsigned long long)c->anchor->at.size);
	terminal_print("\n");
	return EXIT_REACHED;
}

bool
verify_pinned_key(struct public_key *ret)
{
	struct identity me;
	struct errmsg why;
	char folder[1024];

	if (identity_folder(NULL, folder, sizeof(folder), &why) != OK ||
	    identity_load(folder, &me, &why) != OK)
		return false;
	*ret = me.box_key;
	identity_done(&me);
	return true;
}

int
verify_anchor(const struct anchor *a, const struct public_key *key)
{
	if (key == NULL) {
		terminal_error("the anchor's signature was not checked: this "
			       "client is not paired and knows no box");
		return EXIT_REACHED;
	}
	if (anchor_verify(a, key) == OK)
		return EXIT_REACHED;
	return witness_broken("the anchor is not signed by the box");
}

static void
on_entry(void *arg, const struct json *entry)
{
	struct whole_log *log = arg;
	char *text;

	/* What came after the checkpoint is not its matter. */
	if ((uint64_t)json_int(entry, "seq", 0) >= log->now.at.size)
		return;
	audit_check_document(&log->check, entry);
	if (log->out == NULL)
		return;
	text = json_print(entry);
	fprintf(log->out, "%s\n", text);
	free(text);
}

int
verify_read(struct session *s, struct whole_log *log)
{
	const struct audit_check *c = &log->check;
	int tries = VERIFY_PRUNINGS_MAX;
	int code;

	do {
		code = anchor_fetch(s, &log->now);
		if (code == EXIT_REACHED)
			code = witness_each_entry(
			    s, NULL, c->tree.size, on_entry, log);
	} while (code == EXIT_REACHED && !c->failed &&
	    c->pruned_end > c->prune_said && --tries > 0);
	return code;
}

/* The entries of the house, under a root that its box signs now. */
static int
verify_session(struct session *s, const struct anchor *anchor)
{
	struct whole_log log = {.check = {.anchor = anchor}};
	int code = EXIT_REACHED;

	if (anchor != NULL)
		code = verify_anchor(anchor, &session_identity(s)->box_key);
	if (code == EXIT_REACHED)
		code = verify_read(s, &log);
	if (code == EXIT_REACHED)
		code = verify_end(&log.check, &log.now.at.root, log.now.at.size,
		    "the signed root");
	return code;
}

int
verify_house(const struct anchor *anchor)
{
	int code = EXIT_REACHED;
	struct session *s = session_open(&code);

	if (s == NULL)
		return code;
	code = verify_session(s, anchor);
	session_close(s);
	return code;
}

struct copy {
	struct audit_check check;
	struct audit stored;
};

static enum err
check_copy_entry(void *arg, const struct audit_entry *e)
{
	audit_check_entry(arg, e->seq, e->salt, e->body, &e->leaf);
	return OK;
}

static enum err
check_copy(struct store_tx *tx, void *arg)
{
	struct copy *c = arg;
	enum err e = audit_load(tx, &c->stored);

	if (e == OK)
		e = audit_list(
		    tx, NULL, 0, INT64_MAX, check_copy_entry, &c->check);
	return e;
}

static int
verify_store(const char *path, struct copy *c)
{
	struct errmsg why = {""};
	struct store *st;
	struct digest root;
	enum err e = store_open_copy(path, &st, &why);

	if (e != OK) {
		terminal_error("%s", why.text);
		return EXIT_FAILED;
	}
	e = store_run_now(st, check_copy, c);
	store_close(st);
	if (e != OK)
		return witness_broken("the stored tree is damaged");
	tree_root(&c->stored.tree, &root);
	return verify_end(
	    &c->check, &root, c->stored.tree.size, "the stored root");
}

/* Offline: the entries against the tree that is stored beside them. */
int
verify_copy(const char *path, const struct anchor *anchor)
{
	struct copy c = {.check = {.anchor = anchor}};
	struct public_key key;
	int code = EXIT_REACHED;

	crypto_open();
	if (anchor != NULL)
		code = verify_anchor(
		    anchor, verify_pinned_key(&key) ? &key : NULL);
	return code == EXIT_REACHED ? verify_store(path, &c) : code;
}
