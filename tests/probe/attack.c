/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a core that has been taken over.  It holds core's ends of
 * the lanes and sends the tools role orders of every bad kind, with the real
 * tools, vault, runner and container around it.  The test puts keys of
 * clients into core's folder, so that it can also make sheets that are good
 * in all but one thing.  Linked in the place of src/ipc/serve.c.
 */

#include "ipc/peers_priv.h"
#include "proofs.h"
#include "starts.h"

#define ACT "00112233445566778899aabbccddeeff"
#define VICTIM "{\"name\":\"victim\"}"
/* The test had it taken back before the attack. */
#define TAKEN_BACK "0123456789abcdef0123456789abcdef"

static struct attack {
	struct peers *peers;
	struct trust trust;
	struct manifest *manifest;
	char *manifest_text;
	struct key *console;
	struct key *phone; /* An approver. */
	struct key *lost; /* An approver that was revoked. */
	struct key *guest; /* One whose time is over. */
	struct key *narrow; /* One for other tools. */
	char epoch[TOKEN_SIZE];
	size_t step;
	/* Each step is tried, then the victim looked for, then put back. */
	enum { TRYING, LOOKING, RESTORING } phase;
	bool started; /* The forged start was refused. */
	bool waiting; /* For the tools to return. */
	int64_t replay_ms;
	/* The good order, to be sent again. */
	struct proof good;
} a;

static void next_step(void);

