/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "policy/policy.h"

static bool
names(const struct entities *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (strcmp(e->name[i], name) == 0)
			return true;
	return false;
}

static enum err
add(struct entities *e, const char *name, size_t len)
{
	if (e->n == HOME_MANY_MAX)
		return ERR_LIMIT;
	if (len == 0 || len > NAME_MAX_LEN)
		return ERR_INPUT;
	snprintf(e->name[e->n], sizeof(e->name[0]), "%.*s", (int)len, name);
	if (names(e, e->name[e->n]))
		return ERR_INPUT;
	e->n++;
	return OK;
}

enum err
entities_of(const struct json *args, struct entities *ret)
{
	const char *one = json_str(args, "entity");
	const char *list = json_str(args, "entities");
	enum err e = OK;

	ret->n = 0;
	if (json_has(args, "entity") == json_has(args, "entities") ||
	    (one == NULL && list == NULL))
		return ERR_INPUT;
	if (one != NULL)
		return add(ret, one, strlen(one));
	for (;;) {
		size_t len = strcspn(list, ",");

		e = add(ret, list, len);
		list += len;
		if (e != OK || *list == '\0')
			break;
		list++;
	}
	if (e != OK)
		ret->n = 0;
	return e;
}
