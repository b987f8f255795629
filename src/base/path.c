/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

static bool
is_plain_part(const char *p, size_t len)
{
	return len > 0 && !(len == 1 && p[0] == '.') &&
	    !(len == 2 && p[0] == '.' && p[1] == '.');
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

bool
path_is_clean(const char *path)
{
	size_t len = strlen(path);
	const char *p = path;

	if (len < 2 || len > FOLDER_PATH_MAX || path[0] != '/' ||
	    !str_is_utf8(path, len) || path[strcspn(path, ":,\"'\\")] != '\0' ||
	    has_control(path))
		return false;
	while (*p == '/') {
		size_t n = strcspn(p + 1, "/");

		if (!is_plain_part(p + 1, n))
			return false;
		p += 1 + n;
	}
	return true;
}

bool
path_is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return true;
	return strncmp(path, folder, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

bool
path_overlaps(const char *a, const char *b)
{
	return path_is_within(a, b) || path_is_within(b, a);
}

const char *
path_closed_to_tools(const char *path)
{
	static const char *const closed[] = {"/proc", "/sys", "/dev", "/etc",
	    "/run", "/boot", "/usr", "/bin", "/sbin", "/lib", "/lib32",
	    "/lib64", "/var/run", "/var/lib/durward", "/var/lib/durward-tools",
	    "/var/lib/containers"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(closed); i++)
		if (path_overlaps(path, closed[i]))
			return closed[i];
	return NULL;
}
