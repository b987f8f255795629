/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "cli/cli_priv.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "trial/trial.h"

/* `durward policy`: looking at rules, trying them, changing them. */

#define USAGE                                                                  \
	"policy [list] | show [--scope S] [--version N] | check FILE |\n"      \
	"         explain TOOL [ARGS] [--labels L] [--principal P] |\n"        \
	"         test FILE TRIALS | activate FILE [--scope S] |\n"            \
	"         edit [--scope S] | rollback [--scope S] [--version N]"

struct options {
	const char *scope;
	const char *version;
	const char *labels;
	const char *principal;
};

struct verb {
	const char *name;
	int args_min;
	int args_max;
	/* NULL for a session when `offline`. */
	int (*run)(
	    struct session *s, const struct options *o, int argc, char **argv);
	bool offline;
};

static int
list(struct session *s, const struct options *o, int argc, char **argv)
{
	struct json *answer;
	const struct json *p;
	int code = EXIT_REACHED;

	(void)o;
	(void)argc;
	(void)argv;
	answer = session_query(s, &code, "policy");
	if (answer != NULL && !terminal_print_json(answer)) {
		p = json_first(json_get(answer, "policies"));
		for (; p != NULL; p = json_next(p))
			terminal_print(
			    "%-20s version %lld of %lld  %.16s...%s\n",
			    json_words(p, "scope"),
			    (long long)json_int(p, "version", 0),
			    (long long)json_int(p, "newest", 0),
			    json_words(p, "digest"),
			    json_flag(p, "readable") ? "" : "  CANNOT BE READ");
	}
	json_free(answer);
	return code;
}

/* The text of the active version, or of another one. */
static struct json *
fetch(struct session *s, const struct options *o, const char **ret_text,
    int *ret_exit)
{
	struct json *answer = o->version != NULL
	    ? session_query(
		  s, ret_exit, "policy?scope=%s&n=%s", o->scope, o->version)
	    : session_query(s, ret_exit, "policy?scope=%s", o->scope);

	*ret_text = json_words(answer, o->version != NULL ? "body" : "text");
	return answer;
}

static int
show(struct session *s, const struct options *o, int argc, char **argv)
{
	const char *text;
	int code = EXIT_REACHED;
	struct json *answer = fetch(s, o, &text, &code);

	(void)argc;
	(void)argv;
	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("%s", text);
	json_free(answer);
	return code;
}

/* ---- Checking, here ---- */

static bool
any_tool(void *arg, const char *glob)
{
	(void)arg;
	(void)glob;
	return true;
}

static bool
known_fact(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "clock") == 0 || strcmp(name, "limits") == 0 ||
	    strcmp(name, "runner") == 0;
}

static int
read_policy(const char *path, struct buf *text, struct policy **ret)
{
	struct errmsg why = {""};
	enum err e;

	buf_init(text, POLICY_BYTES_MAX + 1);
	e = file_read(path, text);
	if (e != OK)
		err_say(&why, e, "%.200s cannot be read", path);
	else
		e = policy_parse(text->p, text->len, ret, &why);
	if (e == OK)
		return EXIT_REACHED;
	terminal_error("%s", why.text);
	buf_done(text);
	return EXIT_FAILED;
}

static int
check(struct session *s, const struct options *o, int argc, char **argv)
{
	struct policy_known known = {.tool = any_tool, .fact = known_fact};
	struct policy *p;
	struct buf text;
	struct buf warnings;
	int code = read_policy(argv[0], &text, &p);

	(void)s;
	(void)o;
	(void)argc;
	if (code != EXIT_REACHED)
		return code;
	buf_init(&warnings, RESULT_MAX);
	policy_warn(p, &known, &warnings);
	if (warnings.len > 0)
		terminal_print("%s", warnings.p);
	terminal_print("the policy loads\n");
	buf_done(&warnings);
	policy_free(p);
	buf_done(&text);
	return EXIT_REACHED;
}

/* Does each member of `want` stand in `got`? */
static bool
as_wanted(const struct json *got, const struct json *want)
{
	const struct json *m = json_first(want);
	bool same = true;

	for (; m != NULL && same; m = json_next(m)) {
		const struct json *g = json_get(got, json_name(m));
		char *a = json_print(m);
		char *b = g != NULL ? json_print(g) : NULL;

		same = b != NULL && strcmp(a, b) == 0;
		free(a);
		free(b);
	}
	return same;
}

/* One line of the trials, with the file's text as the box's layer. */
static bool
try_one(struct trial_set *set, const char *text, struct str line, int number)
{
	struct json *trial;
	struct json *layers = json_array();
	struct json *layer = json_object();
	struct json *got;
	struct errmsg why = {""};
	bool good;
	char *words;

	json_put_str(layer, "name", "box");
	json_put_str(layer, "text", text);
	json_push(layers, layer);
	if (json_parse(line.p, line.len, &trial) != OK) {
		json_free(layers);
		terminal_print("line %d: this is no strict JSON\n", number);
		return false;
	}
	if (!json_has(trial, "layers"))
		json_put(trial, "layers", layers);
	else
		json_free(layers);
	got = trial_answer(set, trial, &why);
	good = as_wanted(got, json_get(trial, "want"));
	if (!good) {
		words = json_print(got);
		terminal_print("line %d: %s: got %s %s\n", number,
		    json_words(trial, "name"), words, why.text);
		free(words);
	}
	json_free(got);
	json_free(trial);
	return good;
}

