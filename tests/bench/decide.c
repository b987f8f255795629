/* SPDX-License-Identifier: Apache-2.0 */

/*
 * decide BLOCKS: how long the judge takes for a question, by five layers with
 * 40 and with 200 lines each.  The lines are what people write: most name a
 * tool, some only an effect, an entity or labels; few of them match.  A line
 * of picoseconds for each block: with 40 lines the mean of the questions,
 * then with 200 lines the mean and the question that took longest.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "policy/policy.h"

#define REPEATS 200
#define SERVERS 24

static const char *const servers[SERVERS] = {"home", "web", "mail", "notes",
    "files", "calendar", "music", "tv", "heating", "garden", "camera",
    "weather", "shop", "bank", "git", "printer", "backup", "vacuum", "car",
    "news", "maps", "photos", "books", "alarm"};
static const char *const functions[] = {
    "get", "set", "list", "delete", "send", "read", "write", "start"};

/* What stands behind the name of a line; %s is a server, %u any number. */
static const struct {
	const char *kind;
	const char *words;
} forms[] = {
    {"allow", "tool=%s.get,%s.list effect=read"},
    {"allow", "tool=%s.set entity=light.* rate=30/min"},
    {"ask", "tool=%s.delete ttl=10m"},
    {"deny", "tool=%s.write arg.path=under:/srv/%s unless client=console"},
    {"allow", "tool=%s.set arg.level=0..%u"},
    {"ask", "tool=%s.send arg.to=*@%s.example"},
    {"allow", "principal=kim tool=%s.*"},
    {"deny", "tool=%s.set entity=\"cover.%s*\" hours=23:00-06:00"},
    {"allow", "tool=%s.read entity=%s.*"},
    {"ask", "effect=physical entity=lock.%s*"},
    {"deny", "entity=camera.%s* client=tv"},
    {"allow", "tool=%s.start require=home"},
    {"ask", "labels=private+untrusted sink=external tool=%s.*"},
    {"label", "tool=%s.get,%s.read adds=untrusted"},
    {"allow", "effect=read,reversible tool=%s.list"},
    {"sink", "tool=%s.send adds=external"},
    {"deny", "agent=tutor tool=%s.*"},
    {"budget", "tool=%s.* usd=2.00/day over=ask"},
    {"allow", "client=phone tool=%s.set entity=switch.*,light.?"},
    {"ask", "effect=external arg./to/0=*%s*"},
};

static const struct {
	const char *tool;
	enum effect effect;
	const char *args;
	const char *entities[3];
	size_t n_entities;
} cases[] = {
    {"home.set", EFFECT_REVERSIBLE, "{\"level\":40,\"mode\":\"warm\"}",
	{"light.kitchen"}, 1},
    {"home.set", EFFECT_REVERSIBLE, "{\"level\":0}",
	{"light.hall", "light.stairs", "cover.garage"}, 3},
    {"home.set", EFFECT_PHYSICAL, "{\"state\":\"open\"}", {"lock.front"}, 1},
    {"web.get", EFFECT_READ, "{\"url\":\"https://example.org/a/b\"}", {NULL},
	0},
    {"mail.send", EFFECT_EXTERNAL,
	"{\"to\":[\"kim@mail.example\"],\"text\":\"I come at eight\"}", {NULL},
	0},
    {"files.write", EFFECT_REVERSIBLE,
	"{\"path\":\"/srv/files/a.txt\",\"text\":\"milk, bread\"}", {NULL}, 0},
};

static struct json *args[ARRAY_LEN(cases)];
static struct names labels;

static enum fact
fact(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return FACT_TRUE;
}

static int64_t
used(void *arg, const struct policy_line *line)
{
	(void)arg;
	(void)line;
	return 3;
}

static int64_t
spent(void *arg, const struct policy_line *line, enum dimension d)
{
	(void)arg;
	(void)line;
	(void)d;
	return 10;
}

static bool
granted(void *arg, const struct policy_line *line)
{
	(void)arg;
	(void)line;
	return false;
}

