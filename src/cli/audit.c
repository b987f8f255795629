/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "audit/check.h"
#include "base/str.h"
#include "cli/cli_priv.h"
#include "crypto/crypto.h"

/* `durward audit`: read the log, and check it without believing the house. */

static int
broken(const char *words)
{
	fprintf(stderr, "durward: the log does not verify: %s\n", words);
	return EXIT_BROKEN;
}

/* A checkpoint that the box's pinned key signed. */
static enum err
get_checkpoint(struct session *s, struct audit_checkpoint *ret, int *ret_exit)
{
	const struct identity *me = session_identity(s);
	struct json *answer = session_query(s, ret_exit, "checkpoint");
	const char *text = json_words(answer, "checkpoint");
	struct signature sig;
	enum err e = ERR_SIGNATURE;

	if (answer == NULL)
		return ERR_CLOSED;
	if (signature_read(json_words(answer, "signature"), &sig) == OK &&
	    key_verify(&me->box_key, text, strlen(text), &sig) == OK &&
	    audit_checkpoint_read(text, strlen(text), ret) == OK &&
	    digest_equal(&ret->box, &me->box))
		e = OK;
	json_free(answer);
	if (e != OK)
		*ret_exit = broken("the checkpoint is not signed by the box");
	return e;
}

static enum err
read_path(
    const struct json *answer, struct digest path[TREE_LEVELS], size_t *ret_len)
{
	const struct json *p = json_first(json_get(answer, "path"));
	size_t n = 0;

	for (; p != NULL; p = json_next(p)) {
		const char *hex = json_text(p);

		if (hex == NULL || n == TREE_LEVELS ||
		    digest_read(hex, strlen(hex), &path[n++]) != OK)
			return ERR_INPUT;
	}
	*ret_len = n;
	return OK;
}

int
cli_prove(struct session *s, uint64_t seq, const struct digest *leaf)
{
	struct digest path[TREE_LEVELS];
	struct audit_checkpoint c;
	struct json *answer;
	char hex[DIGEST_HEX_SIZE];
	size_t len;
	int code = EXIT_REACHED;
	enum err e;

	if (get_checkpoint(s, &c, &code) != OK)
		return code;
	answer = session_query(s, &code, "proof?seq=%llu&size=%llu",
	    (unsigned long long)seq, (unsigned long long)c.size);
	if (answer == NULL)
		return code;
	e = read_path(answer, path, &len);
	if (e == OK)
		e = tree_check(seq, c.size, leaf, path, len, &c.root);
	json_free(answer);
	if (e != OK)
		return broken("the entry is not under the signed root");
	digest_hex(&c.root, hex);
	cli_print("logged     entry %llu of %llu, proven with %zu hashes "
		  "under the signed root %.16s...\n",
	    (unsigned long long)seq, (unsigned long long)c.size, len, hex);
	return EXIT_REACHED;
}

/* ---- show ---- */

static void
show_entry(const struct json *entry)
{
	const char *text = json_words(entry, "body");
	struct json *body = NULL;

	if (json_parse(text, strlen(text), &body) != OK)
		return;
	if (!cli_print_json(body))
		cli_print("%6lld  %-14s %s\n",
		    (long long)json_int(entry, "seq", 0),
		    json_words(body, "kind"), text);
	json_free(body);
}

typedef void entry_fn(void *arg, const struct json *entry);

/* All entries, page by page. */
static int
for_each_entry(struct session *s, const char *run, entry_fn *fn, void *arg)
{
	uint64_t next = 0;
	int code = EXIT_REACHED;

	for (;;) {
		struct json *answer = session_query(s, &code,
		    "entries?from=%llu%s%s", (unsigned long long)next,
		    run != NULL ? "&run=" : "", run != NULL ? run : "");
		const struct json *e = json_first(json_get(answer, "entries"));

		if (answer == NULL || e == NULL) {
			json_free(answer);
			return code;
		}
		for (; e != NULL; e = json_next(e)) {
			fn(arg, e);
			next = (uint64_t)json_int(e, "seq", 0) + 1;
		}
		json_free(answer);
	}
}

static void
on_show(void *arg, const struct json *entry)
{
	(void)arg;
	show_entry(entry);
}

