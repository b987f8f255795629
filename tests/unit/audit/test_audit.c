/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include <stdlib.h>
#include <unistd.h>

#include "audit/check.h"
#include "base/limits.h"
#include "check.h"
#include "crypto/crypto.h"

#define RUN_A "0123456789abcdef0123456789abcdef"
#define ENTRIES 20

static char folder[] = "/tmp/durward-unit-audit-XXXXXX";
static char path[64];

static void
check_setup(void)
{
	crypto_open();
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/log.db", folder);
}

static struct store *
open_log(void)
{
	const char *const migrations[] = {
	    audit_schema, audit_prune_schema, audit_nodes_schema};
	const struct store_options o = {.path = path,
	    .migrations = migrations,
	    .n_migrations = ARRAY_LEN(migrations)};
	struct store *st = NULL;
	struct errmsg why;

	REQUIRE(store_open(&o, &st, &why) == OK);
	return st;
}

static struct store *
open_new(void)
{
	unlink(path);
	return open_log();
}

static struct json *
body_of(int i)
{
	struct json *v = json_object();

	json_put_str(v, "kind", i % 2 == 0 ? "judged" : "done");
	json_put_str(v, "run", i % 3 == 0 ? RUN_A : "");
	json_put_int(v, "n", i);
	return v;
}

static enum err
append_some(struct store_tx *tx, void *arg)
{
	struct audit a;
	int i;
	enum err e = audit_load(tx, &a);

	(void)arg;
	for (i = 0; i < ENTRIES && e == OK; i++) {
		struct json *v = body_of(i);
		uint64_t seq;

		e = audit_append(&a, tx, v, &seq);
		json_free(v);
		if (e == OK && seq != (uint64_t)i)
			e = ERR_STATE;
	}
	return e;
}

struct kept {
	char body[128];
	char salt[AUDIT_SALT_LEN];
	size_t salt_len;
	struct digest leaf;
};

struct listing {
	struct kept kept[ENTRIES];
	uint64_t seqs[ENTRIES];
	size_t n;
	const char *run;
	uint64_t from;
	uint64_t most;
	struct audit audit;
};

static enum err
keep_entry(void *arg, const struct audit_entry *e)
{
	struct listing *l = arg;
	struct kept *k = &l->kept[l->n];

	if (l->n == ENTRIES || e->body.len >= sizeof(k->body) ||
	    e->salt.len != (e->body.len > 0 ? (size_t)AUDIT_SALT_LEN : 0))
		return ERR_LIMIT;
	memcpy(k->body, e->body.p, e->body.len + 1);
	if (e->salt.len > 0)
		memcpy(k->salt, e->salt.p, AUDIT_SALT_LEN);
	k->salt_len = e->salt.len;
	k->leaf = e->leaf;
	l->seqs[l->n++] = e->seq;
	return OK;
}

static enum err
list_job(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;
	enum err e = audit_load(tx, &l->audit);

	if (e != OK)
		return e;
	return audit_list(tx, l->run, l->from, l->most, keep_entry, l);
}

static struct listing
listed(struct store *st, const char *run, uint64_t from, uint64_t most)
{
	struct listing l = {.run = run, .from = from, .most = most};

	REQUIRE(store_run_now(st, list_job, &l) == OK);
	return l;
}

static void
check_one(struct audit_check *c, size_t seq, const struct kept *k)
{
	audit_check_entry(c, seq, (struct str){k->salt, k->salt_len},
	    (struct str){k->body, strlen(k->body)}, &k->leaf);
}

TEST(entries_are_listed_in_their_order_and_by_run)
{
	struct store *st = open_new();
	struct listing l;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	l = listed(st, NULL, 0, 100);
	CHECK_INT(l.n, ENTRIES);
	CHECK_STR(l.kept[4].body, "{\"kind\":\"judged\",\"n\":4,\"run\":\"\"}");
	l = listed(st, NULL, 5, 3);
	CHECK_INT(l.n, 3);
	CHECK_INT(l.seqs[0], 5);
	CHECK_INT(l.seqs[2], 7);
	l = listed(st, RUN_A, 4, 100);
	CHECK_INT(l.n, 5);
	CHECK_INT(l.seqs[0], 6);
	l = listed(st, "", 0, 100);
	CHECK_INT(l.n, 0);
	store_close(st);
}

