/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/core_priv.h"

/*
 * The port on which browsers without a certificate reach the web app.  An
 * owner may switch it off; a pairing window opens it all the same, for as
 * long as it lasts.  Control, which listens, is told.
 */

void
web_load(struct core *c, const struct json *row)
{
	c->web_off = strcmp(json_words(row, "value"), "off") == 0;
}

void
web_tell(struct core *c)
{
	struct json *body = json_object();

	json_put_bool(body, "on", !c->web_off);
	peers_send(c->peers, ROLE_CONTROL, MSG_WEB, body);
}

/* It works at once, and is on the disk before it is confirmed. */
static enum err
set(struct core *c, const struct request *k, bool on, struct errmsg *why)
{
	struct json *body;
	struct record *r;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "only an owner switches the port of the web app");
	c->web_off = !on;
	web_tell(c);
	body = json_object();
	json_put_str(body, "name", k->client->name);
	r = record_new(c->ledger);
	record_log(r, on ? "web-on" : "web-off", NULL, NULL, body);
	record_row(r, ROW_SETTING, box_setting("web", on ? "on" : "off"));
	request_confirm(&c->requests, k->id, r);
	return OK;
}

enum err
web_on(void *room, const struct request *k, struct errmsg *why)
{
	return set(room, k, true, why);
}

enum err
web_off(void *room, const struct request *k, struct errmsg *why)
{
	return set(room, k, false, why);
}
