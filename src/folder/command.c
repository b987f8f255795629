/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "folder/folder.h"
#include "folder/folder_priv.h"

/* One of the folders that a manifest names. */
struct place {
	const char *tool;
	const struct json *taken; /* Where the house and Podman keep theirs. */
	struct folder_access access;
};

/* ---- What was wished ---- */

/* PATH, PATH:ro or PATH:rw; signed is where it is, whatever leads there. */
static enum err
read_wish(
    const char *option, char ret[PATH_MAX], bool *ret_write, struct errmsg *why)
{
	char path[PATH_MAX];
	size_t n = strlen(option);

	*ret_write = n > 3 && strcmp(option + n - 3, ":rw") == 0;
	if (*ret_write || (n > 3 && strcmp(option + n - 3, ":ro") == 0))
		n -= 3;
	if (n >= sizeof(path))
		return err_say(why, ERR_LIMIT, "the folder's path is too long");
	memcpy(path, option, n);
	path[n] = '\0';
	if (realpath(path, ret) == NULL)
		return err_say(
		    why, ERR_NOTFOUND, "there is no folder %.200s", path);
	return OK;
}

static enum err
put_into(const char *option, struct buf *text, struct errmsg *why)
{
	char path[PATH_MAX];
	struct json *v = NULL;
	struct json *list;
	struct json *f;
	bool write;
	enum err e = read_wish(option, path, &write, why);

	if (e != OK)
		return e;
	if (json_parse(text->p, text->len, &v) != OK)
		return err_say(
		    why, ERR_INPUT, "the manifest is not strict JSON");
	if (json_has(v, "folders")) {
		e = err_say(why, ERR_INPUT,
		    "the manifest names folders of its own; leave out "
		    "--folder");
	} else {
		f = json_object();
		json_put_str(f, "at", "/folder");
		json_put_str(f, "from", path);
		json_put_bool(f, "write", write);
		list = json_array();
		json_push(list, f);
		json_put(v, "folders", list);
		buf_clear(text);
		json_print_into(v, text);
	}
	json_free(v);
	if (e == OK && text->overflow)
		e = err_say(why, ERR_LIMIT, "the manifest gets too long");
	return e;
}

/* Neither our own key nor what lies beside it, nor the house itself. */
static enum err
check_place(const struct session *s, const struct place *p, struct errmsg *why)
{
	const struct json *taken = json_first(p->taken);
	char own[PATH_MAX];
	enum err e = folder_check(p->access.path, why);

	if (e != OK)
		return e;
	if (realpath(session_identity(s)->folder, own) != NULL &&
	    path_overlaps(p->access.path, own))
		return err_say(why, ERR_DENIED,
		    "%.150s holds this client's key; no tool has that",
		    p->access.path);
	while (
	    taken != NULL && !path_overlaps(p->access.path, json_text(taken)))
		taken = json_next(taken);
	if (taken != NULL)
		return err_say(why, ERR_DENIED,
		    "%.120s is no tool's to have: %.80s is the house's own",
		    p->access.path, json_text(taken));
	return OK;
}

/* Access control lists are set where the folder is. */
static enum err
check_here(const struct session *s, struct errmsg *why)
{
	const char *host = session_identity(s)->host;

	if (strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	    strcmp(host, "::1") == 0)
		return OK;
	return err_say(why, ERR_STATE,
	    "the house is on another machine (%.100s); give folders there, as "
	    "their owner",
	    host);
}

/* The users that the lists will name.  Whoever answers for the house must
 * not make us open the folder to a person. */
static int
ask_ids(struct session *s, const char *tool, struct place *ret,
    struct json **ret_answer)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "ids?tool=%s", tool);
	int64_t uid = json_int(answer, "uid", 0);

	if (answer != NULL && !json_flag(answer, "ok")) {
		terminal_error("%s", json_words(answer, "error"));
		code = EXIT_REFUSED;
	} else if (answer != NULL &&
	    (uid < 1 || uid >= UINT32_MAX || getpwuid((uid_t)uid) != NULL)) {
		terminal_error("the house names user %lld for the tool, which "
			       "is no user of a container",
		    (long long)uid);
		code = EXIT_BROKEN;
	}
	*ret = (struct place){.tool = tool,
	    .taken = json_get(answer, "taken"),
	    .access = {.uid = (uint32_t)uid,
		.runner = (uint32_t)json_int(answer, "runner", 0)}};
	*ret_answer = answer;
	return code;
}

