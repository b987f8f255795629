/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_FIXTURE_H
#define APPROVAL_FIXTURE_H

/* A box with an owner, an approver, a viewer, a program and a revoked
 * owner, and one sheet for its owner. */

#include "approval/sheet.h"
#include "approval/trust.h"
#include "crypto/crypto.h"

#define S(text) ((struct str){text, sizeof(text) - 1})

#define FIXTURE_BOOT "000102030405060708090a0b0c0d0e0f"
#define FIXTURE_EPOCH "101112131415161718191a1b1c1d1e1f"
#define FIXTURE_ACT "202122232425262728292a2b2c2d2e2f"
#define FIXTURE_ARGS "{\"name\":\"shopping\"}"

enum {
	WHO_OWNER,
	WHO_APPROVER,
	WHO_VIEWER,
	WHO_PROGRAM,
	WHO_REVOKED,
	WHO_BROWSER,
	WHO_N
};

static struct key *keys[WHO_N];
static struct trust trust;

static inline void
fixture_open(void)
{
	static const enum client_role roles[WHO_N] = {CLIENT_OWNER,
	    CLIENT_APPROVER, CLIENT_VIEWER, CLIENT_PROGRAM, CLIENT_OWNER,
	    CLIENT_APPROVER};
	static const char *const names[WHO_N] = {
	    "console", "phone", "screen", "script", "lost", "kiosk"};
	struct key *box;
	int i;

	crypto_open();
	box = key_generate();
	key_public(box, &trust.box_key);
	public_id(&trust.box_key, &trust.box);
	key_free(box);
	for (i = 0; i < WHO_N; i++) {
		struct client c = {.role = roles[i],
		    .revoked = i == WHO_REVOKED,
		    .kind = i == WHO_BROWSER ? CLIENT_BROWSER : CLIENT_CLI,
		    .paired_ms = 1000 + i};

		keys[i] = key_generate();
		key_public(keys[i], &c.key);
		public_id(&c.key, &c.id);
		memcpy(c.name, names[i], strlen(names[i]));
		trust.clients[trust.n_clients++] = c;
	}
}

static inline void
fixture_close(void)
{
	int i;

	for (i = 0; i < WHO_N; i++)
		key_free(keys[i]);
}

static inline struct sheet
fixture_sheet(int who)
{
	struct sheet s = {.box = trust.box,
	    .client = trust.clients[who].id,
	    .nonce = "303132333435363738393a3b3c3d3e3f",
	    .boot = FIXTURE_BOOT,
	    .epoch = FIXTURE_EPOCH,
	    .issued_ms = 100000,
	    .lives_s = 600,
	    .log_size = 42,
	    .rule = S("box:lasting"),
	    .keys = 1,
	    .key = S("any"),
	    .attempt = S("first"),
	    .run = "404142434445464748494a4b4c4d4e4f",
	    .act = FIXTURE_ACT,
	    .principal = S("console"),
	    .tool = S("notes.delete"),
	    .effect = S("system"),
	    .image = S("sha256:abc"),
	    .schema = S("5566"),
	    .args = S(FIXTURE_ARGS),
	    .origins = S("name:person"),
	    .entities = S("none"),
	    .network = S("none"),
	    .secrets = S("none"),
	    .folders = S("none"),
	    .price = S("none"),
	    .labels = S("none"),
	    .decision = S("approve")};

	crypto_hash("root", 4, &s.log_root);
	crypto_hash("policy", 6, &s.policy);
	crypto_hash("manifest", 8, &s.manifest);
	crypto_hash(FIXTURE_ARGS, strlen(FIXTURE_ARGS), &s.args_digest);
	return s;
}

/* Points at `sheet`'s digest; everything else is constant. */
static inline struct sheet_binding
fixture_binding(const struct sheet *sheet)
{
	struct sheet_binding b = {.boot = FIXTURE_BOOT,
	    .epoch = FIXTURE_EPOCH,
	    .now_ms = 100000,
	    .act = FIXTURE_ACT,
	    .tool = "notes.delete",
	    .effect = "system",
	    .manifest = &sheet->manifest,
	    .args = S(FIXTURE_ARGS),
	    .network = "none",
	    .secrets = "none",
	    .folders = "none"};

	return b;
}

#endif
