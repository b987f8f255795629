/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"

/* flock() is declared in a header of the system that is named like ours. */
#define FLOCK_ALONE 2
#define FLOCK_AT_ONCE 4

enum err
file_read_fd(int fd, struct buf *ret)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(ret, chunk, (size_t)n);
	if (n < 0)
		return ERR_IO;
	if (ret->overflow)
		return ERR_LIMIT;
	buf_add(ret, "", 0);
	return OK;
}

enum err
file_read(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum err e;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	e = file_read_fd(fd, ret);
	close(fd);
	return e;
}

static enum err
load_into(const char *folder, const char *name, struct buf *b)
{
	char path[1200];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    sizeof(path))
		return ERR_LIMIT;
	return file_read(path, b);
}

enum err
file_load(const char *folder, const char *name, char **ret)
{
	struct buf b;
	enum err e;

	buf_init(&b, FILE_READ_MAX);
	e = load_into(folder, name, &b);
	if (e == OK)
		*ret = buf_steal(&b);
	buf_done(&b);
	return e;
}

enum err
file_load_secret(const char *folder, const char *name, struct secret **ret)
{
	struct buf b;
	enum err e;

	buf_init(&b, FILE_READ_MAX);
	e = load_into(folder, name, &b);
	if (e == OK)
		*ret = secret_new(b.p, b.len);
	if (b.p != NULL)
		explicit_bzero(b.p, b.len);
	buf_done(&b);
	return e;
}

enum err
file_write_fd(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		p += n;
		len -= (size_t)n;
	}
	return OK;
}

/* The folder that `path` stands in. */
static int
open_folder(const char *path)
{
	char folder[1024];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(folder, sizeof(folder), ".");
	else
		snprintf(folder, sizeof(folder), "%.*s",
		    (int)(slash - path > 0 ? slash - path : 1), path);
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static enum err
sync_and_close(int fd)
{
	enum err e;

	if (fd < 0)
		return ERR_IO;
	e = fsync(fd) < 0 ? ERR_IO : OK;
	close(fd);
	return e;
}

enum err
file_sync_folder(const char *path)
{
	return sync_and_close(open_folder(path));
}

enum err
file_sync(const char *path)
{
	return sync_and_close(open(path, O_RDONLY | O_CLOEXEC));
}

static enum err
open_new(const char *path, unsigned mode, int *ret_fd)
{
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return ERR_IO;
	/* One left over from a power cut keeps the mode it had. */
	if (fchmod(fd, mode) < 0) {
		close(fd);
		return ERR_IO;
	}
	*ret_fd = fd;
	return OK;
}

enum err
file_replace(const char *path, const void *p, size_t len, unsigned mode)
{
	char tmp[1024];
	int fd;
	enum err e;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", path) >= sizeof(tmp))
		return ERR_LIMIT;
	e = open_new(tmp, mode, &fd);
	if (e != OK)
		return e;
	e = file_write_fd(fd, p, len);
	if (e == OK && fsync(fd) < 0)
		e = ERR_IO;
	close(fd);
	if (e == OK && rename(tmp, path) < 0)
		e = ERR_IO;
	if (e != OK) {
		unlink(tmp);
		return e;
	}
	return file_sync_folder(path);
}

static enum err
copy_bytes(int from, int to)
{
	char chunk[16 * 1024];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) > 0)
		if (file_write_fd(to, chunk, (size_t)n) != OK)
			return ERR_IO;
	return n < 0 || fsync(to) < 0 ? ERR_IO : OK;
}