TEST(the_tree_is_the_same_after_a_restart)
{
	struct store *st = open_new();
	struct listing before;
	struct listing after;
	struct digest a;
	struct digest b;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	before = listed(st, NULL, 0, 100);
	store_close(st);
	st = open_log();
	after = listed(st, NULL, 0, 100);
	store_close(st);
	tree_root(&before.audit.tree, &a);
	tree_root(&after.audit.tree, &b);
	CHECK_INT(after.audit.tree.size, ENTRIES);
	CHECK(digest_equal(&a, &b));
}

TEST(a_whole_log_verifies)
{
	struct store *st = open_new();
	struct audit_check c = {.failed = false};
	struct listing l;
	struct digest a;
	struct digest b;
	size_t i;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	l = listed(st, NULL, 0, 100);
	store_close(st);
	for (i = 0; i < l.n; i++)
		check_one(&c, i, &l.kept[i]);
	CHECK(!c.failed);
	tree_root(&c.tree, &a);
	tree_root(&l.audit.tree, &b);
	CHECK(digest_equal(&a, &b));
}

TEST(a_changed_dropped_or_swapped_entry_is_found)
{
	struct store *st = open_new();
	struct listing l;
	struct digest whole;
	size_t i;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	l = listed(st, NULL, 0, 100);
	store_close(st);
	tree_root(&l.audit.tree, &whole);
	for (i = 0; i < ENTRIES; i++) {
		struct audit_check c = {.failed = false};
		struct audit_check dropped = {.failed = false};
		struct audit_check swapped = {.failed = false};
		struct kept changed = l.kept[i];
		struct digest root;
		size_t j;

		changed.body[9] ^= 1;
		for (j = 0; j < ENTRIES; j++) {
			size_t other = j == i        ? (i + 1) % ENTRIES
			    : j == (i + 1) % ENTRIES ? i
						     : j;

			check_one(&c, j, j == i ? &changed : &l.kept[j]);
			if (j != i)
				check_one(&dropped, j, &l.kept[j]);
			check_one(&swapped, j, &l.kept[other]);
		}
		CHECK(c.failed);
		CHECK_INT(c.bad_seq, i);
		CHECK(dropped.failed == (i + 1 < ENTRIES));
		tree_root(&dropped.tree, &root);
		CHECK(!digest_equal(&root, &whole));
		tree_root(&swapped.tree, &root);
		CHECK(!digest_equal(&root, &whole));
	}
}

TEST(a_consistent_forgery_still_changes_the_root)
{
	struct store *st = open_new();
	struct audit_check c = {.failed = false};
	struct listing l;
	struct digest a;
	struct digest b;
	size_t i;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	l = listed(st, NULL, 0, 100);
	store_close(st);
	l.kept[7].body[9] ^= 1;
	tree_leaf(l.kept[7].salt, AUDIT_SALT_LEN, l.kept[7].body,
	    strlen(l.kept[7].body), &l.kept[7].leaf);
	for (i = 0; i < l.n; i++)
		check_one(&c, i, &l.kept[i]);
	CHECK(!c.failed);
	tree_root(&c.tree, &a);
	tree_root(&l.audit.tree, &b);
	CHECK(!digest_equal(&a, &b));
}

static enum err
prove_all(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;
	struct digest proof[TREE_LEVELS];
	struct digest root;
	uint64_t size;
	uint64_t seq;
	struct tree t = {0};
	enum err e = OK;

	for (size = 1; size <= ENTRIES && e == OK; size++) {
		e = tree_add(&t, &l->kept[size - 1].leaf, NULL, NULL);
		tree_root(&t, &root);
		for (seq = 0; seq < size && e == OK; seq++) {
			size_t len;

			e = audit_prove(tx, seq, size, proof, &len);
			if (e == OK)
				e = tree_check(seq, size, &l->kept[seq].leaf,
				    proof, len, &root);
		}
	}
	return e;
}

