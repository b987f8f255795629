/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "package/package.h"
#include "sys/file.h"

#define MANIFEST_NAME "tool.json"
#define ARCHIVE_NAME "image.tar"

enum err
package_of_text(const char *text, struct package *ret, struct errmsg *why)
{
	struct json *v = NULL;
	struct manifest *m;
	enum err e = manifest_parse(text, strlen(text), &m, why);

	if (e != OK)
		return e;
	memset(ret, 0, sizeof(*ret));
	if (json_parse(text, strlen(text), &v) == OK)
		ret->description = xstrdup(json_words(v, "description"));
	json_free(v);
	ret->text = xstrdup(text);
	ret->manifest = m;
	return OK;
}

void
package_done(struct package *p)
{
	free(p->text);
	free(p->description);
	manifest_free(p->manifest);
	memset(p, 0, sizeof(*p));
}

static enum err
read_manifest(const char *path, struct package *ret, struct errmsg *why)
{
	struct buf text;
	enum err e;

	buf_init(&text, MANIFEST_MAX + 1);
	e = file_read(path, &text);
	if (e != OK)
		err_say(why, e, "%.300s cannot be read: %s", path,
		    e == ERR_LIMIT ? "it is too large" : err_text(e));
	else if (text.p == NULL || strlen(text.p) != text.len)
		e = err_say(why, ERR_INPUT, "%.300s is not strict JSON", path);
	else
		e = package_of_text(text.p, ret, why);
	buf_done(&text);
	return e;
}

enum err
package_read(const char *path, struct package *ret, struct errmsg *why)
{
	char *whole = realpath(path, NULL);
	char file[IMAGE_PATH_MAX + sizeof(MANIFEST_NAME)];
	struct stat st;
	enum err e;

	if (whole == NULL || stat(whole, &st) < 0 ||
	    strlen(whole) + sizeof(ARCHIVE_NAME) > IMAGE_PATH_MAX) {
		free(whole);
		return err_say(
		    why, ERR_NOTFOUND, "%.300s cannot be found", path);
	}
	if (!S_ISDIR(st.st_mode)) {
		e = read_manifest(whole, ret, why);
	} else {
		snprintf(file, sizeof(file), "%s/" MANIFEST_NAME, whole);
		e = read_manifest(file, ret, why);
		snprintf(file, sizeof(file), "%s/" ARCHIVE_NAME, whole);
		if (e == OK && access(file, F_OK) == 0)
			e = str_copy(ret->archive, sizeof(ret->archive), file);
	}
	free(whole);
	return e;
}