enum err
file_copy(const char *from, const char *to, unsigned mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out;
	enum err e;

	if (in < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	e = open_new(to, mode, &out);
	if (e == OK) {
		e = copy_bytes(in, out);
		close(out);
	}
	close(in);
	return e;
}

enum err
file_give_to_folder(const char *path)
{
	struct stat st;
	int fd = open_folder(path);
	enum err e = OK;

	if (fd < 0)
		return ERR_IO;
	if (fstat(fd, &st) < 0 ||
	    (st.st_uid != geteuid() && lchown(path, st.st_uid, st.st_gid) < 0))
		e = ERR_IO;
	close(fd);
	return e;
}

enum err
file_move(const char *from, const char *to)
{
	return rename(from, to) < 0 ? ERR_IO : file_sync_folder(to);
}

enum err
file_remove(const char *path)
{
	return unlink(path) < 0 && errno != ENOENT ? ERR_IO : OK;
}

/* For a file system that cannot set room aside: bytes take it, too. */
static enum err
fill(int fd, int64_t len)
{
	static const char zeros[16 * 1024];

	for (; len > 0; len -= (int64_t)sizeof(zeros))
		if (file_write_fd(fd, zeros, sizeof(zeros)) != OK)
			return ERR_LIMIT;
	return OK;
}

enum err
file_reserve(const char *path, int64_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;
	enum err e;

	if (fd < 0)
		return ERR_IO;
	do
		rc = posix_fallocate(fd, 0, len);
	while (rc == EINTR);
	if (rc == EOPNOTSUPP || rc == ENOSYS)
		e = fill(fd, len);
	else
		e = rc == 0 ? OK : ERR_LIMIT;
	close(fd);
	/* Half a reserve would only make the disk fuller. */
	if (e != OK)
		unlink(path);
	return e;
}

enum err
file_free_bytes(const char *path, int64_t *ret)
{
	struct statvfs v;

	if (statvfs(path, &v) < 0)
		return ERR_IO;
	*ret = (int64_t)(v.f_bavail * v.f_frsize);
	return OK;
}

enum err
file_lock_fd(int fd)
{
	if (syscall(SYS_flock, fd, FLOCK_ALONE | FLOCK_AT_ONCE) == 0)
		return OK;
	return errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO;
}

enum err
file_lock_folder(const char *path, int *ret_fd)
{
	int fd = open_folder(path);
	enum err e;

	if (fd < 0)
		return ERR_IO;
	e = file_lock_fd(fd);
	if (e != OK) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	return OK;
}

bool
file_is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

enum err
file_check_plain(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
	    .resolve = RESOLVE_NO_SYMLINKS};
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd >= 0) {
		close((int)fd);
		return OK;
	}
	switch (errno) {
	case ENOENT:
		return ERR_NOTFOUND;
	case ELOOP:
	case ENOTDIR:
		return ERR_INPUT;
	case EACCES:
		return ERR_DENIED;
	default:
		return ERR_IO;
	}
}

/* As mountinfo writes it: what separates words there is in octal. */
static void
add_mount_path(struct buf *b, const char *path)
{
	for (; *path != '\0'; path++)
		if (strchr(" \t\n\\", *path) != NULL)
			buf_addf(b, "\\%03o", (unsigned)(unsigned char)*path);
		else
			buf_add(b, path, 1);
}

/* "36 35 98:0 /root /mount/point options ...". */
static bool
is_mount_below(struct str line, const struct buf *folder)
{
	int spaces = 0;

	while (line.len > 0 && spaces < 4) {
		spaces += line.p[0] == ' ';
		line.p++;
		line.len--;
	}
	return line.len > folder->len + 1 &&
	    memcmp(line.p, folder->p, folder->len) == 0 &&
	    line.p[folder->len] == '/';
}

enum err
file_find_mounts(const char *folder, bool *ret)
{
	struct buf wanted;
	struct buf text;
	struct str rest;
	struct str line;
	bool found = false;
	enum err e;

	buf_init(&wanted, 4 * FOLDER_PATH_MAX);
	buf_init(&text, FILE_READ_MAX);
	add_mount_path(&wanted, folder);
	e = file_read("/proc/self/mountinfo", &text);
	rest = (struct str){text.p, text.len};
	while (e == OK && str_line(&rest, &line))
		found = found || is_mount_below(line, &wanted);
	if (e == OK && wanted.overflow)
		e = ERR_LIMIT;
	if (e == OK)
		*ret = found;
	buf_done(&wanted);
	buf_done(&text);
	return e;
}

enum err
file_mkdir(const char *path, unsigned mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return OK;
	if (errno != EEXIST)
		return ERR_IO;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? OK : ERR_IO;
}

enum err
file_sealed(const char *name, const void *p, size_t len, int *ret_fd)
{
	int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return ERR_IO;
	if (file_write_fd(fd, p, len) != OK || fchmod(fd, 0444) < 0 ||
	    fcntl(fd, F_ADD_SEALS, seals) < 0) {
		close(fd);
		return ERR_IO;
	}
	*ret_fd = fd;
	return OK;
}
