/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOLDER_ACL_H
#define FOLDER_ACL_H

/*
 * Access control lists, acl(5): who besides its owner and its group may do
 * what with a file, and what files are born with in a folder ("default").
 * Giving one user more never gives anybody else more, and taking it away
 * leaves the others as they were.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

#define ACL_READ 4u
#define ACL_WRITE 2u
#define ACL_SEARCH 1u

/* The numbers of the kernel, in the order in which it wants them. */
enum acl_tag {
	ACL_OWNER = 0x01,
	ACL_USER = 0x02, /* Named by its id. */
	ACL_OWN_GROUP = 0x04,
	ACL_GROUP = 0x08,
	ACL_MASK = 0x10, /* The most that anybody between has. */
	ACL_OTHER = 0x20,
};

struct acl_entry {
	uint16_t tag;
	uint16_t perms;
	uint32_t id; /* Of ACL_USER and ACL_GROUP. */
};

struct acl {
	struct acl_entry entries[ACL_ENTRIES_MAX];
	size_t n; /* 0: there is none. */
};

enum acl_kind { ACL_OF_FILE, ACL_OF_NEW_FILES };

/* What nine bits say. */
void acl_of_mode(unsigned mode, struct acl *ret);

/* Let the user do this, and what it could before no more.  ERR_LIMIT. */
NODISCARD enum err acl_grant(struct acl *a, uint32_t uid, unsigned perms);

/* Forget the user.  One that names nobody has no mask either. */
void acl_revoke(struct acl *a, uint32_t uid);

/* What it is allowed, the mask applied; 0 when it is not named. */
unsigned acl_perms(const struct acl *a, uint32_t uid);

/* Does it name anybody? */
bool acl_names_anybody(const struct acl *a);

/* As the kernel's attribute: version 2, little-endian.  ERR_INPUT, ERR_LIMIT
 * for what has more entries than we take. */
#define ACL_BYTES_MAX (4 + 8 * ACL_ENTRIES_MAX)
NODISCARD enum err acl_parse(const uint8_t *p, size_t len, struct acl *ret);
size_t acl_write(const struct acl *a, uint8_t ret[ACL_BYTES_MAX]);

/* Of a file that is open, with O_PATH too.  ERR_UNSUPPORTED where the file
 * system keeps none, ERR_DENIED for another's file, ERR_IO. */
NODISCARD enum err acl_load(
    int fd, enum acl_kind kind, unsigned mode, struct acl *ret);
NODISCARD enum err acl_store(int fd, enum acl_kind kind, const struct acl *a);

#endif
