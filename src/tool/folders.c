/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "tool/tool_priv.h"

/*
 * The folders of a manifest: what of an owner's files a tool may see.  What
 * can be said without looking at the disk is said here; where the house and
 * Podman keep their own is known to the runner, which refuses that.
 */

/* "/folder" or "/folder-NAME": nothing that an image has of its own. */
static bool
is_at(const char *at)
{
	static const char first[] = "/folder";
	const char *rest = at + sizeof(first) - 1;

	if (strncmp(at, first, sizeof(first) - 1) != 0 ||
	    strlen(at) > FOLDER_AT_MAX)
		return false;
	return rest[0] == '\0' ||
	    (rest[0] == '-' && str_is_name(rest + 1) &&
		strchr(rest, '.') == NULL);
}

static enum err
read_from(const char *from, struct manifest_folder *ret, struct errmsg *why)
{
	const char *taken;

	if (from == NULL || !path_is_clean(from))
		return SAY(why,
		    "'from' of a folder must be an absolute path in its plain "
		    "spelling, without ':' ',' quotes or '\\', of at most %d "
		    "bytes",
		    FOLDER_PATH_MAX);
	taken = path_closed_to_tools(from);
	if (taken != NULL)
		return SAY(why, "the folder %.120s is no tool's to have: %s",
		    from, taken);
	return str_copy(ret->from, sizeof(ret->from), from);
}

static enum err
read_one(const struct json *v, struct manifest_folder *ret, struct errmsg *why)
{
	static const char *const known[] = {"at", "from", "write"};
	const char *at = json_str(v, "at");
	enum err e =
	    manifest_check_members(v, "folders", known, ARRAY_LEN(known), why);

	if (e != OK)
		return e;
	if (at == NULL || !is_at(at) ||
	    str_copy(ret->at, sizeof(ret->at), at) != OK)
		return SAY(why,
		    "'at' of a folder must be /folder, or /folder- and a "
		    "short name");
	/* Left out it could mean either. */
	if (!json_is_bool(json_get(v, "write")))
		return SAY(why, "'write' of a folder must be true or false");
	ret->write = json_flag(v, "write");
	return read_from(json_str(v, "from"), ret, why);
}

enum err
manifest_read_folders(
    const struct json *v, struct manifest *m, struct errmsg *why)
{
	const struct json *list = json_get(v, "folders");
	const struct json *f;
	size_t i;
	enum err e;

	if (list != NULL &&
	    (!json_is_array(list) || json_count(list) > TOOL_FOLDERS_MAX))
		return SAY(why, "'folders' must be a list of at most %d",
		    TOOL_FOLDERS_MAX);
	for (f = json_first(list); f != NULL; f = json_next(f)) {
		struct manifest_folder *now = &m->folders[m->n_folders];

		e = read_one(f, now, why);
		if (e != OK)
			return e;
		for (i = 0; i < m->n_folders; i++)
			if (strcmp(m->folders[i].at, now->at) == 0 ||
			    path_overlaps(m->folders[i].from, now->from))
				return SAY(why,
				    "'folders': %.100s and %.100s are one "
				    "place, or one lies in the other",
				    m->folders[i].from, now->from);
		m->n_folders++;
	}
	return OK;
}

void
manifest_write_folders(const struct manifest *m, struct buf *out)
{
	size_t i;

	if (m->n_folders == 0)
		buf_adds(out, "none");
	for (i = 0; i < m->n_folders; i++)
		buf_addf(out, "%s%s at %s %s", i > 0 ? "," : "",
		    m->folders[i].from, m->folders[i].at,
		    m->folders[i].write ? "read-write" : "read-only");
}

struct json *
manifest_folders(const struct manifest *m)
{
	struct json *list = json_array();
	struct json *v;
	size_t i;

	for (i = 0; i < m->n_folders; i++) {
		v = json_object();
		json_put_str(v, "at", m->folders[i].at);
		json_put_str(v, "from", m->folders[i].from);
		json_put_bool(v, "write", m->folders[i].write);
		json_push(list, v);
	}
	return list;
}
