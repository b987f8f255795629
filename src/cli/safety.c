/* SPDX-License-Identifier: Apache-2.0 */
#include "checkup/checkup.h"
#include "cli/cli.h"
#include "cli/cli_priv.h"
#include "client/identity.h"

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
		terminal_print(
		    "%lld log entries and all that belongs to them "
		    "are in durward.backup-%lld of the state "
		    "folder; once the house is stopped, 'durward "
		    "restore FOLDER/durward.backup-%lld' brings them "
		    "back\n",
		    (long long)json_int(answer, "log_size", 0),
		    (long long)json_int(answer, "slot", 0),
		    (long long)json_int(answer, "slot", 0));
	json_free(answer);
	session_close(s);
	return code;
}

static void
show_findings(const struct json *list)
{
	const struct json *f = json_first(list);

	for (; f != NULL; f = json_next(f)) {
		bool ok = json_flag(f, "ok");
		bool open = json_flag(f, "open");

		terminal_print("%-5s %-10s %s%s\n",
		    open     ? "open"
			: ok ? "ok"
			     : "BAD",
		    json_words(f, "check"),
		    json_flag(f, "mended") ? "mended: " : "",
		    json_words(f, "what"));
		if (open || !ok)
			terminal_print("                 %s %s\n",
			    open ? "to close:" : "to do:",
			    json_words(f, "fix"));
	}
}

static bool
is_all_well(const struct json *list)
{
	const struct json *f = json_first(list);

	while (f != NULL && json_flag(f, "ok"))
		f = json_next(f);
	return f == NULL;
}

/* What the machine is like, also where there is no client to ask with. */
static struct json *
look_at_machine(bool mend)
{
	char folder[1024] = "";
	char state[TERMINAL_FOLDER_SIZE];
	struct json *list = json_array();
	struct errmsg why = {""};
	struct checkup c;

	if (identity_folder(NULL, folder, sizeof(folder), &why) != OK)
		folder[0] = '\0';
	c = checkup_of_this_machine(
	    folder, terminal_folder("/var/lib/durward", state));
	checkup_all(&c, mend, list);
	return list;
}

/* What the house says of itself; NULL: it said why not. */
static struct json *
ask_house(int *ret_code)
{
	struct session *s = session_open(ret_code);
	struct json *answer = NULL;

	if (s != NULL) {
		answer = session_query(s, ret_code, "doctor");
		session_close(s);
	}
	return answer;
}

/* What is mended first may be why the house does not answer. */
int
command_doctor(int argc, char **argv)
{
	bool mend = terminal_flag(&argc, argv, "--fix");
	struct json *machine;
	struct json *all;
	int code = EXIT_REACHED;

	if (argc != 1)
		return terminal_usage("doctor [--fix]");
	machine = look_at_machine(mend);
	all = ask_house(&code);
	if (all == NULL)
		all = json_object();
	json_put(all, "machine", machine);
	if (!terminal_print_json(all)) {
		show_findings(json_get(all, "findings"));
		show_findings(machine);
		if (code == EXIT_REACHED &&
		    (!is_all_well(json_get(all, "findings")) ||
			!is_all_well(machine)))
			code = EXIT_FAILED;
	}
	json_free(all);
	return code;
}
