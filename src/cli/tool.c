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
			terminal_print("%-12s %-8s %.19s...  %s%s\n",
			    json_words(t, "tool"), json_words(t, "version"),
			    json_words(t, "image"),
			    json_flag(t, "trusted") ? "signed" : "NOT SIGNED",
			    json_flag(t, "warm") ? ", warm" : "");
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

/* The signature over the command covers the manifest's every byte. */
static int
sign(struct session *s, const struct buf *text)
{
	struct errmsg why = {""};
	struct json *body = NULL;
	struct json *answer;
	int code = EXIT_REACHED;

	if (make_body(text, &body, &why) != OK) {
		fprintf(stderr, "durward: %s\n", why.text);
		return EXIT_FAILED;
	}
	answer = session_command(s, "tool.add", body, &code);
	if (answer != NULL)
		terminal_print("added\n");
	json_free(answer);
	return code;
}

static int
add_tool(struct session *s, const char *path, const char *folder, bool yes)
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
		code = sign(s, &text);
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
	const char *what = argc > 1 ? argv[1] : "";
	int code = EXIT_REACHED;

	if (argc != 1 &&
	    !(argc == 3 &&
		(strcmp(what, "add") == 0 || strcmp(what, "logs") == 0 ||
		    strcmp(what, "folder") == 0)))
		return terminal_usage(
		    "tool [add FILE [--folder PATH[:rw]] | folder NAME "
		    "[--close] | logs NAME [--follow]]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (argc == 1)
		code = list_tools(s);
	else if (strcmp(what, "logs") == 0)
		code = cli_tool_logs(s, argv[2], follow);
	else if (strcmp(what, "folder") == 0)
		code = folder_command(s, argv[2], !closing, yes);
	else
		code = add_tool(s, argv[2], folder, yes);
	session_close(s);
	return code;
}
