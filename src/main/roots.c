/* SPDX-License-Identifier: Apache-2.0 */
#include "main/roots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main/names.h"
#include "sys/file.h"
#include "wire/wire.h"

const char *
root_credential(const struct role_row *row, char *ret, size_t size)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	ret[0] = '\0';
	if (row == NULL || row->credential == NULL || folder == NULL)
		return ret;
	if (snprintf(ret, size, "%s/%s", folder, row->credential) >=
		(int)size ||
	    !file_is_there(ret))
		ret[0] = '\0';
	return ret;
}

size_t
root_files(const struct role_row *row, const struct parent_options *o,
    const char *credential, struct confine_file ret[CONFINE_FILES_MAX])
{
	size_t n = 0;

	if (row->network)
		ret[n++] = (struct confine_file){names_copy(), NAMES_PATH};
	if (row->authorities)
		ret[n++] =
		    (struct confine_file){AUTHORITIES_PATH, AUTHORITIES_PATH};
	if (row->authorities && o->authorities != NULL)
		ret[n++] =
		    (struct confine_file){o->authorities, OWN_AUTHORITIES_PATH};
	if (credential[0] != '\0')
		ret[n++] = (struct confine_file){credential, credential};
	return n;
}

/* Bound at /state; NULL: nothing is.  The broker's may not be there yet: the
 * bridge ends in a while, and then it is looked for again. */
const char *
root_folder(const struct role_row *row, const struct parent_options *o,
    char *ret, size_t size)
{
	const char *broker = row->broker ? o->broker : "";
	const char *slash = strrchr(broker, '/');

	if (row->folder != NULL)
		snprintf(ret, size, "%s/%s", o->state_dir, row->folder);
	else if (slash != NULL)
		snprintf(ret, size, "%.*s", (int)(slash - broker), broker);
	else
		return NULL;
	return row->folder != NULL || file_is_there(ret) ? ret : NULL;
}
