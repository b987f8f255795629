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

/* SUBPROOF of RFC 9162, 2.1.4.1, word for word. */
static size_t
naive_subproof(
    size_t m, const struct digest *d, size_t n, bool whole, struct digest *ret)
{
	size_t k = 1;
	size_t len;

	if (m == n) {
		if (!whole)
			naive_root(d, n, &ret[0]);
		return whole ? 0 : 1;
	}
	while (2 * k < n)
		k *= 2;
	if (m <= k) {
		len = naive_subproof(m, d, k, whole, ret);
		naive_root(d + k, n - k, &ret[len]);
	} else {
		len = naive_subproof(m - k, d + k, n - k, false, ret);
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

/* The known leaves and answers of the Certificate Transparency project. */
static const struct {
	const char *bytes;
	size_t len;
} known[] = {{"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2},
    {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
static const char *const known_roots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

#define H0 "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define H1 "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define H4 "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define H6 "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
#define H01 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
#define H23 "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define H45 "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
#define H67 "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
#define H0123 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
#define H4567 "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"

static void
plant_known(struct tree *t, size_t n)
{
	struct digest d;
	size_t i;

	memset(t, 0, sizeof(*t));
	memset(have_node, 0, sizeof(have_node));
	for (i = 0; i < n; i++) {
		tree_leaf("", 0, known[i].bytes, known[i].len, &d);
		REQUIRE(tree_add(t, &d, keep_node, NULL) == OK);
	}
}

/* Back to the leaves that the other tests walk. */
static void
plant_own(void)
{
	memset(&tree, 0, sizeof(tree));
	memset(have_node, 0, sizeof(have_node));
	check_setup();
}

static void
check_path(const struct digest *path, size_t len, const char *const *want)
{
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	for (i = 0; i < len && want[i] != NULL; i++) {
		digest_hex(&path[i], hex);
		CHECK_STR(hex, want[i]);
	}
	CHECK(i == len && want[i] == NULL);
}

static struct digest
known_root(size_t size)
{
	struct digest d;

	REQUIRE(digest_read(known_roots[size - 1], 64, &d) == OK);
	return d;
}

TEST(the_root_of_the_known_eight_leaves_is_the_known_one)
{
	struct tree t = {0};
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++) {
		char hex[DIGEST_HEX_SIZE];
		struct digest d;

		tree_leaf("", 0, known[i].bytes, known[i].len, &d);
		REQUIRE(tree_add(&t, &d, NULL, NULL) == OK);
		tree_root(&t, &d);
		digest_hex(&d, hex);
		CHECK_STR(hex, known_roots[i]);
	}
}

TEST(the_known_inclusion_proofs_are_made_and_verify)
{
	static const struct {
		size_t index;
		size_t size;
		const char *path[4];
	} rows[] = {{0, 1, {NULL}}, {0, 8, {H1, H23, H4567}},
	    {5, 8, {H4, H67, H0123}}, {2, 3, {H01}}, {1, 5, {H0, H23, H4}}};
	struct digest path[TREE_LEVELS];
	struct tree t;
	size_t len;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		size_t index = rows[i].index;
		struct digest root = known_root(rows[i].size);
		struct digest leaf;

		plant_known(&t, rows[i].size);
		REQUIRE(tree_prove(index, rows[i].size, fetch_node, NULL, path,
			    &len) == OK);
		check_path(path, len, rows[i].path);
		tree_leaf("", 0, known[index].bytes, known[index].len, &leaf);
		CHECK(tree_check(
			  index, rows[i].size, &leaf, path, len, &root) == OK);
	}
	plant_own();
}

TEST(the_known_consistency_proofs_are_made_and_verify)
{
	static const struct {
		size_t old_size;
		size_t size;
		const char *path[4];
	} rows[] = {{1, 1, {NULL}}, {1, 8, {H1, H23, H4567}},
	    {6, 8, {H45, H67, H0123}}, {2, 5, {H23, H4}},
	    {6, 7, {H45, H6, H0123}}};
	struct digest path[TREE_LEVELS + 1];
	struct tree t;
	size_t len;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest old_root = known_root(rows[i].old_size);
		struct digest root = known_root(rows[i].size);

		plant_known(&t, rows[i].size);
		REQUIRE(tree_prove_consistency(rows[i].old_size, rows[i].size,
			    fetch_node, NULL, path, &len) == OK);
		check_path(path, len, rows[i].path);
		CHECK(tree_check_consistency(rows[i].old_size, &old_root,
			  rows[i].size, &root, path, len) == OK);
	}
	plant_own();
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

TEST(every_consistency_proof_is_the_one_of_the_rfc_and_verifies)
{
	struct digest want[TREE_LEVELS + 1];
	struct digest path[TREE_LEVELS + 1];
	struct digest old_root;
	struct digest root;
	size_t len;
	size_t m;
	size_t n;

	for (n = 0; n <= LEAVES; n++) {
		naive_root(leaves, n, &root);
		for (m = 0; m <= n; m++) {
			size_t want_len = m == 0
			    ? 0
			    : naive_subproof(m, leaves, n, true, want);

			naive_root(leaves, m, &old_root);
			REQUIRE(tree_prove_consistency(
				    m, n, fetch_node, NULL, path, &len) == OK);
			CHECK_INT(len, want_len);
			CHECK(memcmp(path, want, len * sizeof(path[0])) == 0);
			CHECK(tree_check_consistency(
				  m, &old_root, n, &root, path, len) == OK);
		}
	}
}

static bool
links(size_t m, const struct digest *old_root, size_t n,
    const struct digest *root, const struct digest *path, size_t len)
{
	return tree_check_consistency(m, old_root, n, root, path, len) == OK;
}

/* How many changed versions of one consistency proof still verify. */
static int
count_forged_links(size_t m, const struct digest *old_root, size_t n,
    const struct digest *root, struct digest *path, size_t len)
{
	struct digest longer[TREE_LEVELS + 2];
	struct digest other = *old_root;
	int passed = 0;
	size_t i;

	other.b[m % DIGEST_LEN] ^= 1;
	passed += links(m, &other, n, root, path, len);
	other = *root;
	other.b[n % DIGEST_LEN] ^= 1;
	/* Every tree follows from the empty one. */
	passed += m != 0 && links(m, old_root, n, &other, path, len);
	for (i = 0; i < len; i++) {
		path[i].b[0] ^= 1;
		passed += links(m, old_root, n, root, path, len);
		path[i].b[0] ^= 1;
	}
	for (i = 0; i < len; i++) {
		memcpy(longer, path, i * sizeof(path[0]));
		memcpy(
		    longer + i, path + i + 1, (len - i - 1) * sizeof(path[0]));
		passed += links(m, old_root, n, root, longer, len - 1);
	}
	for (i = 0; i <= len; i++) {
		memcpy(longer, path, i * sizeof(path[0]));
		longer[i] = *root;
		memcpy(longer + i + 1, path + i, (len - i) * sizeof(path[0]));
		passed += links(m, old_root, n, root, longer, len + 1);
	}
	for (i = 0; i <= LEAVES; i++)
		passed += i != m && links(i, old_root, n, root, path, len);
	return passed;
}

TEST(no_changed_consistency_proof_verifies)
{
	struct digest path[TREE_LEVELS + 1];
	struct digest old_root;
	struct digest root;
	size_t len;
	size_t m;
	size_t n;

	for (n = 0; n <= LEAVES; n++) {
		naive_root(leaves, n, &root);
		for (m = 0; m <= n; m++) {
			naive_root(leaves, m, &old_root);
			REQUIRE(tree_prove_consistency(
				    m, n, fetch_node, NULL, path, &len) == OK);
			CHECK_INT(count_forged_links(
				      m, &old_root, n, &root, path, len),
			    0);
		}
	}
}

TEST(a_larger_tree_is_never_the_beginning_of_a_smaller_one)
{
	struct digest path[TREE_LEVELS + 1];
	size_t len;

	CHECK(tree_prove_consistency(6, 5, fetch_node, NULL, path, &len) ==
	    ERR_INPUT);
	CHECK(tree_prove_consistency(1, (uint64_t)1 << TREE_LEVELS, fetch_node,
		  NULL, path, &len) == ERR_INPUT);
	CHECK(tree_check_consistency(6, &leaves[0], 5, &leaves[0], NULL, 0) ==
	    ERR_INPUT);
	CHECK(tree_check_consistency(3, &leaves[0], 5, &leaves[0], NULL, 0) ==
	    ERR_SIGNATURE);
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
