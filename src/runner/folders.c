/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "runner/runner_priv.h"
#include "sys/file.h"

/*
 * The folders of owners that tools are given.  What really keeps a tool out
 * of everything else is the kernel: its user has no rights in any folder but
 * those that an owner opened to it by an access control list.  So a path that
 * changes between this look and Podman's leads to nothing more.
 */

/* The house's own, and what Podman keeps: whoever writes there is the house,
 * or every tool at once. */
static struct json *
list_taken(const struct runner *r)
{
	static const char *const names[] = {
	    ".config", ".local/share/containers", ".durward-tools"};
	const char *home = getenv("HOME");
	const char *run = getenv("XDG_RUNTIME_DIR");
	struct json *list = json_array();
	char path[600];
	size_t i;

	if (r->state != NULL)
		json_push(list, json_string(r->state));
	if (run != NULL)
		json_push(list, json_string(run));
	for (i = 0; i < ARRAY_LEN(names) && home != NULL; i++) {
		snprintf(path, sizeof(path), "%s/%s", home, names[i]);
		json_push(list, json_string(path));
	}
	return list;
}

static bool
is_taken(const struct runner *r, const char *from)
{
	struct json *list = list_taken(r);
	const struct json *v = json_first(list);

	while (v != NULL && !path_overlaps(from, json_text(v)))
		v = json_next(v);
	json_free(list);
	return v != NULL;
}

static enum err
check_place(const char *tool, const char *from, struct errmsg *why)
{
	bool mounts;
	enum err e = file_check_plain(from);

	switch (e) {
	case OK:
		break;
	case ERR_NOTFOUND:
		return err_say(why, e,
		    "the folder %.150s is not there; make it, or sign the "
		    "manifest with another one",
		    from);
	case ERR_INPUT:
		return err_say(why, e,
		    "%.150s is no folder, or a symbolic link is part of the "
		    "path; sign the manifest with the path it leads to",
		    from);
	case ERR_DENIED:
		return err_say(why, e,
		    "the tools' user may not pass through to %.120s; its "
		    "owner opens it with 'durward tool folder %.40s'",
		    from, tool);
	default:
		return err_say(why, e, "%.150s cannot be looked at", from);
	}
	if (file_find_mounts(from, &mounts) != OK || mounts)
		return err_say(why, ERR_STATE,
		    "another file system is mounted below %.120s; a tool gets "
		    "one that has none",
		    from);
	return OK;
}

enum err
folders_check(const struct runner *r, const char *tool,
    const struct json *folders, struct errmsg *why)
{
	const struct json *f;
	enum err e = OK;

	for (f = json_first(folders); f != NULL && e == OK; f = json_next(f)) {
		const char *from = json_words(f, "from");

		if (!path_is_clean(from) || !path_is_clean(json_words(f, "at")))
			return err_say(why, ERR_INPUT,
			    "a folder of '%.64s' is malformed", tool);
		if (is_taken(r, from))
			return err_say(why, ERR_DENIED,
			    "%.150s is where the house or Podman keeps its "
			    "own; no tool has that",
			    from);
		e = check_place(tool, from, why);
	}
	return e;
}

/* Answers {"id", "ok", "error", "tool", "runner", "uid", "taken"}: the users
 * that an owner's access control lists name, and where they may name none. */
void
folders_on_ids_wanted(void *role, struct msg *m)
{
	struct runner *r = role;
	const char *tool = json_words(m->body, "tool");
	struct json *body = json_object();
	struct errmsg why = r->broken;
	struct podman_ids ids;
	int slice = 0;

	if (why.text[0] == '\0' && !str_is_name(tool))
		err_say(&why, ERR_INPUT, "a tool has no such name");
	if (why.text[0] == '\0' && podman_read_ids(&ids, &why) == OK &&
	    images_take_slice(r->images, tool, &slice) != OK)
		err_say(&why, ERR_LIMIT, "there are no ids left for a tool");
	if (why.text[0] == '\0' && (int64_t)(slice + 1) * SLICE_IDS > ids.count)
		err_say(&why, ERR_LIMIT,
		    "the subordinate ids of the tools' user are used up; give "
		    "it more in /etc/subuid and /etc/subgid");
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_bool(body, "ok", why.text[0] == '\0');
	json_put_str(body, "error", why.text);
	json_put_str(body, "tool", tool);
	json_put_int(body, "runner", (int64_t)geteuid());
	json_put(body, "taken", list_taken(r));
	if (why.text[0] == '\0')
		json_put_int(body, "uid", podman_tool_uid(&ids, slice));
	peers_send(r->peers, ROLE_CORE, MSG_TOOL_IDS, body);
}
