/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/anchor.h"

#include <stdlib.h>

#include "audit/check.h"
#include "check.h"
#include "crypto/crypto.h"

#define LEAVES 12

static struct key *box;
static struct public_key box_public;
static struct digest leaves[LEAVES];
static struct digest roots[LEAVES + 1];
static char bodies[LEAVES][16];
static const char salt[] = "0123456789abcdef";

static void
clean_up(void)
{
	key_free(box);
}

static void
check_setup(void)
{
	struct tree t = {0};
	size_t i;

	crypto_open();
	box = key_generate();
	atexit(clean_up);
	key_public(box, &box_public);
	tree_root(&t, &roots[0]);
	for (i = 0; i < LEAVES; i++) {
		snprintf(bodies[i], sizeof(bodies[i]), "{\"n\":%zu}", i);
		tree_leaf(salt, 16, bodies[i], strlen(bodies[i]), &leaves[i]);
		if (tree_add(&t, &leaves[i], NULL, NULL) != OK)
			abort();
		tree_root(&t, &roots[i + 1]);
	}
}

TEST(a_checkpoint_reads_back_and_has_one_text)
{
	struct audit_checkpoint c;
	struct digest name = {{1, 2}};
	struct digest root = {{3, 4}};
	struct buf b;
	size_t i;

	buf_init(&b, 512);
	audit_checkpoint_text(&name, 12345, &root, &b);
	REQUIRE(audit_checkpoint_read(b.p, b.len, &c) == OK);
	CHECK(digest_equal(&c.box, &name));
	CHECK(digest_equal(&c.root, &root));
	CHECK_INT(c.size, 12345);
	for (i = 0; i < b.len; i++) {
		char was = b.p[i];

		b.p[i] = was == 'G' ? 'H' : 'G';
		CHECK(audit_checkpoint_read(b.p, b.len, &c) == ERR_INPUT);
		b.p[i] = was;
		CHECK(audit_checkpoint_read(b.p, i, &c) == ERR_INPUT);
	}
	buf_adds(&b, "\n");
	CHECK(audit_checkpoint_read(b.p, b.len, &c) == ERR_INPUT);
	buf_done(&b);
}

TEST(a_checkpoint_with_an_odd_number_is_refused)
{
	static const char *const sizes[] = {
	    "-1", "+5", "05", " 5", "5 ", "18446744073709551616", "0x5", ""};
	char hex[65];
	size_t i;

	memset(hex, 'a', 64);
	hex[64] = '\0';
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		struct audit_checkpoint c;
		char text[400];

		CASE(sizes[i]);
		snprintf(text, sizeof(text),
		    "durward-checkpoint/1\nbox %s\nsize %s\nroot %s\n", hex,
		    sizes[i], hex);
		CHECK(
		    audit_checkpoint_read(text, strlen(text), &c) == ERR_INPUT);
	}
}

static bool
checkpoint_without_end(void)
{
	struct audit_checkpoint c;
	struct digest d = {{1}};
	struct buf b;
	char *exact;
	enum err e;

	buf_init(&b, 512);
	audit_checkpoint_text(&d, 5, &d, &b);
	exact = malloc(b.len);
	memcpy(exact, b.p, b.len);
	e = audit_checkpoint_read(exact, b.len, &c);
	free(exact);
	buf_done(&b);
	return e == OK;
}

TEST(a_checkpoint_needs_no_nul_behind_it)
{
	CHECK(check_survives(checkpoint_without_end));
}

/* What the box would have signed at this size. */
static struct anchor
anchor_at(uint64_t size)
{
	struct anchor a = {.at = {.size = size, .root = roots[size]}};
	struct buf b;

	public_id(&box_public, &a.at.box);
	buf_init(&b, ANCHOR_MAX);
	audit_checkpoint_text(&a.at.box, size, &a.at.root, &b);
	key_sign(box, b.p, b.len, &a.signature);
	buf_done(&b);
	return a;
}

