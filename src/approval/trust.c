/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/trust.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char *const role_names[] = {
#define X(name, text) text,
    CLIENT_ROLE_TABLE(X)
#undef X
};

static const char *const kind_names[] = {
#define X(name, text) text,
    CLIENT_KIND_TABLE(X)
#undef X
};

const char *
client_role_name(enum client_role r)
{
	return (unsigned)r < CLIENT_ROLE_COUNT ? role_names[r] : "unknown";
}

enum client_role
client_role_by_name(const char *name)
{
	int r;

	for (r = 0; r < CLIENT_ROLE_COUNT; r++)
		if (strcmp(role_names[r], name) == 0)
			return (enum client_role)r;
	return CLIENT_ROLE_COUNT;
}

static enum err
read_key(const struct json *v, struct public_key *ret)
{
	const char *hex = json_str(v, "key");

	return hex != NULL ? public_read(hex, strlen(hex), ret) : ERR_INPUT;
}

/* Of a table from before there were kinds: all were of the command line. */
static enum err
read_kind(const struct json *v, enum client_kind *ret)
{
	const char *kind = json_str(v, "kind");
	int k;

	*ret = CLIENT_CLI;
	if (kind == NULL)
		return OK;
	for (k = 0; k < CLIENT_KIND_COUNT; k++)
		if (strcmp(kind_names[k], kind) == 0) {
			*ret = (enum client_kind)k;
			return OK;
		}
	return ERR_INPUT;
}

static enum err
read_client(const struct json *v, struct client *ret)
{
	const char *name = json_str(v, "name");
	const char *role = json_str(v, "role");
	struct client c = {.revoked = json_flag(v, "revoked"),
	    .paired_ms = json_int(v, "paired_ms", 0),
	    .lent_until_ms = json_int(v, "lent_until_ms", 0)};

	if (name == NULL || role == NULL || !str_is_name(name) ||
	    !json_is_bool(json_get(v, "revoked")) ||
	    str_copy(c.name, sizeof(c.name), name) != OK ||
	    str_copy(c.lent, sizeof(c.lent), json_words(v, "lent")) != OK ||
	    read_key(v, &c.key) != OK || term_read(v, &c.term) != OK)
		return ERR_INPUT;
	c.role = client_role_by_name(role);
	if (c.role == CLIENT_ROLE_COUNT || read_kind(v, &c.kind) != OK)
		return ERR_INPUT;
	public_id(&c.key, &c.id);
	*ret = c;
	return OK;
}

static enum err
read_tool(const struct json *v, struct trusted_tool *ret)
{
	const char *name = json_str(v, "name");
	const char *digest = json_str(v, "manifest");
	struct trusted_tool t = {.name = ""};

	if (name == NULL || digest == NULL || !str_is_name(name) ||
	    str_copy(t.name, sizeof(t.name), name) != OK)
		return ERR_INPUT;
	if (digest_read(digest, strlen(digest), &t.manifest) != OK)
		return ERR_INPUT;
	*ret = t;
	return OK;
}

/* In a table from before there were some, there are none. */
static enum err
read_automations(const struct json *v, struct trust *t)
{
	const struct json *list = json_get(v, "automations");
	const struct json *m;

	if (list == NULL)
		return OK;
	if (!json_is_object(list))
		return ERR_INPUT;
	for (m = json_first(list); m != NULL; m = json_next(m)) {
		const char *hex = json_is_string(m) ? json_text(m) : "";
		struct digest d;

		if (digest_read(hex, strlen(hex), &d) != OK ||
		    trust_set_automation(t, json_name(m), &d) != OK)
			return ERR_INPUT;
	}
	return OK;
}

static enum err
read_grants(const struct json *v, struct trust *t)
{
	const struct json *list = json_get(v, "revoked_grants");
	const struct json *m;

	if (list == NULL)
		return OK;
	if (!json_is_array(list) || json_count(list) > GRANTS_REVOKED_MAX)
		return ERR_INPUT;
	for (m = json_first(list); m != NULL; m = json_next(m))
		if (trust_revoke_grant(t, json_words(m, "id"),
			json_int(m, "until_ms", 0), 0) != OK)
			return ERR_INPUT;
	return OK;
}