static const struct policy_ports ports = {
    .fact = fact, .used = used, .spent = spent, .granted = granted};

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* One word of a line, with its names filled in. */
static void
add_words(struct buf *out, const char *words, unsigned n)
{
	const char *p;

	for (p = words; *p != '\0'; p++) {
		if (*p != '%') {
			buf_add(out, p, 1);
			continue;
		}
		p++;
		if (*p == 'u')
			buf_addf(out, "%u", 10 + n % 90);
		else
			buf_adds(out, servers[n % SERVERS]);
	}
}

static struct policy *
make_policy(unsigned layer, unsigned lines)
{
	struct policy *p;
	struct errmsg why;
	struct buf text;
	unsigned i;

	buf_init(&text, 65536);
	for (i = 0; i < lines; i++) {
		unsigned form = (unsigned)(i % ARRAY_LEN(forms));

		/* Each form with each server before one comes again. */
		buf_addf(&text, "%s line%u ", forms[form].kind, i);
		add_words(&text, forms[form].words,
		    i / (unsigned)ARRAY_LEN(forms) + layer * 5 + form);
		/* A third is about one function of some server more. */
		if (i % 3 == 0 && forms[form].kind[0] == 'a')
			buf_addf(&text, " tool=%s.*,*.%s",
			    servers[(i * 7 + layer) % SERVERS],
			    functions[i % ARRAY_LEN(functions)]);
		buf_adds(&text, "\n");
	}
	if (policy_parse(text.p, text.len, &p, &why) != OK)
		fatal("%s", why.text);
	buf_done(&text);
	return p;
}

static void
make_layers(struct policy_layer layers[LAYERS_MAX], unsigned lines)
{
	static const char *const names[LAYERS_MAX] = {
	    "box", "profile", "parent", "agent", "client"};
	unsigned i;

	for (i = 0; i < LAYERS_MAX; i++) {
		layers[i].name = names[i];
		layers[i].policy = make_policy(i, lines);
	}
}

/* Picoseconds for one answer. */
static long long
time_case(const struct policy_layer *layers, size_t at)
{
	struct policy_question q = {.tool = cases[at].tool,
	    .effect = cases[at].effect,
	    .args = args[at],
	    .entities = cases[at].entities,
	    .n_entities = cases[at].n_entities,
	    .principal = "kim",
	    .agent = "house",
	    .client = "phone",
	    .labels = &labels,
	    .minute = 600,
	    .cost = {[DIM_USD] = 1000},
	    .ports = &ports};
	long long begin = now_ns();
	int i;

	for (i = 0; i < REPEATS; i++) {
		struct policy_answer a = policy_decide(&q, layers, LAYERS_MAX);

		if (a.no_layer)
			fatal("nothing was judged");
	}
	return (now_ns() - begin) * 1000 / REPEATS;
}

static void
time_block(
    const struct policy_layer *layers, long long *ret_mean, long long *ret_most)
{
	long long sum = 0;
	size_t i;

	*ret_most = 0;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		long long t = time_case(layers, i);

		sum += t;
		if (t > *ret_most)
			*ret_most = t;
	}
	*ret_mean = sum / (long long)ARRAY_LEN(cases);
}

int
main(int argc, char **argv)
{
	static struct policy_layer few[LAYERS_MAX];
	static struct policy_layer many[LAYERS_MAX];
	long blocks;
	size_t i;

	if (argc != 2)
		return 2;
	log_open("bench", LOG_WARN);
	blocks = strtol(argv[1], NULL, 10);
	make_layers(few, 40);
	make_layers(many, 200);
	names_add(&labels, "private");
	for (i = 0; i < ARRAY_LEN(cases); i++)
		if (json_parse(
			cases[i].args, strlen(cases[i].args), &args[i]) != OK)
			fatal("arguments that are no JSON");
	for (; blocks > 0; blocks--) {
		long long small;
		long long mean;
		long long most;

		time_block(few, &small, &most);
		time_block(many, &mean, &most);
		printf("%lld %lld %lld\n", small, mean, most);
	}
	return 0;
}
