/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "check.h"
#include "egress/egress_priv.h"
#include "tool/manifest.h"

static struct requests rs;

static void
check_setup(void)
{
	requests_expire(&rs, INT64_MAX);
	crypto_open();
}

static enum err
put(const char *run, int64_t step, const char *body, int64_t now_ms)
{
	return requests_put(&rs, run, step, body, strlen(body), now_ms);
}

/* What was taken, until the next. */
static const char *
take(const char *run, int64_t step, int64_t now_ms)
{
	static char *body;
	size_t len = 0;

	free(body);
	body = requests_take(&rs, run, step, now_ms, &len);
	if (body != NULL)
		CHECK_INT(strlen(body), len);
	return body != NULL ? body : "none";
}

TEST(a_request_is_taken_once_and_by_its_own_order)
{
	REQUIRE(put("a", 1, "one", 0) == OK);
	CHECK_STR(take("a", 2, 0), "none");
	CHECK_STR(take("b", 1, 0), "none");
	CHECK_STR(take("", 0, 0), "none");
	CHECK_STR(take("a", 1, 0), "one");
	CHECK_STR(take("a", 1, 0), "none");
}

TEST(a_newer_request_of_a_run_takes_the_place_of_the_older)
{
	REQUIRE(put("a", 1, "one", 0) == OK);
	REQUIRE(put("b", 1, "other", 0) == OK);
	REQUIRE(put("a", 2, "two", 5) == OK);
	CHECK_STR(take("a", 1, 5), "none");
	CHECK_STR(take("a", 2, 5), "two");
	CHECK_STR(take("b", 1, 5), "other");
}

TEST(a_request_waits_so_long_and_no_longer)
{
	REQUIRE(put("a", 1, "one", 100) == OK);
	REQUIRE(put("b", 1, "two", 101) == OK);
	CHECK_STR(take("a", 1, 100 + MODEL_REQUEST_KEPT_MS), "none");
	requests_expire(&rs, 100 + MODEL_REQUEST_KEPT_MS);
	CHECK_STR(take("a", 1, 100), "none");
	CHECK_STR(take("b", 1, 100 + MODEL_REQUEST_KEPT_MS), "two");
}

TEST(a_request_that_is_dropped_is_gone)
{
	REQUIRE(put("a", 1, "one", 0) == OK);
	requests_drop(&rs, "a", 2);
	requests_drop(&rs, "", 0);
	CHECK_STR(take("a", 1, 0), "one");
	REQUIRE(put("a", 1, "one", 0) == OK);
	requests_drop(&rs, "a", 1);
	CHECK_STR(take("a", 1, 0), "none");
}

TEST(of_too_many_the_one_that_would_go_first_goes)
{
	char run[8];
	int i;

	for (i = 0; i <= RUNS_OPEN_MAX; i++) {
		snprintf(run, sizeof(run), "r%d", i);
		REQUIRE(put(run, 1, run, i) == OK);
	}
	CHECK_STR(take("r0", 1, 1), "none");
	CHECK_STR(take("r1", 1, 1), "r1");
	CHECK_STR(take(run, 1, 1), run);
}

TEST(requests_of_no_run_and_too_long_ones_are_refused)
{
	static char body[MODEL_REQUEST_MAX + 1];

	CHECK(put("", 1, "x", 0) == ERR_INPUT);
	CHECK(put("a", -1, "x", 0) == ERR_INPUT);
	CHECK(put("123456789012345678901234567890123", 1, "x", 0) == ERR_INPUT);
	CHECK(requests_put(&rs, "a", 1, body, sizeof(body), 0) == ERR_LIMIT);
	CHECK(requests_put(&rs, "a", 1, body, sizeof(body) - 1, 0) == OK);
}

/* ---- Beside its order ---- */

static struct manifest *
manifest_of(const char *dialect, const char *place)
{
	char text[512];
	struct manifest *m = NULL;
	struct errmsg why = {""};

	snprintf(text, sizeof(text),
	    "{\"name\":\"p\",\"version\":\"1\",\"transport\":\"model\","
	    "\"dialect\":\"%s\",\"place\":\"%s\",\"url\":"
	    "\"https://api.test\",\"models\":[{\"name\":\"m\","
	    "\"context\":4096},{\"name\":\"n\",\"context\":4096}]}",
	    dialect, place);
	if (manifest_parse(text, strlen(text), &m, &why) != OK)
		fprintf(stderr, "%s\n", why.text);
	return m;
}

