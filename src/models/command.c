/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "models/models_priv.h"

int
model_complain(const char *fmt, ...)
{
	struct errmsg text;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text.text, sizeof(text.text), fmt, ap);
	va_end(ap);
	terminal_error("%s", text.text);
	return EXIT_FAILED;
}

bool
model_confirm(bool yes, const char *question)
{
	char text[16];

	if (yes)
		return true;
	printf("%s type yes: ", question);
	fflush(stdout);
	return fgets(text, sizeof(text), stdin) != NULL &&
	    strcmp(text, "yes\n") == 0;
}

static int
run(struct session *s, const char *verb, int argc, char **argv)
{
	if (strcmp(verb, "find") == 0) {
		bool add = terminal_flag(&argc, argv, "--add");
		bool yes = terminal_flag(&argc, argv, "--yes");

		return argc == 2 ? model_find(s, add, yes)
				 : terminal_usage("model " MODEL_USAGE);
	}
	if (strcmp(verb, "add") == 0)
		return model_add(s, argc, argv);
	if (strcmp(verb, "price") == 0)
		return model_price(s, argc, argv);
	if (strcmp(verb, "use") == 0 && argc == 4)
		return model_use(s, argv[2], argv[3]);
	if (strcmp(verb, "test") == 0 && argc <= 3)
		return model_test(s, argc == 3 ? argv[2] : NULL);
	return strcmp(verb, "list") == 0 && argc <= 2
	    ? model_list(s)
	    : terminal_usage("model " MODEL_USAGE);
}

int
command_model(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "list";
	struct session *s;
	int code = EXIT_REACHED;

	if (terminal_flag(&argc, argv, "--help"))
		return terminal_usage("model " MODEL_USAGE);
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = run(s, verb, argc, argv);
	session_close(s);
	return code;
}
