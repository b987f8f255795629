/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sentence/sentence_priv.h"

#define WALK_DEPTH_MAX 4000 /* Calls within each other. */

/* What comes behind the node that is walked through. */
struct then {
	uint32_t node;
	uint32_t to;
	const struct then *next;
};

static void walk_node(struct walk *w, uint32_t node, uint32_t from, uint32_t to,
    const struct then *next);

/* ---- context ---- */

const char *
facts_get(const struct sentence_fact *facts, size_t n, const char *key)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(facts[i].key, key) == 0)
			return facts[i].value;
	return NULL;
}

static bool
wants(
    const struct template_set *s, const struct condition *c, const char *value)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (strcmp(template_text(s,
			       table_at(&s->pairings, const struct pairing,
				   c->values + i)
				   ->value),
			value) == 0)
			return true;
	return false;
}

/* `missing`: is a fact that is not there all right? */
static bool
meets(const struct template_set *s, const struct block *b,
    const struct sentence_fact *facts, size_t n, bool missing)
{
	uint32_t i;

	for (i = 0; i < b->n_requires; i++) {
		const struct condition *c = table_at(
		    &s->conditions, const struct condition, b->requires + i);
		const char *v = facts_get(facts, n, template_text(s, c->key));

		if (v == NULL ? !missing : c->n > 0 && !wants(s, c, v))
			return false;
	}
	for (i = 0; i < b->n_excludes; i++) {
		const struct condition *c = table_at(
		    &s->conditions, const struct condition, b->excludes + i);
		const char *v = facts_get(facts, n, template_text(s, c->key));

		if (v != NULL && wants(s, c, v))
			return false;
	}
	return true;
}

bool
facts_allow(const struct template_set *s, const struct block *b,
    const struct sentence_fact *facts, size_t n)
{
	return meets(s, b, facts, n, true);
}

static void
fact_set(struct sentence_fact *facts, size_t *n, struct sentence_fact f)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (strcmp(facts[i].key, f.key) == 0) {
			facts[i].value = f.value;
			return;
		}
	if (*n < SENTENCE_FACTS_MAX)
		facts[(*n)++] = f;
}

/* What one value or thing says. */
static size_t
taken_facts(const struct walk *w, const struct taken *t,
    struct sentence_fact ret[SENTENCE_FACTS_MAX])
{
	const struct template_set *s = w->r->s;
	uint32_t list = table_at(&s->nodes, const struct node, t->node)->a;
	const struct list *l = table_at(&s->lists, const struct list, list);
	size_t n = 0;
	size_t i;

	if (l->kind == LIST_HOME) {
		const struct sentence_thing *thing =
		    w->r->home[list]->words[t->value].thing;

		for (i = 0; i < thing->n_facts; i++)
			fact_set(ret, &n, thing->facts[i]);
	} else if (l->kind == LIST_VALUES) {
		const struct value *v = table_at(
		    &s->values, const struct value, l->values + t->value);

		for (i = 0; i < v->n_facts; i++) {
			const struct pairing *p = table_at(
			    &s->pairings, const struct pairing, v->facts + i);

			fact_set(ret, &n,
			    (struct sentence_fact){template_text(s, p->key),
				template_text(s, p->value)});
		}
	}
	return n;
}

void
walk_facts(const struct walk *w, const struct fit *f,
    struct sentence_fact ret[SENTENCE_FACTS_MAX], size_t *ret_n)
{
	size_t i;
	size_t k;

	*ret_n = 0;
	for (i = 0; i < w->n_known; i++)
		fact_set(ret, ret_n, w->known[i]);
	for (i = 0; i < f->n; i++) {
		struct sentence_fact facts[SENTENCE_FACTS_MAX];
		size_t n = taken_facts(w, &f->taken[i], facts);

		for (k = 0; k < n; k++)
			fact_set(ret, ret_n, facts[k]);
	}
}

/* ---- which fits best ---- */

static const struct node *
node_at(const struct walk *w, const struct taken *t)
{
	return table_at(&w->r->s->nodes, const struct node, t->node);
}

static const struct list *
list_at(const struct walk *w, const struct taken *t)
{
	return table_at(&w->r->s->lists, const struct list, node_at(w, t)->a);
}

static const struct block *
block_at(const struct walk *w, const struct fit *f)
{
	return table_at(&w->r->s->blocks, const struct block, f->of->block);
}

/* The thing that was taken, or NULL for what is none. */
static const struct sentence_thing *
thing_at(const struct walk *w, const struct taken *t)
{
	if (list_at(w, t)->kind != LIST_HOME)
		return NULL;
	return w->r->home[node_at(w, t)->a]->words[t->value].thing;
}

static bool
is_name(const struct walk *w, uint32_t slot)
{
	return strcmp(template_text(w->r->s, slot), "name") == 0;
}

