/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a core that has been taken over.  It holds core's ends of
 * the lanes and sends the tools role orders of every bad kind, with the real
 * tools, vault, runner and container around it.  The test puts the console's
 * key into core's folder, so that it can also make sheets that are good in
 * all but one thing.  Linked in the place of src/ipc/serve.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/grant.h"
#include "approval/sheet.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "ipc/peers_priv.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "tool/manifest.h"

#define ACT "00112233445566778899aabbccddeeff"
#define VICTIM "{\"name\":\"victim\"}"

static struct attack {
	struct peers *peers;
	struct trust trust;
	struct manifest *manifest;
	char *manifest_text;
	struct key *console;
	char epoch[TOKEN_SIZE];
	size_t step;
	/* Each step is tried, then the victim looked for, then put back. */
	enum { TRYING, LOOKING, RESTORING } phase;
	bool waiting; /* For the tools to return. */
	/* The good order, to be sent again. */
	char good_sheet[8192];
	char good_signature[SIGNATURE_TEXT_SIZE];
} a;

static void next_step(void);

static char *
slurp(const char *path)
{
	struct buf b;

	buf_init(&b, FILE_READ_MAX);
	if (file_read(path, &b) != OK)
		fatal("attack: %s is missing", path);
	return buf_steal(&b);
}

struct proof {
	const char *text;
	const char *signature;
};

static struct json *
list_proofs(const struct proof *proofs, size_t n, struct buf *bulk)
{
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		struct json *v = json_object();

		json_put_int(v, "bytes", (int64_t)strlen(proofs[i].text));
		json_put_str(v, "signature", proofs[i].signature);
		json_push(list, v);
		buf_adds(bulk, proofs[i].text);
	}
	return list;
}

static void
send_proven(const char *tool, const char *args, const struct proof *sheets,
    size_t n_sheets, const struct proof *grant)
{
	struct json *body = json_object();
	struct buf bulk;

	buf_init(&bulk, LANE_BULK_MAX);
	buf_adds(&bulk, args);
	json_put_str(body, "act", ACT);
	json_put_str(body, "tool", tool);
	json_put_int(body, "args_bytes", (int64_t)strlen(args));
	json_put(body, "sheets", list_proofs(sheets, n_sheets, &bulk));
	json_put(body, "grants", list_proofs(grant, grant != NULL, &bulk));
	peers_send_bulk(
	    a.peers, ROLE_TOOLS, MSG_ACT_ORDER, body, bulk.p, bulk.len);
	buf_done(&bulk);
}

static void
send_order(const char *tool, const char *args, const char *sheet,
    const char *signature)
{
	struct proof proof = {sheet, signature};

	send_proven(tool, args, &proof, sheet[0] != '\0', NULL);
}

static struct str
text(const char *s)
{
	return (struct str){s, strlen(s)};
}

/* A sheet that is right in everything; the caller spoils one thing. */
static void
good_sheet(struct sheet *s)
{
	static char schema[DIGEST_HEX_SIZE];
	struct public_key pub;
	uint8_t nonce[16];

	memset(s, 0, sizeof(*s));
	key_public(a.console, &pub);
	public_id(&pub, &s->client);
	s->box = a.trust.box;
	crypto_random(nonce, sizeof(nonce));
	hex_write(s->nonce, nonce, sizeof(nonce));
	memcpy(s->boot, peers_boot(a.peers), sizeof(s->boot));
	memcpy(s->epoch, a.epoch, sizeof(s->epoch));
	s->issued_ms = clock_boot_ms();
	s->lives_s = 600;
	memcpy(s->run, ACT, sizeof(s->run));
	memcpy(s->act, ACT, sizeof(s->act));
	digest_hex(&a.manifest->schema, schema);
	s->rule = text("box:lasting");
	s->keys = 1;
	s->key = text(SHEET_KEY_ANY);
	s->attempt = text("first");
	s->principal = text("console");
	s->tool = text("notes.delete");
	s->effect = text("system");
	s->manifest = a.manifest->digest;
	s->image = text(a.manifest->image);
	s->schema = text(schema);
	s->args = text(VICTIM);
	s->origins = text("name:person");
	s->entities = s->network = s->secrets = s->price = s->labels =
	    text("none");
	s->decision = text("approve");
}

static void
sign_and_send(struct sheet *s, const struct key *key, const char *args)
{
	struct signature sig;
	struct buf b;

	crypto_hash(s->args.p, s->args.len, &s->args_digest);
	buf_init(&b, SHEET_MAX);
	if (sheet_write(s, &b) != OK)
		fatal("attack: the sheet cannot be written");
	key_sign(key, b.p, b.len, &sig);
	signature_text(&sig, a.good_signature);
	snprintf(a.good_sheet, sizeof(a.good_sheet), "%s", b.p);
	buf_done(&b);
	send_order("notes.delete", args, a.good_sheet, a.good_signature);
}

