/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a core that has been taken over and wants the front door
 * open: it orders the bridge to unlock it without anybody's yes, with the real
 * vault, bridge and broker around it.  It wants words on the broker as well.
 * The test puts the home's manifest into core's folder.  Linked in the place of
 * src/ipc/serve.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "herald/herald.h"
#include "ipc/peers_priv.h"
#include "sys/file.h"
#include "tool/manifest.h"

static struct burglar {
	struct peers *peers;
	char *manifest; /* As the owner signed it. */
	bool ready;
	size_t step;
} b;

static void
order(const char *args)
{
	struct json *body = json_object();
	char act[33];

	snprintf(act, sizeof(act), "%032zu", b.step);
	json_put_str(body, "act", act);
	json_put_str(body, "tool", "home.set");
	json_put_int(body, "args_bytes", (int64_t)strlen(args));
	json_put(body, "sheets", json_array());
	json_put(body, "grants", json_array());
	peers_send_bulk(
	    b.peers, ROLE_BRIDGE, MSG_HOME_ORDER, body, args, strlen(args));
}

static void
give(const char *manifest)
{
	peers_send_bulk(b.peers, ROLE_BRIDGE, MSG_MANIFEST, NULL, manifest,
	    strlen(manifest));
}

static void
unlock(void)
{
	order("{\"action\":\"unlock\",\"entity\":\"lock.front_door\"}");
}

static void
step_no_sheet(void)
{
	give(b.manifest);
	unlock();
}

/* One in which unlocking is harmless. */
static void
step_softer_manifest(void)
{
	char *copy = xstrdup(b.manifest);
	char *at = strstr(copy, "\"physical\",\"entity\":\"lock.front_door\"");
	struct buf softer;

	if (at == NULL)
		fatal("burglar: the door is not in the manifest");
	buf_init(&softer, MANIFEST_MAX);
	buf_add(&softer, copy, (size_t)(at - copy));
	buf_adds(&softer, "\"reversible\"");
	buf_adds(&softer, at + strlen("\"physical\""));
	give(softer.p);
	unlock();
	buf_done(&softer);
	free(copy);
}

/* Under the name of a lamp that nobody accepted. */
static void
step_other_name(void)
{
	give(b.manifest);
	order("{\"action\":\"unlock\",\"entity\":\"light.front_door\"}");
}

/* Among lights. */
static void
step_among_others(void)
{
	give(b.manifest);
	order("{\"action\":\"unlock\",\"entities\":\"light.kitchen_light,"
	      "lock.front_door\"}");
}

static void
step_light(void)
{
	order("{\"action\":\"turn_on\",\"entity\":\"light.kitchen_light\"}");
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[] = {
    {"no-sheet", step_no_sheet},
    {"softer-manifest", step_softer_manifest},
    {"other-name", step_other_name},
    {"among-others", step_among_others},
    {"light", step_light},
};

/* On the broker everybody would read them. */
static void
spell(const char *name, struct json *words)
{
	static const struct herald well = {.shown = true, .waiting = 3};
	struct json *body = json_object();
	struct json *good = herald_write(&well);
	const struct json *m;

	for (m = json_first(good); m != NULL; m = json_next(m))
		if (strcmp(json_name(m), name) != 0)
			json_put(body, json_name(m), json_copy(m));
	json_put(body, name, words);
	json_free(good);
	peers_send(b.peers, ROLE_BRIDGE, MSG_HOME_HERALD, body);
}

static void
publish_words(void)
{
	spell("more", json_string("the code is 4711"));
	spell("outcome", json_string("the code is 4711"));
	spell("waiting", json_string("the code is 4711"));
}

/* {"act", "ok"} and why. */
static void
on_done(void *role, struct msg *m)
{
	char *said = msg_text(m);

	(void)role;
	log_info("burglar %s: %s: %s", steps[b.step].name,
	    json_flag(m->body, "ok") ? "DONE" : "refused", said);
	free(said);
	if (++b.step < ARRAY_LEN(steps))
		steps[b.step].run();
	else
		log_info("burglar over");
}

/* The bridge knows the door: it can begin. */
static void
on_entity(void *role, struct msg *m)
{
	(void)role;
	if (b.ready || m->bulk_len == 0 ||
	    memmem(m->bulk, m->bulk_len, "\"front_door\"", 12) == NULL)
		return;
	b.ready = true;
	publish_words();
	steps[0].run();
}

static void
pass_over(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler handlers[] = {
    {MSG_HOME_DONE, on_done},
    {MSG_HOME_ENTITY, on_entity},
    {MSG_HOME_VALUES, pass_over},
    {MSG_HOME_BROKER, pass_over},
    {MSG_TRUST_TABLE, pass_over},
    {MSG_TOOLS_EPOCH, pass_over},
    {MSG_RUNNER_STATE, pass_over},
};

static char *
read_manifest(void)
{
	struct buf text;

	buf_init(&text, FILE_READ_MAX);
	if (file_read("/state/home.json", &text) != OK)
		fatal("burglar: the manifest is missing");
	return buf_steal(&text);
}

int
peers_serve(struct peers *p)
{
	if (p->setup.self == ROLE_CORE) {
		b.peers = p;
		b.manifest = read_manifest();
		p->setup.handlers = handlers;
		p->setup.n_handlers = ARRAY_LEN(handlers);
		p->setup.on_lane = NULL;
		p->setup.on_lost = NULL;
	}
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
