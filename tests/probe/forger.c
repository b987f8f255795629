/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a core that has been taken over and wants to change whom
 * the house trusts: it hands the vault commands that are right in all but
 * one thing, with the real vault behind them.  The test puts keys of clients
 * into core's folder.  Linked in the place of src/ipc/serve.c.
 */

#include "approval/command.h"
#include "ipc/peers_priv.h"
#include "keys.h"
#include "sys/clock.h"

static struct forger {
	struct peers *peers;
	struct trust trust;
	struct key *console;
	struct key *phone; /* An approver. */
	char challenge[TOKEN_SIZE];
	size_t step;
	/* The last command, to be sent again. */
	struct proof last;
	char body[256];
	/* The owner's command that enabled a tool. */
	struct proof enabling;
	char enabling_body[256];
	bool begun;
} f;

static void
send_command(void)
{
	struct json *v = json_object();

	json_put_int(v, "id", (int64_t)f.step + 1);
	json_put_str(v, "text", f.last.text);
	json_put_str(v, "signature", f.last.signature);
	peers_send_bulk(
	    f.peers, ROLE_VAULT, MSG_TRUST_COMMAND, v, f.body, strlen(f.body));
}

/* What a client would sign to lend the viewer everything. */
static void
good_command(const struct key *key, struct command *c)
{
	memset(c, 0, sizeof(*c));
	owner_of(key, &c->client);
	c->box = f.trust.box;
	snprintf(c->boot, sizeof(c->boot), "%s", peers_boot(f.peers));
	memcpy(c->challenge, f.challenge, sizeof(c->challenge));
	c->name = text("clients.lend");
	snprintf(f.body, sizeof(f.body),
	    "{\"client\":\"screen\",\"tools\":\"*\",\"until_ms\":%lld}",
	    (long long)clock_wall_ms() + 60 * 60 * 1000);
}

static void
sign_and_send(struct command *c, const struct key *key)
{
	struct buf b;

	crypto_hash(f.body, strlen(f.body), &c->body);
	buf_init(&b, COMMAND_MAX);
	if (command_write(c, &b) != OK)
		fatal("forger: the command cannot be written");
	sign_proof(&f.last, &b, key);
	buf_done(&b);
	send_command();
}

static void
step_approver(void)
{
	struct command c;

	good_command(f.phone, &c);
	sign_and_send(&c, f.phone);
}

/* It names the owner, and the approver's key signed it. */
static void
step_wrong_signature(void)
{
	struct command c;

	good_command(f.console, &c);
	sign_and_send(&c, f.phone);
}

static void
step_own_challenge(void)
{
	struct command c;

	good_command(f.console, &c);
	random_token(c.challenge);
	sign_and_send(&c, f.console);
}

static void
step_other_body(void)
{
	struct command c;
	struct buf b;

	good_command(f.console, &c);
	crypto_hash("{}", 2, &c.body);
	buf_init(&b, COMMAND_MAX);
	if (command_write(&c, &b) != OK)
		fatal("forger: the command cannot be written");
	sign_proof(&f.last, &b, f.console);
	buf_done(&b);
	send_command();
}

static void
step_good(void)
{
	struct command c;

	good_command(f.console, &c);
	sign_and_send(&c, f.console);
}

/* ---- A tool that the owner has disabled ---- */

static void
step_enable(void)
{
	struct command c;
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	good_command(f.console, &c);
	c.name = text("tool.enable");
	crypto_hash("{}", 2, &d);
	digest_hex(&d, hex);
	snprintf(f.body, sizeof(f.body),
	    "{\"tool\":\"lamp\",\"digest\":\"%s\",\"manifest\":\"{}\"}", hex);
	sign_and_send(&c, f.console);
	f.enabling = f.last;
	memcpy(f.enabling_body, f.body, sizeof(f.body));
}

static void
step_disable(void)
{
	struct command c;

	good_command(f.console, &c);
	c.name = text("tool.disable");
	snprintf(f.body, sizeof(f.body), "{\"tool\":\"lamp\"}");
	sign_and_send(&c, f.console);
}

static void
step_enable_again(void)
{
	f.last = f.enabling;
	memcpy(f.body, f.enabling_body, sizeof(f.body));
	send_command();
}

/* The approver wants it, and the digest is of something else. */
static void
step_enable_by_approver(void)
{
	struct command c;

	good_command(f.phone, &c);
	c.name = text("tool.enable");
	memcpy(f.body, f.enabling_body, sizeof(f.body));
	sign_and_send(&c, f.phone);
}

static void
step_other_manifest(void)
{
	struct command c;
	char *manifest;

	good_command(f.console, &c);
	c.name = text("tool.enable");
	memcpy(f.body, f.enabling_body, sizeof(f.body));
	manifest = strstr(f.body, "{}");
	memcpy(manifest, "[]", 2);
	sign_and_send(&c, f.console);
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[] = {
    {"approver", step_approver},
    {"wrong-signature", step_wrong_signature},
    {"own-challenge", step_own_challenge},
    {"other-body", step_other_body},
    {"good", step_good},
    {"replay", send_command},
    {"enable", step_enable},
    {"disable", step_disable},
    {"enable-again", step_enable_again},
    {"enable-by-approver", step_enable_by_approver},
    {"other-manifest", step_other_manifest},
};

/* Each step has a challenge of its own. */
static void
next_step(void)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct digest owner;

	owner_of(f.console, &owner);
	digest_hex(&owner, hex);
	json_put_int(body, "id", (int64_t)f.step + 1);
	json_put_str(body, "client", hex);
	peers_send(f.peers, ROLE_VAULT, MSG_CHALLENGE_WANTED, body);
}

static void
on_challenge(void *role, struct msg *m)
{
	(void)role;
	snprintf(f.challenge, sizeof(f.challenge), "%s",
	    json_words(m->body, "challenge"));
	if (f.step < ARRAY_LEN(steps))
		steps[f.step].run();
}

static void
on_answer(void *role, struct msg *m)
{
	bool ok = json_flag(m->body, "ok");

	(void)role;
	if (f.step >= ARRAY_LEN(steps))
		return;
	log_info("forger %s: %s: %s", steps[f.step].name,
	    ok ? "DONE" : "refused",
	    json_words(m->body, ok ? "what" : "error"));
	if (++f.step == ARRAY_LEN(steps)) {
		log_info("forger trusts: %s: the disabled tool",
		    trust_tool(&f.trust, "lamp") != NULL ? "DONE" : "refused");
		log_info("forger over");
	}
	if (f.step < ARRAY_LEN(steps))
		next_step();
}

/* It comes again with each change. */
static void
on_trust(void *role, struct msg *m)
{
	(void)role;
	if (trust_read(m->body, &f.trust) != OK)
		fatal("forger: no trust table");
	if (!f.begun)
		next_step();
	f.begun = true;
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler handlers[] = {
    {MSG_TRUST_TABLE, on_trust},
    {MSG_CHALLENGE, on_challenge},
    {MSG_TRUST_ANSWER, on_answer},
    {MSG_TOOLS_EPOCH, ignore},
    {MSG_CLIENT_REQUEST, ignore},
};

static void
on_lane(void *role, enum role peer)
{
	(void)role;
	if (peer == ROLE_VAULT)
		peers_send(f.peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
}

static void
take_over(struct peers *p)
{
	f.peers = p;
	f.console = read_key("/state/console.key");
	f.phone = read_key("/state/phone.key");
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
