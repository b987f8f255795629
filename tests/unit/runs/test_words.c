/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "../acts/fixture.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "fake_peers.h"
#include "runs/runs_priv.h"

#define NOTHING "{\"entries\":[]}"

static char folder[] = "/tmp/durward-words-XXXXXX";
static struct runs *runs;

static void
check_setup(void)
{
	struct runs_setup rs = {.peers = &fake_peers};
	struct json *row = json_object();

	crypto_open();
	fake_peers.loop = rs.loop = loop_new();
	fixture_open(folder, rs.loop);
	rs.judge = judge;
	runs = runs_new(&rs);
	runs_use(runs, ledger, NULL);
	json_put_str(row, "id", RUN);
	json_put_str(row, "goal", "talk");
	json_put_str(row, "labels", "");
	REQUIRE(runs_restore(runs, row) == OK);
	json_free(row);
}

static void
say(const char *text)
{
	struct json *body = json_object();
	char copy[64];
	struct msg m = {.type = MSG_WORDS, .body = body, .bulk = copy};

	snprintf(copy, sizeof(copy), "%s", text);
	m.bulk_len = strlen(copy);
	json_put_str(body, "run", RUN);
	runs_on_words(runs, &m);
	json_free(body);
}

/* The words from `from` on. */
static struct json *
heard(int64_t from)
{
	struct json *v = NULL;
	struct buf b;

	buf_init(&b, LANE_BULK_MAX);
	runs_listen(runs, 7, RUN, from);
	runs_heard(runs, 7, NOTHING, &b);
	CASE(b.p);
	CHECK(str_is_utf8(b.p, b.len));
	REQUIRE(json_parse(b.p, b.len, &v) == OK);
	buf_done(&b);
	return v;
}

TEST(a_reading_that_fails_keeps_nobodys_place)
{
	struct json *v;
	struct buf b;
	int i;

	say("It rains.");
	for (i = 1; i <= CLIENT_REQUESTS_MAX; i++) {
		buf_init(&b, LANE_BULK_MAX);
		runs_listen(runs, 100 + i, RUN, 0);
		CHECK(runs_has_words(runs, RUN));
		runs_heard(runs, 100 + i, NULL, &b);
		CHECK_INT(b.len, 0);
		buf_done(&b);
	}
	v = heard(0);
	CHECK_STR(json_words(v, "words"), "It rains.");
	json_free(v);
}

TEST(words_that_are_no_text_are_told_as_text)
{
	struct json *v = heard(0);
	int64_t from = json_int(v, "words_to", 0);

	json_free(v);
	say("warm \xff\xc3 \303\274ber\xe2\x82");
	v = heard(from);
	CHECK_STR(json_words(v, "words"), "warm ?? \303\274ber??");
	json_free(v);
}

TEST(who_does_not_listen_gets_the_entries_alone)
{
	struct buf b;

	buf_init(&b, LANE_BULK_MAX);
	runs_heard(runs, 9, NOTHING, &b);
	CHECK_STR(b.p, NOTHING);
	buf_done(&b);
}
