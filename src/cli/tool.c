/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/cli_priv.h"
#include "folder/folder.h"
#include "package/package.h"

/* `durward tool`: what there is, and what an owner does with it. */

static const char *
state_words(const struct json *t)
{
	static const struct {
		const char *state;
		const char *words;
	} states[] = {
	    {"signed", "signed"},
	    {"not-signed", "NOT SIGNED"},
	    {"disabled", "disabled"},
	    {"blocked",
		"blocked: its server offers something else than before"},
	    {"removed", "removed, its data is still to be deleted"},
	    {"missing", "its manifest is not here: add it, or remove it"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(json_words(t, "state"), states[i].state) == 0)
			return states[i].words;
	return "unknown";
}

static void
list_folders(const struct json *folders)
{
	const struct json *f = json_first(folders);

	for (; f != NULL; f = json_next(f))
		terminal_print("             %s at %s, %s\n",
		    json_words(f, "from"), json_words(f, "at"),
		    json_flag(f, "write") ? "read-write" : "read-only");
}

static const char *
limits_of(const struct json *answer, const struct json *t)
{
	if (json_flag(answer, "limits") || !json_flag(answer, "runner") ||
	    !json_has(t, "version"))
		return "";
	return json_flag(t, "exempt")
	    ? ", without limits by an owner's exception"
	    : ", REFUSED without limits: 'tool exempt'";
}

static int
list_tools(struct session *s)
{
	struct json *answer;
	const struct json *t;
	int code = EXIT_REACHED;

	answer = session_query(s, &code, "tools");
	if (answer != NULL && !terminal_print_json(answer)) {
		for (t = json_first(json_get(answer, "tools")); t != NULL;
		     t = json_next(t)) {
			terminal_print("%-12s %-8s %.19s%s  %s%s%s\n",
			    json_words(t, "tool"), json_words(t, "version"),
			    json_words(t, "image"),
			    json_has(t, "image") ? "..." : "", state_words(t),
			    json_flag(t, "warm") ? ", warm" : "",
			    limits_of(answer, t));
			list_folders(json_get(t, "folders"));
		}
		if (!json_flag(answer, "runner"))
			terminal_print("tools cannot run: %s\n",
			    json_words(answer, "runner_state")[0] != '\0'
				? json_words(answer, "runner_state")
				: "their half of the house is not running");
	}
	json_free(answer);
	return code;
}

static void
show_versions(const struct json *answer)
{
	const struct json *v = json_first(json_get(answer, "versions"));

	for (; v != NULL; v = json_next(v))
		terminal_print("%-12s %s, sha256:%.12s..., signed by %s%s\n",
		    "version", json_words(v, "version"),
		    json_words(v, "manifest"),
		    json_words(v, "client")[0] != '\0' ? json_words(v, "client")
						       : "an owner",
		    json_int(v, "n", 0) == json_int(answer, "active", -1)
			? " (active)"
			: "");
}

/* What an owner signed, in the words that were shown then. */
static int
show_tool(struct session *s, const char *name)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "tool?tool=%.64s", name);
	struct errmsg why = {""};
	struct package p;
	struct buf review;

	if (answer == NULL || terminal_print_json(answer)) {
		json_free(answer);
		return code;
	}
	if (package_of_text(json_words(answer, "document"), &p, &why) == OK) {
		buf_init(&review, REVIEW_MAX);
		package_review(&p, &review);
		terminal_print(
		    "%s%-12s %s\n\n", review.p, "state", state_words(answer));
		show_versions(answer);
		buf_done(&review);
		package_done(&p);
	} else {
		terminal_error("%s", why.text);
		code = EXIT_FAILED;
	}
	json_free(answer);
	return code;
}

/* The verbs that take a name and have no flags of their own. */
static int
run_verb(struct session *s, const char *verb, const char *name,
    const struct package_options *o)
{
	if (strcmp(verb, "show") == 0)
		return show_tool(s, name);
	if (strcmp(verb, "enable") == 0)
		return package_enable(s, name, o);
	if (strcmp(verb, "disable") == 0)
		return package_disable(s, name);
	if (strcmp(verb, "rollback") == 0)
		return package_rollback(s, name, o);
	if (strcmp(verb, "remove") == 0)
		return package_remove(s, name, o);
	return package_add(s, verb, name, o);
}

struct flags {
	bool follow;
	bool closing;
	bool revoke;
};

static int
run(struct session *s, int argc, char **argv, const struct flags *f,
    const struct package_options *o)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 1)
		return list_tools(s);
	if (argc == 2)
		return cli_tool_top(s);
	if (strcmp(verb, "logs") == 0)
		return cli_tool_logs(s, argv[2], f->follow);
	if (strcmp(verb, "folder") == 0)
		return folder_command(s, argv[2], !f->closing, o->yes);
	if (strcmp(verb, "exempt") == 0)
		return package_exempt(s, argv[2], !f->revoke);
	return run_verb(s, verb, argv[2], o);
}

static bool
is_known(int argc, char **argv)
{
	static const char *const verbs[] = {"add", "update", "show", "enable",
	    "disable", "rollback", "remove", "folder", "exempt", "logs"};
	size_t i;

	if (argc < 3)
		return argc == 1 || strcmp(argv[1], "top") == 0;
	for (i = 0; i < ARRAY_LEN(verbs); i++)
		if (argc == 3 && strcmp(argv[1], verbs[i]) == 0)
			return true;
	return false;
}

int
command_tool(int argc, char **argv)
{
	struct flags f = {.follow = terminal_flag(&argc, argv, "--follow"),
	    .closing = terminal_flag(&argc, argv, "--close"),
	    .revoke = terminal_flag(&argc, argv, "--revoke")};
	struct package_options o = {.yes = terminal_flag(&argc, argv, "--yes"),
	    .keep_data = terminal_flag(&argc, argv, "--keep-data"),
	    .exempt = terminal_flag(&argc, argv, "--no-limits-ok"),
	    .to = terminal_option(&argc, argv, "--to", NULL),
	    .folder = terminal_option(&argc, argv, "--folder", NULL)};
	struct session *s;
	int code = EXIT_REACHED;

	if (!is_known(argc, argv))
		return terminal_usage("tool " TOOL_USAGE);
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = run(s, argc, argv, &f, &o);
	session_close(s);
	return code;
}