/* "" when they agree. */
static const char *
agree(const char *dialect, const char *tool, const char *body)
{
	static struct errmsg why;
	struct manifest *m = manifest_of(dialect, "cloud");
	char hex[DIGEST_HEX_SIZE];
	char args[256];
	struct digest d;
	struct order o = {.tool = tool, .room = "p", .manifest = m};

	crypto_hash(body, strlen(body), &d);
	digest_hex(&d, hex);
	snprintf(args, sizeof(args),
	    "{\"bytes\":%zu,\"model\":\"m\",\"output\":100,\"sha256\":\"%s\"}",
	    strlen(body), hex);
	o.args = (struct str){args, strlen(args)};
	why.text[0] = '\0';
	if (request_agrees((struct str){body, strlen(body)}, &o, &why) == OK)
		why.text[0] = '\0';
	manifest_free(m);
	return why.text;
}

TEST(a_request_agrees_with_its_order_in_each_dialect)
{
	static const struct {
		const char *dialect;
		const char *body;
	} good[] = {
	    {"ollama", "{\"model\":\"m\",\"options\":{\"num_predict\":100}}"},
	    {"openai", "{\"model\":\"m\",\"max_tokens\":1}"},
	    {"openai",
		"{\"model\":\"m\",\"max_completion_tokens\":100,"
		"\"stream\":true}"},
	    {"anthropic", "{\"model\":\"m\",\"max_tokens\":100}"},
	    {"anthropic",
		"{\"model\":\"m\",\"max_tokens\":100,\"tools\":"
		"[{\"name\":\"a\"},{\"type\":\"custom\"}]}"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++) {
		CASE(good[i].body);
		CHECK_STR(
		    agree(good[i].dialect, "model.cloud.p", good[i].body), "");
	}
}

TEST(a_request_that_says_more_than_its_order_does_not_agree)
{
	static const struct {
		const char *dialect;
		const char *body;
		const char *why;
	} bad[] = {
	    {"ollama", "{\"model\":\"m\",\"options\":{\"num_predict\":101}}",
		"more output"},
	    {"ollama", "{\"model\":\"m\",\"options\":{\"num_predict\":-1}}",
		"more output"},
	    {"ollama", "{\"model\":\"m\",\"options\":{\"num_predict\":1.5}}",
		"more output"},
	    {"ollama", "{\"model\":\"m\",\"options\":{\"num_predict\":\"9\"}}",
		"more output"},
	    {"ollama", "{\"model\":\"m\",\"max_tokens\":9}", "no ceiling"},
	    {"openai",
		"{\"model\":\"m\",\"max_tokens\":9,"
		"\"max_completion_tokens\":900}",
		"more output"},
	    {"openai", "{\"model\":\"m\",\"max_tokens\":0}", "more output"},
	    {"openai", "{\"model\":\"m\",\"max_tokens\":null}", "more output"},
	    {"anthropic", "{\"model\":\"m\",\"max_completion_tokens\":9}",
		"no ceiling"},
	    {"anthropic", "{\"model\":\"n\",\"max_tokens\":9}",
		"another model"},
	    {"anthropic", "{\"max_tokens\":9}", "another model"},
	    {"openai", "{\"model\":\"m\",\"max_tokens\":9,\"n\":2}", "'n'"},
	    {"ollama",
		"{\"model\":\"m\",\"Model\":\"n:cloud\",\"options\":"
		"{\"num_predict\":9}}",
		"'Model'"},
	    {"ollama",
		"{\"model\":\"m\",\"options\":{\"num_predict\":9,"
		"\"Num_predict\":-1}}",
		"'Num_predict'"},
	    {"openai",
		"{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":"
		"\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
		"text and calls"},
	    {"ollama",
		"{\"model\":\"m\",\"options\":{\"num_predict\":9},"
		"\"messages\":[{\"images\":[]}]}",
		"text and calls"},
	    {"anthropic",
		"{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"content\":"
		"[{\"type\":\"tool_result\",\"content\":[{\"type\":"
		"\"image\"}]}]}]}",
		"text and calls"},
	    {"openai", "{\"model\":\"m\",\"max_tokens\":9,\"models\":[]}",
		"'models'"},
	    {"openai",
		"{\"model\":\"m\",\"max_tokens\":9,\"tools\":[{\"type\":"
		"\"function\"},{\"type\":\"web_search\"}]}",
		"the provider's own"},
	    {"openai", "{\"model\":\"m\",\"max_tokens\":9}x", "strict JSON"},
	    {"openai", "[1]", "strict JSON"},
	    {"openai", "{\"model\":\"m\",\"model\":\"n\",\"max_tokens\":9}",
		"strict JSON"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i].body);
		CHECK(
		    strstr(agree(bad[i].dialect, "model.cloud.p", bad[i].body),
			bad[i].why) != NULL);
	}
}

TEST(the_place_in_the_name_is_the_manifests)
{
	const char *body = "{\"model\":\"m\",\"max_tokens\":9}";

	CHECK_STR(agree("openai", "model.cloud.p", body), "");
	CHECK(strstr(agree("openai", "model.house.p", body), "another place") !=
	    NULL);
}
