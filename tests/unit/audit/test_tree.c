/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tree.h"

#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"

#define LEAVES 70

static struct digest leaves[LEAVES];
static struct digest nodes[8][LEAVES];
static bool have_node[8][LEAVES];
static struct tree tree;

static enum err
keep_node(void *arg, int level, uint64_t index, const struct digest *hash)
{
	(void)arg;
	if (level >= 8 || index >= LEAVES || have_node[level][index])
		return ERR_STATE;
	nodes[level][index] = *hash;
	have_node[level][index] = true;
	return OK;
}

static enum err
fetch_node(void *arg, int level, uint64_t index, struct digest *ret)
{
	(void)arg;
	if (level >= 8 || index >= LEAVES || !have_node[level][index])
		return ERR_CORRUPT;
	*ret = nodes[level][index];
	return OK;
}

static void
check_setup(void)
{
	size_t i;

	crypto_open();
	for (i = 0; i < LEAVES; i++) {
		uint8_t body = (uint8_t)i;

		tree_leaf("salt", 4, &body, 1, &leaves[i]);
	}
	for (i = 0; i < LEAVES; i++)
		if (tree_add(&tree, &leaves[i], keep_node, NULL) != OK)
			tree.size = 0;
}

/* MTH of RFC 9162, 2.1.1, word for word. */
static void
naive_root(const struct digest *d, size_t n, struct digest *ret)
{
	uint8_t joined[1 + 2 * DIGEST_LEN] = {0x01};
	struct digest half;
	size_t k = 1;

	if (n == 0) {
		crypto_hash("", 0, ret);
		return;
	}
	if (n == 1) {
		*ret = d[0];
		return;
	}
	while (2 * k < n)
		k *= 2;
	naive_root(d, k, &half);
	memcpy(joined + 1, half.b, DIGEST_LEN);
	naive_root(d + k, n - k, &half);
	memcpy(joined + 1 + DIGEST_LEN, half.b, DIGEST_LEN);
	crypto_hash(joined, sizeof(joined), ret);
}

/* PATH of RFC 9162, 2.1.3.1, word for word. */
static size_t
naive_path(size_t m, const struct digest *d, size_t n, struct digest *ret)
{
	size_t k = 1;
	size_t len;

	if (n <= 1)
		return 0;
	while (2 * k < n)
		k *= 2;
	if (m < k) {
		len = naive_path(m, d, k, ret);
		naive_root(d + k, n - k, &ret[len]);
	} else {
		len = naive_path(m - k, d + k, n - k, ret);
		naive_root(d, k, &ret[len]);
	}
	return len + 1;
}

TEST(the_root_is_that_of_the_rfc_at_every_size)
{
	struct tree t = {0};
	struct digest want;
	struct digest got;
	size_t n;

	for (n = 0; n <= LEAVES; n++) {
		naive_root(leaves, n, &want);
		tree_root(&t, &got);
		CHECK(digest_equal(&want, &got));
		CHECK_INT(t.size, n);
		if (n < LEAVES)
			REQUIRE(tree_add(&t, &leaves[n], NULL, NULL) == OK);
	}
}

/* The known answers of the Certificate Transparency project. */
TEST(the_root_of_the_known_eight_leaves_is_the_known_one)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {{"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2},
	    {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
	    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
	    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
		16}};
	static const char *const roots[] = {
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct tree t = {0};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		char hex[DIGEST_HEX_SIZE];
		struct digest d;

		tree_leaf("", 0, rows[i].bytes, rows[i].len, &d);
		REQUIRE(tree_add(&t, &d, NULL, NULL) == OK);
		tree_root(&t, &d);
		digest_hex(&d, hex);
		CHECK_STR(hex, roots[i]);
	}
}

TEST(every_proof_is_the_one_of_the_rfc_and_verifies)
{
	struct digest want[TREE_LEVELS];
	struct digest path[TREE_LEVELS];
	struct digest root;
	size_t len;
	size_t m;
	size_t n;

	for (n = 1; n <= LEAVES; n++) {
		naive_root(leaves, n, &root);
		for (m = 0; m < n; m++) {
			size_t want_len = naive_path(m, leaves, n, want);

			REQUIRE(tree_prove(
				    m, n, fetch_node, NULL, path, &len) == OK);
			CHECK_INT(len, want_len);
			CHECK(memcmp(path, want, len * sizeof(path[0])) == 0);
			CHECK(tree_check(m, n, &leaves[m], path, len, &root) ==
			    OK);
		}
	}
}

