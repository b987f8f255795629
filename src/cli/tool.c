/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cli_priv.h"
#include "crypto/crypto.h"
#include "folder/folder.h"
#include "sys/file.h"

/* `durward tool`: what there is, and signing a new one. */

static void
list_folders(const struct json *folders)
{
	const struct json *f = json_first(folders);

	for (; f != NULL; f = json_next(f))
		terminal_print("             %s at %s, %s\n",
		    json_words(f, "from"), json_words(f, "at"),
		    json_flag(f, "write") ? "read-write" : "read-only");
}

/* Of a tool on a machine that cannot limit it. */
static const char *
limits_of(const struct json *answer, const struct json *t)
{
	if (json_flag(answer, "limits") || !json_flag(answer, "runner"))
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
			terminal_print("%-12s %-8s %.19s...  %s%s%s\n",
			    json_words(t, "tool"), json_words(t, "version"),
			    json_words(t, "image"),
			    json_flag(t, "trusted") ? "signed" : "NOT SIGNED",
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

static enum err
make_body(const struct buf *text, struct json **ret, struct errmsg *why)
{
	struct json *v = NULL;
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	if (json_parse(text->p, text->len, &v) != OK)
		return err_say(
		    why, ERR_INPUT, "the manifest is not strict JSON");
	crypto_hash(text->p, text->len, &d);
	digest_hex(&d, hex);
	*ret = json_object();
	json_put_str(*ret, "tool", json_words(v, "name"));
	json_put_str(*ret, "digest", hex);
	json_put_str(*ret, "manifest", text->p);
	json_free(v);
	return OK;
}

/* That it may run where its memory and processes cannot be limited. */
static int
exempt_tool(struct session *s, const char *tool, bool exempt)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "tool", tool);
	json_put_bool(body, "exempt", exempt);
	answer = session_command(s, "tool.exempt", body, &code);
	if (answer != NULL)
		terminal_print(exempt ? "it may run without limits\n"
				      : "it may not run without limits\n");
	json_free(answer);
	return code;
}

/* The signature over the command covers the manifest's every byte. */
static int
sign(struct session *s, const struct buf *text, bool exempt)
{
	struct errmsg why = {""};
	struct json *body = NULL;
	struct json *answer;
	char tool[NAME_MAX_LEN + 1];
	int code = EXIT_REACHED;

	if (make_body(text, &body, &why) != OK) {
		fprintf(stderr, "durward: %s\n", why.text);
		return EXIT_FAILED;
	}
	snprintf(tool, sizeof(tool), "%s", json_words(body, "tool"));
	answer = session_command(s, "tool.add", body, &code);
	if (answer != NULL)
		terminal_print("added\n");
	if (answer != NULL && exempt)
		code = exempt_tool(s, tool, true);
	json_free(answer);
	return code;
}

static int
add_tool(struct session *s, const char *path, const char *folder, bool yes,
    bool exempt)
{
	struct folder_change folders;
	struct buf text;
	int code;

	buf_init(&text, MANIFEST_MAX);
	if (file_read(path, &text) != OK) {
		fprintf(stderr, "durward: %.200s cannot be read\n", path);
		buf_done(&text);
		return EXIT_FAILED;
	}
	code = folder_prepare(s, folder, yes, &text, &folders);
	if (code == EXIT_REACHED)
		code = sign(s, &text, exempt);
	if (code == EXIT_REACHED)
		code = folder_settle(s, &folders);
	folder_change_done(&folders);
	buf_done(&text);
	return code;
}

int
command_tool(int argc, char **argv)
{
	const char *folder = terminal_option(&argc, argv, "--folder", NULL);
	bool yes = terminal_flag(&argc, argv, "--yes");
	bool closing = terminal_flag(&argc, argv, "--close");
	struct session *s;
	bool follow = terminal_flag(&argc, argv, "--follow");
	bool exempt = terminal_flag(&argc, argv, "--no-limits-ok");
	bool revoke = terminal_flag(&argc, argv, "--revoke");
	const char *what = argc > 1 ? argv[1] : "";
	int code = EXIT_REACHED;
	bool one = strcmp(what, "add") == 0 || strcmp(what, "logs") == 0 ||
	    strcmp(what, "exempt") == 0 || strcmp(what, "folder") == 0;

	if (argc != 1 && !(argc == 2 && strcmp(what, "top") == 0) &&
	    !(argc == 3 && one))
		return terminal_usage(
		    "tool [add FILE [--folder PATH[:rw]] [--no-limits-ok] | "
		    "folder NAME [--close] | exempt NAME [--revoke] | "
		    "logs NAME [--follow] | top]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (argc == 1)
		code = list_tools(s);
	else if (strcmp(what, "top") == 0)
		code = cli_tool_top(s);
	else if (strcmp(what, "logs") == 0)
		code = cli_tool_logs(s, argv[2], follow);
	else if (strcmp(what, "folder") == 0)
		code = folder_command(s, argv[2], !closing, yes);
	else if (strcmp(what, "exempt") == 0)
		code = exempt_tool(s, argv[2], !revoke);
	else
		code = add_tool(s, argv[2], folder, yes, exempt);
	session_close(s);
	return code;
}
