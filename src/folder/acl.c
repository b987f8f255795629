/* SPDX-License-Identifier: Apache-2.0 */
#include "folder/acl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#define VERSION 2
#define NOBODY UINT32_MAX /* The id of an entry that has none. */

static const char *const attributes[] = {
    "system.posix_acl_access", "system.posix_acl_default"};

static struct acl_entry *
find(struct acl *a, enum acl_tag tag, uint32_t id)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->entries[i].tag == tag && a->entries[i].id == id)
			return &a->entries[i];
	return NULL;
}

/* Behind all that come before it: by tag, then by id. */
static enum err
insert(struct acl *a, enum acl_tag tag, uint32_t id, unsigned perms)
{
	size_t i = 0;

	if (a->n == ACL_ENTRIES_MAX)
		return ERR_LIMIT;
	while (i < a->n &&
	    (a->entries[i].tag < tag ||
		(a->entries[i].tag == tag && a->entries[i].id < id)))
		i++;
	memmove(&a->entries[i + 1], &a->entries[i],
	    (a->n - i) * sizeof(a->entries[0]));
	a->entries[i] = (struct acl_entry){
	    .tag = (uint16_t)tag, .perms = (uint16_t)perms, .id = id};
	a->n++;
	return OK;
}

static void
drop(struct acl *a, struct acl_entry *e)
{
	size_t i = (size_t)(e - a->entries);

	memmove(e, e + 1, (a->n - i - 1) * sizeof(*e));
	a->n--;
}

void
acl_of_mode(unsigned mode, struct acl *ret)
{
	*ret = (struct acl){.n = 3};
	ret->entries[0] = (struct acl_entry){
	    .tag = ACL_OWNER, .perms = mode >> 6 & 7, .id = NOBODY};
	ret->entries[1] = (struct acl_entry){
	    .tag = ACL_OWN_GROUP, .perms = mode >> 3 & 7, .id = NOBODY};
	ret->entries[2] = (struct acl_entry){
	    .tag = ACL_OTHER, .perms = mode & 7, .id = NOBODY};
}

static bool
is_masked(const struct acl_entry *e)
{
	return e->tag == ACL_USER || e->tag == ACL_OWN_GROUP ||
	    e->tag == ACL_GROUP;
}

bool
acl_names_anybody(const struct acl *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->entries[i].tag == ACL_USER ||
		    a->entries[i].tag == ACL_GROUP)
			return true;
	return false;
}

unsigned
acl_perms(const struct acl *a, uint32_t uid)
{
	unsigned mask = 7;
	unsigned perms = 0;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->entries[i].tag == ACL_MASK)
			mask = a->entries[i].perms;
		else if (a->entries[i].tag == ACL_USER &&
		    a->entries[i].id == uid)
			perms = a->entries[i].perms;
	return perms & mask;
}

/* Each gets what the mask left it, so that a wider mask widens nobody. */
static void
apply_mask(struct acl *a, unsigned mask)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (is_masked(&a->entries[i]))
			a->entries[i].perms &= (uint16_t)mask;
}

enum err
acl_grant(struct acl *a, uint32_t uid, unsigned perms)
{
	struct acl_entry *user = find(a, ACL_USER, uid);
	struct acl_entry *mask = find(a, ACL_MASK, NOBODY);
	struct acl_entry *group;

	if (a->n + (user == NULL) + (mask == NULL) > ACL_ENTRIES_MAX)
		return ERR_LIMIT;
	if (mask == NULL) {
		group = find(a, ACL_OWN_GROUP, NOBODY);
		if (insert(a, ACL_MASK, NOBODY,
			group != NULL ? group->perms : 0) != OK)
			return ERR_LIMIT;
	}
	if (user == NULL && insert(a, ACL_USER, uid, 0) != OK)
		return ERR_LIMIT;
	mask = find(a, ACL_MASK, NOBODY);
	apply_mask(a, mask->perms);
	mask->perms |= (uint16_t)perms;
	find(a, ACL_USER, uid)->perms = (uint16_t)perms;
	return OK;
}