/* ---- verify ---- */

struct verifying {
	struct audit_check check;
	uint64_t size; /* Of the checkpoint. */
};

static void
on_verify(void *arg, const struct json *entry)
{
	struct verifying *v = arg;
	uint8_t salt[AUDIT_SALT_LEN];
	const char *salt_hex = json_words(entry, "salt");
	const char *leaf_hex = json_words(entry, "leaf");
	const char *body = json_words(entry, "body");
	uint64_t seq = (uint64_t)json_int(entry, "seq", 0);
	struct digest leaf;

	/* Written after the checkpoint was signed: not its matter. */
	if (seq >= v->size)
		return;
	if (hex_read(salt_hex, strlen(salt_hex), salt, sizeof(salt)) != OK ||
	    digest_read(leaf_hex, strlen(leaf_hex), &leaf) != OK) {
		v->check.failed = true;
		return;
	}
	audit_check_entry(&v->check, seq,
	    (struct str){(const char *)salt, sizeof(salt)},
	    (struct str){body, strlen(body)}, &leaf);
}

static int
conclude(const struct verifying *v, const struct digest *root, uint64_t size,
    const char *under)
{
	struct digest got;
	char hex[DIGEST_HEX_SIZE];
	char words[96];

	if (v->check.failed) {
		snprintf(words, sizeof(words),
		    "entry %llu is missing or altered",
		    (unsigned long long)v->check.bad_seq);
		return broken(words);
	}
	tree_root(&v->check.tree, &got);
	if (v->check.tree.size != size || !digest_equal(&got, root))
		return broken("the entries do not lead to the root");
	digest_hex(root, hex);
	cli_print("%llu entries verified under %s %.16s...\n",
	    (unsigned long long)size, under, hex);
	return EXIT_REACHED;
}

static int
verify_house(struct session *s)
{
	struct verifying v = {.size = 0};
	struct audit_checkpoint c;
	int code = EXIT_REACHED;

	if (get_checkpoint(s, &c, &code) != OK)
		return code;
	v.size = c.size;
	code = for_each_entry(s, NULL, on_verify, &v);
	if (code != EXIT_REACHED)
		return code;
	return conclude(&v, &c.root, c.size, "the signed root");
}

static enum err
check_copy_entry(void *arg, const struct audit_entry *e)
{
	struct verifying *v = arg;

	audit_check_entry(&v->check, e->seq, e->salt, e->body, &e->leaf);
	return OK;
}

struct copy {
	struct verifying verifying;
	struct audit stored;
};

static enum err
check_copy(struct store_tx *tx, void *arg)
{
	struct copy *c = arg;
	enum err e = audit_load(tx, &c->stored);

	if (e == OK)
		e = audit_list(
		    tx, NULL, 0, INT64_MAX, check_copy_entry, &c->verifying);
	return e;
}

/* Offline, on a copy of the database: entries against the stored tree. */
static int
verify_copy(const char *path)
{
	struct copy c = {.verifying = {.size = 0}};
	struct errmsg why = {""};
	struct store *st;
	struct digest root;
	enum err e = store_open_copy(path, &st, &why);

	if (e != OK) {
		fprintf(stderr, "durward: %s\n", why.text);
		return EXIT_FAILED;
	}
	e = store_run_now(st, check_copy, &c);
	store_close(st);
	if (e != OK)
		return broken("the stored tree is damaged");
	tree_root(&c.stored.tree, &root);
	return conclude(
	    &c.verifying, &root, c.stored.tree.size, "the stored root");
}

int
command_audit(int argc, char **argv)
{
	const char *db = cli_option(&argc, argv, "--db", NULL);
	const char *run = cli_option(&argc, argv, "--run", NULL);
	bool show = argc == 2 && strcmp(argv[1], "show") == 0;
	bool verify = argc == 2 && strcmp(argv[1], "verify") == 0;
	struct session *s;
	int code = EXIT_REACHED;

	if (!show && !verify)
		return cli_usage("audit show [--run ID] | verify [--db FILE]");
	if (verify && db != NULL) {
		crypto_open();
		return verify_copy(db);
	}
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = show ? for_each_entry(s, run, on_show, NULL) : verify_house(s);
	session_close(s);
	return code;
}
