/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "model/chat_priv.h"

#define TOOL_CHARS                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

void
chat_tool_name(const char *tool, char ret[MODEL_TOOL_NAME_MAX + 1])
{
	enum { HASHED = MODEL_TOOL_NAME_MAX - 9 };
	uint32_t hash = 2166136261u;
	struct buf b;
	size_t i;

	buf_init(&b, 4 * NAME_MAX_LEN + 8);
	for (i = 0; tool[i] != '\0'; i++) {
		hash = (hash ^ (uint8_t)tool[i]) * 16777619u;
		if (tool[i] == '.')
			buf_adds(&b, "__");
		else
			buf_add(&b,
			    strchr(TOOL_CHARS, tool[i]) ? &tool[i] : "_", 1);
	}
	if (b.len == 0)
		buf_adds(&b, "_");
	if (b.len <= MODEL_TOOL_NAME_MAX && !b.overflow)
		memcpy(ret, b.p, b.len + 1);
	else
		snprintf(ret, MODEL_TOOL_NAME_MAX + 1, "%.*s_%08x", HASHED, b.p,
		    (unsigned)hash);
	buf_done(&b);
}

/* ---- Pieces ---- */

static bool
is_object_text(const char *p, size_t len)
{
	struct json *v;
	bool is;

	if (json_parse(p, len, &v) != OK)
		return false;
	is = json_is_object(v);
	json_free(v);
	return is;
}

static struct call_part *
look_up(struct chat_reader *r, int64_t index, const char *id)
{
	size_t n = r->n_parts + (r->left_out > 0 ? 1 : 0);

	if (index < 0 && id[0] == '\0')
		return n > 0 ? &r->parts[n - 1] : NULL;
	while (n-- > 0) {
		struct call_part *p = &r->parts[n];

		if (index >= 0 ? p->index == index
			       : p->id.len > 0 && strcmp(p->id.p, id) == 0)
			return p;
	}
	return NULL;
}

/*
 * Whether a piece goes on with the call that its index or id names.  There
 * are servers that say id and name in each piece, and such that count none
 * of their calls, or all of them as the first.
 */
static bool
goes_on(struct call_part *p, const char *id, const char *name, const char *args)
{
	bool both_ids = id[0] != '\0' && p->id.len > 0;

	if (name[0] == '\0')
		return true;
	if (both_ids && strcmp(p->id.p, id) != 0)
		return false;
	if (p->name.len > 0 && strcmp(p->name.p, name) != 0)
		return false;
	return both_ids || args[0] != '{' ||
	    !is_object_text(p->args.p, p->args.len);
}

static void
add_piece(
    struct call_part *p, const char *id, const char *name, const char *args)
{
	if (p->id.len == 0 && !p->id.overflow)
		buf_adds(&p->id, id);
	if (p->name.len == 0)
		buf_adds(&p->name, name);
	buf_adds(&p->args, args);
}

void
call_part_done(struct call_part *p)
{
	buf_done(&p->id);
	buf_done(&p->name);
	buf_done(&p->args);
	json_free(p->whole);
	p->whole = NULL;
	extras_done(&p->extras);
}

struct call_part *
call_begin(struct chat_reader *r, int64_t index, const char *id,
    const char *name, const char *args)
{
	struct call_part *p = &r->parts[r->n_parts];

	if (r->n_parts < MODEL_CALLS_MAX) {
		r->n_parts++;
	} else {
		r->left_out++;
		call_part_done(p);
	}
	p->index = index;
	/* What is longer is no id that could be sent back, no name of ours. */
	buf_init(&p->id, MODEL_CALL_ID_MAX);
	buf_init(&p->name, 8 * NAME_MAX_LEN);
	buf_init(&p->args, ARGS_MAX);
	add_piece(p, id, name, args);
	return p;
}

struct call_part *
call_find(struct chat_reader *r, int64_t index, const char *id,
    const char *name, const char *args)
{
	struct call_part *p = look_up(r, index, id);

	if (p != NULL && goes_on(p, id, name, args)) {
		add_piece(p, id, name, args);
		return p;
	}
	/* What has neither name nor id begins none. */
	if (name[0] == '\0' && id[0] == '\0')
		return NULL;
	return call_begin(r, index, id, name, args);
}

/* ---- Whole calls ---- */

/* As it is called in the house. */
static void
find_tool(const struct chat_ask *ask, const char *name, struct chat_call *c)
{
	const struct json *t;
	char wire[MODEL_TOOL_NAME_MAX + 1];
	size_t n;

	for (t = json_first(ask->tools); t != NULL; t = json_next(t)) {
		const char *ours = json_words(t, "name");

		chat_tool_name(ours, wire);
		if ((strcmp(wire, name) == 0 || strcmp(ours, name) == 0) &&
		    str_copy(c->tool, sizeof(c->tool), ours) == OK)
			return;
	}
	n = str_cut(name, sizeof(c->tool) - 1);
	memcpy(c->tool, name, n);
	c->tool[n] = '\0';
}

