/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/cli_priv.h"

/* Stopping the house, going on, and asking it how it is. */

static int
say(const char *usage, int argc, const char *command, const char *done)
{
	struct session *s;
	struct json *answer;
	int code = EXIT_REACHED;

	if (argc != 1)
		return terminal_usage(usage);
	s = session_open(&code);
	if (s == NULL)
		return code;
	answer = session_command(s, command, json_object(), &code);
	if (answer != NULL)
		terminal_print("%s\n", done);
	json_free(answer);
	session_close(s);
	return code;
}

int
command_halt(int argc, char **argv)
{
	(void)argv;
	return say("halt", argc, "halt",
	    "halted: nothing is done until an owner says 'durward resume'");
}

int
command_resume(int argc, char **argv)
{
	(void)argv;
	return say("resume", argc, "resume", "the house goes on");
}

int
cli_backup(int argc, char **argv)
{
	struct session *s;
	struct json *answer;
	int code = EXIT_REACHED;

	(void)argv;
	if (argc != 1)
		return terminal_usage("backup");
	s = session_open(&code);
	if (s == NULL)
		return code;
	answer = session_command(s, "backup", json_object(), &code);
	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("%lld log entries and all that belongs to them "
			       "are in durward.backup-%lld of the state "
			       "folder; 'durward restore' brings them back\n",
		    (long long)json_int(answer, "log_size", 0),
		    (long long)json_int(answer, "slot", 0));
	json_free(answer);
	session_close(s);
	return code;
}

static int
show_findings(const struct json *answer)
{
	const struct json *f = json_first(json_get(answer, "findings"));
	int code = EXIT_REACHED;

	for (; f != NULL; f = json_next(f)) {
		bool ok = json_flag(f, "ok");

		terminal_print("%-5s %-10s %s\n", ok ? "ok" : "BAD",
		    json_words(f, "check"), json_words(f, "what"));
		if (ok)
			continue;
		terminal_print(
		    "                 to do: %s\n", json_words(f, "fix"));
		code = EXIT_FAILED;
	}
	return code;
}

int
command_doctor(int argc, char **argv)
{
	struct session *s;
	struct json *answer;
	int code = EXIT_REACHED;

	(void)argv;
	if (argc != 1)
		return terminal_usage("doctor");
	s = session_open(&code);
	if (s == NULL)
		return code;
	answer = session_query(s, &code, "doctor");
	if (answer != NULL && !terminal_print_json(answer))
		code = show_findings(answer);
	json_free(answer);
	session_close(s);
	return code;
}