static void
save_victim(void)
{
	send_order("notes.save", "{\"text\":\"victim\"}", "", "");
}

static void
step_no_sheet(void)
{
	send_order("notes.delete", VICTIM, "", "");
}

static void
step_foreign_key(void)
{
	struct key *key = key_generate();
	struct public_key pub;
	struct sheet s;

	good_sheet(&s);
	key_public(key, &pub);
	public_id(&pub, &s.client);
	sign_and_send(&s, key, VICTIM);
	key_free(key);
}

/* The sheet names the console, but another key signed it. */
static void
step_wrong_signature(void)
{
	struct key *key = key_generate();
	struct sheet s;

	good_sheet(&s);
	sign_and_send(&s, key, VICTIM);
	key_free(key);
}

static void
step_changed_byte(void)
{
	struct sheet s;

	good_sheet(&s);
	s.args = text("{\"name\":\"victin\"}");
	sign_and_send(&s, a.console, VICTIM);
}

static void
step_expired(void)
{
	struct sheet s;

	good_sheet(&s);
	s.lives_s = 1;
	s.issued_ms = clock_boot_ms() - 1500;
	sign_and_send(&s, a.console, VICTIM);
}

static void
step_other_tool(void)
{
	struct sheet s;

	good_sheet(&s);
	s.tool = text("notes.save");
	sign_and_send(&s, a.console, VICTIM);
}

/* A manifest in which deleting is called reading. */
static void
step_softer_manifest(void)
{
	char *copy = slurp("/state/notes.json");
	char *at = strstr(copy, "\"system\"");
	struct json *body = json_object();

	if (at == NULL)
		fatal("attack: the manifest has no system effect");
	memcpy(at, "\"read\"  ", 8);
	json_put_str(body, "tool", "notes");
	peers_send_bulk(
	    a.peers, ROLE_TOOLS, MSG_MANIFEST, body, copy, strlen(copy));
	free(copy);
	step_no_sheet();
}

static void
give_manifest(void)
{
	struct json *body = json_object();

	json_put_str(body, "tool", "notes");
	peers_send_bulk(a.peers, ROLE_TOOLS, MSG_MANIFEST, body,
	    a.manifest_text, strlen(a.manifest_text));
}

static void
look_for_victim(void)
{
	give_manifest();
	send_order("notes.read", VICTIM, "", "");
}

static void
step_good(void)
{
	struct sheet s;

	good_sheet(&s);
	sign_and_send(&s, a.console, VICTIM);
}

static void
step_replay(void)
{
	send_order("notes.delete", VICTIM, a.good_sheet, a.good_signature);
}

static void
step_one_of_two(void)
{
	struct sheet s;

	good_sheet(&s);
	s.keys = 2;
	sign_and_send(&s, a.console, VICTIM);
}

/* The same client says yes twice. */
static void
step_twice_one_client(void)
{
	struct proof proofs[2];
	struct signature sig;
	struct sheet s;
	struct buf b;
	int i;
	static char texts[2][8192];
	static char signatures[2][SIGNATURE_TEXT_SIZE];

	good_sheet(&s);
	s.keys = 2;
	crypto_hash(s.args.p, s.args.len, &s.args_digest);
	for (i = 0; i < 2; i++) {
		buf_init(&b, SHEET_MAX);
		s.lives_s = 600 + i;
		if (sheet_write(&s, &b) != OK)
			fatal("attack: the sheet cannot be written");
		key_sign(a.console, b.p, b.len, &sig);
		signature_text(&sig, signatures[i]);
		snprintf(texts[i], sizeof(texts[i]), "%s", b.p);
		buf_done(&b);
		proofs[i] = (struct proof){texts[i], signatures[i]};
	}
	send_proven("notes.delete", VICTIM, proofs, 2, NULL);
}

static void
good_grant(struct grant *g)
{
	struct public_key pub;
	uint8_t id[16];

	memset(g, 0, sizeof(*g));
	key_public(a.console, &pub);
	public_id(&pub, &g->client);
	g->box = a.trust.box;
	crypto_random(id, sizeof(id));
	hex_write(g->id, id, sizeof(id));
	g->rule = text("box:lasting");
	g->tool = text("notes.delete");
	g->effect = text("system");
	g->manifest = a.manifest->digest;
	g->args = text("exact " VICTIM);
	g->hours = text("any");
	g->uses = 3;
	g->issued_ms = clock_wall_ms() - 1000;
	g->until_ms = clock_wall_ms() + 60 * 1000;
}

static void
sign_grant(struct grant *g, const struct key *key)
{
	char signature[SIGNATURE_TEXT_SIZE];
	struct signature sig;
	struct proof proof;
	struct buf b;

	buf_init(&b, GRANT_MAX);
	if (grant_write(g, &b) != OK)
		fatal("attack: the grant cannot be written");
	key_sign(key, b.p, b.len, &sig);
	signature_text(&sig, signature);
	proof = (struct proof){b.p, signature};
	send_proven("notes.delete", VICTIM, NULL, 0, &proof);
	buf_done(&b);
}

