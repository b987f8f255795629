/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "consent/consent_priv.h"

/* Who is told of questions, and when: as it is, and as an owner changes it. */

static const struct {
	const char *option;
	const char *setting;
	const char *means;
} settings[] = {
    {"--remind", "remind", "minutes between two reminders"},
    {"--times", "times", "reminders of one question at most"},
    {"--quiet", "quiet", "hours in which nobody is told (the box's time)"},
    {"--delegate", "delegate", "who is told as well, when nobody answers"},
    {"--after", "after", "minutes until then"},
};

static int
show(struct session *s)
{
	struct json *answer;
	size_t i;
	int code = EXIT_REACHED;

	answer = session_query(s, &code, "notices");
	if (answer != NULL && !terminal_print_json(answer)) {
		for (i = 0; i < ARRAY_LEN(settings); i++)
			terminal_print("%-10s %-12s %s\n", settings[i].setting,
			    json_words(answer, settings[i].setting),
			    settings[i].means);
		terminal_print("Who may answer is not changed by any of it.\n");
	}
	json_free(answer);
	return code;
}

int
approvals_settings(int argc, char **argv)
{
	struct json *body = json_object();
	struct session *s;
	size_t i;
	int code = EXIT_REACHED;

	for (i = 0; i < ARRAY_LEN(settings); i++) {
		const char *value =
		    terminal_option(&argc, argv, settings[i].option, NULL);

		if (value != NULL)
			json_put_str(body, settings[i].setting, value);
	}
	if (argc != 1) {
		json_free(body);
		return terminal_usage("approvals " APPROVALS_USAGE);
	}
	s = session_open(&code);
	if (s == NULL) {
		json_free(body);
		return code;
	}
	if (json_first(body) == NULL)
		json_free(body);
	else
		json_free(session_command(s, "notices.set", body, &code));
	if (code == EXIT_REACHED)
		code = show(s);
	session_close(s);
	return code;
}
