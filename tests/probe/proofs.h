/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PROOFS_H
#define PROBE_PROOFS_H

/* Sheets and grants that are right in everything, so that a probe can spoil
 * one thing of each. */

#include "approval/grant.h"
#include "keys.h"
#include "sys/clock.h"
#include "tool/manifest.h"

/* What the act is, and of which house. */
struct scene {
	const struct trust *trust;
	const struct manifest *manifest;
	const char *boot;
	const char *epoch;
	const char *act;
	const char *tool;
	const char *args;
};

/* A sheet that is right in everything; the caller spoils one thing. */
static void
good_sheet(const struct scene *c, const struct key *key, struct sheet *s)
{
	static char schema[DIGEST_HEX_SIZE];

	memset(s, 0, sizeof(*s));
	owner_of(key, &s->client);
	s->box = c->trust->box;
	random_token(s->nonce);
	snprintf(s->boot, sizeof(s->boot), "%s", c->boot);
	snprintf(s->epoch, sizeof(s->epoch), "%s", c->epoch);
	s->issued_ms = clock_boot_ms();
	s->lives_s = 600;
	snprintf(s->run, sizeof(s->run), "%s", c->act);
	snprintf(s->act, sizeof(s->act), "%s", c->act);
	digest_hex(&c->manifest->schema, schema);
	s->rule = text("box:lasting");
	s->keys = 1;
	s->key = text(SHEET_KEY_ANY);
	s->attempt = text("first");
	s->principal = text("console");
	s->tool = text(c->tool);
	s->effect = text("system");
	s->manifest = c->manifest->digest;
	s->image = text(c->manifest->image);
	s->schema = text(schema);
	s->args = text(c->args);
	s->origins = text("name:person");
	s->entities = s->network = s->secrets = s->folders = s->price =
	    s->labels = text("none");
	s->decision = text("approve");
}

static void
prove_sheet(struct sheet *s, const struct key *key, struct proof *ret)
{
	struct buf b;

	crypto_hash(s->args.p, s->args.len, &s->args_digest);
	buf_init(&b, SHEET_MAX);
	if (sheet_write(s, &b) != OK)
		fatal("attack: the sheet cannot be written");
	sign_proof(ret, &b, key);
	buf_done(&b);
}

static void
good_grant(const struct scene *c, const struct key *key, struct grant *g)
{
	static char args[256];

	memset(g, 0, sizeof(*g));
	owner_of(key, &g->client);
	g->box = c->trust->box;
	random_token(g->id);
	snprintf(args, sizeof(args), "exact %s", c->args);
	g->rule = text("box:lasting");
	g->tool = text(c->tool);
	g->effect = text("system");
	g->manifest = c->manifest->digest;
	g->args = text(args);
	g->hours = text("any");
	g->uses = 3;
	g->issued_ms = clock_wall_ms() - 1000;
	g->until_ms = clock_wall_ms() + 60 * 1000;
}

static void
prove_grant(const struct grant *g, const struct key *key, struct proof *ret)
{
	struct buf b;

	buf_init(&b, GRANT_MAX);
	if (grant_write(g, &b) != OK)
		fatal("attack: the grant cannot be written");
	sign_proof(ret, &b, key);
	buf_done(&b);
}

#endif
