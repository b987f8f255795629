/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a core that has been taken over and wants the gate to open
 * more than anybody agreed to: it sends orders that are right in all but one
 * thing, with the real gate, vault, runner and container around it.  The test
 * puts keys of clients into core's folder.  Linked in the place of
 * src/ipc/serve.c.
 */

#include "ipc/peers_priv.h"
#include "proofs.h"
#include "starts.h"

#define ACT "00112233445566778899aabbccddeeff"
#define OTHER_ACT "ffeeddccbbaa99887766554433221100"
#define MARK "00000000000000000000000000000000"
#define HERE "{\"url\":\"http://news.test/\"}"
#define THERE "{\"url\":\"http://evil.test/\"}"

static struct opener {
	struct peers *peers;
	struct trust trust;
	struct manifest *manifest;
	char *manifest_text;
	struct key *console;
	size_t step;
	bool begun;
	bool waiting; /* For the gate to return. */
	bool opened; /* The step's call was, by what its end said. */
	bool said_ok;
	struct errmsg why;
	struct proof sent; /* To be sent again. */
} a;

static void
give_manifest(enum role to, const char *manifest)
{
	struct json *body = json_object();

	json_put_str(body, "tool", "web");
	peers_send_bulk(
	    a.peers, to, MSG_MANIFEST, body, manifest, strlen(manifest));
}

static struct json *
list_proof(const struct proof *p, struct buf *bulk)
{
	struct json *list = json_array();
	struct json *v;

	if (p == NULL)
		return list;
	v = json_object();
	json_put_int(v, "bytes", (int64_t)strlen(p->text));
	json_put_str(v, "signature", p->signature);
	json_push(list, v);
	buf_adds(bulk, p->text);
	return list;
}

static void
send_order(
    const char *args, const struct proof *sheet, const struct proof *grant)
{
	struct json *body = json_object();
	struct buf bulk;

	buf_init(&bulk, LANE_BULK_MAX);
	buf_adds(&bulk, args);
	json_put_str(body, "act", ACT);
	json_put_str(body, "tool", "web.fetch");
	json_put_int(body, "args_bytes", (int64_t)strlen(args));
	json_put(body, "sheets", list_proof(sheet, &bulk));
	json_put(body, "grants", list_proof(grant, &bulk));
	peers_send_bulk(
	    a.peers, ROLE_GATE, MSG_NET_ORDER, body, bulk.p, bulk.len);
	buf_done(&bulk);
}

/* The call is ended, and behind that stands an order for a tool that nobody
 * has: whatever the gate had opened is told between the two answers. */
static void
end_and_mark(void)
{
	struct json *end = json_object();
	struct json *mark = json_object();

	json_put_str(end, "act", ACT);
	peers_send(a.peers, ROLE_GATE, MSG_NET_END, end);
	json_put_str(mark, "act", MARK);
	json_put_str(mark, "tool", "none.none");
	json_put_int(mark, "args_bytes", 2);
	peers_send_bulk(a.peers, ROLE_GATE, MSG_NET_ORDER, mark, "{}", 2);
}

static struct scene
scene(void)
{
	return (struct scene){.trust = &a.trust,
	    .manifest = a.manifest,
	    .boot = peers_boot(a.peers),
	    .epoch = MARK, /* The gate has none. */
	    .act = ACT,
	    .tool = "web.fetch",
	    .args = HERE};
}

static void
sheet_by(const struct key *key, struct sheet *ret)
{
	struct scene c = scene();

	good_sheet(&c, key, ret);
	ret->effect = text("external");
	ret->network = text("news.test:80");
}

static void
sign_and_send(struct sheet *s, const struct key *key, const char *args)
{
	prove_sheet(s, key, &a.sent);
	send_order(args, &a.sent, NULL);
}

static void
step_no_sheet(void)
{
	send_order(HERE, NULL, NULL);
}

static void
step_foreign_key(void)
{
	struct key *key = key_generate();
	struct sheet s;

	sheet_by(key, &s);
	sign_and_send(&s, key, HERE);
	key_free(key);
}

static void
step_wrong_signature(void)
{
	struct key *key = key_generate();
	struct sheet s;

	sheet_by(a.console, &s);
	sign_and_send(&s, key, HERE);
	key_free(key);
}

static void
step_other_act(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	memcpy(s.act, OTHER_ACT, sizeof(s.act));
	sign_and_send(&s, a.console, HERE);
}

/* What the client read and signed names one host, the order reaches
 * another. */
