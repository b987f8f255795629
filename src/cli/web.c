/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli_priv.h"

/* The port of the web app, for browsers without a certificate. */

static int
show(struct session *s)
{
	int code = EXIT_REACHED;
	struct json *v = session_query(s, &code, "status");
	unsigned port = session_identity(s)->pairing_port;

	if (v != NULL && !terminal_print_json(v))
		terminal_print(json_flag(v, "web")
			? "port %u is open while a browser is paired\n"
			: "port %u is switched off; a pairing window opens "
			  "it\n",
		    port);
	json_free(v);
	return code;
}

static int
set(struct session *s, bool on)
{
	int code = EXIT_REACHED;
	struct json *v =
	    session_command(s, on ? "web.on" : "web.off", json_object(), &code);
	unsigned port = session_identity(s)->pairing_port;

	if (v != NULL)
		terminal_print(on
			? "port %u is open while a browser is paired\n"
			: "port %u is switched off, and who was connected "
			  "there is not any more;\n'durward web on' opens "
			  "it, and so does a pairing window while it lasts\n",
		    port);
	json_free(v);
	return code;
}

int
command_web(int argc, char **argv)
{
	bool on = argc == 2 && strcmp(argv[1], "on") == 0;
	bool off = argc == 2 && strcmp(argv[1], "off") == 0;
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != 1 && !on && !off)
		return terminal_usage("web [on | off]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = argc == 1 ? show(s) : set(s, on);
	session_close(s);
	return code;
}
