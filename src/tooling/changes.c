/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "sys/clock.h"
#include "tooling/tooling_priv.h"

/*
 * What owners do with tools.  All of it comes down to two changes of trust,
 * which the vault makes on the owner's signature: this digest is the tool's,
 * or it has none.
 *
 *	add, update    image loaded -> version kept -> vault -> active
 *	enable, rollback                               vault -> active
 *	disable, remove                                vault -> (data wiped)
 *
 * Where one of these steps fails, what came before it is taken back; where
 * the house ends in between, its next start does (tools.c).
 */

static struct change *
find_change(struct tooling *tg, int64_t request)
{
	size_t i;

	for (i = 0; i < TOOL_CHANGES_MAX; i++)
		if (tg->changes[i].request == request)
			return &tg->changes[i];
	return NULL;
}

static void
forget_change(struct change *c)
{
	if (c->timer != 0)
		loop_timer_cancel(c->tooling->s.loop, c->timer);
	free(c->text);
	free(c->body);
	json_free(c->envelope);
	memset(c, 0, sizeof(*c));
}

/* The change is over and nothing of it stays. */
static void
give_up(struct tooling *tg, struct change *c, enum err e, const char *why)
{
	int64_t request = c->request;
	struct errmsg said;
	struct record *r;

	err_say(&said, e, "%s", why);
	if (c->is_kept) {
		r = record_new(tg->s.requests->ledger);
		record_row(
		    r, ROW_VERSION_GONE, tool_row(c->tool, c->version.n));
		record_row(r, ROW_SETTING_GONE,
		    tool_setting(c->tool, "installing", ""));
		record_post(r, true, NULL, NULL, NULL);
	}
	forget_change(c);
	leaving_name_images(tg);
	request_refuse(tg->s.requests, request, e, &said);
}

/* ---- Beginning ---- */

static enum err
begin(struct tooling *tg, const struct request *k, enum change_kind kind,
    struct change **ret, struct errmsg *why)
{
	const char *tool = json_words(k->params, "tool");
	struct change *c = find_change(tg, 0);
	size_t i;

	if (k->client->role != CLIENT_OWNER)
		return err_say(
		    why, ERR_DENIED, "only an owner changes the tools");
	if (!str_is_name(tool))
		return err_say(why, ERR_INPUT, "the command names no tool");
	if (!tg->whole)
		return err_say(why, ERR_STATE,
		    "the database is damaged; 'durward doctor' says more");
	for (i = 0; i < TOOL_CHANGES_MAX; i++)
		if (strcmp(tg->changes[i].tool, tool) == 0)
			c = NULL;
	if (c == NULL || !tg->settled || find_change(tg, k->id) != NULL)
		return err_say(why, ERR_BUSY,
		    "tools are being changed; try again in a moment");
	c->request = k->id;
	c->tooling = tg;
	c->kind = kind;
	c->keep_data = json_flag(k->params, "keep_data");
	snprintf(c->tool, sizeof(c->tool), "%s", tool);
	snprintf(c->version.client, sizeof(c->version.client), "%s",
	    k->client->name);
	c->envelope = json_copy(k->envelope);
	c->body = xstrndup(k->raw.p, k->raw.len);
	*ret = c;
	return OK;
}

static enum err
send_to_vault(struct tooling *tg, const struct change *c)
{
	return request_send_trust(tg->s.requests, c->request, c->envelope,
	    (struct str){c->body, strlen(c->body)});
}

/* ---- A manifest is made active ---- */

/* With the ones that are coming. */
static bool
is_full(struct tooling *tg)
{
	size_t n = tg->n_tools;
	size_t i;

	for (i = 0; i < TOOL_CHANGES_MAX; i++)
		n += tg->changes[i].request != 0 &&
		    tools_find(tg, tg->changes[i].tool) == NULL;
	return n > TOOLS_MAX;
}

static enum err
check_add(struct tooling *tg, const struct tool *t, struct errmsg *why)
{
	if (t == NULL && is_full(tg))
		return err_say(
		    why, ERR_LIMIT, "%d tools are there already", TOOLS_MAX);
	return OK;
}

