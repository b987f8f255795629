/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/cli_priv.h"

bool cli_json;

static const struct cli_command commands[] = {
    {"ask", "GOAL...", "give the house a goal, and watch it", command_ask},
    {"runs", "", "list goals and what became of them", command_runs},
    {"approvals", "", "list what waits for a yes", command_approvals},
    {"approve", "ID [--yes] [--always]", "read a sheet and sign it",
	command_approve},
    {"deny", "ID [REASON...]", "say no", command_deny},
    {"pair", "[TOKEN] [--name NAME] [--host HOST] [--role ROLE]",
	"open a pairing window; with TOKEN, pair this client", command_pair},
    {"clients", "[revoke NAME]", "list or revoke clients", command_clients},
    {"audit", AUDIT_USAGE, "read, verify, take along or prune the log",
	command_audit},
    {"tool", "[add FILE]", "list tools, or sign and add one", command_tool},
    {"policy", "[show | check | explain | test | edit | activate | rollback]",
	"see, try and change the rules", command_policy},
    {"grants", "[revoke ID]", "what stands for a yes; take it back",
	command_grants},
    {"halt", "", "stop everything at once", command_halt},
    {"resume", "", "go on after a halt or safe mode", command_resume},
    {"doctor", "", "what is wrong, and what to do", command_doctor},
    {"version", "", "print the version", command_version},
};

const char *
cli_option(int *argc, char **argv, const char *name, const char *otherwise)
{
	int i;
	int j;

	for (i = 1; i + 1 < *argc; i++) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], name) != 0)
			continue;
		for (j = i + 2; j <= *argc; j++)
			argv[j - 2] = argv[j];
		*argc -= 2;
		return value;
	}
	return otherwise;
}

bool
cli_flag(int *argc, char **argv, const char *name)
{
	int i;
	int j;

	for (i = 1; i < *argc; i++) {
		if (strcmp(argv[i], name) != 0)
			continue;
		for (j = i + 1; j <= *argc; j++)
			argv[j - 1] = argv[j];
		(*argc)--;
		return true;
	}
	return false;
}

int
cli_usage(const char *usage)
{
	fprintf(stderr, "usage: durward %s\n", usage);
	return EXIT_USAGE;
}

bool
cli_print_json(const struct json *v)
{
	char *text;

	if (!cli_json)
		return false;
	text = json_print(v);
	puts(text);
	free(text);
	fflush(stdout);
	return true;
}

void
cli_print(const char *fmt, ...)
{
	struct buf safe;
	struct str rest;
	struct str line;
	va_list ap;
	int n;
	char *text;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = xalloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_init(&safe, 6 * (size_t)n + 1);
	rest = (struct str){text, (size_t)n};
	while (str_line(&rest, &line)) {
		buf_clear(&safe);
		if (str_is_utf8(line.p, line.len))
			json_escape_visible(&safe, line.p, line.len);
		printf("%s%s", safe.p != NULL ? safe.p : "",
		    rest.len > 0 || text[n - 1] == '\n' ? "\n" : "");
	}
	fflush(stdout);
	buf_done(&safe);
	free(text);
}

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

	cli_json = cli_flag(&argc, argv, "--json");
	if (argc < 2 || strcmp(argv[1], "help") == 0 ||
	    strcmp(argv[1], "--help") == 0)
		return help(more, n_more);
	c = find(more, n_more, argv[1]);
	if (c == NULL)
		c = find(commands, ARRAY_LEN(commands), argv[1]);
	if (c == NULL) {
		fprintf(stderr,
		    "durward: there is no command '%s'; 'durward help' lists "
		    "them\n",
		    argv[1]);
		return EXIT_USAGE;
	}
	return c->run(argc - 1, argv + 1);
}
