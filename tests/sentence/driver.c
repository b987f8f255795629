/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver SENTENCES HOME: match what stands on each line of the standard input,
 *
 *   {"text": "...", "known": {"area": "Kitchen"}}
 *
 * and answer each with one line: what fits, the error there was, and how
 * long it took.  HOME: {"name": [{"id", "name", "aliases", "facts"}]}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "sentence/sentence.h"

#define FILE_MAX (4 * 1024 * 1024)
#define TIMES 5

static char *
read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	char *text = xalloc(FILE_MAX);

	if (f == NULL)
		fatal("%s cannot be read", path);
	*ret_len = fread(text, 1, FILE_MAX - 1, f);
	text[*ret_len] = '\0';
	fclose(f);
	return text;
}

static struct template_set *
load(const char *path)
{
	struct template_set *s;
	struct errmsg why = {""};
	size_t len;
	char *text = read_file(path, &len);

	if (template_load(text, len, &s, &why) != OK)
		fatal("%s: %s", path, why.text);
	free(text);
	return s;
}

static struct sentence_fact *
facts(const struct json *from, size_t *ret_n)
{
	struct sentence_fact *f = xalloc((json_count(from) + 1) * sizeof(*f));
	const struct json *v;

	*ret_n = 0;
	for (v = json_first(from); v != NULL; v = json_next(v))
		f[(*ret_n)++] = (struct sentence_fact){json_name(v),
		    json_is_string(v) ? json_text(v) : json_print(v)};
	return f;
}

static struct sentence_thing *
things(const struct json *from)
{
	struct sentence_thing *t = xalloc((json_count(from) + 1) * sizeof(*t));
	const struct json *v;
	const struct json *a;
	size_t n = 0;

	for (v = json_first(from); v != NULL; v = json_next(v), n++) {
		const struct json *aliases = json_get(v, "aliases");
		const char **as =
		    xalloc((json_count(aliases) + 1) * sizeof(char *));

		t[n] = (struct sentence_thing){
		    .id = json_words(v, "id"), .name = json_words(v, "name")};
		for (a = json_first(aliases); a != NULL; a = json_next(a))
			as[t[n].n_aliases++] = json_text(a);
		t[n].aliases = as;
		t[n].facts = facts(json_get(v, "facts"), &t[n].n_facts);
	}
	return t;
}

static struct sentence_home *
load_home(const char *path)
{
	struct sentence_list lists[SENTENCE_HOME_LISTS_MAX];
	struct sentence_home *h;
	struct json *root;
	const struct json *v;
	size_t len;
	size_t n = 0;
	char *text = read_file(path, &len);

	if (json_parse(text, len, &root) != OK)
		fatal("%s is no JSON", path);
	for (v = json_first(root); v != NULL; v = json_next(v))
		lists[n++] = (struct sentence_list){
		    json_name(v), things(v), json_count(v)};
	if (sentence_home_new(lists, n, &h) != OK)
		fatal("%s is no home", path);
	return h;
}

static struct json *
told(const struct sentence_match *m)
{
	struct json *o = json_object();
	struct json *slots = json_object();
	struct json *matched = json_object();
	struct json *known = json_object();
	size_t i;

	json_put_str(o, "intent", m->intent);
	if (m->response != NULL)
		json_put_str(o, "response", m->response);
	for (i = 0; i < m->n_slots; i++) {
		const struct sentence_slot *s = &m->slot[i];
		struct json *v;

		if (s->kind == TEMPLATE_TEXT)
			v = json_string(s->value);
		else if (json_parse(s->value, strlen(s->value), &v) != OK)
			fatal("%s: %s is no JSON", s->name, s->value);
		json_put(slots, s->name, v);
		json_put_str(matched, s->name, s->matched);
	}
	for (i = 0; i < m->n_facts; i++)
		json_put_str(known, m->fact[i].key, m->fact[i].value);
	json_put(o, "slots", slots);
	json_put(o, "matched", matched);
	json_put(o, "known", known);
	return o;
}

static void
put_unclear(struct json *o, const struct sentence_match *m)
{
	const struct sentence_slot *s = sentence_unclear(m);
	struct json *ids;
	size_t i;

	if (s == NULL)
		return;
	ids = json_array();
	for (i = 0; i < s->n_ids; i++)
		json_push(ids, json_string(s->ids[i]));
	json_put_str(o, "unclear", s->name);
	json_put(o, "ids", ids);
}

static long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* The best of a few times: others use the machine too. */
static enum err
match(const struct template_set *s, const struct sentence_home *h,
    const struct json *q, struct sentence_match *ret, long *ret_ns)
{
	size_t n;
	struct sentence_fact *known = facts(json_get(q, "known"), &n);
	enum err e = OK;
	int i;

	*ret_ns = -1;
	for (i = 0; i < TIMES; i++) {
		long from = now_ns();
		long took;

		if (i > 0 && e == OK)
			sentence_match_done(ret);
		from = now_ns();
		e = sentence_match(s, h, known, n, json_words(q, "text"), ret);
		took = now_ns() - from;
		if (*ret_ns < 0 || took < *ret_ns)
			*ret_ns = took;
	}
	free(known);
	return e;
}

static void
answer(const struct template_set *s, const struct sentence_home *h,
    const char *line, size_t len)
{
	struct sentence_match m;
	struct json *q;
	struct json *o;
	char *text;
	long ns;
	enum err e;

	if (json_parse(line, len, &q) != OK)
		fatal("not JSON: %s", line);
	e = match(s, h, q, &m, &ns);
	o = e == OK ? told(&m) : json_object();
	if (e == OK)
		put_unclear(o, &m);
	else
		json_put_str(o, "error", err_text(e));
	json_put_int(o, "ns", ns);
	text = json_print(o);
	puts(text);
	free(text);
	json_free(o);
	if (e == OK)
		sentence_match_done(&m);
	json_free(q);
}

int
main(int argc, char **argv)
{
	struct template_set *s;
	struct sentence_home *h;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (argc != 3)
		fatal("driver SENTENCES HOME");
	s = load(argv[1]);
	h = load_home(argv[2]);
	while ((len = getline(&line, &cap, stdin)) > 0)
		answer(s, h, line, (size_t)len);
	free(line);
	sentence_home_free(h);
	template_free(s);
	return 0;
}