enum err
trust_read(const struct json *v, struct trust *ret)
{
	static struct trust t;
	const struct json *clients = json_get(v, "clients");
	const struct json *tools = json_get(v, "tools");
	const struct json *m;

	memset(&t, 0, sizeof(t));
	if (read_key(v, &t.box_key) != OK || !json_is_array(clients) ||
	    !json_is_array(tools) || json_count(clients) > CLIENTS_MAX ||
	    json_count(tools) > TOOLS_MAX)
		return ERR_INPUT;
	public_id(&t.box_key, &t.box);
	for (m = json_first(clients); m != NULL; m = json_next(m)) {
		struct client c;

		/* A key that stood twice could be live beside its tombstone. */
		if (read_client(m, &c) != OK || trust_client(&t, &c.id) != NULL)
			return ERR_INPUT;
		t.clients[t.n_clients++] = c;
	}
	for (m = json_first(tools); m != NULL; m = json_next(m))
		if (read_tool(m, &t.tools[t.n_tools++]) != OK)
			return ERR_INPUT;
	if (read_grants(v, &t) != OK || read_automations(v, &t) != OK)
		return ERR_INPUT;
	*ret = t;
	return OK;
}

static struct json *
write_client(const struct client *c)
{
	struct json *v = json_object();
	char hex[PUBLIC_HEX_SIZE];

	public_hex(&c->key, hex);
	json_put_str(v, "key", hex);
	json_put_str(v, "name", c->name);
	json_put_str(v, "role", client_role_name(c->role));
	json_put_str(v, "kind", kind_names[c->kind]);
	json_put_bool(v, "revoked", c->revoked);
	json_put_int(v, "paired_ms", c->paired_ms);
	if (c->lent[0] != '\0') {
		json_put_str(v, "lent", c->lent);
		json_put_int(v, "lent_until_ms", c->lent_until_ms);
	}
	term_write(&c->term, v);
	return v;
}

static struct json *
write_automations(const struct trust *t)
{
	struct json *list = json_object();
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	for (i = 0; i < t->n_automations; i++) {
		digest_hex(&t->automations[i].document, hex);
		json_put_str(list, t->automations[i].name, hex);
	}
	return list;
}

struct json *
trust_write(const struct trust *t)
{
	struct json *v = json_object();
	struct json *clients = json_array();
	struct json *tools = json_array();
	struct json *grants = json_array();
	char hex[PUBLIC_HEX_SIZE];
	size_t i;

	for (i = 0; i < t->n_clients; i++)
		json_push(clients, write_client(&t->clients[i]));
	for (i = 0; i < t->n_tools; i++) {
		struct json *tool = json_object();

		digest_hex(&t->tools[i].manifest, hex);
		json_put_str(tool, "name", t->tools[i].name);
		json_put_str(tool, "manifest", hex);
		json_push(tools, tool);
	}
	for (i = 0; i < t->n_revoked_grants; i++) {
		struct json *grant = json_object();

		json_put_str(grant, "id", t->revoked_grants[i].id);
		json_put_int(grant, "until_ms", t->revoked_grants[i].until_ms);
		json_push(grants, grant);
	}
	public_hex(&t->box_key, hex);
	json_put_str(v, "key", hex);
	json_put(v, "revoked_grants", grants);
	json_put(v, "clients", clients);
	json_put(v, "tools", tools);
	/* A table without any is as it was before there were some. */
	if (t->n_automations > 0)
		json_put(v, "automations", write_automations(t));
	return v;
}

const struct client *
trust_client(const struct trust *t, const struct digest *id)
{
	size_t i;

	for (i = 0; i < t->n_clients; i++)
		if (digest_equal(&t->clients[i].id, id))
			return &t->clients[i];
	return NULL;
}

const struct client *
trust_client_by_name(const struct trust *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_clients; i++)
		if (!t->clients[i].revoked &&
		    strcmp(t->clients[i].name, name) == 0)
			return &t->clients[i];
	return NULL;
}

