/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "automate/automate_priv.h"
#include "automation/automation.h"
#include "base/limits.h"
#include "sys/file.h"

/* ---- Listing ---- */

static void
show_next(const struct json *row)
{
	time_t s = (time_t)(json_int(row, "next_ms", 0) / 1000);
	char text[32];
	struct tm tm;

	if (json_has(row, "next_ms") && localtime_r(&s, &tm) != NULL &&
	    strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M", &tm) > 0)
		terminal_print("    next: %s\n", text);
}

/* What was said on its topic. */
static void
show_value(const struct json *v)
{
	char *text = json_print(v);

	terminal_print("    now: %s\n", text);
	free(text);
}

static void
show(const struct json *row)
{
	const char *off = json_words(row, "off");

	terminal_print("%-32s %s%s%s, signed by %s\n", json_words(row, "name"),
	    off[0] != '\0' ? "off (" : "on", off, off[0] != '\0' ? ")" : "",
	    json_words(row, "by"));
	terminal_print("    %s\n", json_words(row, "text"));
	if (off[0] == '\0')
		show_next(row);
	if (json_has(row, "value"))
		show_value(json_get(row, "value"));
	if (json_has(row, "document"))
		terminal_print("    %s\n", json_words(row, "document"));
}

static int
list(struct session *s, const char *name)
{
	struct json *answer;
	const struct json *row;
	int code = EXIT_REACHED;

	if (name != NULL && !automation_is_name(name)) {
		terminal_error("'%.40s' is no name of an automation", name);
		return EXIT_FAILED;
	}
	answer = session_query(s, &code, "automations%s%s",
	    name != NULL ? "?name=" : "", name != NULL ? name : "");
	if (answer == NULL)
		return code;
	row = json_first(json_get(answer, "automations"));
	if (row == NULL && name != NULL) {
		terminal_error("there is no automation '%s'", name);
		code = EXIT_FAILED;
	}
	if (!terminal_print_json(answer)) {
		if (row == NULL && name == NULL)
			terminal_print("There are no automations.\n");
		for (; row != NULL; row = json_next(row))
			show(row);
		if (name == NULL && json_words(answer, "place")[0] != '\0')
			terminal_print("The sun is that of %s.\n",
			    json_words(answer, "place"));
	}
	json_free(answer);
	return code;
}

/* ---- Adding ---- */

static bool
says_yes(void)
{
	char line[16] = "";

	if (!isatty(STDIN_FILENO)) {
		terminal_error("this is to be done from now on without asking; "
			       "'durward automation add' takes --yes where "
			       "nobody can be asked");
		return false;
	}
	terminal_forget_line();
	terminal_print("Do this from now on, each time? [y/N] ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL && line[0] == 'y';
}

int
automate_add(struct session *s, struct json *document, bool yes)
{
	struct automation *a;
	struct errmsg why = {""};
	struct json *body;
	struct json *answer;
	struct buf b;
	int code = EXIT_REACHED;

	if (automation_read(document, &a, &why) != OK) {
		terminal_error("this is no automation: %s", why.text);
		json_free(document);
		return EXIT_FAILED;
	}
	buf_init(&b, 16 * AUTOMATION_TEXT_MAX);
	automation_say(a, &b);
	if (!terminal_json)
		terminal_print("%s\n    %s\n", a->name, b.p);
	buf_done(&b);
	automation_free(a);
	if (!yes && !says_yes()) {
		json_free(document);
		return EXIT_FAILED;
	}
	body = json_object();
	json_put(body, "automation", document);
	answer = session_command(s, "automation.add", body, &code);
	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("It is signed. What the rules ask about is "
			       "asked each time; 'durward approve ID --always' "
			       "ends that.\n");
	json_free(answer);
	return code;
}

static int
add_file(struct session *s, const char *path, bool yes)
{
	struct json *document = NULL;
	struct buf b;
	enum err e;

	buf_init(&b, FILE_READ_MAX);
	e = file_read(path, &b);
	if (e == OK)
		e = json_parse(b.p, b.len, &document);
	buf_done(&b);
	if (e == OK)
		return automate_add(s, document, yes);
	terminal_error("%s cannot be read as JSON: %s", path, err_text(e));
	return EXIT_FAILED;
}

static int
add_words(struct session *s, const char *when, const char *what,
    const char *name, bool yes)
{
	struct errmsg why = {""};
	struct json *document;
	struct buf b;
	int code = EXIT_REACHED;
	enum err e;

	buf_init(&b, 2 * GOAL_MAX);
	buf_addf(&b, "%s, %s", when, what);
	e = automate_read(s, b.p, name, &document, &code, &why);
	buf_done(&b);
	if (e == OK)
		return automate_add(s, document, yes);
	if (e == ERR_CLOSED)
		return code;
	terminal_error("%s",
	    why.text[0] != '\0'
		? why.text
		: "this was not understood; say --when 'at sunset' or 'when "
		  "the hall light turns on', and --do 'turn on the porch "
		  "light', as your devices are called; any other goal goes "
		  "in a file: durward(1), AUTOMATIONS");
	return EXIT_FAILED;
}

bool
automate_goal(struct session *s, const char *goal, int *ret_code)
{
	struct errmsg why = {""};
	struct json *document;
	enum err e = automate_read(s, goal, NULL, &document, ret_code, &why);

	/* Who is not told of the home asks like anybody. */
	if (e == ERR_NOTFOUND || e == ERR_CLOSED)
		return false;
	if (e == OK) {
		*ret_code = automate_add(s, document, false);
		return true;
	}
	terminal_error("%s", why.text);
	*ret_code = EXIT_FAILED;
	return true;
}

/* ---- The others ---- */

static int
say_name(
    struct session *s, const char *command, const char *name, const char *done)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "name", name);
	answer = session_command(s, command, body, &code);
	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("%s: %s\n", name, done);
	json_free(answer);
	return code;
}