/* Nothing at all is how some servers say no arguments. */
static void
read_args(struct chat_call *c, const char *text, size_t len, bool overflow)
{
	struct json *v = NULL;
	struct buf b;

	buf_init(&b, ARGS_MAX);
	if (strspn(text, " \t\r\n") == len)
		buf_adds(&b, "{}");
	else if (!overflow && json_parse(text, len, &v) == OK &&
	    json_is_object(v))
		json_canonical(v, &b);
	else
		b.overflow = true;
	json_free(v);
	if (!b.overflow) {
		c->args = buf_steal(&b);
		return;
	}
	buf_done(&b);
	c->wrong = xstrndup(text, str_cut(text, MODEL_WRONG_MAX));
}

/* Calls of the conversation, and whether one of them has this id. */
static size_t
count_calls(const struct chat_ask *ask, const char *id, bool *ret_taken)
{
	const struct json *m;
	const struct json *c;
	size_t n = 0;

	for (m = json_first(ask->messages); m != NULL; m = json_next(m))
		for (c = json_first(json_get(m, "calls")); c != NULL;
		     c = json_next(c)) {
			n++;
			if (strcmp(json_words(c, "id"), id) == 0)
				*ret_taken = true;
		}
	return n;
}

static bool
is_taken(const struct chat_ask *ask, const struct chat_reply *reply,
    const char *id, size_t *ret_before)
{
	bool taken = id[0] == '\0';
	size_t i;

	*ret_before = count_calls(ask, id, &taken);
	for (i = 0; i < reply->n_calls; i++)
		taken |= strcmp(reply->calls[i].id, id) == 0;
	return taken;
}

/* A result names its call by the id, so no two of a conversation have one. */
static void
choose_id(const struct chat_ask *ask, const struct chat_reply *reply,
    const char *came, struct chat_call *c)
{
	size_t before;
	size_t more = reply->n_calls;

	if (!is_taken(ask, reply, came, &before) &&
	    str_copy(c->id, sizeof(c->id), came) == OK)
		return;
	do {
		snprintf(c->id, sizeof(c->id), "call_%zu", before + ++more);
	} while (is_taken(ask, reply, c->id, &before));
}

static struct chat_call *
add_call(const struct chat_ask *ask, struct chat_reply *reply, const char *id,
    const char *name)
{
	struct chat_call *c = &reply->calls[reply->n_calls];

	find_tool(ask, name, c);
	choose_id(ask, reply, id, c);
	reply->n_calls++;
	return c;
}

/* Last words, where they came as a call because one had to be made. */
static bool
take_final(struct chat_reply *reply, const char *name, const struct str *args)
{
	struct json *v = NULL;
	const char *text = NULL;

	if (strcmp(name, CHOICE_FINAL) == 0 &&
	    json_parse(args->p, args->len, &v) == OK)
		text = json_str(v, "text");
	if (text != NULL) {
		free(reply->text);
		reply->text = xstrdup(text);
		reply->chosen = true;
	}
	json_free(v);
	return text != NULL;
}

bool
calls_finish(struct chat_reader *r, struct chat_reply *reply)
{
	bool whole = true;
	size_t i;

	for (i = 0; i < r->n_parts; i++) {
		struct call_part *p = &r->parts[i];
		const char *name = p->name.p != NULL ? p->name.p : "";
		const struct str args = {
		    p->args.p != NULL ? p->args.p : "", p->args.len};
		struct chat_call *c;

		/* Nobody answers that call, so it is not sent back. */
		if (ask_is_forced(r->ask) && take_final(reply, name, &args)) {
			whole = false;
			continue;
		}
		c = add_call(
		    r->ask, reply, p->id.p != NULL ? p->id.p : "", name);
		read_args(c, args.p, args.len, p->args.overflow);
		whole &= c->args != NULL;
	}
	return whole;
}

bool
calls_by_format(struct chat_reader *r, struct chat_reply *reply)
{
	struct json *v;
	const char *name;
	const char *text;
	struct buf args;
	struct chat_call *c;

	if (json_parse(reply->text, strlen(reply->text), &v) != OK)
		return false;
	name = json_str(v, "tool");
	text = json_str(v, "text");
	if (name == NULL) {
		json_free(v);
		return false;
	}
	free(reply->text);
	if (strcmp(name, CHOICE_FINAL) == 0 && text != NULL) {
		reply->text = xstrdup(text);
		reply->chosen = true;
	} else if (reply->n_calls == MODEL_CALLS_MAX) {
		reply->text = xstrdup("");
		reply->left_out++;
	} else {
		reply->text = xstrdup("");
		c = add_call(r->ask, reply, "", name);
		buf_init(&args, ARGS_MAX);
		if (json_has(v, "arguments"))
			json_print_into(json_get(v, "arguments"), &args);
		read_args(
		    c, args.p != NULL ? args.p : "", args.len, args.overflow);
		buf_done(&args);
	}
	json_free(v);
	return true;
}