TEST(an_anchor_reads_back_and_has_one_text)
{
	struct anchor a = anchor_at(5);
	struct anchor again;
	struct buf b;
	size_t i;

	buf_init(&b, ANCHOR_MAX);
	anchor_write(&a, &b);
	REQUIRE(anchor_read(b.p, b.len, &again) == OK);
	CHECK_INT(again.at.size, 5);
	CHECK(digest_equal(&again.at.root, &roots[5]));
	CHECK(anchor_verify(&again, &box_public) == OK);
	for (i = 0; i < b.len; i++) {
		char was = b.p[i];

		b.p[i] = was == 'G' ? 'H' : 'G';
		CHECK(anchor_read(b.p, b.len, &again) == ERR_INPUT);
		b.p[i] = was;
		CHECK(anchor_read(b.p, i, &again) == ERR_INPUT);
	}
	buf_adds(&b, "\n");
	CHECK(anchor_read(b.p, b.len, &again) == ERR_INPUT);
	buf_done(&b);
}

static bool
read_without_end(void)
{
	struct anchor a = anchor_at(5);
	struct buf b;
	char *exact;
	enum err e;

	buf_init(&b, ANCHOR_MAX);
	anchor_write(&a, &b);
	exact = malloc(b.len);
	memcpy(exact, b.p, b.len);
	e = anchor_read(exact, b.len, &a);
	free(exact);
	buf_done(&b);
	return e == OK;
}

TEST(an_anchor_needs_no_nul_behind_it)
{
	CHECK(check_survives(read_without_end));
}

TEST(only_the_box_itself_signs_an_anchor)
{
	struct key *other = key_generate();
	struct anchor a = anchor_at(5);
	struct public_key pub;

	key_public(other, &pub);
	CHECK(anchor_verify(&a, &pub) == ERR_SIGNATURE);
	public_id(&pub, &a.at.box);
	CHECK(anchor_verify(&a, &pub) == ERR_SIGNATURE);
	a = anchor_at(5);
	a.at.size++;
	CHECK(anchor_verify(&a, &box_public) == ERR_SIGNATURE);
	a = anchor_at(5);
	a.at.root.b[0] ^= 1;
	CHECK(anchor_verify(&a, &box_public) == ERR_SIGNATURE);
	key_free(other);
}

/* A whole log of `size` entries, in which one may be another. */
static enum err
judge(const struct anchor *a, size_t size, size_t changed, struct errmsg *why)
{
	struct audit_check c = {.anchor = a};
	struct digest root;
	size_t i;

	for (i = 0; i < size; i++) {
		const char *body = i == changed ? "{\"n\":99}" : bodies[i];
		struct digest leaf;

		tree_leaf(salt, 16, body, strlen(body), &leaf);
		audit_check_entry(&c, i, (struct str){salt, 16},
		    (struct str){body, strlen(body)}, &leaf);
	}
	tree_root(&c.tree, &root);
	return audit_check_end(&c, &root, size, why);
}

TEST(a_log_that_grew_meets_its_anchor)
{
	size_t size;
	size_t at;

	for (at = 0; at <= LEAVES; at++) {
		struct anchor a = anchor_at(at);

		for (size = at; size <= LEAVES; size++) {
			struct errmsg why = {""};

			CHECK(judge(&a, size, LEAVES, &why) == OK);
			CHECK_STR(why.text, "");
		}
	}
}

TEST(a_log_that_became_smaller_was_rolled_back)
{
	struct anchor a = anchor_at(9);
	struct errmsg why = {""};

	CHECK(judge(&a, 7, LEAVES, &why) == ERR_CORRUPT);
	CHECK_STR(why.text, "the log was rolled back: it had 9 entries, now 7");
	why.text[0] = '\0';
	CHECK(anchor_covers(&(struct audit_checkpoint){.size = 7}, 9, &roots[9],
		  NULL, 0, &why) == ERR_CORRUPT);
	CHECK(strstr(why.text, "it had 9 entries, now 7") != NULL);
}

TEST(a_log_that_was_rewritten_is_told_from_the_anchor_on)
{
	struct anchor a = anchor_at(6);
	struct errmsg why = {""};
	size_t i;

	for (i = 0; i < LEAVES; i++) {
		CHECK((judge(&a, LEAVES, i, &why) == OK) == (i >= 6));
		if (i < 6)
			CHECK(
			    strstr(why.text,
				"the log was changed behind entry 6") != NULL);
	}
	CHECK(anchor_covers(&a.at, 6, &roots[5], NULL, 0, &why) == ERR_CORRUPT);
	CHECK(anchor_covers(&a.at, 6, &roots[6], NULL, 0, &why) == OK);
}
