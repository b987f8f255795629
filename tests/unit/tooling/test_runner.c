/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "fake_clock.h"
#include "fake_peers.h"
#include "tooling/tooling_priv.h"

#define FLOOD (2 * STORE_QUEUE_MAX)

static char folder[] = "/tmp/durward-runner-XXXXXX";
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

static const char manifest[] =
    "{\"name\":\"notes\",\"version\":\"1\",\"transport\":"
    "\"container\",\"kind\":\"call\",\"image\":\"sha256:"
    "0000000000000000000000000000000000000000000000000000000000000000"
    "\",\"command\":[\"/program\"],\"volume\":false,"
    "\"functions\":{\"save\":{\"effect\":\"read\",\"args\":{}}}}";

static void
open_slot(void)
{
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
	CHECK(tooling->stray_ends > 0);
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

/* ---- A runner that says nothing ---- */

static void
let_pass(int64_t ms)
{
	int i;

	ahead_s += ms / 1000 + 1;
	for (i = 0; i < 5; i++)
		loop_turn(fake_peers.loop, 20);
}

/* What the client with this request was told, or NULL. */
static const char *
told(int64_t id)
{
	size_t i;

	for (i = 0; i < fake_n_sent; i++)
		if (fake_sent[i].type == MSG_CLIENT_REPLY &&
		    json_int(fake_sent[i].body, "id", 0) == id)
			return fake_sent[i].bulk;
	return NULL;
}

static void
runner_answers(void (*handler)(struct tooling *, const struct msg *),
    int64_t id, const char *tool)
{
	struct json *body = json_object();
	struct msg m = {.from = ROLE_RUNNER, .body = body};

	json_put_int(body, "id", id);
	json_put_str(body, "tool", tool);
	json_put_bool(body, "ok", true);
	handler(tooling, &m);
	json_free(body);
}

static void
add_notes(int64_t id)
{
	static const struct client owner = {
	    .name = "console", .role = CLIENT_OWNER};
	struct json *params = json_object();
	struct json *envelope = json_object();
	struct request k = {.id = id,
	    .client = &owner,
	    .params = params,
	    .envelope = envelope,
	    .raw = {"{}", 2}};
	struct errmsg why = {""};

	json_put_str(params, "tool", "notes");
	json_put_str(params, "manifest", manifest);
	json_put_str(params, "archive", "/somewhere/image.tar");
	tooling->settled = tooling->runner.ready = true;
	CHECK(tooling_add(tooling, &k, &why) == OK);
	CHECK_STR(why.text, "");
	json_free(params);
	json_free(envelope);
}

TEST(an_image_is_not_waited_for_without_end)
{
	fake_forget();
	add_notes(5);
	REQUIRE(fake_count(MSG_IMAGE_LOAD) == 1);
	let_pass(IMAGE_LOAD_MS);
	CHECK(told(5) == NULL);
	let_pass(IMAGE_ANSWER_MS - IMAGE_LOAD_MS);
	REQUIRE(told(5) != NULL);
	CHECK(strstr(told(5), "nothing was added, try again") != NULL);
	/* It comes after all: no manifest names it, and the runner hears so. */
	fake_forget();
	runner_answers(tooling_on_image, 5, "notes");
	CHECK_INT(fake_count(MSG_IMAGES_NAMED), 1);
	CHECK_INT(fake_count(MSG_TRUST_COMMAND), 0);
	/* And there is room for another try. */
	add_notes(6);
	CHECK_INT(fake_count(MSG_IMAGE_LOAD), 1);
	runner_answers(tooling_on_image, 6, "notes");
	let_pass(0);
	CHECK_INT(fake_count(MSG_TRUST_COMMAND), 1);
	let_pass(ROLE_ANSWER_MS);
	REQUIRE(told(6) != NULL);
	CHECK(strstr(told(6), "the vault did not answer") != NULL);
	CHECK(!tooling_on_trust_refused(tooling, 99, "no"));
	CHECK(tooling_on_trust_refused(tooling, 6, "no"));
	fake_forget();
}

TEST(what_a_removed_tool_left_is_not_waited_for_without_end)
{
	struct tool *t = tools_take(tooling, "old");

	REQUIRE(t != NULL);
	t->wipe = strdup("");
	tooling->runner.ready = true;
	fake_forget();
	leaving_wipe(tooling, t, 8);
	REQUIRE(fake_count(MSG_TOOL_WIPE) == 1);
	let_pass(WIPE_MS);
	CHECK(told(8) == NULL);
	let_pass(WIPE_ANSWER_MS - WIPE_MS);
	REQUIRE(told(8) != NULL);
	CHECK(strstr(told(8), "tried again when it starts") != NULL);
	/* It is done after all, which the log says and nobody is told again. */
	fake_forget();
	runner_answers(tooling_on_wiped, 0, "old");
	CHECK(tools_find(tooling, "old") == NULL);
	let_pass(0);
	CHECK(told(8) == NULL);
	fake_forget();
}
