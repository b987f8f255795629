/* SPDX-License-Identifier: Apache-2.0 */
#include "files/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A rename beside us can make the kernel ask us to try again. */
#define TRIES 8

static int whole = -1;

bool
place_begin(void)
{
	whole = open(PLACE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return whole >= 0;
}

static int
open_beneath(int folder, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
	long fd = -1;
	int i;

	for (i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

int
place_step(int folder, const char *name, int flags)
{
	return open_beneath(folder, name, flags | O_NOFOLLOW);
}

static const struct {
	int number;
	const char *words;
} reasons[] = {
    {ENOENT, "is not there"},
    {ELOOP, "is a link, or behind one; links are not followed"},
    {EXDEV, "is not in this folder"},
    {EACCES,
	"is not open to this tool; who owns it can say 'durward tool "
	"folder' with the tool's name"},
    {EPERM, "may not be changed by this tool"},
    {EROFS, "may only be read: the folder was given read-only"},
    {EEXIST, "is there already"},
    {ENOTEMPTY, "is a folder with something in it"},
    {ENOTDIR, "is behind something that is no folder"},
    {EISDIR, "is a folder"},
    {ENAMETOOLONG, "has too long a name"},
    {ENOSPC, "finds no room on the disk"},
    {EDQUOT, "finds no room on the disk"},
    {EFBIG, "gets too large"},
    {EINVAL, "cannot go there"},
};

bool
place_fail(char why[WHY_BYTES], const char *path, int number)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].number == number)
			break;
	snprintf(why, WHY_BYTES, "'%.200s' %s", path,
	    i < sizeof(reasons) / sizeof(reasons[0]) ? reasons[i].words
						     : strerror(number));
	return false;
}

static bool
is_dots(const char *p, size_t n)
{
	return n == 2 && p[0] == '.' && p[1] == '.';
}

/* The kernel would refuse what leads out; this says it in words, and keeps
 * to one spelling. */
static bool
check(const char *path, char why[WHY_BYTES])
{
	const char *p = path;
	const char *end;

	if (path[0] == '/')
		snprintf(why, WHY_BYTES,
		    "'%.200s' begins with '/'; paths begin at the folder "
		    "itself",
		    path);
	else if (strlen(path) > PATH_BYTES)
		snprintf(
		    why, WHY_BYTES, "a path has at most %d bytes", PATH_BYTES);
	else
		for (;; p = end + 1) {
			end = strchrnul(p, '/');
			if (is_dots(p, (size_t)(end - p))) {
				snprintf(why, WHY_BYTES,
				    "'%.200s' goes up by '..'; name the path "
				    "from the folder itself",
				    path);
				return false;
			}
			if (*end == '\0')
				return true;
		}
	return false;
}

/* Links and devices are nothing that is read or written here, and a file with
 * two names may have the other one anywhere. */
static bool
is_plain(const struct stat *st, const char *path, char why[WHY_BYTES])
{
	if (S_ISDIR(st->st_mode) || (S_ISREG(st->st_mode) && st->st_nlink <= 1))
		return true;
	if (S_ISLNK(st->st_mode))
		return place_fail(why, path, ELOOP);
	snprintf(why, WHY_BYTES, "'%.200s' is %s", path,
	    S_ISREG(st->st_mode)
		? "a file with a second name (a hard link); this tool leaves "
		  "it alone"
		: "neither a file nor a folder");
	return false;
}

bool
place_open_file(
    const char *path, int *ret_fd, struct stat *ret, char why[WHY_BYTES])
{
	struct stat st;
	int fd;

	if (!check(path, why))
		return false;
	/* A pipe must not be waited for. */
	fd = open_beneath(
	    whole, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return place_fail(why, path, errno);
	if (fstat(fd, &st) < 0)
		place_fail(why, path, errno);
	else if (S_ISDIR(st.st_mode))
		place_fail(why, path, EISDIR);
	else if (is_plain(&st, path, why)) {
		*ret_fd = fd;
		*ret = st;
		return true;
	}
	close(fd);
	return false;
}

bool
place_open_folder(const char *path, int *ret_fd, char why[WHY_BYTES])
{
	int fd;

	if (!check(path, why))
		return false;
	fd = open_beneath(
	    whole, path[0] != '\0' ? path : ".", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return place_fail(why, path, errno);
	*ret_fd = fd;
	return true;
}

bool
place_find(const char *path, struct place *ret, char why[WHY_BYTES])
{
	char parent[PATH_BYTES + 1];
	const char *name = strrchr(path, '/');
	size_t n = name != NULL ? (size_t)(name - path) : 0;

	if (!check(path, why))
		return false;
	name = name != NULL ? name + 1 : path;
	if (name[0] == '\0' || strcmp(name, ".") == 0) {
		snprintf(why, WHY_BYTES, "'%.200s' names no file", path);
		return false;
	}
	if (strlen(name) > NAME_BYTES)
		return place_fail(why, path, ENAMETOOLONG);
	memcpy(parent, path, n);
	parent[n] = '\0';
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	if (place_open_folder(parent, &ret->fd, why))
		return true;
	return false;
}

bool
place_look(const struct place *p, const char *path, struct stat *ret,
    char why[WHY_BYTES])
{
	memset(ret, 0, sizeof(*ret));
	if (fstatat(p->fd, p->name, ret, AT_SYMLINK_NOFOLLOW) < 0) {
		ret->st_mode = 0;
		return errno == ENOENT || place_fail(why, path, errno);
	}
	return is_plain(ret, path, why);
}