int
automate_place(struct session *s, const char *lat, const char *lon)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "lat", lat);
	json_put_str(body, "lon", lon);
	answer = session_command(s, "home.place", body, &code);
	if (answer != NULL)
		terminal_print_json(answer);
	json_free(answer);
	return code;
}

struct wanted {
	const char *what;
	const char *name; /* Or the file. */
	const char *when;
	const char *to_do;
	const char *as;
	bool yes;
};

static int
run(struct session *s, const struct wanted *w)
{
	static const char *const commands[][3] = {
	    {"remove", "automation.remove", "removed"},
	    {"enable", "automation.enable", "enabled"},
	    {"disable", "automation.disable", "disabled"}};
	size_t i;

	if (strcmp(w->what, "list") == 0 || strcmp(w->what, "show") == 0)
		return list(s, w->name);
	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(w->what, commands[i][0]) == 0)
			return say_name(
			    s, commands[i][1], w->name, commands[i][2]);
	if (w->name != NULL)
		return add_file(s, w->name, w->yes);
	return add_words(s, w->when, w->to_do, w->as, w->yes);
}

/* Does it have what it needs, and no more? */
static bool
is_whole(const struct wanted *w)
{
	bool words = w->when != NULL && w->to_do != NULL;

	if (strcmp(w->what, "add") == 0)
		return (w->name != NULL) != words &&
		    (words ||
			(w->when == NULL && w->to_do == NULL && w->as == NULL));
	if (w->when != NULL || w->to_do != NULL || w->as != NULL)
		return false;
	if (strcmp(w->what, "list") == 0)
		return w->name == NULL;
	return w->name != NULL &&
	    (strcmp(w->what, "show") == 0 || strcmp(w->what, "remove") == 0 ||
		strcmp(w->what, "enable") == 0 ||
		strcmp(w->what, "disable") == 0);
}

int
command_automation(int argc, char **argv)
{
	struct wanted w = {.yes = terminal_flag(&argc, argv, "--yes")};
	struct session *s;
	int code = EXIT_REACHED;

	w.when = terminal_option(&argc, argv, "--when", NULL);
	w.to_do = terminal_option(&argc, argv, "--do", NULL);
	w.as = terminal_option(&argc, argv, "--name", NULL);
	w.what = argc > 1 ? argv[1] : "list";
	w.name = argc > 2 ? argv[2] : NULL;
	if (argc > 3 || !is_whole(&w))
		return terminal_usage("automation " AUTOMATION_USAGE);
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = run(s, &w);
	session_close(s);
	return code;
}