static void
step_other_url(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	sign_and_send(&s, a.console, THERE);
}

/* The arguments are those of the sheet, but the line of its hosts, which is
 * what a person looks at, is not theirs. */
static void
step_other_host(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	s.args = text(THERE);
	sign_and_send(&s, a.console, THERE);
}

/* A manifest in which fetching asks nobody. */
static void
step_softer_manifest(void)
{
	char *copy = slurp("/state/web.json");
	char *at = strstr(copy, "\"external\"");

	if (at == NULL)
		fatal("opener: the manifest has no external effect");
	memcpy(at, "\"read\"    ", 10);
	give_manifest(ROLE_GATE, copy);
	free(copy);
	step_no_sheet();
	give_manifest(ROLE_GATE, a.manifest_text);
}

static void
step_good(void)
{
	struct sheet s;

	sheet_by(a.console, &s);
	sign_and_send(&s, a.console, HERE);
}

static void
step_replay(void)
{
	send_order(HERE, &a.sent, NULL);
}

static void
by_grant(const struct key *key, const char *args)
{
	struct scene c = scene();
	struct proof proof;
	struct grant g;

	good_grant(&c, a.console, &g);
	g.effect = text("external");
	prove_grant(&g, key, &proof);
	send_order(args, NULL, &proof);
}

static void
step_grant_forged(void)
{
	struct key *key = key_generate();

	by_grant(key, HERE);
	key_free(key);
}

static void
step_grant_other_url(void)
{
	by_grant(a.console, THERE);
}

static void
step_grant_good(void)
{
	by_grant(a.console, HERE);
}

static void
step_await_restart(void)
{
	a.waiting = true;
	log_info("opener waiting for a restart of the gate");
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[] = {
    {"no-sheet", step_no_sheet},
    {"foreign-key", step_foreign_key},
    {"wrong-signature", step_wrong_signature},
    {"other-act", step_other_act},
    {"other-url", step_other_url},
    {"other-host", step_other_host},
    {"softer-manifest", step_softer_manifest},
    {"grant-forged", step_grant_forged},
    {"grant-other-url", step_grant_other_url},
    {"grant-good", step_grant_good},
    {"good", step_good},
    {"replay", step_replay},
    {"await-restart", step_await_restart},
    {"older-than-its-start", step_replay},
};

static void
next_step(void)
{
	if (a.step == ARRAY_LEN(steps)) {
		log_info("opener over");
		return;
	}
	a.opened = false;
	steps[a.step].run();
}

static void
on_used(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	a.opened = true;
}

static void
on_open(void *role, struct msg *m)
{
	(void)role;
	if (strcmp(json_words(m->body, "act"), MARK) != 0) {
		a.said_ok = json_flag(m->body, "ok");
		snprintf(a.why.text, sizeof(a.why.text), "%s",
		    json_words(m->body, "why"));
		end_and_mark();
		return;
	}
	if (a.waiting) {
		/* Back, but does it have the vault's table yet? */
		if (strstr(a.why.text, "needs a signed sheet") == NULL) {
			step_no_sheet();
			return;
		}
		a.waiting = false;
	} else {
		log_info("opener %s: %s %s: %s", steps[a.step].name,
		    a.said_ok ? "DONE" : "refused",
		    a.opened ? "OPENED" : "shut", a.why.text);
	}
	a.step++;
	next_step();
}

static void
on_ready(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	if (!a.begun)
		next_step();
	a.begun = true;
}

static void
on_trust(void *role, struct msg *m)
{
	(void)role;
	if (trust_read(m->body, &a.trust) != OK)
		fatal("opener: no trust table");
}

static void
on_epoch(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	give_manifest(ROLE_TOOLS, a.manifest_text);
}

static void
on_runner(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	start_tool(a.peers, a.manifest, a.manifest_text);
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
    {MSG_NET_OPEN, on_open},
    {MSG_NET_USED, on_used},
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
	if (peer == ROLE_GATE) {
		give_manifest(ROLE_GATE, a.manifest_text);
		if (a.waiting)
			step_no_sheet();
	}
}

static void
take_over(struct peers *p)
{
	struct errmsg why = {""};

	a.peers = p;
	a.console = read_key("/state/console.key");
	a.manifest_text = slurp("/state/web.json");
	if (manifest_parse(a.manifest_text, strlen(a.manifest_text),
		&a.manifest, &why) != OK)
		fatal("opener: %s", why.text);
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