static void
step_grant_forged(void)
{
	struct key *key = key_generate();
	struct grant g;

	good_grant(&g);
	sign_grant(&g, key);
	key_free(key);
}

static void
step_grant_other_args(void)
{
	struct grant g;

	good_grant(&g);
	g.args = text("exact {\"name\":\"other\"}");
	sign_grant(&g, a.console);
}

static void
step_grant_ended(void)
{
	struct grant g;

	good_grant(&g);
	g.until_ms = clock_wall_ms() - 500;
	sign_grant(&g, a.console);
}

static void
step_grant_good(void)
{
	struct grant g;

	good_grant(&g);
	sign_grant(&g, a.console);
}

static void
step_await_restart(void)
{
	a.waiting = true;
	log_info("attack waiting for a restart of tools");
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[] = {
    {"save", save_victim},
    {"no-sheet", step_no_sheet},
    {"foreign-key", step_foreign_key},
    {"wrong-signature", step_wrong_signature},
    {"changed-byte", step_changed_byte},
    {"expired", step_expired},
    {"other-tool", step_other_tool},
    {"softer-manifest", step_softer_manifest},
    {"one-of-two", step_one_of_two},
    {"twice-one-client", step_twice_one_client},
    {"grant-forged", step_grant_forged},
    {"grant-other-args", step_grant_other_args},
    {"grant-ended", step_grant_ended},
    {"grant-good", step_grant_good},
    {"good", step_good},
    {"replay", step_replay},
    {"await-restart", step_await_restart},
    {"replay-after-restart", step_replay},
};

static void
next_step(void)
{
	if (a.step == ARRAY_LEN(steps)) {
		log_info("attack over");
		return;
	}
	a.phase = TRYING;
	steps[a.step].run();
}

static void
on_done(void *role, struct msg *m)
{
	bool ok = json_flag(m->body, "ok");
	char *words = msg_text(m);

	(void)role;
	if (a.step == ARRAY_LEN(steps)) {
		free(words);
		return;
	}
	switch (a.phase) {
	case TRYING:
		log_info("attack %s: %s: %s", steps[a.step].name,
		    ok ? "DONE" : "refused", words);
		a.phase = LOOKING;
		look_for_victim();
		break;
	case LOOKING:
		log_info(
		    "victim %s: %s", steps[a.step].name, ok ? "there" : "gone");
		a.phase = RESTORING;
		save_victim();
		break;
	case RESTORING:
		a.step++;
		next_step();
		break;
	}
	free(words);
}

static void
start_container(void)
{
	peers_send(a.peers, ROLE_RUNNER, MSG_CONTAINER_START,
	    manifest_container(a.manifest));
}

static void
on_ready(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	if (a.waiting) {
		a.waiting = false;
		a.step++;
	}
	next_step();
}

static void
on_trust(void *role, struct msg *m)
{
	(void)role;
	if (trust_read(m->body, &a.trust) != OK)
		fatal("attack: no trust table");
}

static void
on_epoch(void *role, struct msg *m)
{
	(void)role;
	snprintf(a.epoch, sizeof(a.epoch), "%s", json_words(m->body, "epoch"));
	give_manifest();
	if (a.waiting)
		start_container();
}

static void
on_runner(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	start_container();
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler handlers[] = {
    {MSG_TRUST_TABLE, on_trust},
    {MSG_TOOLS_EPOCH, on_epoch},
    {MSG_RUNNER_STATE, on_runner},
    {MSG_TOOL_READY, on_ready},
    {MSG_ACT_DONE, on_done},
    {MSG_TOOL_GONE, ignore},
    {MSG_CONTAINER_STATE, ignore},
    {MSG_CLIENT_REQUEST, ignore},
};

static void
on_lane(void *role, enum role peer)
{
	(void)role;
	if (peer == ROLE_VAULT)
		peers_send(a.peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
}

static void
take_over(struct peers *p)
{
	struct errmsg why = {""};
	char *pem = slurp("/state/console.key");

	a.peers = p;
	a.manifest_text = slurp("/state/notes.json");
	if (key_read_pem(pem, &a.console) != OK ||
	    manifest_parse(a.manifest_text, strlen(a.manifest_text),
		&a.manifest, &why) != OK)
		fatal("attack: %s", why.text);
	free(pem);
	p->setup.handlers = handlers;
	p->setup.n_handlers = ARRAY_LEN(handlers);
	p->setup.on_lane = on_lane;
	p->setup.on_lost = NULL;
}

int
peers_serve(struct peers *p)
{
	if (p->setup.self == ROLE_CORE)
		take_over(p);
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
