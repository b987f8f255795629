/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "approval/grant.h"
#include "approval/sheet.h"
#include "base/limits.h"
#include "consent/consent_priv.h"
#include "witness/witness.h"

/* What waits for a yes, and the yes itself. */

#define LONG_LINE 400

static void
say_names(const char *head, const struct json *names)
{
	const struct json *n = json_first(names);

	if (n != NULL)
		terminal_print("          %s:", head);
	for (; n != NULL; n = json_next(n))
		terminal_print(
		    " %s%s", json_text(n), json_next(n) != NULL ? "," : "\n");
}

void
say_question(const struct json *a)
{
	terminal_print("%.*s  %s %s (%s), wished by %s, %lld of "
		       "%lld said yes, %lld s left\n",
	    SHORT_LEN, json_words(a, "act"), json_words(a, "tool"),
	    json_words(a, "args"), json_words(a, "effect"),
	    json_words(a, "principal"), (long long)json_int(a, "given", 0),
	    (long long)json_int(a, "keys", 1),
	    (long long)json_int(a, "left_s", 0));
	/* Where more than one must agree. */
	say_names("said yes", json_get(a, "yes"));
	say_names("may say it too", json_get(a, "may"));
}

static int
list_approvals(void)
{
	struct session *s;
	struct json *answer;
	const struct json *a;
	int code = EXIT_REACHED;

	s = session_open(&code);
	if (s == NULL)
		return code;
	answer = session_query(s, &code, "approvals");
	if (answer != NULL && !terminal_print_json(answer)) {
		a = json_first(json_get(answer, "approvals"));
		if (a == NULL)
			terminal_print("Nothing waits.\n");
		for (; a != NULL; a = json_next(a))
			say_question(a);
	}
	json_free(answer);
	session_close(s);
	return code;
}

int
command_approvals(int argc, char **argv)
{
	bool watch = terminal_flag(&argc, argv, "--watch");

	if (argc > 1 && strcmp(argv[1], "settings") == 0 && !watch)
		return approvals_settings(argc - 1, argv + 1);
	if (argc != 1)
		return terminal_usage("approvals " APPROVALS_USAGE);
	return watch ? approvals_watch() : list_approvals();
}

/* How many acts wait whose id begins so, and one of them; -1: `ret_exit`. */
static int
count_acts(struct session *s, const char *beginning, char ret[TOKEN_SIZE],
    int *ret_exit)
{
	struct json *answer = session_query(s, ret_exit, "approvals");
	const struct json *a;
	int found = 0;

	if (answer == NULL)
		return -1;
	for (a = json_first(json_get(answer, "approvals")); a != NULL;
	     a = json_next(a)) {
		const char *act = json_words(a, "act");

		if (strncmp(act, beginning, strlen(beginning)) != 0 ||
		    strlen(act) >= TOKEN_SIZE)
			continue;
		snprintf(ret, TOKEN_SIZE, "%s", act);
		found++;
	}
	json_free(answer);
	return found;
}

/* The whole id that begins with `beginning`, if there is exactly one. */
static enum err
find_act(struct session *s, const char *beginning, char ret[TOKEN_SIZE],
    int *ret_exit)
{
	int found = count_acts(s, beginning, ret, ret_exit);

	if (found < 0)
		return ERR_CLOSED;
	if (found == 1)
		return OK;
	terminal_error("%s waits under '%.40s'; 'durward approvals' lists what "
		       "does",
	    found == 0 ? "nothing" : "more than one act", beginning);
	*ret_exit = EXIT_FAILED;
	return ERR_NOTFOUND;
}

struct question {
	struct session *session;
	const char *act;
	int code;
};

/* Nobody else has answered it yet, and its time is not over. */
static bool
still_waits(void *question)
{
	struct question *q = question;
	char act[TOKEN_SIZE];

	return count_acts(q->session, q->act, act, &q->code) == 1;
}

static int
confirm(struct session *s, const char *act)
{
	struct question q = {s, act, EXIT_FAILED};
	char line[16];

	terminal_forget_line();
	fputs("approve? type yes to sign these bytes: ", stdout);
	fflush(stdout);
	if (terminal_read_line(still_waits, &q, line, sizeof(line)))
		return strcmp(line, "yes\n") == 0 ? EXIT_REACHED : EXIT_FAILED;
	terminal_print("\nnot asked here any more\n");
	return q.code;
}

/* We sign only what we understand: our own box, key and act. */
static enum err
check_sheet(const struct identity *me, const char *act, const char *text,
    struct sheet *ret)
{
	if (sheet_read(text, strlen(text), ret) != OK ||
	    !digest_equal(&ret->box, &me->box) ||
	    !digest_equal(&ret->client, &me->id) || strcmp(ret->act, act) != 0)
		return ERR_INPUT;
	return OK;
}

/* The log that the sheet names has grown into the one that the box signs
 * now, and so has the one that we saw last: a house whose log was rolled
 * back or rewritten gets no yes. */
static int
check_log(struct session *s, const struct sheet *sheet)
{
	struct anchor now;
	int code = anchor_fetch(s, &now);

	if (code == EXIT_REACHED)
		code = anchor_prove(
		    s, (uint64_t)sheet->log_size, &sheet->log_root, &now);
	return code;
}