static int
complain(const struct errmsg *why)
{
	terminal_error("%s", why->text);
	return EXIT_FAILED;
}

/* ---- Showing and asking ---- */

static void
show_parents(const struct folder_access *f, struct str names)
{
	const struct passwd *p = getpwuid((uid_t)f->runner);
	struct str line;

	while (str_line(&names, &line))
		terminal_print("  user %s may pass through %.*s, and could "
			       "read there what everybody may\n",
		    p != NULL ? p->pw_name : "of the tools", (int)line.len,
		    line.p);
}

static enum err
show_place(const struct place *p, struct errmsg *why)
{
	const struct folder_access *f = &p->access;
	struct walk_counts counts;
	struct buf parents;
	enum err e;

	buf_init(&parents, FOLDER_PATH_MAX * WALK_DEPTH_MAX);
	e = folder_list_parents(f, &parents, why);
	if (e == OK)
		e = folder_count(f->path, &counts, why);
	if (e == OK) {
		terminal_print("the tool '%s' may %s what is in %s:\n", p->tool,
		    f->write ? "read, change and delete" : "read", f->path);
		terminal_print("  %lld folders and %lld files are opened to "
			       "user %u, which it alone has\n",
		    (long long)counts.folders, (long long)counts.files, f->uid);
		if (counts.left_out > 0)
			terminal_print("  %lld are left out: links, files "
				       "with two names, what is not yours\n",
			    (long long)counts.left_out);
		show_parents(f,
		    (struct str){
			parents.p != NULL ? parents.p : "", parents.len});
	}
	buf_done(&parents);
	return e;
}

static int
agree(bool yes)
{
	char line[16];

	if (yes)
		return EXIT_REACHED;
	fputs("open it? type yes: ", stdout);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    strcmp(line, "yes\n") == 0)
		return EXIT_REACHED;
	terminal_error("nothing was changed");
	return EXIT_FAILED;
}

/* ---- One and all ---- */

typedef enum err place_fn(
    const struct place *p, const struct json *tools, struct errmsg *why);

static enum err
show_one(const struct place *p, const struct json *tools, struct errmsg *why)
{
	(void)tools;
	return show_place(p, why);
}

static enum err
open_one(const struct place *p, const struct json *tools, struct errmsg *why)
{
	struct walk_counts counts;
	enum err e = folder_open(&p->access, &counts, why);

	(void)tools;
	if (e == OK)
		terminal_print("opened %s: %lld folders, %lld files\n",
		    p->access.path, (long long)counts.folders,
		    (long long)counts.files);
	return e;
}

/* What all others have, which the tools' user must still reach. */
static size_t
list_kept(const struct json *tools, const struct place *p, const char **ret,
    size_t max)
{
	const struct json *row;
	const struct json *f;
	size_t n = 0;

	for (row = json_first(tools); row != NULL; row = json_next(row))
		for (f = json_first(json_get(row, "folders")); f != NULL;
		     f = json_next(f))
			if (n < max &&
			    (strcmp(json_words(row, "tool"), p->tool) != 0 ||
				strcmp(json_words(f, "from"), p->access.path) !=
				    0))
				ret[n++] = json_words(f, "from");
	return n;
}

static enum err
close_one(const struct place *p, const struct json *tools, struct errmsg *why)
{
	const char *kept[TOOLS_MAX * TOOL_FOLDERS_MAX];
	size_t n = list_kept(tools, p, kept, ARRAY_LEN(kept));
	enum err e = folder_close(&p->access, kept, n, why);

	if (e == OK)
		terminal_print("closed %s\n", p->access.path);
	return e;
}