void
acl_revoke(struct acl *a, uint32_t uid)
{
	struct acl_entry *user = find(a, ACL_USER, uid);
	struct acl_entry *mask = find(a, ACL_MASK, NOBODY);

	if (user == NULL)
		return;
	if (mask != NULL)
		apply_mask(a, mask->perms);
	drop(a, user);
	mask = find(a, ACL_MASK, NOBODY);
	if (mask != NULL && !acl_names_anybody(a))
		drop(a, mask);
}

/* ---- The kernel's form ---- */

static uint32_t
get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static void
put32(uint8_t *p, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static bool
has_id(unsigned tag)
{
	return tag == ACL_USER || tag == ACL_GROUP;
}

static bool
is_tag(unsigned tag)
{
	return has_id(tag) || tag == ACL_OWNER || tag == ACL_OWN_GROUP ||
	    tag == ACL_MASK || tag == ACL_OTHER;
}

enum err
acl_parse(const uint8_t *p, size_t len, struct acl *ret)
{
	struct acl a = {.n = 0};
	size_t at;

	if (len < 4 || (len - 4) % 8 != 0 || get32(p) != VERSION)
		return ERR_INPUT;
	if (len > ACL_BYTES_MAX)
		return ERR_LIMIT;
	for (at = 4; at < len; at += 8) {
		unsigned tag = p[at] | (unsigned)p[at + 1] << 8;
		unsigned perms = p[at + 2] | (unsigned)p[at + 3] << 8;
		uint32_t id = has_id(tag) ? get32(p + at + 4) : NOBODY;

		if (!is_tag(tag) || perms > 7 ||
		    find(&a, (enum acl_tag)tag, id) != NULL)
			return ERR_INPUT;
		if (insert(&a, (enum acl_tag)tag, id, perms) != OK)
			return ERR_LIMIT;
	}
	if (find(&a, ACL_OWNER, NOBODY) == NULL ||
	    find(&a, ACL_OWN_GROUP, NOBODY) == NULL ||
	    find(&a, ACL_OTHER, NOBODY) == NULL ||
	    (acl_names_anybody(&a) && find(&a, ACL_MASK, NOBODY) == NULL))
		return ERR_INPUT;
	*ret = a;
	return OK;
}

size_t
acl_write(const struct acl *a, uint8_t ret[ACL_BYTES_MAX])
{
	size_t at = 4;
	size_t i;

	put32(ret, VERSION);
	for (i = 0; i < a->n; i++, at += 8) {
		put32(ret + at,
		    a->entries[i].tag | (uint32_t)a->entries[i].perms << 16);
		put32(ret + at + 4, a->entries[i].id);
	}
	return at;
}

/* ---- Files ---- */

/* A descriptor of O_PATH has no attributes, what it stands for has. */
static void
path_of(int fd, char ret[32])
{
	snprintf(ret, 32, "/proc/self/fd/%d", fd);
}

static enum err
error_of(int number)
{
	switch (number) {
	case EOPNOTSUPP:
		return ERR_UNSUPPORTED;
	case EPERM:
	case EACCES:
		return ERR_DENIED;
	default:
		return ERR_IO;
	}
}

enum err
acl_load(int fd, enum acl_kind kind, unsigned mode, struct acl *ret)
{
	uint8_t bytes[ACL_BYTES_MAX];
	char path[32];
	ssize_t n;

	path_of(fd, path);
	n = getxattr(path, attributes[kind], bytes, sizeof(bytes));
	if (n >= 0)
		return acl_parse(bytes, (size_t)n, ret);
	if (errno == ERANGE)
		return ERR_LIMIT;
	if (errno != ENODATA)
		return error_of(errno);
	if (kind == ACL_OF_FILE)
		acl_of_mode(mode, ret);
	else
		ret->n = 0;
	return OK;
}

enum err
acl_store(int fd, enum acl_kind kind, const struct acl *a)
{
	uint8_t bytes[ACL_BYTES_MAX];
	char path[32];
	int rc;

	path_of(fd, path);
	if (a->n == 0)
		rc = removexattr(path, attributes[kind]);
	else
		rc = setxattr(
		    path, attributes[kind], bytes, acl_write(a, bytes), 0);
	if (rc < 0 && !(a->n == 0 && errno == ENODATA))
		return error_of(errno);
	return OK;
}