int
trust_sheet(struct session *s, const char *act, const char *text)
{
	struct sheet sheet;
	int code;

	if (check_sheet(session_identity(s), act, text, &sheet) != OK) {
		terminal_error("the sheet is not about this act, this client "
			       "and this box; nothing was signed");
		return EXIT_BROKEN;
	}
	code = check_log(s, &sheet);
	if (code != EXIT_REACHED)
		terminal_error("nothing was signed");
	return code;
}

static void
put_signed(struct json *body, const char *name, const struct identity *me,
    const char *text)
{
	char signature[SIGNATURE_TEXT_SIZE];
	struct signature sig;

	key_sign(me->key, text, strlen(text), &sig);
	signature_text(&sig, signature);
	json_put_str(body, name, signature);
}

int
sign_sheet(
    struct session *s, const char *act, const char *text, const char *grant)
{
	const struct identity *me = session_identity(s);
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "act", act);
	put_signed(body, "signature", me, text);
	if (grant != NULL) {
		json_put_str(body, "grant", grant);
		put_signed(body, "grant_signature", me, grant);
	}
	answer = session_command(s, "approve", body, &code);
	json_free(answer);
	return code;
}

/* The grant in words, when one is wanted. */
static int
offer(const char *sheet_text, const struct always *always, struct buf *out)
{
	struct errmsg why = {""};
	struct sheet sheet;
	struct grant g;

	if (always == NULL)
		return EXIT_REACHED;
	if (sheet_read(sheet_text, strlen(sheet_text), &sheet) != OK ||
	    consent_write_grant(&sheet, always, out, &why) != OK ||
	    grant_read(out->p, out->len, &g, &why) != OK) {
		terminal_error("%s", why.text);
		return EXIT_FAILED;
	}
	terminal_print("And from now on:\n");
	consent_say_grant(&g, 0, 0);
	return EXIT_REACHED;
}

/* A person reads the last screen: what is too long for one is marked. */
static void
show_sheet(const char *text)
{
	struct str rest = {text, strlen(text)};
	struct str line;

	while (str_line(&rest, &line)) {
		terminal_print("%.*s\n", (int)line.len, line.p);
		if (line.len > LONG_LINE)
			terminal_print(
			    "^ this line has %zu characters; read all of "
			    "it\n",
			    line.len);
	}
}

static void
say_words(const char *head, const char *words)
{
	if (words[0] == '\0')
		return;
	terminal_print("%s\n", head);
	terminal_print_words(true, words);
	terminal_print("\n");
}

void
consent_say_words(const struct json *v)
{
	say_words(
	    "why        as the model that wishes it says; it is not signed",
	    json_words(v, "motive"));
	say_words("opinion    of another model; it decides nothing and is not "
		  "signed",
	    json_words(v, "opinion"));
}

int
consent_approve(
    struct session *s, const char *id, bool yes, const struct always *always)
{
	struct json *answer;
	struct buf grant;
	char act[TOKEN_SIZE];
	const char *text;
	int code = EXIT_REACHED;

	if (find_act(s, id, act, &code) != OK)
		return code;
	answer = session_query(s, &code, "sheet?act=%s", act);
	if (answer == NULL)
		return code;
	buf_init(&grant, GRANT_MAX);
	text = json_words(answer, "sheet");
	code = trust_sheet(s, act, text);
	if (code == EXIT_REACHED) {
		show_sheet(text);
		consent_say_words(answer);
		code = offer(text, always, &grant);
	}
	if (code == EXIT_REACHED && !yes)
		code = confirm(s, act);
	if (code == EXIT_REACHED)
		code =
		    sign_sheet(s, act, text, always != NULL ? grant.p : NULL);
	buf_done(&grant);
	json_free(answer);
	return code;
}

int
command_approve(int argc, char **argv)
{
	bool yes = terminal_flag(&argc, argv, "--yes");
	bool always = terminal_flag(&argc, argv, "--always");
	struct always a = {.args = terminal_option(&argc, argv, "--args", NULL),
	    .uses = terminal_option(&argc, argv, "--uses", NULL),
	    .days = terminal_option(&argc, argv, "--days", NULL),
	    .hours = terminal_option(&argc, argv, "--hours", NULL)};
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != 2)
		return terminal_usage(
		    "approve ID [--yes] [--always [--args WORDS] "
		    "[--uses N] [--days N] [--hours H]]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = consent_approve(s, argv[1], yes, always ? &a : NULL);
	if (code == EXIT_REACHED)
		terminal_print("approved\n");
	session_close(s);
	return code;
}

int
deny_act(struct session *s, const char *act, const char *reason)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "act", act);
	json_put_str(body, "reason", reason);
	answer = session_command(s, "deny", body, &code);
	if (answer != NULL)
		terminal_print("denied\n");
	json_free(answer);
	return code;
}

int
command_deny(int argc, char **argv)
{
	struct session *s;
	struct buf reason;
	char act[TOKEN_SIZE];
	int code = EXIT_REACHED;
	int i;

	if (argc < 2)
		return terminal_usage("deny ID [REASON...]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	buf_init(&reason, GOAL_MAX);
	for (i = 2; i < argc; i++)
		buf_addf(&reason, "%s%s", i > 2 ? " " : "", argv[i]);
	if (find_act(s, argv[1], act, &code) == OK)
		code = deny_act(s, act, reason.p != NULL ? reason.p : "");
	buf_done(&reason);
	session_close(s);
	return code;
}
