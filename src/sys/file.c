/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

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

static enum err
write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? ERR_IO : OK;
}

static enum err
sync_folder(const char *path)
{
	char folder[1024];
	const char *slash = strrchr(path, '/');
	int fd;
	enum err e;

	if (slash == NULL)
		snprintf(folder, sizeof(folder), ".");
	else
		snprintf(folder, sizeof(folder), "%.*s",
		    (int)(slash - path > 0 ? slash - path : 1), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	e = fsync(fd) < 0 ? ERR_IO : OK;
	close(fd);
	return e;
}

enum err
file_replace(const char *path, const void *p, size_t len, unsigned mode)
{
	char tmp[1024];
	int fd;
	enum err e;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", path) >= sizeof(tmp))
		return ERR_LIMIT;
	fd = open(
	    tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return ERR_IO;
	/* One left over from a power cut keeps the mode it had. */
	e = fchmod(fd, mode) == 0 ? write_all(fd, p, len) : ERR_IO;
	close(fd);
	if (e == OK && rename(tmp, path) < 0)
		e = ERR_IO;
	if (e != OK) {
		unlink(tmp);
		return e;
	}
	return sync_folder(path);
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
