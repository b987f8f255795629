/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "core/core_priv.h"
#include "crypto/crypto.h"
#include "sys/file.h"

/* What the core reads before it confines itself. */

#define DATABASE "/state/durward.db"
#define POLICY "/state/policy"

void
core_open_policy(struct core *c)
{
	struct errmsg why = {""};
	struct buf text;

	buf_init(&text, POLICY_BYTES_MAX);
	if (file_read(POLICY, &text) != OK)
		fatal("there is no policy; 'durward init' writes one");
	if (policy_parse(text.p, text.len, &c->policy, &why) != OK)
		fatal("%s", why.text);
	crypto_hash(text.p, text.len, &c->policy_digest);
	buf_done(&text);
}

static void
load_run(void *arg, const char *id, const char *goal, const char *principal)
{
	runs_restore(arg, id, goal, principal);
}

static void
load_manifest(void *arg, const char *text, size_t len)
{
	struct core *c = arg;
	struct slot *t;
	struct errmsg why;

	if (slots_put(c->slots, text, len, &t, &why) != OK)
		log_warn("a stored manifest is left out: %s", why.text);
}

void
core_open_ledger(struct core *c)
{
	struct ledger_load load = {.arg = c,
	    .run = load_run,
	    .act = acts_restore,
	    .acted = runs_acted,
	    .manifest = load_manifest};
	struct errmsg why = {""};

	if (ledger_open(DATABASE, c->loop, &load, &c->ledger, &why) != OK)
		fatal("%s", why.text);
}