static struct scene
scene(void)
{
	return (struct scene){.trust = &a.trust,
	    .manifest = a.manifest,
	    .boot = peers_boot(a.peers),
	    .epoch = a.epoch,
	    .act = ACT,
	    .tool = "notes.delete",
	    .args = VICTIM};
}

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
send_order(const char *tool, const char *args, const struct proof *sheets,
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
sheet_by(const struct key *key, struct sheet *ret)
{
	struct scene c = scene();

	good_sheet(&c, key, ret);
}

static void
sign_and_send(struct sheet *s, const struct key *key)
{
	prove_sheet(s, key, &a.good);
	send_order("notes.delete", VICTIM, &a.good, 1, NULL);
}

/* Right in everything, if the key is. */
static void
send_by(const struct key *key)
{
	struct sheet s;

	sheet_by(key, &s);
	sign_and_send(&s, key);
}

static void
save_victim(void)
{
	send_order("notes.save", "{\"text\":\"victim\"}", NULL, 0, NULL);
}

static void
step_no_sheet(void)
{
	send_order("notes.delete", VICTIM, NULL, 0, NULL);
}

static void
step_foreign_key(void)
{
	struct key *key = key_generate();
	struct sheet s;

	sheet_by(key, &s);
	sign_and_send(&s, key);
	key_free(key);
}

/* The sheet names the console, but another key signed it. */
static void
step_wrong_signature(void)
{
	struct key *key = key_generate();
	struct sheet s;

	sheet_by(a.console, &s);
	sign_and_send(&s, key);
	key_free(key);
}

static void
step_changed_byte(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	s.args = text("{\"name\":\"victin\"}");
	sign_and_send(&s, a.console);
}

static void
step_expired(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	s.lives_s = 1;
	s.issued_ms = clock_boot_ms() - 1500;
	sign_and_send(&s, a.console);
}

static void
step_other_tool(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	s.tool = text("notes.save");
	sign_and_send(&s, a.console);
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
	send_order("notes.read", VICTIM, NULL, 0, NULL);
}

static void
step_replay(void)
{
	send_order("notes.delete", VICTIM, &a.good, 1, NULL);
}

/* ---- Two keys ---- */

static void
step_one_of_two(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	s.keys = 2;
	sign_and_send(&s, a.console);
}

/* Two sheets of one question, or of two. */
static void
send_two(const struct key *first, const struct key *second, bool one_question)
{
	static struct proof proofs[2];
	struct sheet s[2];

	sheet_by(first, &s[0]);
	sheet_by(second, &s[1]);
	if (one_question)
		memcpy(s[1].nonce, s[0].nonce, sizeof(s[1].nonce));
	s[0].keys = s[1].keys = 2;
	s[1].lives_s++;
	prove_sheet(&s[0], first, &proofs[0]);
	prove_sheet(&s[1], second, &proofs[1]);
	send_order("notes.delete", VICTIM, proofs, 2, NULL);
}

static void
step_twice_one_client(void)
{
	send_two(a.console, a.console, true);
}

static void
step_two_questions(void)
{
	send_two(a.console, a.phone, false);
}

static void
step_two_good(void)
{
	send_two(a.console, a.phone, true);
}

/* ---- How long a yes lives ---- */

static void
step_lives_too_long(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	s.lives_s = POLICY_TTL_MAX_S + 2;
	sign_and_send(&s, a.console);
}

#define LONGER_LIFE_S 8

/* Either of two clients may say yes.  Both did, and one of the sheets is soon
 * over; the other is kept, until its last second. */
static void
step_two_lives(void)
{
	static struct proof proofs[2];
	struct sheet s[2];

	sheet_by(a.console, &s[0]);
	sheet_by(a.phone, &s[1]);
	memcpy(s[1].nonce, s[0].nonce, sizeof(s[1].nonce));
	s[0].lives_s = 2;
	s[1].lives_s = LONGER_LIFE_S;
	a.replay_ms = s[1].issued_ms + LONGER_LIFE_S * 1000 - 700;
	prove_sheet(&s[0], a.console, &proofs[0]);
	prove_sheet(&s[1], a.phone, &proofs[1]);
	a.good = proofs[1];
	send_order("notes.delete", VICTIM, proofs, 2, NULL);
}

static void
replay_late(void *arg)
{
	(void)arg;
	send_order("notes.delete", VICTIM, &a.good, 1, NULL);
}

static void
step_the_longer_life(void)
{
	loop_timer(peers_loop(a.peers), a.replay_ms, replay_late, NULL);
}

/* ---- Grants ---- */

static void
grant_by(const struct key *key, struct grant *ret)
{
	struct scene c = scene();

	good_grant(&c, key, ret);
}

static void
sign_grant(const struct grant *g, const struct key *key)
{
	struct proof proof;

	prove_grant(g, key, &proof);
	send_order("notes.delete", VICTIM, NULL, 0, &proof);
}

static void
step_grant_forged(void)
{
	struct key *key = key_generate();
	struct grant g;

	grant_by(a.console, &g);
	sign_grant(&g, key);
	key_free(key);
}

static void
step_grant_of_approver(void)
{
	struct grant g;

	grant_by(a.phone, &g);
	sign_grant(&g, a.phone);
}

static void
step_grant_taken_back(void)
{
	struct grant g;

	grant_by(a.console, &g);
	memcpy(g.id, TAKEN_BACK, sizeof(g.id));
	sign_grant(&g, a.console);
}

static void
step_grant_other_args(void)
{
	struct grant g;

	grant_by(a.console, &g);
	g.args = text("exact {\"name\":\"other\"}");
	sign_grant(&g, a.console);
}

static void
step_grant_ended(void)
{
	struct grant g;

	grant_by(a.console, &g);
	g.until_ms = clock_wall_ms() - 500;
	sign_grant(&g, a.console);
}

static void
step_grant_good(void)
{
	struct grant g;

	grant_by(a.console, &g);
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
	struct key *const *by; /* Whose sheet it is that is right. */
} steps[] = {
    {"save", save_victim, NULL},
    {"no-sheet", step_no_sheet, NULL},
    {"foreign-key", step_foreign_key, NULL},
    {"revoked-client", NULL, &a.lost},
    {"ended-client", NULL, &a.guest},
    {"out-of-scope", NULL, &a.narrow},
    {"wrong-signature", step_wrong_signature, NULL},
    {"changed-byte", step_changed_byte, NULL},
    {"expired", step_expired, NULL},
    {"other-tool", step_other_tool, NULL},
    {"softer-manifest", step_softer_manifest, NULL},
    {"one-of-two", step_one_of_two, NULL},
    {"twice-one-client", step_twice_one_client, NULL},
    {"two-questions", step_two_questions, NULL},
    {"two-good", step_two_good, NULL},
    {"lives-too-long", step_lives_too_long, NULL},
    {"two-lives", step_two_lives, NULL},
    {"the-longer-life", step_the_longer_life, NULL},
    {"grant-forged", step_grant_forged, NULL},
    {"grant-of-approver", step_grant_of_approver, NULL},
    {"grant-taken-back", step_grant_taken_back, NULL},
    {"grant-other-args", step_grant_other_args, NULL},
    {"grant-ended", step_grant_ended, NULL},
    {"grant-good", step_grant_good, NULL},
    {"good", NULL, &a.console},
    {"replay", step_replay, NULL},
    {"await-restart", step_await_restart, NULL},
    {"replay-after-restart", step_replay, NULL},
};

static void
next_step(void)
{
	if (a.step == ARRAY_LEN(steps)) {
		log_info("attack over");
		return;
	}
	a.phase = TRYING;
	if (steps[a.step].by != NULL)
		send_by(*steps[a.step].by);
	else
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
on_container(void *role, struct msg *m)
{
	(void)role;
	if (a.started || strcmp(json_words(m->body, "state"), "started") == 0)
		return;
	log_info("attack start: refused: %s", json_words(m->body, "why"));
	a.started = true;
	start_tool(a.peers, a.manifest, a.manifest_text);
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
		start_tool(a.peers, a.manifest, a.manifest_text);
}

static void
on_runner(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	start_another_program(a.peers, a.manifest, a.manifest_text);
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
    {MSG_CONTAINER_STATE, on_container},
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

	a.peers = p;
	a.console = read_key("/state/console.key");
	a.phone = read_key("/state/phone.key");
	a.lost = read_key("/state/lost.key");
	a.guest = read_key("/state/guest.key");
	a.narrow = read_key("/state/narrow.key");
	a.manifest_text = slurp("/state/notes.json");
	if (manifest_parse(a.manifest_text, strlen(a.manifest_text),
		&a.manifest, &why) != OK)
		fatal("attack: %s", why.text);
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