static int
test(struct session *s, const struct options *o, int argc, char **argv)
{
	struct trial_set *set;
	struct policy *p;
	struct str rest;
	struct str line;
	struct buf text;
	struct buf trials;
	int good = 0;
	int bad = 0;
	int code = read_policy(argv[0], &text, &p);

	(void)s;
	(void)o;
	(void)argc;
	if (code != EXIT_REACHED)
		return code;
	policy_free(p);
	buf_init(&trials, FILE_READ_MAX);
	if (file_read(argv[1], &trials) != OK) {
		terminal_error("%s cannot be read", argv[1]);
		buf_done(&text);
		return EXIT_FAILED;
	}
	set = trial_set_new();
	rest = (struct str){trials.p, trials.len};
	while (str_line(&rest, &line)) {
		bool ok =
		    line.len == 0 || try_one(set, text.p, line, good + bad + 1);

		good += ok;
		bad += !ok;
	}
	trial_set_free(set);
	buf_done(&trials);
	buf_done(&text);
	terminal_print("%d as wanted, %d not\n", good, bad);
	return bad == 0 ? EXIT_REACHED : EXIT_FAILED;
}

/* ---- Asking the house ---- */

static int
explain(struct session *s, const struct options *o, int argc, char **argv)
{
	struct json *body = json_object();
	struct json *args = NULL;
	struct json *answer;
	const char *text = argc > 1 ? argv[1] : "{}";
	int code = EXIT_REACHED;

	if (json_parse(text, strlen(text), &args) != OK) {
		json_free(body);
		terminal_error("the arguments are no JSON object; write "
			       "'{\"name\":\"value\"}'");
		return EXIT_USAGE;
	}
	json_put_str(body, "tool", argv[0]);
	json_put(body, "args", args);
	json_put_str(body, "labels", o->labels);
	json_put_str(body, "principal", o->principal);
	answer = session_command(s, "policy.explain", body, &code);
	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("%s", json_words(answer, "text"));
	json_free(answer);
	return code;
}

static int
send(struct session *s, const char *scope, const char *text)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "scope", scope);
	json_put_str(body, "text", text);
	answer = session_command(s, "policy.activate", body, &code);
	if (answer != NULL)
		terminal_print(
		    "%sactive for %s\n", json_words(answer, "warnings"), scope);
	json_free(answer);
	return code;
}

static int
activate(struct session *s, const struct options *o, int argc, char **argv)
{
	struct policy *p;
	struct buf text;
	int code = read_policy(argv[0], &text, &p);

	(void)argc;
	if (code != EXIT_REACHED)
		return code;
	policy_free(p);
	code = send(s, o->scope, text.p);
	buf_done(&text);
	return code;
}

static int
rollback(struct session *s, const struct options *o, int argc, char **argv)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	(void)argc;
	(void)argv;
	json_put_str(body, "scope", o->scope);
	if (o->version != NULL)
		json_put_int(body, "n", strtoll(o->version, NULL, 10));
	answer = session_command(s, "policy.rollback", body, &code);
	if (answer != NULL)
		terminal_print("rolled back\n");
	json_free(answer);
	return code;
}

/* In the person's own editor, as often as it takes. */
static int
edit_file(const char *path, struct buf *text)
{
	const char *editor = getenv("EDITOR");
	const char *argv[] = {editor != NULL ? editor : "vi", path, NULL};
	struct policy *p;
	char line[8];

	for (;;) {
		if (spawn_in_foreground(argv) != OK) {
			terminal_error("%s did not end well; nothing "
				       "was changed",
			    argv[0]);
			return EXIT_FAILED;
		}
		if (read_policy(path, text, &p) == EXIT_REACHED) {
			policy_free(p);
			return EXIT_REACHED;
		}
		fputs("edit again? [y/n] ", stdout);
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL || line[0] != 'y')
			return EXIT_FAILED;
	}
}

static int
edit(struct session *s, const struct options *o, int argc, char **argv)
{
	char path[] = "/tmp/durward-policy-XXXXXX";
	const char *before;
	struct json *answer;
	struct buf text;
	int code = EXIT_REACHED;
	int fd;

	(void)argc;
	(void)argv;
	answer = fetch(s, o, &before, &code);
	if (answer == NULL)
		return code;
	fd = mkstemp(path);
	if (fd < 0 || write(fd, before, strlen(before)) < 0) {
		terminal_error("/tmp cannot be written");
		code = EXIT_FAILED;
	} else {
		code = edit_file(path, &text);
	}
	if (code == EXIT_REACHED) {
		if (strcmp(text.p, before) == 0)
			terminal_print("nothing was changed\n");
		else
			code = send(s, o->scope, text.p);
		buf_done(&text);
	}
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	json_free(answer);
	return code;
}

static const struct verb verbs[] = {
    {"list", 0, 0, list, false},
    {"show", 0, 0, show, false},
    {"check", 1, 1, check, true},
    {"explain", 1, 2, explain, false},
    {"test", 2, 2, test, true},
    {"activate", 1, 1, activate, false},
    {"edit", 0, 0, edit, false},
    {"rollback", 0, 0, rollback, false},
};

static const struct verb *
find_verb(const char *name, int args)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0 &&
		    args >= verbs[i].args_min && args <= verbs[i].args_max)
			return &verbs[i];
	return NULL;
}

int
command_policy(int argc, char **argv)
{
	struct options o = {
	    .scope = terminal_option(&argc, argv, "--scope", "box"),
	    .version = terminal_option(&argc, argv, "--version", NULL),
	    .labels = terminal_option(&argc, argv, "--labels", "none"),
	    .principal = terminal_option(&argc, argv, "--principal", "")};
	const struct verb *v =
	    find_verb(argc > 1 ? argv[1] : "list", argc > 1 ? argc - 2 : 0);
	struct session *s;
	int code = EXIT_REACHED;

	if (v == NULL)
		return terminal_usage(USAGE);
	if (v->offline)
		return v->run(NULL, &o, argc - 2, argv + 2);
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = v->run(s, &o, argc - 2, argv + 2);
	session_close(s);
	return code;
}
