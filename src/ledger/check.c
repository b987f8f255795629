/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "audit/check.h"
#include "base/log.h"
#include "ledger/ledger_priv.h"

/*
 * The log checks itself: every leaf is hashed anew and the tree built from
 * the first entry to the head as it was at the start, in small jobs between
 * which others come.
 */

struct check {
	struct ledger *ledger;
	struct audit_check entries;
	uint64_t forgiven;
	struct tree head;
	uint64_t before; /* Entries that were checked before this page. */
	void (*fn)(void *arg, bool good, const char *what);
	void *arg;
};

static void post_check(struct check *c);

static enum err
check_entry(void *arg, const struct audit_entry *e)
{
	struct check *c = arg;

	/* An owner went on although these did not fit: as they are. */
	if (e->seq < c->forgiven && e->seq == c->entries.tree.size)
		return tree_add(&c->entries.tree, &e->leaf, NULL, NULL);
	/* Written since: another time. */
	if (e->seq < c->head.size)
		audit_check_entry(
		    &c->entries, e->seq, e->salt, e->body, &e->leaf);
	return OK;
}

static enum err
run_check(struct store_tx *tx, void *arg)
{
	struct check *c = arg;

	return audit_list(tx, NULL, c->entries.tree.size, CHECK_ENTRIES_AT_ONCE,
	    check_entry, c);
}

static void
conclude(struct check *c)
{
	struct errmsg why = {""};
	struct digest root;
	enum err e;

	tree_root(&c->head, &root);
	e = audit_check_end(&c->entries, &root, c->head.size, &why);
	c->ledger->checking = false;
	c->fn(c->arg, e == OK, why.text);
	free(c);
}

static void
check_done(void *arg, enum err e)
{
	struct check *c = arg;

	/* Nothing where there should be something is a gap too. */
	if (e != OK ||
	    (c->entries.tree.size == c->before && c->before < c->head.size))
		c->entries.failed = true;
	if (c->entries.failed || c->entries.tree.size >= c->head.size)
		conclude(c);
	else
		post_check(c);
}

static void
post_check(struct check *c)
{
	struct store_job job = {.run = run_check, .done = check_done, .arg = c};

	c->before = c->entries.tree.size;
	ledger_post(c->ledger, &job);
}

bool
ledger_is_checking(const struct ledger *l)
{
	return l->checking;
}

void
ledger_check(struct ledger *l, uint64_t forgiven,
    void (*fn)(void *arg, bool good, const char *what), void *arg)
{
	struct check *c = xalloc(sizeof(*c));

	l->checking = true;
	c->ledger = l;
	c->head = l->head;
	c->forgiven = forgiven;
	c->fn = fn;
	c->arg = arg;
	post_check(c);
}
