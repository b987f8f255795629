/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/models_priv.h"

/*
 * The largest model that fits, with as much context as fits beside it: its
 * weights and the keys and values of every token must lie in memory at once,
 * since a machine that swaps answers in minutes.  One that can call tools
 * goes before any that cannot.  The context is chosen once and stands in the
 * manifest: a server loads the model anew when another one is asked for.
 */

#define MIB (1024 * (int64_t)1024)
#define RUNTIME_MIB 300 /* What the server itself and its buffers take. */

static const int64_t contexts[] = {32768, 16384, 8192, 4096};

#define CONTEXT_GOOD 8192 /* Enough for tools, results and a few turns. */
#define CONTEXT_UNTOLD 8192

/* Where nothing is told: small models have about a 16,384th of their size
 * for each token, and larger ones less. */
static int64_t
bytes_of_token(const struct found_model *m)
{
	return m->token_bytes > 0 ? m->token_bytes : m->size / 16384 + 1;
}

int64_t
pick_need(const struct found_model *m, int64_t context)
{
	return m->size + context * bytes_of_token(m) + RUNTIME_MIB * MIB;
}

/* All but a tenth of the machine, and of that what nobody else has. */
static int64_t
room_of(const struct memory *m)
{
	int64_t most = m->total / 10 * 9;

	return m->available < most ? m->available : most;
}

/* 0: it does not fit at all. */
static int64_t
context_that_fits(const struct found_model *m, int64_t room)
{
	size_t i;

	/* What is loaded is no longer in what is available. */
	if (m->loaded)
		room += m->size;
	for (i = 0; i < ARRAY_LEN(contexts); i++)
		if ((m->context == 0 || contexts[i] <= m->context) &&
		    pick_need(m, contexts[i]) <= room)
			return contexts[i];
	return 0;
}

static bool
is_better(const struct found_model *m, int64_t context, const struct pick *than)
{
	bool good = context >= CONTEXT_GOOD;

	if (than->model == NULL)
		return true;
	if (m->tools != than->model->tools)
		return m->tools;
	if (good != (than->context >= CONTEXT_GOOD))
		return good;
	return m->size > than->model->size;
}

static void
say_why(struct pick *p, int64_t room)
{
	snprintf(p->why, sizeof(p->why),
	    "the largest that fits into %lld.%lld GiB%s",
	    (long long)(room / MIB / 1024),
	    (long long)(room / MIB % 1024 * 10 / 1024),
	    p->model->tools ? " with tools"
			    : "; its server does not say that it can call "
			      "tools");
}

/* Its server has loaded it already, or lies elsewhere: its own affair. */
static void
pick_first(const struct found_server *s, struct pick *ret)
{
	const struct found_model *m = &s->models[0];
	size_t i;

	for (i = 0; i < s->n_models; i++)
		if (s->models[i].chats &&
		    (!m->chats || (s->models[i].tools && !m->tools)))
			m = &s->models[i];
	ret->model = m->chats ? m : NULL;
	ret->context = m->context > 0 && m->context < 32768 ? m->context
	    : m->context > 0                                ? 32768
							    : CONTEXT_UNTOLD;
	snprintf(ret->why, sizeof(ret->why), "%s",
	    s->here ? "the one that its server has"
		    : "the first there; its memory is not this machine's");
}

enum err
pick_model(const struct found_server *s, const struct memory *m,
    struct pick *ret, struct errmsg *why)
{
	int64_t room = room_of(m);
	struct pick best = {.model = NULL};
	size_t i;

	if (s->n_models == 0)
		return err_say(why, ERR_NOTFOUND,
		    "%s has no model yet; get one there first", s->name);
	if (!s->here || s->dialect != DIALECT_OLLAMA)
		pick_first(s, &best);
	for (i = 0; i < s->n_models && s->here && s->dialect == DIALECT_OLLAMA;
	     i++) {
		const struct found_model *one = &s->models[i];
		int64_t context = one->chats ? context_that_fits(one, room) : 0;

		if (context == 0 || !is_better(one, context, &best))
			continue;
		best.model = one;
		best.context = context;
		say_why(&best, room);
	}
	if (best.model == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "no model of %s that answers in words fits into the %lld "
		    "MiB of memory that are free; get a smaller one",
		    s->name, (long long)(room / MIB));
	*ret = best;
	return OK;
}

static int64_t
kib_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtoll(at + strlen(name), NULL, 10) : 0;
}

enum err
pick_read_memory(const char *text, struct memory *ret)
{
	int64_t total = kib_of(text, "MemTotal:");
	int64_t available = kib_of(text, "MemAvailable:");

	if (total <= 0 || available <= 0 || total > INT64_MAX / 4096 ||
	    available > total)
		return ERR_INPUT;
	ret->total = total * 1024;
	ret->available = available * 1024;
	return OK;
}
