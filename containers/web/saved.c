/* SPDX-License-Identifier: Apache-2.0 */
#include "web/saved.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/name.h"

#define FOLDER "/data/"
#define PART FOLDER ".part"
#define PATH_BYTES (sizeof(FOLDER) + SAVED_NAME_MAX + 2)

static bool
fail(struct reply *reply, const char *what)
{
	reply_set(reply, true, "the page cannot be %s: %s", what,
	    errno == ENOSPC || errno == EDQUOT ? "there is no room left"
					       : strerror(errno));
	return false;
}

/* `dot` is "." for what lies beside a page. */
static void
path_of(const char *dot, const char *name, char ret[PATH_BYTES])
{
	snprintf(ret, PATH_BYTES, FOLDER "%s%s", dot, name);
}

static bool
write_all(int fd, const void *p, size_t n)
{
	const char *from = p;

	while (n > 0) {
		ssize_t done = write(fd, from, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		from += done;
		n -= (size_t)done;
	}
	return true;
}

/* ---- saving ---- */

static int
count_pages(void)
{
	DIR *d = opendir(FOLDER);
	struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += name_is_safe(e->d_name);
	if (d != NULL)
		closedir(d);
	return n;
}

bool
saved_begin(struct saving *s, struct reply *reply)
{
	s->fd = -1;
	s->reply = reply;
	s->hash = psa_hash_operation_init();
	if (count_pages() >= SAVED_MAX) {
		reply_set(reply, true,
		    "there are %d saved pages already, and no room for more",
		    SAVED_MAX);
		return false;
	}
	/* One that a crash left goes with it. */
	unlink(PART);
	s->fd = open(PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return fail(reply, "saved");
	return psa_hash_setup(&s->hash, PSA_ALG_SHA_256) == PSA_SUCCESS ||
	    fail(reply, "saved");
}

bool
saved_take(struct saving *s, const void *p, size_t n)
{
	return (psa_hash_update(&s->hash, p, n) == PSA_SUCCESS &&
		   write_all(s->fd, p, n)) ||
	    fail(s->reply, "saved");
}

void
saved_drop(struct saving *s)
{
	if (s->fd >= 0) {
		close(s->fd);
		unlink(PART);
	}
	s->fd = -1;
	psa_hash_abort(&s->hash);
}

/* What lies beside a page, made first: it takes the name.  False with EEXIST
 * when the name is taken. */
static bool
write_about(const char *name, const char *url, const char *type)
{
	char path[PATH_BYTES];
	char text[URL_MAX + TYPE_MAX + 3];
	int n = snprintf(text, sizeof(text), "%s\n%s\n", url, type);
	int fd;
	bool good;
	int error;

	path_of(".", name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_all(fd, text, (size_t)n) && fsync(fd) == 0;
	error = errno;
	close(fd);
	if (!good)
		unlink(path);
	errno = error;
	return good;
}

static bool
take_name(const char *name, const char *url, const char *type)
{
	char path[PATH_BYTES];
	char about[PATH_BYTES];
	int error;

	if (!write_about(name, url, type))
		return false;
	path_of("", name, path);
	if (link(PART, path) == 0)
		return true;
	error = errno;
	path_of(".", name, about);
	unlink(about);
	errno = error;
	return false;
}

static void
sync_folder(void)
{
	int fd = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

static bool
take_hash(struct saving *s, char ret[65])
{
	unsigned char bytes[32];
	size_t i;

	if (psa_hash_finish(&s->hash, bytes, sizeof(bytes), &i) != PSA_SUCCESS)
		return false;
	for (i = 0; i < sizeof(bytes); i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

bool
saved_keep(
    struct saving *s, const char *url, const char *type, struct saved_as *ret)
{
	struct reply *reply = s->reply;
	int n = 1;
	bool good = take_hash(s, ret->sha256) && fsync(s->fd) == 0;

	for (; good; n++) {
		name_make(url, type, n, ret->name);
		if (take_name(ret->name, url, type))
			break;
		good = errno == EEXIST && n <= SAVED_MAX;
	}
	if (!good)
		fail(reply, "saved");
	saved_drop(s);
	sync_folder();
	return good;
}

/* ---- what was saved ---- */

static void
take_line(char **rest, char *ret, size_t size)
{
	char *line = strsep(rest, "\n");

	snprintf(ret, size, "%s", line != NULL ? line : "");
}

static void
read_about(const char *name, char url[URL_MAX + 1], char type[TYPE_MAX + 1])
{
	char path[PATH_BYTES];
	char text[URL_MAX + TYPE_MAX + 3] = "";
	char *rest = text;
	ssize_t n = 0;
	int fd;

	path_of(".", name, path);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	take_line(&rest, url, URL_MAX + 1);
	take_line(&rest, type, TYPE_MAX + 1);
}

static bool
read_whole(int fd, struct saved_page *ret)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len < ret->len) {
		n = read(fd, ret->p + len, ret->len - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	ret->len = len;
	return n >= 0;
}

bool
saved_read(const char *name, struct saved_page *ret, struct reply *reply)
{
	char path[PATH_BYTES];
	struct stat st;
	bool good = false;
	int fd = -1;

	memset(ret, 0, sizeof(*ret));
	if (name_is_safe(name)) {
		path_of("", name, path);
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		reply_set(
		    reply, true, "there is no saved page named '%s'", name);
	} else if (st.st_size > BODY_MAX) {
		reply_set(reply, true, "it is larger than " BODY_MAX_WORDS);
	} else {
		read_about(name, ret->url, ret->type);
		ret->len = (size_t)st.st_size;
		ret->p = malloc(ret->len + 1);
		if (ret->p == NULL)
			errno = ENOMEM;
		good = ret->p != NULL && read_whole(fd, ret);
		if (!good)
			fail(reply, "read");
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static int
is_page(const struct dirent *e)
{
	return name_is_safe(e->d_name);
}

void
saved_list(struct reply *reply)
{
	static char text[LIST_MAX];
	struct dirent **found = NULL;
	size_t len = 0;
	int n = scandir(FOLDER, &found, is_page, alphasort);
	int shown = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < n; i++) {
		char path[PATH_BYTES];
		char url[URL_MAX + 1];
		char type[TYPE_MAX + 1];
		struct stat st = {0};
		int line;

		path_of("", found[i]->d_name, path);
		read_about(found[i]->d_name, url, type);
		if (lstat(path, &st) < 0)
			url[0] = '\0';
		line = snprintf(text + len, sizeof(text) - len,
		    "\n%s  %lld bytes  %s", found[i]->d_name,
		    (long long)st.st_size, url);
		free(found[i]);
		if ((size_t)line >= sizeof(text) - len) {
			text[len] = '\0';
			continue;
		}
		len += (size_t)line;
		shown++;
	}
	free(found);
	if (n <= 0)
		reply_set(reply, false, "There are no saved pages.");
	else
		reply_set(reply, false, "%d saved page%s%s%s", n,
		    n == 1 ? "" : "s", shown < n ? ", too many to show:" : ":",
		    text);
}
