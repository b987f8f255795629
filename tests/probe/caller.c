/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a core and a mind that have been taken over and call models
 * as a test tells them: with the real egress and vault between them.  The
 * test puts numbered commands and keys of clients into core's folder, and
 * reads there what came back.  Linked in the place of src/ipc/serve.c.
 */

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "approval/command.h"
#include "ipc/peers_priv.h"
#include "proofs.h"
#include "tool/reach.h"

#define NONE "00000000000000000000000000000000"

static struct caller {
	struct peers *peers;
	struct trust trust;
	struct key *console;
	int next; /* Command. */
	int answers;
	bool have_trust;
	char *adding; /* A manifest, until the vault has it. */
	struct proof last; /* To be sent again. */
	/* Of a mind that slept: what comes is not passed on one by one. */
	bool slept;
	struct heard {
		char run[TOKEN_SIZE];
		struct hashing *hashing;
		int64_t bytes;
	} heard[4];
} a;

/* ---- What came back, for the test ---- */

static void
note_bulk(const char *what, const struct json *body, const char *p, size_t len)
{
	struct json *row = json_object();
	char *hex = xalloc(2 * len + 1);
	char *line;

	hex_write(hex, (const uint8_t *)p, len);
	json_put_str(row, "what", what);
	json_put(row, "body", json_copy(body));
	json_put_str(row, "bulk", hex);
	json_put_int(row, "at_ms", clock_boot_ms());
	line = json_print(row);
	if (write(a.answers, line, strlen(line)) < 0 ||
	    write(a.answers, "\n", 1) < 0)
		fatal("caller: the answer cannot be written");
	free(line);
	free(hex);
	json_free(row);
}

static void
note(const char *what, const struct json *body)
{
	note_bulk(what, body, "", 0);
}

/* ---- The mind: it passes on ---- */

static void
on_told(void *role, struct msg *m)
{
	const char *what = json_words(m->body, "do");
	bool slept = strcmp(what, "sleep") == 0;
	struct timespec t = {.tv_sec = json_int(m->body, "seconds", 0)};

	(void)role;
	a.slept = a.slept && strcmp(what, "wake") != 0;
	if (slept) {
		nanosleep(&t, NULL);
		a.slept = true;
	} else if (strcmp(what, "cancel") == 0)
		peers_send(
		    a.peers, ROLE_EGRESS, MSG_MODEL_CANCEL, json_copy(m->body));
	else if (strcmp(what, "request") == 0)
		peers_send_bulk(a.peers, ROLE_EGRESS, MSG_MODEL_REQUEST,
		    json_copy(m->body), m->bulk, m->bulk_len);
}

static void
pass_up(struct msg *m, const char *what)
{
	struct json *body = json_copy(m->body);

	json_put_str(body, "what", what);
	if (peers_send_bulk(a.peers, ROLE_CORE, MSG_WORDS, body, m->bulk,
		m->bulk_len) != OK)
		log_warn("caller: the mind lost a piece");
}

/* A place for this run's bytes. */
static struct heard *
heard_of(const char *run)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(a.heard); i++)
		if (a.heard[i].hashing != NULL &&
		    strcmp(a.heard[i].run, run) == 0)
			return &a.heard[i];
	for (i = 0; i < ARRAY_LEN(a.heard); i++)
		if (a.heard[i].hashing == NULL)
			break;
	if (i == ARRAY_LEN(a.heard))
		fatal("caller: too many runs at once");
	a.heard[i] = (struct heard){.hashing = hashing_new()};
	snprintf(a.heard[i].run, sizeof(a.heard[i].run), "%s", run);
	return &a.heard[i];
}

static void
on_data(void *role, struct msg *m)
{
	struct heard *h;

	(void)role;
	if (!a.slept) {
		pass_up(m, "data");
		return;
	}
	h = heard_of(json_words(m->body, "run"));
	hashing_add(h->hashing, m->bulk, m->bulk_len);
	h->bytes += (int64_t)m->bulk_len;
}

