/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "folder/folder.h"
#include "package/package.h"
#include "terminal/terminal.h"

/*
 * Tools come, change and go by an owner's signature over the exact manifest.
 * What is signed was shown before: also where the house gives the manifest,
 * since it could give another one than was agreed to.
 */

static int
complain(const char *text)
{
	terminal_error("%s", text);
	return EXIT_FAILED;
}

static bool
confirm(const struct package_options *o, const char *question)
{
	char text[16];

	if (o->yes)
		return true;
	printf("%s type yes: ", question);
	fflush(stdout);
	return fgets(text, sizeof(text), stdin) != NULL &&
	    strcmp(text, "yes\n") == 0;
}

/* ---- What the house has ---- */

static bool
is_there(const struct json *tools, const char *name)
{
	const struct json *t = json_first(json_get(tools, "tools"));

	for (; t != NULL; t = json_next(t))
		if (strcmp(json_words(t, "tool"), name) == 0)
			return json_has(t, "version");
	return false;
}

/* NULL when there is no such tool; that is no failure. */
static struct json *
find_tool(struct session *s, const char *name, int *ret_exit)
{
	struct json *tools = session_query(s, ret_exit, "tools");
	struct json *answer = NULL;

	if (tools != NULL && is_there(tools, name))
		answer = session_query(s, ret_exit, "tool?tool=%.64s", name);
	json_free(tools);
	return answer;
}

/* ---- Showing ---- */

static void
show_difference(const struct json *old, const char *review)
{
	struct package before;
	struct errmsg why;
	struct buf text;
	struct buf lines;

	if (package_of_text(json_words(old, "document"), &before, &why) != OK) {
		terminal_print("\nThe version that is there now cannot be "
			       "compared: %s\n",
		    why.text);
		return;
	}
	buf_init(&text, REVIEW_MAX);
	buf_init(&lines, 2 * REVIEW_MAX);
	package_review(&before, &text);
	package_compare(text.p, review, &lines);
	terminal_print("\nIt replaces version %s. What is different:\n%s",
	    before.manifest->version, lines.p != NULL ? lines.p : "nothing\n");
	buf_done(&lines);
	buf_done(&text);
	package_done(&before);
}

static void
show(const struct package *p, const struct json *old)
{
	struct buf review;

	if (terminal_json)
		return;
	buf_init(&review, REVIEW_MAX);
	package_review(p, &review);
	terminal_print("%s", review.p);
	if (p->archive[0] != '\0')
		terminal_print("%-12s %s\n", "archive", p->archive);
	if (old != NULL)
		show_difference(old, review.p);
	buf_done(&review);
}

/* ---- Signing ---- */

/* Takes `body` over. */
static int
send(
    struct session *s, const char *command, struct json *body, const char *done)
{
	int code = EXIT_REACHED;
	struct json *answer = session_command(s, command, body, &code);

	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("%s%s\n", done,
		    json_flag(answer, "later")
			? "; its data is deleted as soon as the tools' half of "
			  "the house is there"
			: "");
	json_free(answer);
	return code;
}

/* The signature over the command covers the manifest's every byte. */
static int
sign(struct session *s, const struct package *p, const char *command,
    const char *done)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&p->manifest->digest, hex);
	json_put_str(body, "tool", p->manifest->name);
	json_put_str(body, "digest", hex);
	json_put_str(body, "manifest", p->text);
	json_put_str(body, "archive", p->archive);
	return send(s, command, body, done);
}

static int
ask_and_sign(struct session *s, const struct package *p, const struct json *old,
    const char *command, const char *done, const struct package_options *o)
{
	show(p, old);
	if (!confirm(o, "sign this manifest?"))
		return complain("nothing was signed");
	return sign(s, p, command, done);
}

/* Folders that the manifest names, or gets by an option, are opened behind
 * the signature. */
static int
give(struct session *s, const char *text, const char *archive,
    const struct json *old, const char *command, const char *done,
    const struct package_options *o)
{
	struct folder_change folders;
	struct errmsg why = {""};
	struct package p;
	struct buf b;
	int code;

	buf_init(&b, MANIFEST_MAX);
	buf_adds(&b, text);
	code = folder_prepare(s, o->folder, o->yes, &b, &folders);
	if (code == EXIT_REACHED && package_of_text(b.p, &p, &why) != OK) {
		code = complain(why.text);
	} else if (code == EXIT_REACHED) {
		snprintf(p.archive, sizeof(p.archive), "%s", archive);
		code = ask_and_sign(s, &p, old, command, done, o);
		package_done(&p);
	}
	if (code == EXIT_REACHED && o->exempt)
		code = package_exempt(s, folders.tool, true);
	if (code == EXIT_REACHED)
		code = folder_settle(s, &folders);
	folder_change_done(&folders);
	buf_done(&b);
	return code;
}