TEST(the_store_can_prove_every_entry_at_every_size)
{
	struct store *st = open_new();
	struct listing l;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	l = listed(st, NULL, 0, 100);
	CHECK_INT(store_run_now(st, prove_all, &l), OK);
	store_close(st);
}

static enum err
prove_growth(struct store_tx *tx, void *arg)
{
	struct digest proof[TREE_LEVELS + 1];
	struct digest roots[ENTRIES + 1];
	struct listing *l = arg;
	struct tree t = {0};
	uint64_t old_size;
	uint64_t size;
	enum err e = OK;

	tree_root(&t, &roots[0]);
	for (size = 1; size <= ENTRIES && e == OK; size++) {
		e = tree_add(&t, &l->kept[size - 1].leaf, NULL, NULL);
		tree_root(&t, &roots[size]);
		for (old_size = 0; old_size <= size && e == OK; old_size++) {
			size_t len;

			e = audit_prove_consistency(
			    tx, old_size, size, proof, &len);
			if (e == OK)
				e = tree_check_consistency(old_size,
				    &roots[old_size], size, &roots[size], proof,
				    len);
		}
	}
	return e;
}

TEST(the_store_can_prove_that_every_size_grew_from_every_smaller_one)
{
	struct store *st = open_new();
	struct listing l;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	l = listed(st, NULL, 0, 100);
	CHECK_INT(store_run_now(st, prove_growth, &l), OK);
	store_close(st);
}

static enum err
change_job(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx, arg, &q);

	return e != OK ? e : store_query_finish(q);
}

TEST(the_database_itself_refuses_to_change_the_log)
{
	static char update[] = "UPDATE log SET body='{}' WHERE seq=3";
	static char delete[] = "DELETE FROM log WHERE seq=3";
	struct store *st = open_new();
	struct listing l;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	CHECK(store_run_now(st, change_job, update) != OK);
	CHECK(store_run_now(st, change_job, delete) != OK);
	l = listed(st, NULL, 0, 100);
	CHECK_INT(l.n, ENTRIES);
	store_close(st);
}

static enum err
prune_some(struct store_tx *tx, void *arg)
{
	struct json *v = json_object();
	const int *before = arg;
	struct audit a;
	uint64_t seq;
	enum err e = audit_load(tx, &a);

	json_put_str(v, "kind", "pruned");
	json_put_int(v, "before", *before);
	if (e == OK)
		e = audit_append(&a, tx, v, &seq);
	json_free(v);
	return e == OK ? audit_prune(tx, 0, (uint64_t)*before) : e;
}

static enum err
append_few(struct store_tx *tx, void *arg)
{
	struct json *v = body_of(0);
	struct audit a;
	uint64_t seq;
	int i;
	enum err e = audit_load(tx, &a);

	(void)arg;
	for (i = 0; i < ENTRIES - 2 && e == OK; i++)
		e = audit_append(&a, tx, v, &seq);
	json_free(v);
	return e;
}

TEST(a_pruned_log_keeps_its_tree_and_says_how_much_is_gone)
{
	struct store *st = open_new();
	struct audit_check c = {.failed = false};
	struct listing before;
	struct listing l;
	struct digest a;
	struct digest b;
	int most = 7;
	size_t i;

	REQUIRE(store_run_now(st, append_few, NULL) == OK);
	before = listed(st, NULL, 0, 100);
	REQUIRE(store_run_now(st, prune_some, &most) == OK);
	l = listed(st, NULL, 0, 100);
	store_close(st);
	REQUIRE(l.n == ENTRIES - 1);
	for (i = 0; i < l.n; i++) {
		CHECK((l.kept[i].body[0] == '\0') == (i < 7));
		if (i < before.n)
			CHECK(digest_equal(
			    &before.kept[i].leaf, &l.kept[i].leaf));
		check_one(&c, i, &l.kept[i]);
	}
	CHECK(!c.failed);
	CHECK_INT(c.pruned, 7);
	CHECK_INT(c.pruned_end, 7);
	CHECK_INT(c.prune_said, 7);
	tree_root(&c.tree, &a);
	tree_root(&l.audit.tree, &b);
	CHECK(digest_equal(&a, &b));
}