static void
on_end(void *role, struct msg *m)
{
	struct json *body = json_copy(m->body);
	char hex[DIGEST_HEX_SIZE];
	struct msg with = *m;
	struct heard *h;
	struct digest d;

	(void)role;
	if (a.slept) {
		h = heard_of(json_words(m->body, "run"));
		hashing_end(h->hashing, &d);
		h->hashing = NULL;
		digest_hex(&d, hex);
		json_put_str(body, "got", hex);
		json_put_int(body, "bytes", h->bytes);
	}
	with.body = body;
	pass_up(&with, "end");
	json_free(body);
}

static const struct peer_handler mind_handlers[] = {
    {MSG_TURN_START, on_told},
    {MSG_MODEL_DATA, on_data},
    {MSG_MODEL_END, on_end},
};

/* ---- The core ---- */

static struct manifest *
read_manifest(const char *file)
{
	struct errmsg why = {""};
	struct manifest *m;
	char path[256];
	char *document;

	snprintf(path, sizeof(path), "/state/%s", file);
	document = slurp(path);
	if (manifest_parse(document, strlen(document), &m, &why) != OK)
		fatal("caller: %s: %s", file, why.text);
	free(document);
	return m;
}

static void
give_manifest(const struct json *c)
{
	char path[256];
	char *document;

	snprintf(path, sizeof(path), "/state/%s", json_words(c, "file"));
	document = slurp(path);
	peers_send_bulk(a.peers, ROLE_EGRESS, MSG_MANIFEST, NULL, document,
	    strlen(document));
	free(document);
}

/* An owner signs it: the vault gives a challenge first. */
static void
trust_manifest(const struct json *c)
{
	struct json *body = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct digest owner;
	char path[256];

	snprintf(path, sizeof(path), "/state/%s", json_words(c, "file"));
	free(a.adding);
	a.adding = slurp(path);
	owner_of(a.console, &owner);
	digest_hex(&owner, hex);
	json_put_int(body, "id", 1);
	json_put_str(body, "client", hex);
	peers_send(a.peers, ROLE_VAULT, MSG_CHALLENGE_WANTED, body);
}

static void
send_command(const struct command *c, const char *text)
{
	struct json *v = json_object();
	struct proof proof;
	struct buf b;

	buf_init(&b, COMMAND_MAX);
	if (command_write(c, &b) != OK)
		fatal("caller: the command cannot be written");
	sign_proof(&proof, &b, a.console);
	buf_done(&b);
	json_put_int(v, "id", 1);
	json_put_str(v, "text", proof.text);
	json_put_str(v, "signature", proof.signature);
	peers_send_bulk(
	    a.peers, ROLE_VAULT, MSG_TRUST_COMMAND, v, text, strlen(text));
}

static void
on_challenge(void *role, struct msg *m)
{
	const char *challenge = json_words(m->body, "challenge");
	struct json *document = NULL;
	struct json *body = json_object();
	struct command c = {.box = a.trust.box};
	char hex[DIGEST_HEX_SIZE];
	struct digest d;
	char *text_of;

	(void)role;
	if (json_parse(a.adding, strlen(a.adding), &document) != OK)
		fatal("caller: the manifest is no JSON");
	crypto_hash(a.adding, strlen(a.adding), &d);
	digest_hex(&d, hex);
	json_put_str(body, "tool", json_words(document, "name"));
	json_put_str(body, "digest", hex);
	json_put_str(body, "manifest", a.adding);
	text_of = json_print(body);
	owner_of(a.console, &c.client);
	snprintf(c.boot, sizeof(c.boot), "%s", peers_boot(a.peers));
	snprintf(c.challenge, sizeof(c.challenge), "%s", challenge);
	c.name = text("tool.add");
	crypto_hash(text_of, strlen(text_of), &c.body);
	send_command(&c, text_of);
	free(text_of);
	json_free(body);
	json_free(document);
}