static enum err
check_old(const struct tooling *tg, enum change_kind kind, struct tool *t,
    const struct manifest *m, struct errmsg *why)
{
	bool enabled = trust_tool(tg->s.trust, m->name) != NULL;
	const struct version *v;

	if (t == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "there is no tool '%s'; 'durward tool add' adds it",
		    m->name);
	v = tool_version_of(t, &m->digest);
	if (kind == CHANGE_ENABLE && enabled)
		return err_say(
		    why, ERR_STATE, "the tool '%s' is not disabled", m->name);
	if (kind == CHANGE_ENABLE && (v == NULL || v->n != t->active))
		return err_say(why, ERR_DENIED,
		    "this is not the manifest that was disabled; 'durward "
		    "tool update' takes another one");
	if (kind == CHANGE_ROLLBACK && !enabled)
		return err_say(why, ERR_STATE,
		    "the tool '%s' is disabled; enable it first", m->name);
	if (kind == CHANGE_ROLLBACK && v == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "this is no version of '%s'; 'durward tool show %s' lists "
		    "them",
		    m->name, m->name);
	return OK;
}

static enum err
check_wish(struct tooling *tg, const struct change *c, const struct manifest *m,
    struct errmsg *why)
{
	struct tool *t = tools_find(tg, m->name);

	if (strcmp(m->name, c->tool) != 0)
		return err_say(why, ERR_INPUT,
		    "the command names another tool than its manifest");
	if (t != NULL && t->wipe != NULL)
		return err_say(why, ERR_BUSY,
		    "the data of the '%s' that was removed is still to be "
		    "deleted by the tools' half of the house; try again when "
		    "that has happened",
		    m->name);
	return c->kind == CHANGE_ADD ? check_add(tg, t, why)
				     : check_old(tg, c->kind, t, m, why);
}

static void
choose_version(struct tooling *tg, struct change *c, const struct manifest *m)
{
	struct tool *t = tools_find(tg, c->tool);
	struct version *v = t != NULL ? tool_version_of(t, &m->digest) : NULL;

	c->is_new = v == NULL;
	c->version.n = v != NULL ? v->n : t != NULL ? tool_last(t) + 1 : 1;
	c->version.digest = m->digest;
	c->version.wall_ms = clock_wall_ms();
	memcpy(c->version.name, m->version, sizeof(m->version));
	memcpy(c->version.image, m->image, sizeof(m->image));
}

/* The document is on the disk: should the vault trust it and the house end
 * in the same moment, it is there. */
static void
on_kept(void *arg, const char *key)
{
	struct tooling *tg = arg;
	struct change *c = find_change(tg, strtoll(key, NULL, 10));

	if (c != NULL && send_to_vault(tg, c) != OK)
		give_up(tg, c, ERR_BUSY, "the vault is away");
}

static void
keep_version(struct tooling *tg, struct change *c)
{
	struct record *r = record_new(tg->s.requests->ledger);
	struct json *row = tool_row(c->tool, c->version.n);
	char hex[DIGEST_HEX_SIZE];
	char n[24];
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)c->request);
	snprintf(n, sizeof(n), "%lld", (long long)c->version.n);
	digest_hex(&c->version.digest, hex);
	json_put_str(row, "digest", hex);
	json_put_str(row, "body", c->text);
	json_put_str(row, "client", c->version.client);
	json_put_int(row, "wall_ms", c->version.wall_ms);
	if (c->is_new) {
		record_row(r, ROW_VERSION, row);
		record_row(
		    r, ROW_SETTING, tool_setting(c->tool, "installing", n));
		c->is_kept = true;
	} else {
		json_free(row);
	}
	record_post(r, true, on_kept, tg, key);
}

static void
on_load_late(void *arg)
{
	struct change *c = arg;

	c->timer = 0;
	give_up(c->tooling, c, ERR_BUSY,
	    "the tools' half of the house did not say in time that the image "
	    "is loaded; nothing was added, try again, and start 'durward run "
	    "tools' anew if this stays so");
}

/* Without an archive the image is somebody else's care, and its absence is
 * told by the first call. */
static enum err
load_image(struct tooling *tg, struct change *c, const char *archive,
    struct errmsg *why)
{
	struct json *body;