const struct trusted_tool *
trust_tool(const struct trust *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_tools; i++)
		if (strcmp(t->tools[i].name, name) == 0)
			return &t->tools[i];
	return NULL;
}

bool
trust_has_manifest(
    const struct trust *t, const char *tool, const struct digest *manifest)
{
	const struct trusted_tool *row = trust_tool(t, tool);

	return row != NULL && digest_equal(&row->manifest, manifest);
}

const struct trusted_automation *
trust_automation(const struct trust *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_automations; i++)
		if (strcmp(t->automations[i].name, name) == 0)
			return &t->automations[i];
	return NULL;
}

bool
client_is_live(const struct client *c, int64_t wall_ms)
{
	return !c->revoked && !term_is_over(&c->term, wall_ms);
}

enum err
trust_live_client(const struct trust *t, const struct digest *id,
    int64_t wall_ms, const struct client **ret)
{
	const struct client *c = trust_client(t, id);

	if (c == NULL)
		return ERR_NOTFOUND;
	if (c->revoked)
		return ERR_DENIED;
	if (!client_is_live(c, wall_ms))
		return ERR_EXPIRED;
	*ret = c;
	return OK;
}

bool
client_may_approve(const struct client *c)
{
	return c->role == CLIENT_OWNER || c->role == CLIENT_APPROVER;
}

bool
client_may_answer(const struct client *c, struct str tool, int64_t wall_ms)
{
	char name[2 * NAME_MAX_LEN + 2];

	if (!client_is_live(c, wall_ms) || !term_covers(&c->term, tool))
		return false;
	if (client_may_approve(c))
		return true;
	if (c->role != CLIENT_VIEWER || c->lent[0] == '\0' ||
	    wall_ms >= c->lent_until_ms || tool.len >= sizeof(name))
		return false;
	memcpy(name, tool.p, tool.len);
	name[tool.len] = '\0';
	return str_glob(c->lent, name);
}

enum err
trust_lend(struct trust *t, const char *client, const char *tools,
    int64_t until_ms, int64_t now_ms)
{
	const struct client *c = trust_client_by_name(t, client);
	struct client *lent;

	if (c == NULL)
		return ERR_NOTFOUND;
	if (c->role != CLIENT_VIEWER || c->kind == CLIENT_CERTIFICATE)
		return ERR_STATE;
	if (until_ms - now_ms > LENT_MS_MAX)
		return ERR_LIMIT;
	lent = &t->clients[c - t->clients];
	lent->lent_until_ms = until_ms;
	return str_copy(lent->lent, sizeof(lent->lent), tools);
}

/* What a client said and asked for stands under its name, so nobody gets it
 * again. */
static bool
was_named(const struct trust *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_clients; i++)
		if (strcmp(t->clients[i].name, name) == 0)
			return true;
	return false;
}

enum err
trust_add_client(struct trust *t, const struct client *c)
{
	if (trust_client(t, &c->id) != NULL || was_named(t, c->name))
		return ERR_EXISTS;
	if (t->n_clients == CLIENTS_MAX)
		return ERR_LIMIT;
	t->clients[t->n_clients++] = *c;
	return OK;
}

static bool
lasts(const struct client *c)
{
	return c->role == CLIENT_OWNER && c->kind == CLIENT_CLI &&
	    !c->revoked && c->term.until_ms == 0;
}

/* A house without an owner could never be changed again, nor one that has
 * owners in browsers alone; and one whose last owner has an end would be so
 * one day. */
static bool
is_last_owner(const struct trust *t, const struct client *c)
{
	size_t lasting = 0;
	size_t i;

	for (i = 0; i < t->n_clients; i++)
		lasting += lasts(&t->clients[i]);
	return lasts(c) && lasting == 1;
}

enum err
trust_revoke(struct trust *t, const struct digest *id)
{
	const struct client *c = trust_client(t, id);

	if (c == NULL || c->revoked)
		return ERR_NOTFOUND;
	if (is_last_owner(t, c))
		return ERR_STATE;
	t->clients[c - t->clients].revoked = true;
	return OK;
}

