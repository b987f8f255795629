/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HASS_HASS_PRIV_H
#define HASS_HASS_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "hass/hass.h"
#include "home/record.h"
#include "net/host.h"

/* ---- link.c: Home Assistant, one question at a time ---- */

struct hass_link;

/* Connects and shows the token.  ERR_CLOSED, ERR_EXPIRED, ERR_DENIED when the
 * token is none, ERR_INPUT when something else answers there. */
NODISCARD enum err hass_open(const struct host_grant *where,
    const struct secret *token, struct hass_link **ret, struct errmsg *why);
void hass_close(struct hass_link *l);

/* What it answers to a command; takes `body`.  ERR_NOTFOUND: this Home
 * Assistant does not know such a command. */
NODISCARD enum err hass_ask(struct hass_link *l, const char *type,
    struct json *body, struct json **ret, struct errmsg *why);

/* ---- plan.c: what would be said here ---- */

/* As config/..._registry/list answer. */
struct hass_lists {
	struct json *floors;
	struct json *areas;
	struct json *devices;
	struct json *entities;
};

/* A thing of this home that is in Home Assistant, too. */
struct hass_match {
	const struct json *row; /* Of the query `home`. */
	const struct json *entity; /* Of the registries; NULL: its device */
	const struct json *device; /* alone, or NULL. */
	char *announced; /* The room that it names itself. */
};

struct hass_plan {
	struct hass_match *matches;
	size_t n_matches;
	/* Commands as {"name", "body", "words"}, in their order. */
	struct json *changes;
	/* What stays, since an owner said otherwise: sentences. */
	struct json *kept;
};

/* What is the same there and here. */
void plan_match(
    struct hass_plan *p, const struct json *rows, const struct hass_lists *l);
/* `aliases` has for each entity_id a list of other names. */
void plan_make(struct hass_plan *p, const struct hass_lists *l,
    const struct json *aliases, bool replace);
void plan_done(struct hass_plan *p);

#endif
