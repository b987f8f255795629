/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "crypto/crypto.h"
#include "tool/manifest.h"

#define FRONT "{\"name\":\"ollama\",\"version\":\"1\",\"transport\":\"model\","
#define MODELS "\"models\":[{\"name\":\"qwen3:8b\",\"context\":8192}]"
#define HOUSE                                                                  \
	FRONT "\"dialect\":\"ollama\",\"place\":\"house\","                    \
	      "\"url\":\"http://127.0.0.1:11434\"," MODELS
#define CLOUD                                                                  \
	FRONT "\"dialect\":\"anthropic\",\"place\":\"cloud\","                 \
	      "\"url\":\"https://api.example.com/x\"," MODELS

static void
check_setup(void)
{
	crypto_open();
}

static struct manifest *
parsed(const char *text)
{
	struct manifest *m = NULL;
	struct errmsg why = {""};

	CASE(text);
	REQUIRE(manifest_parse(text, strlen(text), &m, &why) == OK);
	return m;
}

TEST(a_provider_in_the_house_is_read_whole)
{
	struct manifest *m = parsed(HOUSE "}");
	const struct manifest_function *f = manifest_function(m, "chat");
	char name[CALL_NAME_SIZE];

	CHECK(manifest_is_provider(m));
	CHECK_INT(m->provider.dialect, DIALECT_OLLAMA);
	CHECK_STR(m->provider.url, "http://127.0.0.1:11434");
	CHECK(!m->provider.cloud);
	REQUIRE(manifest_model(m, "qwen3:8b") != NULL);
	CHECK_INT(manifest_model(m, "qwen3:8b")->context, 8192);
	CHECK(manifest_model(m, "qwen3") == NULL);
	CHECK_INT(m->n_lan, 1);
	CHECK_INT(m->n_network, 0);
	CHECK(m->lan[0].has_address);
	CHECK_INT(m->lan[0].port, 11434);
	CHECK_INT(m->n_secrets, 0);
	REQUIRE(f != NULL);
	CHECK_INT(f->effect, EFFECT_READ);
	manifest_call_name(m, f, name);
	CHECK_STR(name, "model.house.ollama");
	manifest_free(m);
}

TEST(what_leaves_the_house_is_external_and_goes_by_name_over_tls)
{
	struct manifest *m = parsed(CLOUD ",\"key\":\"some-key\"}");
	const struct manifest_function *f = manifest_function(m, "chat");
	char name[CALL_NAME_SIZE];

	CHECK(m->provider.cloud);
	CHECK_INT(m->n_lan, 0);
	CHECK_INT(m->n_network, 1);
	CHECK_STR(m->network[0].name, "api.example.com");
	CHECK_INT(m->network[0].port, 443);
	CHECK_INT(m->n_secrets, 1);
	CHECK_STR(m->secrets[0].name, "some-key");
	REQUIRE(f != NULL);
	CHECK_INT(f->effect, EFFECT_EXTERNAL);
	manifest_call_name(m, f, name);
	CHECK_STR(name, "model.cloud.ollama");
	manifest_free(m);
}

static void
refused(const char *text, const char *words)
{
	struct manifest *m = NULL;
	struct errmsg why = {""};

	CASE(text);
	CHECK(manifest_parse(text, strlen(text), &m, &why) == ERR_INPUT);
	CHECK(strstr(why.text, words) != NULL);
	manifest_free(m);
}

#define PROVIDER(dialect, place, url)                                          \
	FRONT "\"dialect\":\"" dialect "\",\"place\":\"" place                 \
	      "\",\"url\":\"" url "\"," MODELS "}"

TEST(what_is_no_provider_is_refused_in_words)
{
	refused(HOUSE ",\"image\":\"x\"}", "unknown member 'image'");
	refused(HOUSE ",\"functions\":{}}", "unknown member 'functions'");
	refused(HOUSE ",\"key\":\"../x\"}", "'key'");
	refused(FRONT "\"dialect\":\"ollama\",\"place\":\"house\","
		      "\"url\":\"http://a.b\",\"models\":[{\"name\":"
		      "\"gpt-oss:120b-cloud\",\"context\":8192}]}",
	    "passes on");
	refused(PROVIDER("gemini", "house", "http://a.b:1"), "'dialect'");
	refused(PROVIDER("openai", "moon", "http://a.b:1"), "'place'");
	refused(PROVIDER("openai", "cloud", "http://a.b"), "https://");
	refused(PROVIDER("openai", "cloud", "https://9.9.9.9"), "https://");
	refused(PROVIDER("openai", "house", "ftp://a.b"), "'url'");
	refused(PROVIDER("openai", "house", "http://a.b/"), "'/'");
	refused(PROVIDER("openai", "house", "http://a@b.c"), "user");
	refused(PROVIDER("openai", "house", "http://a.b:0"), "port");
	refused(PROVIDER("openai", "house", "http://0x7f.1:80"), "host");
	refused(PROVIDER("openai", "house", "http://a.b/?q"), "question");
	refused(FRONT "\"dialect\":\"openai\",\"place\":\"house\","
		      "\"url\":\"http://a.b\",\"models\":[]}",
	    "'models'");
	refused(FRONT "\"dialect\":\"openai\",\"place\":\"house\","
		      "\"url\":\"http://a.b\",\"models\":[{\"name\":\"a b\","
		      "\"context\":8192}]}",
	    "malformed");
	refused(FRONT "\"dialect\":\"openai\",\"place\":\"house\","
		      "\"url\":\"http://a.b\",\"models\":[{\"name\":\"a\","
		      "\"context\":1}]}",
	    "'context'");
	refused(
	    "{\"name\":\"model\",\"version\":\"1\",\"transport\":\"model\"}",
	    "'name'");
}

static void
split(const char *full, const char *tool, const char *function)
{
	char t[NAME_MAX_LEN + 1] = "";
	char f[NAME_MAX_LEN + 1] = "";
	enum err e = tool_name_split(full, t, f);

	CASE(full);
	CHECK_INT(e, tool != NULL ? OK : ERR_INPUT);
	if (e != OK)
		return;
	CHECK_STR(t, tool);
	CHECK_STR(f, function);
}

TEST(a_call_of_a_model_names_its_provider)
{
	split("model.house.ollama", "ollama", "chat");
	split("model.cloud.some-one", "some-one", "chat");
	split("notes.save", "notes", "save");
	split("model.house.", NULL, NULL);
	split("model.house.a.b", NULL, NULL);
	split("model.moon.a", NULL, NULL);
	split("model.house", "model", "house");
}