/* How many changed versions of one proof still verify. */
static int
count_forged(size_t m, size_t n, struct digest *path, size_t len,
    const struct digest *root)
{
	struct digest leaf = leaves[m];
	struct digest other = *root;
	int passed = 0;
	size_t i;

	for (i = 0; i < n + 2; i++)
		passed +=
		    i != m && tree_check(i, n, &leaf, path, len, root) == OK;
	leaf.b[m % DIGEST_LEN] ^= 1;
	passed += tree_check(m, n, &leaf, path, len, root) == OK;
	leaf = leaves[m];
	other.b[n % DIGEST_LEN] ^= 1;
	passed += tree_check(m, n, &leaf, path, len, &other) == OK;
	for (i = 0; i < len; i++) {
		path[i].b[0] ^= 1;
		passed += tree_check(m, n, &leaf, path, len, root) == OK;
		path[i].b[0] ^= 1;
	}
	for (i = 0; i < len; i++)
		passed += tree_check(m, n, &leaf, path, i, root) == OK;
	path[len] = *root;
	passed += tree_check(m, n, &leaf, path, len + 1, root) == OK;
	return passed;
}

TEST(no_changed_proof_verifies)
{
	struct digest path[TREE_LEVELS];
	struct digest root;
	size_t len;
	size_t m;
	size_t n;

	for (n = 1; n <= LEAVES; n++) {
		naive_root(leaves, n, &root);
		for (m = 0; m < n; m++) {
			REQUIRE(tree_prove(
				    m, n, fetch_node, NULL, path, &len) == OK);
			CHECK_INT(count_forged(m, n, path, len, &root), 0);
		}
	}
}

TEST(a_proof_outside_the_tree_does_not_exist)
{
	struct digest path[TREE_LEVELS];
	size_t len;

	CHECK(tree_prove(0, 0, fetch_node, NULL, path, &len) == ERR_INPUT);
	CHECK(tree_prove(5, 5, fetch_node, NULL, path, &len) == ERR_INPUT);
	CHECK(tree_prove(0, LEAVES + 60, fetch_node, NULL, path, &len) != OK);
	CHECK(tree_check(0, 0, &leaves[0], NULL, 0, &leaves[0]) == ERR_INPUT);
	CHECK(tree_check(0, 1, &leaves[0], NULL, 0, &leaves[0]) == OK);
}

static enum err
refuse_node(void *arg, int level, uint64_t index, const struct digest *hash)
{
	(void)arg;
	(void)index;
	(void)hash;
	return level == 1 ? ERR_IO : OK;
}

TEST(a_node_that_cannot_be_kept_leaves_the_tree_as_it_was)
{
	struct tree t = {0};
	struct digest before;
	struct digest after;

	REQUIRE(tree_add(&t, &leaves[0], refuse_node, NULL) == OK);
	tree_root(&t, &before);
	CHECK(tree_add(&t, &leaves[1], refuse_node, NULL) == ERR_IO);
	tree_root(&t, &after);
	CHECK_INT(t.size, 1);
	CHECK(digest_equal(&before, &after));
}

TEST(salt_and_body_are_one_leaf_and_never_a_node)
{
	struct digest a;
	struct digest b;

	tree_leaf("ab", 2, "c", 1, &a);
	crypto_hash("\0abc", 4, &b);
	CHECK(digest_equal(&a, &b));
	crypto_hash("\1abc", 4, &b);
	CHECK(!digest_equal(&a, &b));
}

static bool
prove_in_the_largest(void)
{
	struct digest path[TREE_LEVELS];
	size_t len;

	return tree_prove(0, UINT64_MAX, fetch_node, NULL, path, &len) != OK &&
	    tree_prove(
		UINT64_MAX - 1, UINT64_MAX, fetch_node, NULL, path, &len) != OK;
}

TEST(a_tree_larger_than_any_has_no_proof)
{
	CHECK(check_survives(prove_in_the_largest));
}
