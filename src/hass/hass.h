/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HASS_HASS_H
#define HASS_HASS_H

/*
 * `durward home import URL`: what Home Assistant's registries say of the things
 * of this home, in which room they are, on which floor that is and what else
 * they are called, becomes what an owner says of them here.
 *
 * The command line asks, as its owner, over Home Assistant's WebSocket API (its
 * developers' documentation, "WebSocket API"), with a long-lived access token
 * that is used for these questions and kept nowhere.  What would change is
 * shown, and after a yes signed as `durward home area`, `alias` and `floor` do.
 * An entity is the same there and here when both have it from the same
 * announcement, by its unique_id; what this house knows from Zigbee2MQTT's own
 * list, by the address of its device.
 */

#include <stdbool.h>

#include "client/session.h"
#include "net/host.h"

#define HASS_PORT 8123
#define HASS_MS (60 * 1000) /* For all of its answers. */
#define HASS_MESSAGE_MAX (16 * 1024 * 1024)
#define HASS_TOKEN_MAX 4096

struct hass_options {
	const char *url;
	bool yes; /* Nobody is asked. */
	bool replace; /* Also what an owner has said here. */
	bool in_clear; /* The token may go over a network without TLS. */
};

/* Where it is, and the token, for which a person may need a while.  An exit
 * code. */
struct hass_way {
	struct host_grant where;
	struct secret *token;
};
int hass_find(const struct hass_options *o, struct hass_way *ret);
void hass_way_done(struct hass_way *w);

/* `rows` is an array of what the query `home` lists.  Opens a session of its
 * own once it knows what to say.  An exit code. */
int hass_import(const struct hass_way *w, const struct json *rows,
    const struct hass_options *o);

#endif