enum err
trust_extend(
    struct trust *t, const char *client, int64_t until_ms, int64_t now_ms)
{
	const struct client *c = trust_client_by_name(t, client);
	struct term *term;

	if (c == NULL)
		return ERR_NOTFOUND;
	if (until_ms != 0 &&
	    (until_ms <= now_ms || until_ms - now_ms > TERM_MS_MAX))
		return ERR_INPUT;
	if (until_ms != 0 && (c == t->clients || is_last_owner(t, c)))
		return ERR_STATE;
	term = &t->clients[c - t->clients].term;
	term->until_ms = until_ms;
	term->ended = false;
	return OK;
}

enum err
trust_set_tool(struct trust *t, const char *name, const struct digest *manifest)
{
	const struct trusted_tool *row = trust_tool(t, name);
	size_t i = row != NULL ? (size_t)(row - t->tools) : t->n_tools;

	if (i == TOOLS_MAX ||
	    str_copy(t->tools[i].name, sizeof(t->tools[i].name), name) != OK)
		return ERR_LIMIT;
	t->tools[i].manifest = *manifest;
	t->n_tools += row == NULL;
	return OK;
}

enum err
trust_unset_tool(struct trust *t, const char *name)
{
	const struct trusted_tool *row = trust_tool(t, name);
	size_t i;

	if (row == NULL)
		return ERR_NOTFOUND;
	i = (size_t)(row - t->tools);
	memmove(&t->tools[i], &t->tools[i + 1],
	    (t->n_tools - i - 1) * sizeof(t->tools[0]));
	memset(&t->tools[--t->n_tools], 0, sizeof(t->tools[0]));
	return OK;
}

enum err
trust_set_automation(
    struct trust *t, const char *name, const struct digest *document)
{
	const struct trusted_automation *row = trust_automation(t, name);
	size_t i =
	    row != NULL ? (size_t)(row - t->automations) : t->n_automations;

	if (!str_is_name(name) || strlen(name) > NAME_MAX_LEN)
		return ERR_INPUT;
	if (i == AUTOMATION_TOPICS_MAX)
		return ERR_LIMIT;
	snprintf(
	    t->automations[i].name, sizeof(t->automations[i].name), "%s", name);
	t->automations[i].document = *document;
	t->n_automations += row == NULL;
	return OK;
}

enum err
trust_unset_automation(struct trust *t, const char *name)
{
	const struct trusted_automation *row = trust_automation(t, name);

	if (row == NULL)
		return ERR_NOTFOUND;
	t->automations[row - t->automations] =
	    t->automations[--t->n_automations];
	return OK;
}

bool
trust_is_revoked_grant(const struct trust *t, const char *id)
{
	size_t i;

	for (i = 0; i < t->n_revoked_grants; i++)
		if (strcmp(t->revoked_grants[i].id, id) == 0)
			return true;
	return false;
}

/* The one that ended first; none that has not. */
static void
make_room_for_grant(struct trust *t, int64_t now_ms)
{
	struct revoked_grant *first = &t->revoked_grants[0];
	size_t i;

	for (i = 1; i < t->n_revoked_grants; i++)
		if (t->revoked_grants[i].until_ms < first->until_ms)
			first = &t->revoked_grants[i];
	if (first->until_ms < now_ms)
		*first = t->revoked_grants[--t->n_revoked_grants];
}

enum err
trust_revoke_grant(
    struct trust *t, const char *id, int64_t until_ms, int64_t now_ms)
{
	uint8_t bytes[TRUST_ID_SIZE / 2];
	size_t i;

	if (hex_read(id, strlen(id), bytes, sizeof(bytes)) != OK)
		return ERR_INPUT;
	if (trust_is_revoked_grant(t, id))
		return OK;
	if (t->n_revoked_grants == GRANTS_REVOKED_MAX)
		make_room_for_grant(t, now_ms);
	i = t->n_revoked_grants;
	if (i == GRANTS_REVOKED_MAX)
		return ERR_LIMIT;
	memcpy(t->revoked_grants[i].id, id, TRUST_ID_SIZE);
	t->revoked_grants[i].until_ms = until_ms;
	t->n_revoked_grants++;
	return OK;
}