static void
on_trusted(void *role, struct msg *m)
{
	(void)role;
	note("trusted", m->body);
}

static struct scene
scene_of(const struct json *c, const struct manifest *m)
{
	return (struct scene){.trust = &a.trust,
	    .manifest = m,
	    .boot = peers_boot(a.peers),
	    .epoch = NONE, /* Egress has none. */
	    .act = json_words(c, "act"),
	    .tool = json_words(c, "tool"),
	    .args = json_words(c, "args")};
}

static void
sign_sheet(const struct json *c, const struct manifest *m)
{
	struct scene scene = scene_of(c, m);
	struct errmsg why = {""};
	struct reach reach;
	struct sheet s;
	struct buf network;
	struct buf secrets;

	good_sheet(&scene, a.console, &s);
	s.effect = text("external");
	s.image = text("none");
	if (reach_of_text(m, &m->functions[0], s.args, &reach, &why) != OK)
		fatal("caller: %s", why.text);
	buf_init(&network, REACH_TEXT_MAX);
	buf_init(&secrets, MANIFEST_SECRETS_MAX);
	reach_write(&reach, &network);
	manifest_write_secrets(m, &secrets);
	s.network = text(network.p);
	s.secrets = text(secrets.p);
	prove_sheet(&s, a.console, &a.last);
	buf_done(&network);
	buf_done(&secrets);
}

static void
sign_grant(const struct json *c, const struct manifest *m)
{
	struct scene scene = scene_of(c, m);
	struct grant g;

	good_grant(&scene, a.console, &g);
	g.effect = text("external");
	g.args = text("any");
	if (strcmp(json_words(c, "proof"), "money") == 0) {
		g.args = text("words arg.model=\"tiny\"");
		g.usd_day = 1000000;
	}
	prove_grant(&g, a.console, &a.last);
}

/* "proof": "sheet", "grant", "money" (a grant that names the model `tiny`),
 * "again" (the last one once more) or none. */
static void
give_order(const struct json *c)
{
	const char *args = json_words(c, "args");
	const char *proof = json_words(c, "proof");
	bool granted =
	    strcmp(proof, "grant") == 0 || strcmp(proof, "money") == 0;
	struct json *body = json_copy(c);
	struct json *list = json_array();
	struct json *v = json_object();
	struct manifest *m =
	    proof[0] != '\0' ? read_manifest(json_words(c, "file")) : NULL;
	struct buf bulk;

	buf_init(&bulk, LANE_BULK_MAX);
	buf_adds(&bulk, args);
	json_put_int(body, "args_bytes", (int64_t)strlen(args));
	if (strcmp(proof, "sheet") == 0)
		sign_sheet(c, m);
	else if (granted)
		sign_grant(c, m);
	if (proof[0] != '\0') {
		json_put_int(v, "bytes", (int64_t)strlen(a.last.text));
		json_put_str(v, "signature", a.last.signature);
		json_push(list, json_copy(v));
		buf_adds(&bulk, a.last.text);
	}
	json_put(body, granted ? "grants" : "sheets", list);
	peers_send_bulk(
	    a.peers, ROLE_EGRESS, MSG_MODEL_ORDER, body, bulk.p, bulk.len);
	buf_done(&bulk);
	json_free(v);
	manifest_free(m);
}

static void
tell_mind(const struct json *c)
{
	const char *file = json_words(c, "body");
	char path[256];
	char *body = NULL;

	snprintf(path, sizeof(path), "/state/%s", file);
	if (file[0] != '\0')
		body = slurp(path);
	peers_send_bulk(a.peers, ROLE_MIND, MSG_TURN_START, json_copy(c), body,
	    body != NULL ? strlen(body) : 0);
	free(body);
}

static void
stop_act(const struct json *c)
{
	peers_send(a.peers, ROLE_EGRESS, MSG_MODEL_STOP, json_copy(c));
}

