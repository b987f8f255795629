/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STARTS_H
#define STARTS_H

/* What a core says to the runner, and what one that was taken over might. */

#include <string.h>

#include "ipc/peers.h"
#include "tool/manifest.h"

static void
start_tool(struct peers *p, const struct manifest *m, const char *text)
{
	peers_send_bulk(p, ROLE_RUNNER, MSG_CONTAINER_START,
	    manifest_container(m), text, strlen(text));
}

/* The same tool as an owner signed it, and another program in it. */
static void __attribute__((unused)) start_another_program(
    struct peers *p, const struct manifest *m, const char *text)
{
	struct json *body = manifest_container(m);
	struct json *forged = json_object();
	struct json *command = json_array();
	const struct json *v;

	json_push(command, json_string("/program"));
	json_push(command, json_string("another"));
	for (v = json_first(body); v != NULL; v = json_next(v))
		if (strcmp(json_name(v), "command") != 0)
			json_put(forged, json_name(v), json_copy(v));
	json_put(forged, "command", command);
	json_free(body);
	peers_send_bulk(
	    p, ROLE_RUNNER, MSG_CONTAINER_START, forged, text, strlen(text));
}

#endif
