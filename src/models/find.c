/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "models/models_priv.h"
#include "sys/file.h"

/* `durward model find`: what answers on this machine, and what of it. */

#define MIB (1024 * (int64_t)1024)

static enum err
read_memory(struct memory *ret)
{
	struct buf text;
	enum err e;

	buf_init(&text, 64 * 1024);
	e = file_read("/proc/meminfo", &text);
	if (e == OK)
		e = pick_read_memory(text.p != NULL ? text.p : "", ret);
	buf_done(&text);
	return e;
}

static void
show_model(const struct found_model *m)
{
	terminal_print("  %-32s %6lld MiB  context %lld%s%s%s\n", m->name,
	    (long long)(m->size / MIB), (long long)m->context,
	    m->tools ? ", tools" : "", m->loaded ? ", loaded" : "",
	    m->chats ? "" : ", only embeds");
}

static void
show_server(const struct found_server *s)
{
	size_t i;

	terminal_print("%s at %s\n", s->name, s->url);
	for (i = 0; i < s->n_models; i++)
		show_model(&s->models[i]);
}

static struct json *
server_json(const struct found_server *s)
{
	struct json *v = json_object();
	struct json *list = json_array();
	size_t i;

	json_put_str(v, "provider", s->name);
	json_put_str(v, "dialect", dialect_name(s->dialect));
	json_put_str(v, "url", s->url);
	for (i = 0; i < s->n_models; i++) {
		const struct found_model *m = &s->models[i];
		struct json *row = json_object();

		json_put_str(row, "model", m->name);
		json_put_int(row, "bytes", m->size);
		json_put_int(row, "context", m->context);
		json_put_bool(row, "tools", m->tools);
		json_put_bool(row, "loaded", m->loaded);
		json_push(list, row);
	}
	json_put(v, "models", list);
	return v;
}

/* The first server of which a model will do. */
static const struct found_server *
choose(const struct found_server *list, size_t n, const struct memory *m,
    struct pick *ret)
{
	struct errmsg why;
	size_t i;

	for (i = 0; i < n; i++) {
		if (pick_model(&list[i], m, ret, &why) == OK)
			return &list[i];
		if (!terminal_json)
			terminal_print("%s\n", why.text);
	}
	return NULL;
}

static int
add_found(struct session *s, const struct found_server *from,
    const struct pick *p, bool yes)
{
	struct new_provider n = {.name = from->name,
	    .description = "Found on this machine.",
	    .dialect = from->dialect,
	    .url = from->url,
	    .n_models = 1};

	snprintf(
	    n.models[0].name, sizeof(n.models[0].name), "%s", p->model->name);
	n.models[0].context = p->context;
	return provider_add(s, &n, yes);
}

static void
show_all(const struct found_server *list, size_t n, const struct pick *p,
    const struct found_server *from)
{
	struct json *v = json_object();
	struct json *servers = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_push(servers, server_json(&list[i]));
	json_put(v, "servers", servers);
	if (from != NULL) {
		json_put_str(v, "provider", from->name);
		json_put_str(v, "model", p->model->name);
		json_put_int(v, "context", p->context);
		json_put_str(v, "why", p->why);
	}
	if (!terminal_print_json(v)) {
		for (i = 0; i < n; i++)
			show_server(&list[i]);
		if (from != NULL)
			terminal_print("%s: %s; %lld tokens of context\n",
			    p->model->name, p->why, (long long)p->context);
	}
	json_free(v);
}

int
model_find(struct session *s, bool add, bool yes)
{
	struct found_server *list = xalloc(PROBES_MAX * sizeof(*list));
	size_t n = probe_servers(list);
	const struct found_server *from;
	struct memory m;
	struct pick p;
	int code = EXIT_REACHED;

	if (n == 0) {
		free(list);
		return model_complain(
		    "no server of models answers on this machine; start one, "
		    "or name it: 'durward model add'");
	}
	if (read_memory(&m) != OK)
		m = (struct memory){0, 0};
	from = choose(list, n, &m, &p);
	show_all(list, n, &p, from);
	if (from == NULL)
		code = EXIT_FAILED;
	else if (add || (!terminal_json && isatty(STDIN_FILENO)))
		code = add_found(s, from, &p, yes);
	free(list);
	return code;
}
