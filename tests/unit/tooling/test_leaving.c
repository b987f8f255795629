/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "crypto/crypto.h"
#include "fake_peers.h"
#include "tooling/tooling_priv.h"

static struct trust trust;
static struct requests requests = {.peers = &fake_peers};

static void
check_setup(void)
{
	crypto_open();
}

/* Settled, with the runner there. */
static void
open_tooling(struct tooling *tg)
{
	memset(tg, 0, sizeof(*tg));
	memset(&trust, 0, sizeof(trust));
	tg->s.requests = &requests;
	tg->s.trust = &trust;
	tg->whole = tg->settled = tg->runner.ready = true;
	fake_forget();
}

/* As a database has it that wants away what the tool left. */
static void
remove_tool(struct tooling *tg, const char *name)
{
	struct tool *t = tools_take(tg, name);

	REQUIRE(t != NULL);
	t->wipe = strdup("");
}

static void
close_tooling(struct tooling *tg)
{
	while (tg->n_tools > 0)
		tools_forget(tg, tg->tools[0]);
	fake_forget();
}

static void
trust_tool_now(const char *name, const char *manifest)
{
	struct digest d;

	crypto_hash(manifest, strlen(manifest), &d);
	REQUIRE(trust_set_tool(&trust, name, &d) == OK);
}

TEST(what_a_removed_tool_left_is_asked_away_at_the_start_of_the_runner)
{
	struct tooling tg;

	open_tooling(&tg);
	remove_tool(&tg, "notes");
	leaving_wipe_all(&tg);
	REQUIRE(fake_count(MSG_TOOL_WIPE) == 1);
	CHECK_STR(json_words(fake_last(MSG_TOOL_WIPE), "tool"), "notes");
	close_tooling(&tg);
}

/* A backup from before: it says that the tool's data is to go, and the table
 * of today that the tool is there. */
TEST(what_was_added_again_since_a_restored_backup_is_left_alone)
{
	struct tooling tg;

	open_tooling(&tg);
	remove_tool(&tg, "notes");
	trust_tool_now("notes", "{}");
	leaving_wipe_all(&tg);
	CHECK_INT(fake_count(MSG_TOOL_WIPE), 0);
	leaving_name_images(&tg);
	CHECK_INT(fake_count(MSG_IMAGES_NAMED), 0);
	close_tooling(&tg);
}

/* It may have what the removed one had. */
TEST(nothing_is_wiped_while_the_table_names_a_tool_that_is_not_known)
{
	struct tooling tg;

	open_tooling(&tg);
	remove_tool(&tg, "notes");
	trust_tool_now("files", "{}");
	leaving_wipe_all(&tg);
	CHECK_INT(fake_count(MSG_TOOL_WIPE), 0);
	trust.n_tools = 0;
	leaving_wipe_all(&tg);
	CHECK_INT(fake_count(MSG_TOOL_WIPE), 1);
	close_tooling(&tg);
}

TEST(nothing_is_wiped_by_a_database_that_stands_in)
{
	struct tooling tg;

	open_tooling(&tg);
	remove_tool(&tg, "notes");
	tg.whole = false;
	leaving_wipe_all(&tg);
	CHECK_INT(fake_count(MSG_TOOL_WIPE), 0);
	close_tooling(&tg);
}