TEST(a_body_that_is_taken_alone_is_found)
{
	struct store *st = open_new();
	struct audit_check c = {.failed = false};
	struct listing l;
	size_t i;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	l = listed(st, NULL, 0, 100);
	store_close(st);
	/* Without its salt it looks pruned, but nothing says that it was. */
	l.kept[5].body[0] = '\0';
	l.kept[5].salt_len = 0;
	for (i = 0; i < l.n; i++)
		check_one(&c, i, &l.kept[i]);
	CHECK(!c.failed);
	CHECK(c.pruned_end > c.prune_said);
	memset(&c, 0, sizeof(c));
	l.kept[5].salt_len = AUDIT_SALT_LEN;
	for (i = 0; i < l.n; i++)
		check_one(&c, i, &l.kept[i]);
	CHECK(c.failed);
	CHECK_INT(c.bad_seq, 5);
}

TEST(a_salt_that_became_part_of_the_body_is_found)
{
	static const char both[] = "0123456789abcdef{\"kind\":\"x\"}";
	struct audit_check whole = {.failed = false};
	struct audit_check moved = {.failed = false};
	struct digest leaf;

	tree_leaf(both, 16, both + 16, strlen(both) - 16, &leaf);
	audit_check_entry(&whole, 0, (struct str){both, 16},
	    (struct str){both + 16, strlen(both) - 16}, &leaf);
	audit_check_entry(&moved, 0, (struct str){both, 0},
	    (struct str){both, strlen(both)}, &leaf);
	CHECK(!whole.failed);
	CHECK(moved.failed);
}

TEST(the_database_lets_nothing_but_pruning_through)
{
	static char *const changes[] = {"UPDATE log SET body='' WHERE seq=3",
	    "UPDATE log SET salt=x'' WHERE seq=3",
	    "UPDATE log SET salt=x'', body='{}' WHERE seq=3",
	    "UPDATE log SET salt=x'', body='', kind='x' WHERE seq=3",
	    "UPDATE log SET salt=x'', body='', run='x' WHERE seq=3",
	    "UPDATE log SET salt=x'', body='', act='x' WHERE seq=3",
	    "UPDATE log SET salt=x'', body='', seq=99 WHERE seq=3",
	    "UPDATE log SET salt=x'', body='', leaf=x'00' WHERE seq=3",
	    "UPDATE log SET salt=x'', body='', nodes=x'00' WHERE seq=3"};
	struct store *st = open_new();
	struct listing l;
	size_t i;

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	for (i = 0; i < ARRAY_LEN(changes); i++) {
		CASE(changes[i]);
		CHECK(store_run_now(st, change_job, changes[i]) != OK);
	}
	l = listed(st, NULL, 0, 100);
	CHECK_STR(l.kept[3].body,
	    "{\"kind\":\"done\",\"n\":3,\"run\":"
	    "\"" RUN_A "\"}");
	store_close(st);
}

TEST(a_missing_node_is_noticed_at_the_start)
{
	static char unlock[] = "DROP TRIGGER log_keep";
	static char sql[] = "UPDATE log SET nodes=x'' WHERE seq=15";
	struct store *st = open_new();
	struct listing l = {.most = 1};

	REQUIRE(store_run_now(st, append_some, NULL) == OK);
	REQUIRE(store_run_now(st, change_job, unlock) == OK);
	REQUIRE(store_run_now(st, change_job, sql) == OK);
	CHECK(store_run_now(st, list_job, &l) == ERR_CORRUPT);
	store_close(st);
}

static enum err
append_big(struct store_tx *tx, void *arg)
{
	struct audit *a = arg;
	char *words = calloc(1, LOG_BODY_MAX + 1);
	struct json *v = json_object();
	uint64_t seq;
	enum err e;

	memset(words, 'x', LOG_BODY_MAX);
	json_put_str(v, "kind", words);
	e = audit_append(a, tx, v, &seq);
	json_free(v);
	free(words);
	return e;
}

TEST(a_body_beyond_the_limit_is_not_written)
{
	struct store *st = open_new();
	struct audit a = {.tree = {.size = 0}};

	CHECK(store_run_now(st, append_big, &a) == ERR_LIMIT);
	CHECK_INT(a.tree.size, 0);
	store_close(st);
}