static void
rank(const struct walk *w, struct fit *f)
{
	const struct block *b = block_at(w, f);
	size_t i;

	f->named = false;
	f->name_len = 0;
	f->wildcards = 0;
	for (i = 0; i < b->n_slots; i++)
		f->named |= is_name(w,
		    table_at(&w->r->s->fixed, const struct fixed, b->slots + i)
			->name);
	for (i = 0; i < f->n; i++) {
		const struct taken *t = &f->taken[i];
		bool wildcard = list_at(w, t)->kind == LIST_WILDCARD;

		f->wildcards += wildcard;
		if (!is_name(w, node_at(w, t)->b))
			continue;
		f->named = !wildcard;
		f->name_len = wildcard ? 0 : (size_t)(t->to - t->from);
	}
}

/* More than 0: `a` fits better. */
static int
compare(const struct fit *a, const struct fit *b)
{
	if (a->named != b->named)
		return a->named ? 1 : -1;
	if (a->name_len != b->name_len)
		return a->name_len > b->name_len ? 1 : -1;
	if (a->wildcards != b->wildcards)
		return a->wildcards < b->wildcards ? 1 : -1;
	if (a->letters != b->letters)
		return a->letters > b->letters ? 1 : -1;
	return 0;
}

/* The same words in the same places, for the same intent. */
static bool
says_same(const struct walk *w, const struct fit *a, const struct fit *b)
{
	size_t i;

	if (a->n != b->n || block_at(w, a)->intent != block_at(w, b)->intent)
		return false;
	for (i = 0; i < a->n; i++) {
		const struct taken *x = &a->taken[i];
		const struct taken *y = &b->taken[i];

		if (node_at(w, x)->b != node_at(w, y)->b ||
		    x->from != y->from || x->to != y->to)
			return false;
	}
	return true;
}

static void
add_same(struct fit *f, size_t slot, const char *id)
{
	size_t i;

	for (i = 0; i < f->n_same[slot]; i++)
		if (strcmp(f->same[slot][i], id) == 0)
			return;
	if (f->n_same[slot] < SENTENCE_SAME_MAX)
		f->same[slot][f->n_same[slot]++] = id;
}

static void
add_things(const struct walk *w, struct fit *to, const struct fit *from)
{
	size_t i;

	for (i = 0; i < from->n; i++) {
		const struct sentence_thing *t = thing_at(w, &from->taken[i]);

		if (t != NULL)
			add_same(to, i, t->id);
	}
}

/* A way through a whole template. */
static void
accept(struct walk *w)
{
	struct sentence_fact facts[SENTENCE_FACTS_MAX];
	struct fit *f = &w->now;
	size_t n;
	int better;

	walk_facts(w, f, facts, &n);
	if (!meets(w->r->s, block_at(w, f), facts, n, false))
		return;
	rank(w, f);
	better = w->any ? compare(f, &w->best) : 1;
	if (better > 0) {
		w->best = *f;
		w->any = true;
		memset(w->best.n_same, 0, sizeof(w->best.n_same));
		add_things(w, &w->best, f);
	} else if (better == 0 && says_same(w, f, &w->best)) {
		add_things(w, &w->best, f);
	}
}

/* ---- the ways ---- */

static void
go_on(struct walk *w, uint32_t at, const struct then *next)
{
	if (next == NULL)
		accept(w);
	else
		walk_node(w, next->node, at, next->to, next->next);
}

static void
take(struct walk *w, struct taken t, uint32_t to, const struct then *next)
{
	struct sentence_fact facts[SENTENCE_FACTS_MAX];
	size_t n;

	if (w->now.n == SENTENCE_SLOTS_MAX) {
		w->full = true;
		return;
	}
	n = taken_facts(w, &t, facts);
	if (!facts_allow(w->r->s, block_at(w, &w->now), facts, n))
		return;
	w->now.taken[w->now.n++] = t;
	go_on(w, to, next);
	w->now.n--;
}

static void
take_values(struct walk *w, struct taken t, uint32_t from, uint32_t to,
    const struct then *next)
{
	const struct list *l = list_at(w, &t);
	const struct value *v =
	    table_at(&w->r->s->values, const struct value, l->values);

	for (t.value = 0; t.value < l->n; t.value++) {
		uint32_t set = reach_from(w->r, v[t.value].node, from);

		if (reach_has(w->r, set, STATE(STATE_AT(to), false)) ||
		    reach_has(w->r, set, STATE(STATE_AT(to), true)))
			take(w, t, to, next);
	}
}

static void
take_things(struct walk *w, struct taken t, uint32_t from, uint32_t to,
    const struct then *next)
{
	const struct home_list *l = w->r->home[node_at(w, &t)->a];
	size_t at = STATE_AT(from);
	size_t i;

	if (STATE_BEGINS(from))
		at = reach_skip_spaces(w->r, at);
	for (i = home_first(l, w->r->text[at]);
	     i < l->n && l->words[i].text[0] == w->r->text[at]; i++) {
		t.value = (uint32_t)i;
		if (home_word(l, i, w->r->text, at, w->r->n, w->r->s->spaces) ==
		    STATE_AT(to))
			take(w, t, to, next);
	}
}

