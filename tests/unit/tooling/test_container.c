/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "fake_peers.h"
#include "tooling/tooling_priv.h"

#define FLOOD (2 * STORE_QUEUE_MAX)

static char folder[] = "/tmp/durward-container-XXXXXX";
static struct trust trust;
static struct requests requests = {.peers = &fake_peers};
static struct tooling *tooling;
static struct slot *slot;

static enum err
no_row(void *arg, enum ledger_row table, const struct json *row)
{
	(void)arg;
	(void)table;
	(void)row;
	return OK;
}

static const struct house_function *
no_function(const char *name)
{
	(void)name;
	return NULL;
}

static enum fact
no_fact(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return FACT_UNKNOWN;
}

static const char *
no_epoch(void *arg)
{
	(void)arg;
	return "";
}

static void
open_slot(void)
{
	static const char manifest[] =
	    "{\"name\":\"notes\",\"version\":\"1\",\"transport\":"
	    "\"container\",\"kind\":\"call\",\"image\":\"sha256:"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "\",\"command\":[\"/program\"],\"volume\":false,"
	    "\"functions\":{\"save\":{\"effect\":\"read\",\"args\":{}}}}";
	struct errmsg why = {""};

	if (slots_put(tooling_slots(tooling), manifest, strlen(manifest), &slot,
		&why) != OK)
		fatal("%s", why.text);
}

static void
check_setup(void)
{
	struct judge_setup js = {
	    .trust = &trust, .kernel = "", .fact = no_fact};
	struct tooling_setup s = {.requests = &requests, .trust = &trust};
	struct acts_setup as = {.trust = &trust,
	    .ports = {.house = no_function, .epoch = no_epoch}};
	struct ledger_load load = {.row = no_row};
	struct errmsg why = {""};
	char path[64];

	crypto_open();
	check_folder(folder);
	s.loop = as.loop = fake_peers.loop = loop_new();
	snprintf(path, sizeof(path), "%s/durward.db", folder);
	if (ledger_open(path, s.loop, &load, &requests.ledger, &why) != OK)
		fatal("%s", why.text);
	tooling = tooling_new(&s);
	as.judge = judge_new(&js);
	as.slots = tooling_slots(tooling);
	tooling_use(tooling, acts_new(&as), true);
	if (tooling_set_exempt(tooling, "notes", true) != OK)
		fatal("no exception");
	open_slot();
}

static void
runner_says(const char *state, const char *container, const char *why)
{
	struct json *body = json_object();
	struct msg m = {
	    .type = MSG_CONTAINER_STATE, .from = ROLE_RUNNER, .body = body};

	json_put_str(body, "tool", "notes");
	json_put_str(body, "state", state);
	json_put_str(body, "container", container);
	json_put_str(body, "why", why);
	tooling_on_container(tooling, &m);
	json_free(body);
}

/* The entries that the log has by now. */
static int
count_entries(void)
{
	int i;

	for (i = 0; i < 20; i++)
		loop_turn(fake_peers.loop, 20);
	return (int)ledger_head(requests.ledger)->size;
}

static void
start(const char *container)
{
	tooling->runner.ready = true;
	slot_want(slot);
	runner_says("started", container, "");
	fake_forget();
}

TEST(the_end_of_a_container_is_logged_once_however_often_it_is_said)
{
	int before;
	int i;

	start("c1");
	before = count_entries();
	for (i = 0; i < FLOOD; i++)
		runner_says("killed", "c1", "its volume is full");
	CHECK_INT(count_entries() - before, 1);
	for (i = 0; i < FLOOD; i++)
		runner_says("killed", "", "its volume is full");
	CHECK_INT(count_entries() - before, 1);
}

TEST(the_end_of_a_container_that_is_not_there_is_not_logged)
{
	int before;

	start("c2");
	before = count_entries();
	runner_says("killed", "c1", "its volume is full");
	CHECK_INT(count_entries() - before, 0);
	CHECK_STR(slot_container(slot), "c2");
	runner_says("killed", "c2", "its volume is full");
	CHECK_INT(count_entries() - before, 1);
}

/* An entry that is too large would end the house. */
TEST(what_the_runner_says_of_an_end_is_cut)
{
	size_t len = LANE_BODY_MAX - 1024;
	char *why = malloc(len + 1);
	int before;

	REQUIRE(why != NULL);
	memset(why, 'w', len);
	why[len] = '\0';
	start("c3");
	before = count_entries();
	runner_says("killed", "c3", why);
	CHECK_INT(count_entries() - before, 1);
	start("c4");
	before = count_entries();
	runner_says("failed", "c4", why);
	CHECK_INT(count_entries() - before, 0);
	free(why);
}
