/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/crypto.h"

#define CHECKPOINT_MAX 512

const char audit_schema[] =
    "CREATE TABLE log (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
    " run TEXT NOT NULL, act TEXT NOT NULL, salt BLOB NOT NULL,"
    " body TEXT NOT NULL, leaf BLOB NOT NULL);"
    "CREATE INDEX log_run ON log (run, seq) WHERE run <> '';"
    "CREATE TABLE log_node (level INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL, PRIMARY KEY (level, idx)) WITHOUT ROWID;"
    "CREATE TRIGGER log_keep BEFORE UPDATE ON log"
    " BEGIN SELECT RAISE(ABORT, 'the log is never changed'); END;"
    "CREATE TRIGGER log_stay BEFORE DELETE ON log"
    " BEGIN SELECT RAISE(ABORT, 'the log is never shortened'); END;";

const char audit_prune_schema[] =
    "DROP TRIGGER log_keep;"
    "CREATE TRIGGER log_keep BEFORE UPDATE ON log"
    " WHEN NEW.seq IS NOT OLD.seq OR NEW.kind IS NOT OLD.kind"
    " OR NEW.run IS NOT OLD.run OR NEW.act IS NOT OLD.act"
    " OR NEW.leaf IS NOT OLD.leaf OR NEW.salt IS NOT x''"
    " OR NEW.body IS NOT ''"
    " BEGIN SELECT RAISE(ABORT, 'the log is never changed'); END;";

/* From a table of nodes to the rows of the entries that completed them. */
const char audit_nodes_schema[] =
    "DROP TRIGGER log_keep;"
    "ALTER TABLE log ADD COLUMN nodes BLOB NOT NULL DEFAULT x'';"
    "CREATE TEMP TABLE completed AS SELECT ((idx + 1) << level) - 1 AS seq,"
    " unhex(group_concat(hex(hash), '' ORDER BY level)) AS nodes"
    " FROM log_node WHERE level > 0 GROUP BY 1;"
    "UPDATE log SET nodes=c.nodes FROM completed c WHERE c.seq=log.seq;"
    "DROP TABLE completed;"
    "DROP TABLE log_node;"
    "CREATE TRIGGER log_keep BEFORE UPDATE ON log"
    " WHEN NEW.seq IS NOT OLD.seq OR NEW.kind IS NOT OLD.kind"
    " OR NEW.run IS NOT OLD.run OR NEW.act IS NOT OLD.act"
    " OR NEW.leaf IS NOT OLD.leaf OR NEW.nodes IS NOT OLD.nodes"
    " OR NEW.salt IS NOT x'' OR NEW.body IS NOT ''"
    " BEGIN SELECT RAISE(ABORT, 'the log is never changed'); END;";

/*
 * A perfect subtree of level L > 0 is stored with the entry that completed
 * it, behind those of the levels below; the one of level 0 is the leaf.  An
 * entry is therefore one row on one page, whatever it completes.
 */