	if (archive[0] != '/' || strlen(archive) > IMAGE_PATH_MAX)
		return err_say(why, ERR_INPUT,
		    "an image's archive is named by its whole path");
	if (!tg->runner.ready)
		return err_say(why, ERR_BUSY, "the image cannot be loaded: %s",
		    tooling_why_not(tg));
	body = json_object();
	json_put_int(body, "id", c->request);
	json_put_str(body, "image", c->version.image);
	json_put_str(body, "archive", archive);
	c->loading = true;
	c->timer = loop_timer(
	    tg->s.loop, clock_boot_ms() + IMAGE_ANSWER_MS, on_load_late, c);
	return peers_send(
	    tg->s.requests->peers, ROLE_RUNNER, MSG_IMAGE_LOAD, body);
}

/* {"id", "ok", "why"} */
void
tooling_on_image(struct tooling *tg, const struct msg *m)
{
	int64_t id = json_int(m->body, "id", 0);
	struct change *c = id != 0 ? find_change(tg, id) : NULL;

	if (c == NULL || !c->loading) {
		leaving_name_images(tg); /* Too late: it is to go again. */
		return;
	}
	c->loading = false;
	loop_timer_cancel(tg->s.loop, c->timer);
	c->timer = 0;
	if (json_flag(m->body, "ok"))
		keep_version(tg, c);
	else
		give_up(tg, c, ERR_STATE, json_words(m->body, "why"));
}

/* body: {"tool", "digest", "manifest", "archive"} */
static enum err
activate(struct tooling *tg, const struct request *k, enum change_kind kind,
    struct errmsg *why)
{
	const char *text = json_words(k->params, "manifest");
	const char *archive = json_words(k->params, "archive");
	struct manifest *m = NULL;
	struct change *c;
	enum err e = begin(tg, k, kind, &c, why);

	if (e != OK)
		return e;
	e = manifest_parse(text, strlen(text), &m, why);
	if (e == OK)
		e = check_wish(tg, c, m, why);
	if (e == OK) {
		choose_version(tg, c, m);
		c->text = xstrdup(text);
		if (archive[0] != '\0')
			e = load_image(tg, c, archive, why);
		else
			keep_version(tg, c);
	}
	manifest_free(m);
	if (e != OK)
		forget_change(c);
	return e;
}

enum err
tooling_add(void *room, const struct request *k, struct errmsg *why)
{
	return activate(room, k, CHANGE_ADD, why);
}

enum err
tooling_update(void *room, const struct request *k, struct errmsg *why)
{
	return activate(room, k, CHANGE_UPDATE, why);
}

enum err
tooling_enable(void *room, const struct request *k, struct errmsg *why)
{
	return activate(room, k, CHANGE_ENABLE, why);
}

enum err
tooling_rollback(void *room, const struct request *k, struct errmsg *why)
{
	return activate(room, k, CHANGE_ROLLBACK, why);
}

/* ---- It has none any more ---- */

static enum err
deactivate(struct tooling *tg, const struct request *k, enum change_kind kind,
    struct errmsg *why)
{
	const char *name = json_words(k->params, "tool");
	const struct tool *t = tools_find(tg, name);
	struct change *c;
	enum err e = begin(tg, k, kind, &c, why);

	if (e != OK)
		return e;
	if ((t == NULL && trust_tool(tg->s.trust, name) == NULL) ||
	    (t != NULL && t->wipe != NULL))
		e = err_say(why, ERR_NOTFOUND,
		    "there is no tool '%s'; 'durward tool' lists what is there",
		    name);
	else if (t == NULL && is_full(tg))
		e = err_say(
		    why, ERR_LIMIT, "%d tools are there already", TOOLS_MAX);
	else if (kind == CHANGE_DISABLE &&
	    trust_tool(tg->s.trust, name) == NULL)
		e = err_say(
		    why, ERR_STATE, "the tool '%s' is disabled already", name);
	else if (send_to_vault(tg, c) != OK)
		e = err_say(why, ERR_BUSY, "the vault is away");
	if (e != OK)
		forget_change(c);
	return e;
}

/* body: {"tool"} */
enum err
tooling_disable(void *room, const struct request *k, struct errmsg *why)
{
	return deactivate(room, k, CHANGE_DISABLE, why);
}

/* body: {"tool", "keep_data"} */
enum err
tooling_remove(void *room, const struct request *k, struct errmsg *why)
{
	return deactivate(room, k, CHANGE_REMOVE, why);
}

/* ---- The vault has made it ---- */