static size_t
letters_in(const struct walk *w, const struct taken *t)
{
	size_t n = 0;
	size_t i;

	for (i = t->from; i < t->to; i++)
		n += w->r->text[i] != ' ';
	return n;
}

static void
take_numbers(struct walk *w, struct taken t, uint32_t from, uint32_t to,
    const struct then *next)
{
	const struct list *l = list_at(w, &t);
	struct number number[WORDS_NUMBERS_MAX];
	size_t n = reach_numbers(w->r, l, from, number);
	size_t at = reach_skip_spaces(w->r, t.from);
	/* Words of a number are words, too. */
	size_t more = words_is_letter(w->r->text[at]) &&
		(w->r->text[at] < '0' || w->r->text[at] > '9')
	    ? letters_in(w, &t)
	    : 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (number[i].end != STATE_AT(to))
			continue;
		t.number = number[i].value * l->multiplier;
		w->now.letters += more;
		take(w, t, to, next);
		w->now.letters -= more;
	}
}

static void
walk_list(struct walk *w, uint32_t node, uint32_t from, uint32_t to,
    const struct then *next)
{
	struct taken t = {.node = node,
	    .from = (uint16_t)STATE_AT(from),
	    .to = (uint16_t)STATE_AT(to)};

	switch (list_at(w, &t)->kind) {
	case LIST_VALUES:
		take_values(w, t, from, to, next);
		break;
	case LIST_HOME:
		take_things(w, t, from, to, next);
		break;
	case LIST_RANGE:
		take_numbers(w, t, from, to, next);
		break;
	case LIST_WILDCARD:
		take(w, t, to, next);
		break;
	}
}

static bool
is_wildcard(const struct walk *w, uint32_t node)
{
	const struct node *n =
	    table_at(&w->r->s->nodes, const struct node, node);

	return n->kind == NODE_LIST &&
	    table_at(&w->r->s->lists, const struct list, n->a)->kind ==
	    LIST_WILDCARD;
}

/* What may be left out is there rather than not, and a wildcard is short. */
static void
walk_pair(struct walk *w, const struct node *n, uint32_t from, uint32_t to,
    const struct then *next)
{
	struct then then = {n->b, to, next};
	uint32_t set = reach_from(w->r, n->a, from);
	bool up = is_wildcard(w, n->a);
	int mid = up ? reach_next(w->r, set, 0)
		     : reach_before(w->r, set, 2 * (int)w->r->n + 3);

	while (mid >= 0) {
		if (reach_has(w->r, reach_from(w->r, n->b, (uint32_t)mid), to))
			walk_node(w, n->a, from, (uint32_t)mid, &then);
		mid = up ? reach_next(w->r, set, mid + 1)
			 : reach_before(w->r, set, mid - 1);
	}
}

static void
walk_either(struct walk *w, const struct node *n, uint32_t from, uint32_t to,
    const struct then *next)
{
	const uint32_t *kid = table_at(&w->r->s->kids, const uint32_t, n->a);
	uint32_t i;

	for (i = 0; i < n->n; i++)
		if (reach_has(w->r, reach_from(w->r, kid[i], from), to))
			walk_node(w, kid[i], from, to, next);
}

static void
walk_node(struct walk *w, uint32_t node, uint32_t from, uint32_t to,
    const struct then *next)
{
	const struct node *n =
	    table_at(&w->r->s->nodes, const struct node, node);

	if (++w->r->steps > SENTENCE_STEPS_MAX || w->depth >= WALK_DEPTH_MAX)
		w->r->exhausted = true;
	if (w->r->exhausted)
		return;
	w->depth++;
	switch (n->kind) {
	case NODE_TEXT:
		w->now.letters += n->b;
		go_on(w, to, next);
		w->now.letters -= n->b;
		break;
	case NODE_PAIR:
		walk_pair(w, n, from, to, next);
		break;
	case NODE_EITHER:
		walk_either(w, n, from, to, next);
		break;
	case NODE_LIST:
		walk_list(w, node, from, to, next);
		break;
	default:
		go_on(w, to, next);
		break;
	}
	w->depth--;
}

void
walk_template(struct walk *w, const struct phrase *t)
{
	uint32_t begin = STATE(0, true);
	uint32_t set = reach_from(w->r, t->root, begin);
	int end;

	for (end = reach_next(w->r, set, 0); end >= 0;
	     end = reach_next(w->r, set, end + 1)) {
		if (!reach_is_end(w->r, (uint32_t)end))
			continue;
		w->now.of = t;
		w->now.n = 0;
		w->now.letters = 0;
		walk_node(w, t->root, begin, (uint32_t)end, NULL);
	}
}