static enum err
fetch_node(void *arg, int level, uint64_t index, struct digest *ret)
{
	struct store_tx *tx = arg;
	struct store_query *q;
	uint64_t last = ((index + 1) << level) - 1; /* The one below it. */
	size_t at = level > 0 ? (size_t)(level - 1) * DIGEST_LEN : 0;
	struct str hashes;
	enum err e =
	    store_query_open(tx, "SELECT leaf, nodes FROM log WHERE seq=?", &q);

	if (e != OK)
		return e;
	store_bind_int(q, 1, (int64_t)last);
	e = store_query_step(q);
	if (e == OK) {
		hashes = store_column_blob(q, level > 0);
		if (hashes.len >= at + DIGEST_LEN)
			memcpy(ret->b, hashes.p + at, DIGEST_LEN);
		else
			e = ERR_CORRUPT;
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

/* What one entry completes: its leaf first. */
struct completed {
	uint8_t hashes[TREE_LEVELS * DIGEST_LEN];
	size_t len;
};

static enum err
keep_node(void *arg, int level, uint64_t index, const struct digest *hash)
{
	struct completed *c = arg;

	(void)level;
	(void)index;
	memcpy(c->hashes + c->len, hash->b, DIGEST_LEN);
	c->len += DIGEST_LEN;
	return OK;
}

static enum err
count_entries(struct store_tx *tx, uint64_t *ret)
{
	struct store_query *q;
	enum err e = store_query_open(
	    tx, "SELECT coalesce(max(seq) + 1, 0) FROM log", &q);

	if (e != OK)
		return e;
	e = store_query_step(q);
	if (e == OK)
		*ret = (uint64_t)store_column_int(q, 0);
	store_query_close(q);
	return e;
}

enum err
audit_load(struct store_tx *tx, struct audit *ret)
{
	struct audit a;
	uint64_t begin = 0;
	int level;
	enum err e;

	memset(&a, 0, sizeof(a));
	e = count_entries(tx, &a.tree.size);
	if (e != OK)
		return e;
	for (level = TREE_LEVELS - 1; level >= 0; level--) {
		if ((a.tree.size >> level & 1) == 0)
			continue;
		e = fetch_node(tx, level, begin >> level, &a.tree.roots[level]);
		if (e != OK)
			return e;
		begin += (uint64_t)1 << level;
	}
	*ret = a;
	return OK;
}

static enum err
insert_entry(struct store_tx *tx, uint64_t seq, const struct json *body,
    const struct buf *text, const uint8_t *salt, const struct completed *c)
{
	const char *kind = json_str(body, "kind");
	const char *run = json_str(body, "run");
	const char *act = json_str(body, "act");
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "INSERT INTO log (seq, kind, run, act, salt, body, leaf, nodes)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	    &q);

	if (e != OK)
		return e;
	store_bind_int(q, 1, (int64_t)seq);
	store_bind_text(q, 2, kind != NULL ? kind : "");
	store_bind_text(q, 3, run != NULL ? run : "");
	store_bind_text(q, 4, act != NULL ? act : "");
	store_bind_blob(q, 5, salt, AUDIT_SALT_LEN);
	store_bind_text(q, 6, text->p);
	store_bind_blob(q, 7, c->hashes, DIGEST_LEN);
	store_bind_blob(q, 8, c->hashes + DIGEST_LEN, c->len - DIGEST_LEN);
	return store_query_finish(q);
}

enum err
audit_append(struct audit *a, struct store_tx *tx, const struct json *body,
    uint64_t *ret_seq)
{
	uint8_t salt[AUDIT_SALT_LEN];
	struct completed completed = {.len = 0};
	struct tree grown = a->tree;
	struct digest leaf;
	struct buf text;
	enum err e;

	buf_init(&text, LOG_BODY_MAX);
	json_canonical(body, &text);
	crypto_random(salt, sizeof(salt));
	e = text.overflow ? ERR_LIMIT : OK;
	if (e == OK) {
		tree_leaf(salt, sizeof(salt), text.p, text.len, &leaf);
		e = tree_add(&grown, &leaf, keep_node, &completed);
	}
	if (e == OK)
		e = insert_entry(
		    tx, a->tree.size, body, &text, salt, &completed);
	if (e == OK) {
		*ret_seq = a->tree.size;
		a->tree = grown;
	}
	buf_done(&text);
	return e;
}

enum err
audit_prune(struct store_tx *tx, uint64_t from, uint64_t before)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "UPDATE log SET salt=x'', body=''"
	    " WHERE seq>=? AND seq<? AND body<>''",
	    &q);

	if (e != OK)
		return e;
	store_bind_int(q, 1, (int64_t)from);
	store_bind_int(q, 2, (int64_t)before);
	return store_query_finish(q);
}

static enum err
read_entry(struct store_query *q, struct audit_entry *ret)
{
	struct str salt = store_column_blob(q, 4);
	struct str leaf = store_column_blob(q, 6);
	struct str body = {store_column_text(q, 5), 0};

	if (leaf.len != DIGEST_LEN ||
	    (salt.len != AUDIT_SALT_LEN && salt.len != 0))
		return ERR_CORRUPT;
	body.len = strlen(body.p);
	ret->seq = (uint64_t)store_column_int(q, 0);
	ret->kind = store_column_text(q, 1);
	ret->run = store_column_text(q, 2);
	ret->act = store_column_text(q, 3);
	ret->salt = salt;
	ret->body = body;
	memcpy(ret->leaf.b, leaf.p, DIGEST_LEN);
	return OK;
}

