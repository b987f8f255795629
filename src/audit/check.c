/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/check.h"

#include <string.h>

#include "base/str.h"

/* Does this entry say that others were pruned? */
static void
look_for_record(struct audit_check *c, struct str body)
{
	static const char mark[] = "\"kind\":\"pruned\"";
	struct json *v;
	int64_t before;

	/* Almost no entry is one: look before reading it as JSON. */
	if (memmem(body.p, body.len, mark, strlen(mark)) == NULL ||
	    json_parse(body.p, body.len, &v) != OK)
		return;
	before = json_int(v, "before", 0);
	if (strcmp(json_words(v, "kind"), "pruned") == 0 && before > 0 &&
	    (uint64_t)before > c->prune_said)
		c->prune_said = (uint64_t)before;
	json_free(v);
}

void
audit_check_entry(struct audit_check *c, uint64_t seq, struct str salt,
    struct str body, const struct digest *leaf)
{
	struct digest want;

	if (c->failed)
		return;
	if (salt.len == 0 && body.len == 0) {
		want = *leaf;
		c->pruned++;
		c->pruned_end = seq + 1;
	} else {
		look_for_record(c, body);
		tree_leaf(salt.p, salt.len, body.p, body.len, &want);
	}
	/* A salt of another length would let the body begin elsewhere. */
	if (seq != c->tree.size || !digest_equal(&want, leaf) ||
	    (salt.len != AUDIT_SALT_LEN && salt.len + body.len > 0) ||
	    tree_add(&c->tree, leaf, NULL, NULL) != OK) {
		c->failed = true;
		c->bad_seq = seq;
	} else if (c->anchor != NULL && c->tree.size == c->anchor->at.size) {
		tree_root(&c->tree, &want);
		c->anchor_met = digest_equal(&want, &c->anchor->at.root);
	}
}

void
audit_check_document(struct audit_check *c, const struct json *entry)
{
	uint8_t salt[AUDIT_SALT_LEN];
	const char *salt_hex = json_words(entry, "salt");
	const char *leaf_hex = json_words(entry, "leaf");
	const char *body = json_words(entry, "body");
	uint64_t seq = (uint64_t)json_int(entry, "seq", -1);
	size_t salt_len = salt_hex[0] != '\0' ? sizeof(salt) : 0;
	struct digest leaf;

	if (c->failed)
		return;
	if (hex_read(salt_hex, strlen(salt_hex), salt, salt_len) != OK ||
	    digest_read(leaf_hex, strlen(leaf_hex), &leaf) != OK) {
		c->failed = true;
		c->bad_seq = seq;
		return;
	}
	audit_check_entry(c, seq, (struct str){(const char *)salt, salt_len},
	    (struct str){body, strlen(body)}, &leaf);
}

enum err
audit_check_end(const struct audit_check *c, const struct digest *root,
    uint64_t size, struct errmsg *why)
{
	struct digest got;

	if (c->failed)
		return err_say(why, ERR_CORRUPT,
		    "entry %llu is missing or altered",
		    (unsigned long long)c->bad_seq);
	tree_root(&c->tree, &got);
	if (c->tree.size != size || !digest_equal(&got, root))
		return err_say(
		    why, ERR_CORRUPT, "the entries do not lead to the root");
	if (c->pruned_end > c->prune_said)
		return err_say(why, ERR_CORRUPT,
		    "entry %llu is empty, and no entry says that it was pruned",
		    (unsigned long long)c->pruned_end - 1);
	if (c->anchor == NULL || c->anchor_met)
		return OK;
	if (c->anchor->at.size > size)
		return anchor_rolled_back(c->anchor->at.size, size, why);
	/* Every log has grown from the empty one. */
	return c->anchor->at.size > 0 ? anchor_forked(c->anchor->at.size, why)
				      : OK;
}
