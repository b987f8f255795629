/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "approval/sheet.h"
#include "base/limits.h"
#include "cli/cli_priv.h"

/* What waits for a yes, and the yes itself. */

int
command_approvals(int argc, char **argv)
{
	struct session *s;
	struct json *answer;
	const struct json *a;
	int code = EXIT_REACHED;

	(void)argv;
	if (argc != 1)
		return cli_usage("approvals");
	s = session_open(&code);
	if (s == NULL)
		return code;
	answer = session_query(s, &code, "approvals");
	if (answer != NULL && !cli_print_json(answer)) {
		a = json_first(json_get(answer, "approvals"));
		if (a == NULL)
			cli_print("Nothing waits.\n");
		for (; a != NULL; a = json_next(a))
			cli_print("%.*s  %s %s (%s), wished by %s, %lld s "
				  "left\n",
			    SHORT_LEN, json_words(a, "act"),
			    json_words(a, "tool"), json_words(a, "args"),
			    json_words(a, "effect"), json_words(a, "principal"),
			    (long long)json_int(a, "left_s", 0));
	}
	json_free(answer);
	session_close(s);
	return code;
}

/* The whole id that begins with `beginning`, if there is exactly one. */
static enum err
find_act(struct session *s, const char *beginning, char ret[TOKEN_SIZE],
    int *ret_exit)
{
	struct json *answer = session_query(s, ret_exit, "approvals");
	const struct json *a;
	int found = 0;

	if (answer == NULL)
		return ERR_CLOSED;
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
	if (found == 1)
		return OK;
	fprintf(stderr,
	    "durward: %s waits under '%.40s'; 'durward approvals' lists what "
	    "does\n",
	    found == 0 ? "nothing" : "more than one act", beginning);
	*ret_exit = EXIT_FAILED;
	return ERR_NOTFOUND;
}

static bool
confirm(void)
{
	char line[16];

	fputs("approve? type yes to sign these bytes: ", stdout);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL &&
	    strcmp(line, "yes\n") == 0;
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

/* May this sheet be shown and signed? */
static int
trust_sheet(struct session *s, const char *act, const char *text)
{
	struct sheet sheet;
	int code;

	if (check_sheet(session_identity(s), act, text, &sheet) != OK) {
		fprintf(stderr,
		    "durward: the sheet is not about this act, this client "
		    "and this box; nothing was signed\n");
		return EXIT_BROKEN;
	}
	code = check_log(s, &sheet);
	if (code != EXIT_REACHED)
		fprintf(stderr, "durward: nothing was signed\n");
	return code;
}

static int
sign_sheet(struct session *s, const char *act, const char *text)
{
	const struct identity *me = session_identity(s);
	char signature[SIGNATURE_TEXT_SIZE];
	struct json *body = json_object();
	struct signature sig;
	struct json *answer;
	int code = EXIT_REACHED;

	key_sign(me->key, text, strlen(text), &sig);
	signature_text(&sig, signature);
	json_put_str(body, "act", act);
	json_put_str(body, "signature", signature);
	answer = session_command(s, "approve", body, &code);
	json_free(answer);
	return code;
}

int
cli_approve(struct session *s, const char *id, bool yes)
{
	struct json *answer;
	char act[TOKEN_SIZE];
	const char *text;
	int code = EXIT_REACHED;

	if (find_act(s, id, act, &code) != OK)
		return code;
	answer = session_query(s, &code, "sheet?act=%s", act);
	if (answer == NULL)
		return code;
	text = json_words(answer, "sheet");
	code = trust_sheet(s, act, text);
	if (code == EXIT_REACHED) {
		cli_print("%s", text);
		if (yes || confirm())
			code = sign_sheet(s, act, text);
		else
			code = EXIT_FAILED;
	}
	json_free(answer);
	return code;
}

int
command_approve(int argc, char **argv)
{
	bool yes = cli_flag(&argc, argv, "--yes");
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != 2)
		return cli_usage("approve ID [--yes]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = cli_approve(s, argv[1], yes);
	if (code == EXIT_REACHED)
		cli_print("approved\n");
	session_close(s);
	return code;
}

int
command_deny(int argc, char **argv)
{
	struct session *s;
	struct json *body;
	struct json *answer;
	struct buf reason;
	char act[TOKEN_SIZE];
	int code = EXIT_REACHED;
	int i;

	if (argc < 2)
		return cli_usage("deny ID [REASON...]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	buf_init(&reason, GOAL_MAX);
	for (i = 2; i < argc; i++)
		buf_addf(&reason, "%s%s", i > 2 ? " " : "", argv[i]);
	if (find_act(s, argv[1], act, &code) == OK) {
		body = json_object();
		json_put_str(body, "act", act);
		json_put_str(body, "reason", reason.p != NULL ? reason.p : "");
		answer = session_command(s, "deny", body, &code);
		if (answer != NULL)
			cli_print("denied\n");
		json_free(answer);
	}
	buf_done(&reason);
	session_close(s);
	return code;
}