enum err
audit_list(struct store_tx *tx, const char *run, uint64_t from, uint64_t most,
    audit_entry_fn *fn, void *arg)
{
	struct store_query *q;
	struct audit_entry entry;
	enum err e = store_query_open(tx,
	    run != NULL
		? "SELECT seq, kind, run, act, salt, body, leaf FROM log"
		  " WHERE run=?3 AND seq>=?1 AND run <> ''"
		  " ORDER BY seq LIMIT ?2"
		: "SELECT seq, kind, run, act, salt, body, leaf FROM log"
		  " WHERE seq>=?1 ORDER BY seq LIMIT ?2",
	    &q);

	if (e != OK)
		return e;
	store_bind_int(q, 1, (int64_t)from);
	store_bind_int(q, 2, (int64_t)most);
	if (run != NULL)
		store_bind_text(q, 3, run);
	while ((e = store_query_step(q)) == OK) {
		e = read_entry(q, &entry);
		if (e == OK)
			e = fn(arg, &entry);
		if (e != OK)
			break;
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

struct looking_back {
	int64_t wall_ms;
	uint64_t before;
};

static enum err
is_old(void *arg, const struct audit_entry *entry)
{
	struct looking_back *l = arg;
	struct json *body = NULL;
	enum err e = OK;

	if (entry->body.len > 0)
		e = json_parse(entry->body.p, entry->body.len, &body);
	if (e == OK && body != NULL &&
	    json_int(body, "wall_ms", INT64_MAX) >= l->wall_ms)
		e = ERR_NOTFOUND; /* No more of them. */
	if (e == OK)
		l->before = entry->seq + 1;
	json_free(body);
	return e;
}

enum err
audit_find_old(struct store_tx *tx, uint64_t from, int64_t wall_ms,
    uint64_t most, uint64_t *ret_before)
{
	struct looking_back l = {wall_ms, from};
	enum err e = audit_list(tx, NULL, from, most, is_old, &l);

	if (e == OK)
		*ret_before = l.before;
	return e;
}

enum err
audit_prove(struct store_tx *tx, uint64_t seq, uint64_t size,
    struct digest ret[TREE_LEVELS], size_t *ret_len)
{
	return tree_prove(seq, size, fetch_node, tx, ret, ret_len);
}

enum err
audit_prove_consistency(struct store_tx *tx, uint64_t old_size, uint64_t size,
    struct digest ret[TREE_LEVELS + 1], size_t *ret_len)
{
	return tree_prove_consistency(
	    old_size, size, fetch_node, tx, ret, ret_len);
}

void
audit_checkpoint_text(const struct digest *box, uint64_t size,
    const struct digest *root, struct buf *out)
{
	char box_hex[DIGEST_HEX_SIZE];
	char root_hex[DIGEST_HEX_SIZE];

	digest_hex(box, box_hex);
	digest_hex(root, root_hex);
	buf_addf(out, "durward-checkpoint/1\nbox %s\nsize %llu\nroot %s\n",
	    box_hex, (unsigned long long)size, root_hex);
}

enum err
audit_checkpoint_read(
    const char *text, size_t len, struct audit_checkpoint *ret)
{
	struct audit_checkpoint c;
	char box_hex[DIGEST_HEX_SIZE];
	char root_hex[DIGEST_HEX_SIZE];
	char line[CHECKPOINT_MAX + 1];
	unsigned long long size;
	struct buf again;
	bool same;

	if (len > CHECKPOINT_MAX)
		return ERR_INPUT;
	memcpy(line, text, len);
	line[len] = '\0';
	if (sscanf(line, "durward-checkpoint/1 box %64s size %llu root %64s",
		box_hex, &size, root_hex) != 3 ||
	    digest_read(box_hex, strlen(box_hex), &c.box) != OK ||
	    digest_read(root_hex, strlen(root_hex), &c.root) != OK)
		return ERR_INPUT;
	c.size = size;
	/* One text for one meaning: what we read must write back equal. */
	buf_init(&again, CHECKPOINT_MAX);
	audit_checkpoint_text(&c.box, c.size, &c.root, &again);
	same = again.len == len && memcmp(again.p, text, len) == 0;
	buf_done(&again);
	if (!same)
		return ERR_INPUT;
	*ret = c;
	return OK;
}
