/* SPDX-License-Identifier: Apache-2.0 */
#include "models/models_priv.h"

#include <string.h>

#include "check.h"

#define MIB (1024 * (int64_t)1024)

static void
check_setup(void)
{
}

static struct found_server
server(void)
{
	struct found_server s = {.name = "ollama",
	    .dialect = DIALECT_OLLAMA,
	    .here = true,
	    .models = {{.name = "embed", .size = 300 * MIB, .context = 8192},
		{.name = "small:1b",
		    .size = 800 * MIB,
		    .context = 131072,
		    .token_bytes = 32 * 1024,
		    .chats = true,
		    .tools = true},
		{.name = "middle:4b",
		    .size = 2600 * MIB,
		    .context = 131072,
		    .token_bytes = 144 * 1024,
		    .chats = true,
		    .tools = true},
		{.name = "wise:14b",
		    .size = 9000 * MIB,
		    .context = 16384,
		    .token_bytes = 200 * 1024,
		    .chats = true}},
	    .n_models = 4};

	return s;
}

static struct memory
memory(int64_t total_mib, int64_t available_mib)
{
	return (struct memory){total_mib * MIB, available_mib * MIB};
}

static const char *
picked(const struct found_server *s, struct memory m, struct pick *ret)
{
	struct errmsg why = {""};

	memset(ret, 0, sizeof(*ret));
	if (pick_model(s, &m, ret, &why) != OK)
		return why.text[0] != '\0' ? "none" : "no word why";
	return ret->model->name;
}

TEST(the_largest_with_tools_that_fits_is_picked)
{
	struct found_server s = server();
	struct pick p;

	CHECK(strcmp(picked(&s, memory(4096, 3000), &p), "small:1b") == 0);
	CHECK(p.context == 32768);
	CHECK(strstr(p.why, "2.9 GiB with tools") != NULL);
	CHECK(strcmp(picked(&s, memory(8192, 6000), &p), "middle:4b") == 0);
	CHECK(p.context == 16384);
	CHECK(strcmp(picked(&s, memory(65536, 60000), &p), "middle:4b") == 0);
	CHECK(p.context == 32768);
}

TEST(weights_and_context_must_fit_together)
{
	struct found_server s = server();
	struct pick p;
	int64_t room = pick_need(&s.models[2], 8192) / MIB;

	CHECK(
	    strcmp(picked(&s, memory(16384, room + 1), &p), "middle:4b") == 0);
	CHECK(p.context == 8192);
	/* A larger one with hardly any context is no help. */
	CHECK(strcmp(picked(&s, memory(16384, room - 1), &p), "small:1b") == 0);
	CHECK(strcmp(picked(&s, memory(16384, 900), &p), "none") == 0);
}

TEST(a_tenth_of_the_machine_stays_free)
{
	struct found_server s = server();
	struct pick p;

	CHECK(strcmp(picked(&s, memory(1024, 1024), &p), "none") == 0);
	CHECK(strcmp(picked(&s, memory(2048, 2048), &p), "small:1b") == 0);
}

TEST(what_is_loaded_needs_no_room_again)
{
	struct found_server s = server();
	struct pick p;

	s.models[2].loaded = true;
	CHECK(strcmp(picked(&s, memory(8192, 2000), &p), "middle:4b") == 0);
}

TEST(without_tools_it_is_said)
{
	struct found_server s = server();
	struct pick p;

	s.models[1].tools = s.models[2].tools = false;
	CHECK(strcmp(picked(&s, memory(65536, 60000), &p), "wise:14b") == 0);
	CHECK(p.context == 16384);
	CHECK(strstr(p.why, "does not say") != NULL);
}

TEST(what_only_embeds_is_never_picked)
{
	struct found_server s = server();
	struct pick p;

	s.n_models = 1;
	CHECK(strcmp(picked(&s, memory(65536, 60000), &p), "none") == 0);
	s.n_models = 0;
	CHECK(strcmp(picked(&s, memory(65536, 60000), &p), "none") == 0);
}

TEST(another_machines_memory_is_not_ours)
{
	struct found_server s = server();
	struct pick p;

	s.here = false;
	CHECK(strcmp(picked(&s, memory(1024, 100), &p), "small:1b") == 0);
	CHECK(strstr(p.why, "not this machine's") != NULL);
}

TEST(memory_is_read_as_linux_tells_it)
{
	struct memory m = {0, 0};

	CHECK(pick_read_memory("MemTotal:        8000000 kB\n"
			       "MemFree:  1 kB\nMemAvailable:    5000000 kB\n",
		  &m) == OK);
	CHECK(m.total == 8000000 * (int64_t)1024);
	CHECK(m.available == 5000000 * (int64_t)1024);
	CHECK(pick_read_memory("", &m) != OK);
	CHECK(pick_read_memory("MemTotal: 1 kB\n", &m) != OK);
	CHECK(
	    pick_read_memory("MemTotal: 1 kB\nMemAvailable: 2 kB\n", &m) != OK);
}

TEST(hosts_are_read_as_ollama_writes_them)
{
	static const struct {
		const char *text;
		const char *host;
		int port;
	} good[] = {{"127.0.0.1:11435", "127.0.0.1", 11435},
	    {"0.0.0.0", "127.0.0.1", 11434}, {":8000", "127.0.0.1", 8000},
	    {"http://nas.lan:1234/", "nas.lan", 1234},
	    {"nas.lan", "nas.lan", 11434}, {"localhost:1", "127.0.0.1", 1}};
	static const char *const bad[] = {"https://a", "a:b", "a:0", "a:65536",
	    "a:1x", "a/path", "a:", "http://a:1/v1"};
	char host[PROBE_HOST_SIZE];
	uint16_t port;
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++) {
		CHECK(probe_read_host(good[i].text, host, &port) == OK);
		CHECK(strcmp(host, good[i].host) == 0 && port == good[i].port);
	}
	for (i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(probe_read_host(bad[i], host, &port) == ERR_INPUT);
}
