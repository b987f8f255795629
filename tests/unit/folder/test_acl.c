/* SPDX-License-Identifier: Apache-2.0 */
#include "folder/acl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void
check_setup(void)
{
}

#define TOOL 300000u
#define OTHER 300001u

static unsigned
bits_of(const struct acl *a, unsigned tag)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->entries[i].tag == tag)
			return a->entries[i].perms;
	return 8;
}

TEST(one_user_more_gets_what_it_is_granted_and_nobody_else_more)
{
	struct acl a;

	acl_of_mode(0640, &a);
	CHECK_INT(a.n, 3);
	CHECK(!acl_names_anybody(&a));
	CHECK_INT(acl_perms(&a, TOOL), 0);
	REQUIRE(acl_grant(&a, TOOL, ACL_READ | ACL_WRITE) == OK);
	CHECK_INT(acl_perms(&a, TOOL), ACL_READ | ACL_WRITE);
	CHECK_INT(bits_of(&a, ACL_OWNER), 6);
	CHECK_INT(bits_of(&a, ACL_OWN_GROUP), 4);
	CHECK_INT(bits_of(&a, ACL_OTHER), 0);
	CHECK_INT(bits_of(&a, ACL_MASK), 6);
	REQUIRE(acl_grant(&a, TOOL, ACL_READ) == OK);
	CHECK_INT(acl_perms(&a, TOOL), ACL_READ);
}

/* A narrow mask kept the other from writing; a wider one must not give it
 * that back. */
TEST(what_a_mask_kept_from_others_stays_kept_from_them)
{
	struct acl a;

	acl_of_mode(0770, &a);
	REQUIRE(acl_grant(&a, OTHER, 7) == OK);
	a.entries[3].perms = ACL_READ; /* The mask. */
	REQUIRE(a.entries[3].tag == ACL_MASK);
	CHECK_INT(acl_perms(&a, OTHER), ACL_READ);
	REQUIRE(acl_grant(&a, TOOL, 7) == OK);
	CHECK_INT(acl_perms(&a, OTHER), ACL_READ);
	CHECK_INT(bits_of(&a, ACL_OWN_GROUP), ACL_READ);
	acl_revoke(&a, TOOL);
	CHECK_INT(acl_perms(&a, TOOL), 0);
	CHECK_INT(acl_perms(&a, OTHER), ACL_READ);
}

TEST(who_is_revoked_leaves_nothing_behind)
{
	struct acl before;
	struct acl a;

	acl_of_mode(0750, &a);
	before = a;
	REQUIRE(acl_grant(&a, TOOL, 7) == OK);
	acl_revoke(&a, OTHER);
	CHECK_INT(acl_perms(&a, TOOL), 7);
	acl_revoke(&a, TOOL);
	CHECK_INT(a.n, before.n);
	CHECK(memcmp(a.entries, before.entries, 3 * sizeof(a.entries[0])) == 0);
}

TEST(a_full_list_takes_nobody_more)
{
	struct acl a;
	uint32_t i;

	acl_of_mode(0700, &a);
	for (i = 0; a.n < ACL_ENTRIES_MAX; i++)
		REQUIRE(acl_grant(&a, TOOL + i, 4) == OK);
	CHECK(acl_grant(&a, OTHER + 1000, 4) == ERR_LIMIT);
	CHECK(acl_grant(&a, TOOL, 5) == OK);
}

TEST(a_list_is_written_as_the_kernel_reads_it)
{
	uint8_t bytes[ACL_BYTES_MAX];
	struct acl read;
	struct acl a;
	size_t n;

	acl_of_mode(0640, &a);
	REQUIRE(acl_grant(&a, TOOL, 5) == OK);
	n = acl_write(&a, bytes);
	CHECK_INT(n, 4 + 5 * 8);
	REQUIRE(acl_parse(bytes, n, &read) == OK);
	CHECK_INT(read.n, a.n);
	CHECK(memcmp(read.entries, a.entries, a.n * sizeof(a.entries[0])) == 0);
	CHECK(acl_parse(bytes, n - 1, &read) == ERR_INPUT);
	CHECK(acl_parse(bytes, n - 8, &read) == ERR_INPUT);
	CHECK(acl_parse(bytes, 3, &read) == ERR_INPUT);
	bytes[0] = 1;
	CHECK(acl_parse(bytes, n, &read) == ERR_INPUT);
	bytes[0] = 2;
	bytes[6] = 8; /* More than read, write and search. */
	CHECK(acl_parse(bytes, n, &read) == ERR_INPUT);
}

/* The kernel takes it, shows the mask as the group's bits, and forgets a list
 * that names nobody. */
TEST(a_file_keeps_its_list)
{
	char path[] = "/tmp/durward-unit-acl-XXXXXX";
	int fd = mkstemp(path);
	struct acl a;
	enum err e;

	REQUIRE(fd >= 0 && fchmod(fd, 0600) == 0);
	REQUIRE(acl_load(fd, ACL_OF_FILE, 0600, &a) == OK);
	CHECK_INT(a.n, 3);
	REQUIRE(acl_grant(&a, TOOL, 4) == OK);
	e = acl_store(fd, ACL_OF_FILE, &a);
	if (e == OK) {
		REQUIRE(acl_load(fd, ACL_OF_FILE, 0600, &a) == OK);
		CHECK_INT(acl_perms(&a, TOOL), 4);
		acl_revoke(&a, TOOL);
		CHECK(acl_store(fd, ACL_OF_FILE, &a) == OK);
		REQUIRE(acl_load(fd, ACL_OF_FILE, 0600, &a) == OK);
		CHECK_INT(a.n, 3);
	} else {
		CHECK_INT(e, ERR_UNSUPPORTED);
	}
	close(fd);
	unlink(path);
}
