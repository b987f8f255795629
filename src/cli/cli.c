/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automate/automate.h"
#include "base/log.h"
#include "base/str.h"
#include "base/version.h"
#include "cli/cli_priv.h"
#include "consent/consent.h"
#include "models/models.h"
#include "pairing/pairing.h"
#include "recall/recall.h"
#include "talk/talk.h"

static const struct cli_command commands[] = {
    {"ask", "[--session NAME] GOAL...",
	"give the house a goal, and watch it; a session goes on where it was",
	command_ask},
    {"memory", MEMORY_USAGE,
	"what the house remembers, which owners alone may see", command_memory},
    {"session", SESSION_USAGE, "what was said in sessions, for owners",
	command_session},
    {"chat", CHAT_USAGE, "talk with the house", command_chat},
    {"stop", "RUN", "stop working on a goal", command_stop},
    {"runs", "", "list goals and what became of them", command_runs},
    {"replay", "RUN [--from STEP]",
	"do again what a run did, without doing it; or go on from a step",
	command_replay},
    {"approvals", APPROVALS_USAGE,
	"list what waits for a yes; stay and answer; who is told, and when",
	command_approvals},
    {"approve", "ID [--yes] [--always]", "read a sheet and sign it",
	command_approve},
    {"deny", "ID [REASON...]", "say no", command_deny},
    {"pair", PAIR_USAGE, "open a pairing window; with TOKEN, pair this client",
	command_pair},
    {"clients",
	"[revoke NAME | extend NAME TIME|never | lend NAME TOOLS | "
	"certificate NAME]",
	"list or revoke clients, say until when one counts, let a viewer "
	"answer for a while, or give a phone a certificate",
	command_clients},
    {"recovery", "[revoke]",
	"make a code for a piece of paper, for when every client is lost",
	command_recovery},
    {"web", "[on | off]",
	"the port on which phones reach the web app; switch it off or on",
	command_web},
    {"audit", AUDIT_USAGE, "read, verify, take along, prune or keep the log",
	command_audit},
    {"tool", TOOL_USAGE,
	"list tools; review, sign, change, remove one; what they say and use",
	command_tool},
    {"model", MODEL_USAGE, "find, add, list, order and price models",
	command_model},
    {"secret", "list | set NAME | rotate NAME | remove NAME",
	"what tools get and nobody else sees", command_secret},
    {"policy", "[show | check | explain | test | edit | activate | rollback]",
	"see, try and change the rules", command_policy},
    {"grants", "[revoke ID]", "what stands for a yes; take it back",
	command_grants},
    {"notify", NOTIFY_USAGE,
	"where the house may say that something waits, and nothing else",
	command_notify},
    {"home", HOME_USAGE,
	"the devices of the home; accept what the house may command; show the "
	"house on its broker, or hide it",
	command_home},
    {"automation", AUTOMATION_USAGE,
	"what the house does by itself: list, add, remove; 'durward ask at "
	"sunset turn on the porch light' makes one, too",
	command_automation},
    {"halt", "", "stop everything at once", command_halt},
    {"resume", "", "go on after a halt or safe mode", command_resume},
    {"doctor", "[--fix]", "what is wrong, and what to do", command_doctor},
    {"version", "", "print the version", command_version},
};

static void
help_lines(const struct cli_command *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		printf("  %-10s %s\n             %s\n", list[i].name,
		    list[i].usage, list[i].text);
}

static int
help(const struct cli_command *more, size_t n_more)
{
	printf("Durward, an agent that lives in the house.\n\n"
	       "usage: durward COMMAND [--json] ...\n\n");
	help_lines(more, n_more);
	help_lines(commands, ARRAY_LEN(commands));
	printf("\nWho this client is: the folder $DURWARD_CLIENT, or "
	       "~/.config/durward.\n"
	       "Exit codes: 0 done, 1 it did not work, 2 wrong usage, 3 the "
	       "house cannot be\nreached, 4 the house refused, 5 a proof or "
	       "signature does not fit.\n");
	return EXIT_REACHED;
}

int
command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("durward " VERSION);
	return EXIT_REACHED;
}

static const struct cli_command *
find(const struct cli_command *list, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

int
cli_main(int argc, char **argv, const struct cli_command *more, size_t n_more)
{
	const struct cli_command *c;

	terminal_json = terminal_flag(&argc, argv, "--json");
	if (argc < 2 || strcmp(argv[1], "help") == 0 ||
	    strcmp(argv[1], "--help") == 0)
		return help(more, n_more);
	c = find(more, n_more, argv[1]);
	if (c == NULL)
		c = find(commands, ARRAY_LEN(commands), argv[1]);
	if (c == NULL) {
		terminal_error("there is no command '%s'; 'durward help' lists "
			       "them",
		    argv[1]);
		return EXIT_USAGE;
	}
	return c->run(argc - 1, argv + 1);
}
