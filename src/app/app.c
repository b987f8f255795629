/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"

#include "base/limits.h"

/* The table `files`, made by scripts/make-app. */
#include "app/app.inc"

const struct app_file *
app_find(struct str path)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++)
		if (str_eq(path, files[i].path))
			return &files[i];
	return NULL;
}