/* {"id", "text", "signature"} */
static void
give_notice(const struct json *c)
{
	const char *target = json_words(c, "text");

	peers_send_bulk(a.peers, ROLE_EGRESS, MSG_NOTICE_ORDER, json_copy(c),
	    target, strlen(target));
}

static const struct {
	const char *name;
	void (*run)(const struct json *c);
} commands[] = {
    {"manifest", give_manifest},
    {"trust", trust_manifest},
    {"request", tell_mind},
    {"cancel", tell_mind},
    {"sleep", tell_mind},
    {"wake", tell_mind},
    {"order", give_order},
    {"stop", stop_act},
    {"notice", give_notice},
};

static void
run_command(const char *line)
{
	struct json *c;
	size_t i;

	if (json_parse(line, strlen(line), &c) != OK)
		fatal("caller: a command is no JSON");
	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(json_words(c, "do"), commands[i].name) == 0)
			commands[i].run(c);
	json_free(c);
}

static void
look(void *arg)
{
	char name[32];
	char *line;

	(void)arg;
	snprintf(name, sizeof(name), "do-%d", a.next);
	while (a.have_trust && peers_have(a.peers, ROLE_EGRESS) &&
	    file_load("/state", name, &line) == OK) {
		run_command(line);
		free(line);
		snprintf(name, sizeof(name), "do-%d", ++a.next);
	}
	loop_timer(a.peers->loop, clock_boot_ms() + 5, look, NULL);
}

static void
on_words(void *role, struct msg *m)
{
	(void)role;
	note_bulk(json_words(m->body, "what"), m->body, m->bulk, m->bulk_len);
}

static void
on_done(void *role, struct msg *m)
{
	(void)role;
	note("done", m->body);
}

static void
on_notice_done(void *role, struct msg *m)
{
	(void)role;
	note("notice", m->body);
}

static void
on_redacted(void *role, struct msg *m)
{
	(void)role;
	note("redacted", m->body);
}

static void
on_trust(void *role, struct msg *m)
{
	(void)role;
	if (trust_read(m->body, &a.trust) != OK)
		fatal("caller: no trust table");
	a.have_trust = true;
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler core_handlers[] = {
    {MSG_TRUST_TABLE, on_trust},
    {MSG_CHALLENGE, on_challenge},
    {MSG_TRUST_ANSWER, on_trusted},
    {MSG_WORDS, on_words},
    {MSG_MODEL_DONE, on_done},
    {MSG_NOTICE_DONE, on_notice_done},
    {MSG_REDACTED, on_redacted},
    {MSG_TOOLS_EPOCH, ignore},
    {MSG_RUNNER_STATE, ignore},
    {MSG_CLIENT_REQUEST, ignore},
};

static void
on_lane(void *role, enum role peer)
{
	struct json *body = json_object();

	(void)role;
	json_put_str(body, "peer", role_name(peer));
	if (peer == ROLE_VAULT)
		peers_send(a.peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
	note("lane", body);
	json_free(body);
}

static void
take_over_core(struct peers *p)
{
	a.console = read_key("/state/console.key");
	a.answers = open(
	    "/state/answers", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (a.answers < 0)
		fatal("caller: no answers can be written");
	a.next = 1;
	p->setup.handlers = core_handlers;
	p->setup.n_handlers = ARRAY_LEN(core_handlers);
	p->setup.on_lane = on_lane;
	p->setup.on_lost = NULL;
	look(NULL);
}

int
peers_serve(struct peers *p)
{
	a.peers = p;
	if (p->setup.self == ROLE_CORE)
		take_over_core(p);
	if (p->setup.self == ROLE_MIND) {
		p->setup.handlers = mind_handlers;
		p->setup.n_handlers = ARRAY_LEN(mind_handlers);
		p->setup.on_lane = NULL;
		p->setup.on_lost = NULL;
	}
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
