/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what stands on stdin, one trial a line, and prints one answer a
 * line: the house's own evaluator, to be compared with another one. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "trial/trial.h"

static void
handle(struct trial_set *s, const char *text, size_t len)
{
	struct errmsg why = {""};
	struct json *trial;
	struct json *v;
	char *out;

	if (json_parse(text, len, &trial) != OK)
		fatal("a request is not strict JSON: %.200s", text);
	v = trial_answer(s, trial, &why);
	out = json_print(v);
	puts(out);
	free(out);
	json_free(v);
	json_free(trial);
}

int
main(void)
{
	struct trial_set *s = trial_set_new();
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0)
		handle(s, line, (size_t)(line[n - 1] == '\n' ? n - 1 : n));
	trial_set_free(s);
	free(line);
	return 0;
}