static int
for_each(struct session *s, const char *tool, const struct json *folders,
    const struct json *tools, place_fn *fn)
{
	struct place p;
	struct json *ids;
	const struct json *f;
	struct errmsg why;
	int code;

	if (json_count(folders) == 0)
		return EXIT_REACHED;
	if (!str_is_name(tool) || check_here(s, &why) != OK)
		return str_is_name(tool) ? complain(&why) : EXIT_FAILED;
	code = ask_ids(s, tool, &p, &ids);
	for (f = json_first(folders); f != NULL && code == EXIT_REACHED;
	     f = json_next(f)) {
		p.access.path = json_words(f, "from");
		p.access.write = json_flag(f, "write");
		if (check_place(s, &p, &why) != OK || fn(&p, tools, &why) != OK)
			code = complain(&why);
	}
	json_free(ids);
	return code;
}

/* ---- A manifest is signed ---- */

static const struct json *
folders_of(const struct json *tools, const char *tool)
{
	const struct json *row = json_first(tools);

	while (row != NULL && strcmp(json_words(row, "tool"), tool) != 0)
		row = json_next(row);
	return json_get(row, "folders");
}

int
folder_prepare(struct session *s, const char *option, bool yes,
    struct buf *manifest, struct folder_change *ret)
{
	struct json *v = NULL;
	struct errmsg why;
	int code = EXIT_REACHED;

	memset(ret, 0, sizeof(*ret));
	if (option != NULL && put_into(option, manifest, &why) != OK)
		return complain(&why);
	if (json_parse(manifest->p, manifest->len, &v) != OK)
		return EXIT_REACHED; /* The house says what is wrong. */
	snprintf(ret->tool, sizeof(ret->tool), "%s", json_words(v, "name"));
	ret->named = json_has(v, "folders") ? json_copy(json_get(v, "folders"))
					    : json_array();
	json_free(v);
	ret->before = session_query(s, &code, "tools");
	if (ret->before != NULL && json_count(ret->named) > 0) {
		code = for_each(s, ret->tool, ret->named, NULL, show_one);
		if (code == EXIT_REACHED)
			code = agree(yes);
	}
	return code;
}

/* Of `before` what is not in `after` by its path. */
static struct json *
list_dropped(const struct json *before, const struct json *after)
{
	struct json *list = json_array();
	const struct json *f = json_first(before);
	const struct json *g;

	for (; f != NULL; f = json_next(f)) {
		g = json_first(after);
		while (g != NULL &&
		    strcmp(json_words(f, "from"), json_words(g, "from")) != 0)
			g = json_next(g);
		if (g == NULL)
			json_push(list, json_copy(f));
	}
	return list;
}

int
folder_settle(struct session *s, const struct folder_change *t)
{
	const struct json *tools = json_get(t->before, "tools");
	struct json *dropped =
	    list_dropped(folders_of(tools, t->tool), t->named);
	int code;

	/* One that is gone cannot be closed, and keeps nobody from another. */
	for_each(s, t->tool, dropped, tools, close_one);
	json_free(dropped);
	code = for_each(s, t->tool, t->named, NULL, open_one);
	if (code != EXIT_REACHED)
		terminal_error(
		    "when that is mended: durward tool folder %s", t->tool);
	return code;
}

void
folder_change_done(struct folder_change *t)
{
	json_free(t->named);
	json_free(t->before);
}

/* ---- Later ---- */

int
folder_command(struct session *s, const char *tool, bool open, bool yes)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "tools");
	const struct json *tools = json_get(answer, "tools");
	const struct json *folders = folders_of(tools, tool);

	if (answer != NULL && json_count(folders) == 0) {
		terminal_error("no tool '%s' has a folder", tool);
		code = EXIT_FAILED;
	} else if (answer != NULL && !open) {
		code = for_each(s, tool, folders, tools, close_one);
	} else if (answer != NULL) {
		code = for_each(s, tool, folders, NULL, show_one);
		if (code == EXIT_REACHED)
			code = agree(yes);
		if (code == EXIT_REACHED)
			code = for_each(s, tool, folders, NULL, open_one);
	}
	json_free(answer);
	return code;
}
