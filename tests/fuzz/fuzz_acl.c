/* SPDX-License-Identifier: Apache-2.0 */
/* A list that is read writes back and reads the same; one user more changes
 * what nobody else may, and taken away again leaves no trace. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "folder/acl.h"

#define TOOL 300000u

static unsigned
perms_of(const struct acl *a, const struct acl_entry *e)
{
	unsigned mask = 7;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->entries[i].tag == ACL_MASK)
			mask = a->entries[i].perms;
	return e->tag == ACL_OWNER || e->tag == ACL_OTHER ? e->perms
							  : e->perms & mask;
}

/* Each of `was` but the tool and the mask may do the same in `is`. */
static void
check_same(const struct acl *was, const struct acl *is)
{
	size_t i;
	size_t j;

	for (i = 0; i < was->n; i++) {
		const struct acl_entry *e = &was->entries[i];

		if (e->tag == ACL_MASK || (e->tag == ACL_USER && e->id == TOOL))
			continue;
		for (j = 0; j < is->n; j++)
			if (is->entries[j].tag == e->tag &&
			    is->entries[j].id == e->id)
				break;
		if (j == is->n ||
		    perms_of(was, e) != perms_of(is, &is->entries[j]))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[ACL_BYTES_MAX];
	struct acl again;
	struct acl a;

	if (acl_parse(data, size, &a) != OK)
		return 0;
	if (acl_parse(bytes, acl_write(&a, bytes), &again) != OK ||
	    again.n != a.n)
		abort();
	check_same(&a, &again);
	if (acl_grant(&again, TOOL, ACL_READ) != OK)
		return 0;
	if (acl_perms(&again, TOOL) != ACL_READ)
		abort();
	check_same(&a, &again);
	acl_revoke(&again, TOOL);
	if (acl_perms(&again, TOOL) != 0)
		abort();
	check_same(&a, &again);
	return 0;
}
