/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tree.h"

#include "crypto/crypto.h"

void
tree_leaf(const void *salt, size_t salt_len, const void *body, size_t body_len,
    struct digest *ret)
{
	static const uint8_t prefix = 0x00;
	struct crypto_part parts[3] = {
	    {&prefix, 1}, {salt, salt_len}, {body, body_len}};

	crypto_hash_parts(parts, 3, ret);
}

static void
join(const struct digest *left, const struct digest *right, struct digest *ret)
{
	static const uint8_t prefix = 0x01;
	struct crypto_part parts[3] = {
	    {&prefix, 1}, {left->b, DIGEST_LEN}, {right->b, DIGEST_LEN}};

	crypto_hash_parts(parts, 3, ret);
}

enum err
tree_add(struct tree *t, const struct digest *leaf, tree_node_fn *fn, void *arg)
{
	struct tree grown = *t;
	struct digest hash = *leaf;
	int level = 0;
	enum err e;

	for (;;) {
		e = fn != NULL ? fn(arg, level, grown.size >> level, &hash)
			       : OK;
		if (e != OK)
			return e;
		if ((grown.size >> level & 1) == 0)
			break;
		join(&grown.roots[level], &hash, &hash);
		level++;
	}
	grown.roots[level] = hash;
	grown.size++;
	*t = grown;
	return OK;
}

void
tree_root(const struct tree *t, struct digest *ret)
{
	int level;
	bool have = false;

	for (level = 0; level < TREE_LEVELS; level++) {
		if ((t->size >> level & 1) == 0)
			continue;
		if (have)
			join(&t->roots[level], ret, ret);
		else
			*ret = t->roots[level];
		have = true;
	}
	if (!have)
		crypto_hash("", 0, ret);
}

/* The hash over leaves [begin, end) of a tree whose perfect subtrees can be
 * fetched; `begin` is a multiple of the largest power of two inside. */
static enum err
range_hash(uint64_t begin, uint64_t end, tree_fetch_fn *node, void *arg,
    struct digest *ret)
{
	struct digest right;
	enum err e;
	int level = 0;
	uint64_t split;

	while ((uint64_t)2 << level <= end - begin)
		level++;
	split = begin + ((uint64_t)1 << level);
	e = node(arg, level, begin >> level, ret);
	if (e != OK || split == end)
		return e;
	e = range_hash(split, end, node, arg, &right);
	if (e == OK)
		join(ret, &right, ret);
	return e;
}

/* Where the RFC splits `n` leaves: the largest power of two below it. */
static uint64_t
split_of(uint64_t n)
{
	uint64_t half = 1;

	while (half * 2 < n)
		half *= 2;
	return half;
}

/* The RFC lists a path from the leaf up; we find it from the root down. */
static void
turn_round(const struct digest *down, size_t n, struct digest *ret)
{
	size_t i;

	for (i = 0; i < n; i++)
		ret[i] = down[n - 1 - i];
}

enum err
tree_prove(uint64_t index, uint64_t size, tree_fetch_fn *node, void *arg,
    struct digest ret[TREE_LEVELS], size_t *ret_len)
{
	struct digest down[TREE_LEVELS];
	uint64_t begin = 0;
	uint64_t end = size;
	size_t n = 0;

	if (index >= size || size >> TREE_LEVELS != 0)
		return ERR_INPUT;
	while (end - begin > 1) {
		uint64_t half = split_of(end - begin);
		enum err e;

		if (index < begin + half) {
			e = range_hash(
			    begin + half, end, node, arg, &down[n++]);
			end = begin + half;
		} else {
			e = range_hash(
			    begin, begin + half, node, arg, &down[n++]);
			begin += half;
		}
		if (e != OK)
			return e;
	}
	turn_round(down, n, ret);
	*ret_len = n;
	return OK;
}

enum err
tree_check(uint64_t index, uint64_t size, const struct digest *leaf,
    const struct digest *path, size_t path_len, const struct digest *root)
{
	struct digest hash = *leaf;
	uint64_t fn = index;
	uint64_t sn = size - 1;
	size_t i;

	if (index >= size)
		return ERR_INPUT;
	for (i = 0; i < path_len; i++) {
		if (sn == 0)
			return ERR_SIGNATURE;
		if ((fn & 1) == 0 && fn != sn) {
			join(&hash, &path[i], &hash);
		} else {
			join(&path[i], &hash, &hash);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0 || !digest_equal(&hash, root))
		return ERR_SIGNATURE;
	return OK;
}

enum err
tree_prove_consistency(uint64_t old_size, uint64_t size, tree_fetch_fn *node,
    void *arg, struct digest ret[TREE_LEVELS + 1], size_t *ret_len)
{
	struct digest down[TREE_LEVELS + 1];
	uint64_t begin = 0;
	uint64_t end = size;
	size_t n = 0;
	enum err e = OK;

	if (old_size > size || size >> TREE_LEVELS != 0)
		return ERR_INPUT;
	/* Down to the subtree where the old tree ends. */
	while (old_size != 0 && end != old_size && e == OK) {
		uint64_t middle = begin + split_of(end - begin);

		if (old_size <= middle) {
			e = range_hash(middle, end, node, arg, &down[n++]);
			end = middle;
		} else {
			e = range_hash(begin, middle, node, arg, &down[n++]);
			begin = middle;
		}
	}
	/* When it is the whole old tree, the verifier has its root. */
	if (e == OK && begin != 0)
		e = range_hash(begin, end, node, arg, &down[n++]);
	if (e != OK)
		return e;
	turn_round(down, n, ret);
	*ret_len = n;
	return OK;
}

/* Steps 4 to 8 of the RFC: lead `seed` to both roots at once. */
static enum err
climb_to_both(uint64_t old_size, const struct digest *old_root, uint64_t size,
    const struct digest *root, const struct digest *seed,
    const struct digest *path, size_t path_len)
{
	struct digest old_hash = *seed;
	struct digest hash = *seed;
	uint64_t fn = old_size - 1;
	uint64_t sn = size - 1;
	size_t i;

	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	for (i = 0; i < path_len; i++) {
		if (sn == 0)
			return ERR_SIGNATURE;
		if ((fn & 1) != 0 || fn == sn) {
			join(&path[i], &old_hash, &old_hash);
			join(&path[i], &hash, &hash);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			join(&hash, &path[i], &hash);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0 || !digest_equal(&old_hash, old_root) ||
	    !digest_equal(&hash, root))
		return ERR_SIGNATURE;
	return OK;
}

enum err
tree_check_consistency(uint64_t old_size, const struct digest *old_root,
    uint64_t size, const struct digest *root, const struct digest *path,
    size_t path_len)
{
	struct digest nothing;

	if (old_size > size)
		return ERR_INPUT;
	if (old_size == 0) {
		crypto_hash("", 0, &nothing);
		return path_len == 0 && digest_equal(old_root, &nothing)
		    ? OK
		    : ERR_SIGNATURE;
	}
	if (old_size == size)
		return path_len == 0 && digest_equal(old_root, root)
		    ? OK
		    : ERR_SIGNATURE;
	/* A perfect old tree is a subtree: its root is where we begin. */
	if ((old_size & (old_size - 1)) == 0)
		return climb_to_both(
		    old_size, old_root, size, root, old_root, path, path_len);
	if (path_len == 0)
		return ERR_SIGNATURE;
	return climb_to_both(
	    old_size, old_root, size, root, &path[0], path + 1, path_len - 1);
}