int
package_add(struct session *s, const char *verb, const char *path,
    const struct package_options *o)
{
	bool update = strcmp(verb, "update") == 0;
	int code = EXIT_REACHED;
	struct errmsg why = {""};
	struct package p;
	struct json *old;

	if (package_read(path, &p, &why) != OK)
		return complain(why.text);
	old = find_tool(s, p.manifest->name, &code);
	if (code == EXIT_REACHED && update && old == NULL)
		code = complain("there is no such tool to update; 'durward "
				"tool add' adds it");
	else if (code == EXIT_REACHED)
		code = give(s, p.text, p.archive, old,
		    update ? "tool.update" : "tool.add",
		    update ? "updated" : "added", o);
	json_free(old);
	package_done(&p);
	return code;
}

int
package_add_text(
    struct session *s, const char *text, const struct package_options *o)
{
	int code = EXIT_REACHED;
	struct errmsg why = {""};
	struct package p;
	struct json *old;

	if (package_of_text(text, &p, &why) != OK)
		return complain(why.text);
	old = find_tool(s, p.manifest->name, &code);
	if (code == EXIT_REACHED)
		code = give(s, text, "", old,
		    old != NULL ? "tool.update" : "tool.add",
		    old != NULL ? "updated" : "added", o);
	json_free(old);
	package_done(&p);
	return code;
}

static int
sign_document(struct session *s, const struct json *answer,
    const struct json *old, const char *command, const char *done,
    const struct package_options *o)
{
	struct errmsg why = {""};
	struct package p;
	int code;

	if (package_of_text(json_words(answer, "document"), &p, &why) != OK)
		return complain(why.text);
	code = strcmp(p.manifest->name, json_words(answer, "tool")) == 0
	    ? give(s, p.text, "", old, command, done, o)
	    : complain("the house gave the manifest of another tool");
	package_done(&p);
	return code;
}

int
package_enable(
    struct session *s, const char *tool, const struct package_options *o)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "tool?tool=%.64s", tool);

	if (answer != NULL)
		code =
		    sign_document(s, answer, NULL, "tool.enable", "enabled", o);
	json_free(answer);
	return code;
}

/* The version of these words, or else the one before the active; 0: none. */
static int64_t
find_version(const struct json *old, const char *to)
{
	const struct json *v = json_first(json_get(old, "versions"));
	int64_t active = json_int(old, "active", 0);
	int64_t found = 0;

	for (; v != NULL; v = json_next(v)) {
		int64_t n = json_int(v, "n", 0);

		if (to != NULL ? strcmp(json_words(v, "version"), to) == 0
			       : n < active)
			found = n;
	}
	return found;
}

int
package_rollback(
    struct session *s, const char *tool, const struct package_options *o)
{
	int code = EXIT_REACHED;
	struct json *old = session_query(s, &code, "tool?tool=%.64s", tool);
	int64_t n = old != NULL ? find_version(old, o->to) : 0;
	struct json *answer = NULL;

	if (old != NULL && n == 0)
		code = complain("there is no such version of it; 'durward tool "
				"show' lists them");
	if (n > 0)
		answer = session_query(
		    s, &code, "tool?tool=%.64s&n=%lld", tool, (long long)n);
	if (answer != NULL)
		code = sign_document(
		    s, answer, old, "tool.rollback", "rolled back", o);
	json_free(answer);
	json_free(old);
	return code;
}

int
package_disable(struct session *s, const char *tool)
{
	struct json *body = json_object();

	json_put_str(body, "tool", tool);
	return send(s, "tool.disable", body, "disabled");
}

int
package_exempt(struct session *s, const char *tool, bool exempt)
{
	struct json *body = json_object();

	json_put_str(body, "tool", tool);
	json_put_bool(body, "exempt", exempt);
	return send(s, "tool.exempt", body,
	    exempt ? "it may run without limits"
		   : "it may not run without limits");
}

static bool
has_folder(const struct json *tools, const char *name)
{
	const struct json *t = json_first(json_get(tools, "tools"));

	while (t != NULL && strcmp(json_words(t, "tool"), name) != 0)
		t = json_next(t);
	return json_count(json_get(t, "folders")) > 0;
}

int
package_remove(
    struct session *s, const char *tool, const struct package_options *o)
{
	int code = EXIT_REACHED;
	struct json *tools;
	struct json *body;

	if (!confirm(o,
		o->keep_data
		    ? "remove the tool, and keep its volume?"
		    : "remove the tool, and delete its volume and its images "
		      "for good?"))
		return complain("nothing was removed");
	tools = session_query(s, &code, "tools");
	if (tools != NULL && has_folder(tools, tool) &&
	    folder_command(s, tool, false, true) != EXIT_REACHED)
		complain("its folders stay open to a user that no tool has");
	json_free(tools);
	if (code != EXIT_REACHED)
		return code;
	body = json_object();
	json_put_str(body, "tool", tool);
	json_put_bool(body, "keep_data", o->keep_data);
	return send(s, "tool.remove", body, "removed");
}