static void
made_active(struct tooling *tg, struct change *c, struct record *r)
{
	struct tool *t = tools_take(tg, c->tool);
	struct errmsg why;

	if (t == NULL)
		fatal("a tool was added for which there is no room");
	if (c->is_new)
		tool_add_version(t, &c->version, c->text, r);
	t->active = c->version.n;
	record_row(r, ROW_ACTIVE, tool_row(t->name, t->active));
	if (c->is_new)
		record_row(r, ROW_SETTING_GONE,
		    tool_setting(t->name, "installing", ""));
	if (tooling_put(tg, c->text, &why) != OK)
		log_warn("the new manifest is left out: %s", why.text);
	tooling_settle(tg);
	/* Open questions name the old one. */
	acts_ask_anew(tg->acts);
	request_confirm(tg->s.requests, c->request, r);
}

/* The log says on the disk what is deleted: now it may be. */
static void
on_removed(void *arg, const char *key)
{
	struct tooling *tg = arg;
	char *name;
	int64_t request = strtoll(key, &name, 10);
	struct tool *t = tools_find(tg, name + 1);

	if (t != NULL && t->wipe != NULL)
		leaving_wipe(tg, t, request);
	else
		request_answer(tg->s.requests, request, json_object());
}

static void
log_wipe(struct record *r, const struct tool *t)
{
	struct json *details = json_object();

	json_put_str(details, "tool", t->name);
	json_put_str(details, "volume", "deleted");
	json_put_str(details, "images", t->wipe);
	record_log(r, "tool-data-deleting", NULL, NULL, details);
	record_row(r, ROW_SETTING, tool_setting(t->name, "wipe", t->wipe));
}

static void
made_removed(struct tooling *tg, struct change *c, struct record *r)
{
	struct tool *t = tools_take(tg, c->tool);
	struct buf images;
	char key[24 + sizeof(c->tool)];

	record_row(r, ROW_VERSION_GONE, tool_row(c->tool, 0));
	record_row(r, ROW_ACTIVE_GONE, tool_row(c->tool, 0));
	record_row(
	    r, ROW_SETTING_GONE, tool_setting(c->tool, "definitions", ""));
	record_row(r, ROW_SETTING_GONE, tool_setting(c->tool, "exempt", ""));
	if (tooling_set_exempt(tg, c->tool, false) != OK)
		log_warn("%s stays exempt until the next start", c->tool);
	acts_stop_models(tg->acts, c->tool, "the provider was removed");
	slots_remove(tg->slots, c->tool, "the tool was removed");
	if (t == NULL)
		fatal("a tool was removed for which there is no room");
	buf_init(&images, TOOL_VERSIONS_MAX * sizeof(t->versions[0].image));
	leaving_images(tg, t, &images);
	tool_drop_versions(t);
	if (c->keep_data) {
		tools_forget(tg, t);
	} else {
		buf_adds(&images, "");
		t->wipe = buf_steal(&images);
		log_wipe(r, t);
	}
	buf_done(&images);
	snprintf(key, sizeof(key), "%lld %s", (long long)c->request, c->tool);
	record_post(r, true, on_removed, tg, key);
}

bool
tooling_on_trust_answer(struct tooling *tg, int64_t request, struct record *r)
{
	struct change *c = request != 0 ? find_change(tg, request) : NULL;

	if (c == NULL)
		return false;
	if (c->kind == CHANGE_REMOVE)
		made_removed(tg, c, r);
	else if (c->kind == CHANGE_DISABLE)
		request_confirm(tg->s.requests, request, r);
	else
		made_active(tg, c, r);
	forget_change(c);
	leaving_name_images(tg);
	return true;
}

bool
tooling_on_trust_refused(struct tooling *tg, int64_t request, const char *why)
{
	struct change *c = request != 0 ? find_change(tg, request) : NULL;

	if (c != NULL)
		give_up(tg, c, ERR_DENIED, why);
	return c != NULL;
}

void
changes_runner_lost(struct tooling *tg)
{
	size_t i;

	for (i = 0; i < TOOL_CHANGES_MAX; i++)
		if (tg->changes[i].loading)
			give_up(tg, &tg->changes[i], ERR_BUSY,
			    "the tools' half was restarted while it loaded "
			    "the image; nothing was added, try again");
}
