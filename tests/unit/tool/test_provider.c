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

/* ---- Where it may be ---- */

static const struct place {
	const char *address;
	const char *house; /* What the refusal says; NULL: it is taken. */
	const char *cloud;
} places[] = {
    {"127.0.0.1", NULL, "without --cloud"},
    {"127.9.9.9", NULL, "without --cloud"},
    {"::1", NULL, "without --cloud"},
    {"10.0.0.5", NULL, "without --cloud"},
    {"172.31.0.5", NULL, "without --cloud"},
    {"192.168.1.20", NULL, "without --cloud"},
    {"fd7a:115c:a1e0::5", NULL, "without --cloud"},
    {"100.64.0.1", "--url http://100.64.0.1:11434", "without --cloud"},
    {"100.127.255.254", "your own VPN", "without --cloud"},
    {"100.63.255.255", "--cloud", NULL},
    {"100.128.0.0", "--cloud", NULL},
    {"9.9.9.9", "--cloud", NULL},
    {"2600::1", "--cloud", NULL},
    {"0.0.0.0", "at which no server", "at which no server"},
    {"::", "at which no server", "at which no server"},
    {"169.254.1.2", "at which no server", "at which no server"},
    {"169.254.169.254", "at which no server", "at which no server"},
    {"fe80::1", "at which no server", "at which no server"},
    {"224.0.0.251", "at which no server", "at which no server"},
    {"255.255.255.255", "at which no server", "at which no server"},
    {"ff02::fb", "at which no server", "at which no server"},
    {"::ffff:a00:5", "at which no server", "at which no server"},
    {"::ffff:909:909", "at which no server", "at which no server"},
    {"64:ff9b::a00:5", "at which no server", "at which no server"},
    {"2002:a00:5::1", "at which no server", "at which no server"},
};

static void
check_place(const char *url, const char *address, bool cloud, const char *want)
{
	struct errmsg why = {"nothing"};
	struct address a;
	struct base_url at;
	enum err e;

	CASE(address);
	REQUIRE(base_url_read(url, &at, &why) == OK);
	REQUIRE(address_read(address, &a) == OK);
	e = provider_check_address(cloud, &at, &a, &why);
	CHECK_INT(e, want == NULL ? OK : ERR_DENIED);
	if (e == OK || want == NULL)
		return;
	CHECK(strstr(why.text, want) != NULL);
	CHECK(strstr(why.text, address) != NULL);
	CHECK(strlen(why.text) < sizeof(why.text) - 1);
}

TEST(an_address_says_whether_a_provider_may_be_there_and_if_not_what_to_do)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		check_place("http://box.example:11434", places[i].address,
		    false, places[i].house);
		check_place("https://box.example", places[i].address, true,
		    places[i].cloud);
	}
	/* The longest name there is leaves room for what to do. */
	check_place("http://a23456789.b23456789.c23456789.d23456789.e23456789."
		    "f23456789.g23456789.h23456789.i23456789.example:11434",
	    "100.100.100.100", false, "--url http://100.100.100.100:11434");
}

TEST(an_address_of_a_vpn_is_in_the_house_where_the_owner_wrote_it_down)
{
	struct manifest *m =
	    parsed(PROVIDER("ollama", "house", "http://100.101.102.103:11434"));

	CHECK(m->lan[0].has_address);
	manifest_free(m);
	check_place(
	    "http://100.101.102.103:11434", "100.101.102.103", false, NULL);
	refused(PROVIDER("openai", "house", "http://9.9.9.9:1"), "--cloud");
	refused(PROVIDER("openai", "house", "http://0.0.0.0:11434"),
	    "at which no server");
	refused(PROVIDER("openai", "house", "http://169.254.1.2:1"),
	    "at which no server");
}

/* ---- Its key ---- */

#define KEYED(url, more)                                                       \
	FRONT "\"dialect\":\"openai\",\"place\":\"house\",\"key\":\"k\","      \
	      "\"url\":\"" url "\"," MODELS more "}"

static void
check_key(const char *text, bool in_clear)
{
	struct manifest *m = parsed(text);

	CHECK_INT(m->provider.key_in_clear, in_clear);
	manifest_free(m);
}

TEST(a_key_goes_unencrypted_over_no_wire_unless_the_manifest_says_so)
{
	static const char *const wires[] = {KEYED("http://192.168.1.20:1", ""),
	    KEYED("http://box.lan:1", ""), KEYED("http://100.64.0.1:1", ""),
	    KEYED("http://localhost.box.lan:1", ""),
	    KEYED("http://notlocalhost:1", ""),
	    KEYED("http://box.lan:1", ",\"key_in_clear\":false")};
	size_t i;

	for (i = 0; i < ARRAY_LEN(wires); i++)
		refused(wires[i], "--key-in-clear");
	check_key(KEYED("http://127.0.0.1:1", ""), false);
	check_key(KEYED("http://localhost:1", ""), false);
	check_key(KEYED("http://models.localhost:1", ""), false);
	check_key(KEYED("https://box.lan:1", ""), false);
	check_key(KEYED("https://box.lan:1", ",\"key_in_clear\":true"), false);
	check_key(KEYED("http://box.lan:1", ",\"key_in_clear\":true"), true);
	refused(
	    KEYED("http://box.lan:1", ",\"key_in_clear\":1"), "true or false");
	refused(HOUSE ",\"key_in_clear\":true}", "beside a 'key'");
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
