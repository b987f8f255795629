/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "template/template_priv.h"

void *
table_add(struct table *t, size_t n)
{
	void *at;

	if (n > t->max - t->n)
		return NULL;
	if (t->n + n > t->cap) {
		t->cap = t->cap * 2 > t->n + n ? t->cap * 2 : t->n + n;
		t->p = xrealloc(t->p, t->cap * t->size);
	}
	at = (char *)t->p + t->n * t->size;
	memset(at, 0, n * t->size);
	t->n += n;
	return at;
}

static uint32_t
hash(const void *p, size_t n, uint32_t h)
{
	const unsigned char *s = p;

	while (n-- > 0)
		h = (h ^ *s++) * 16777619U;
	return h;
}

#define HASH_BEGIN 2166136261U

/* Places for four times as many; the caller puts back what was there. */
static uint32_t *
more_places(uint32_t *old, size_t *cap)
{
	uint32_t *places = calloc(*cap * 4, sizeof(*places));

	if (places == NULL)
		fatal("out of memory for a set of sentences");
	free(old);
	*cap *= 4;
	return places;
}

static void
grow_strings(struct maker *m)
{
	uint32_t at = 1;

	m->known = more_places(m->known, &m->known_cap);
	while (at < m->s->strings.n) {
		const char *s = template_text(m->s, at);
		size_t i = hash(s, strlen(s), HASH_BEGIN) % m->known_cap;

		while (m->known[i] != 0)
			i = (i + 1) % m->known_cap;
		m->known[i] = at;
		at += (uint32_t)strlen(s) + 1;
	}
}

enum err
maker_string(struct maker *m, const char *text, size_t len, uint32_t *ret)
{
	struct table *strings = &m->s->strings;
	char *room;
	size_t i;

	if (2 * m->n_known > m->known_cap)
		grow_strings(m);
	i = hash(text, len, HASH_BEGIN) % m->known_cap;
	for (; m->known[i] != 0; i = (i + 1) % m->known_cap) {
		const char *s = template_text(m->s, m->known[i]);

		if (strncmp(s, text, len) == 0 && s[len] == '\0') {
			*ret = m->known[i];
			return OK;
		}
	}
	*ret = 0;
	if (len == 0)
		return OK;
	room = table_add(strings, len + 1);
	if (room == NULL)
		return maker_fails(m, ERR_LIMIT, "more text than %d bytes",
		    TEMPLATE_STRINGS_MAX);
	memcpy(room, text, len);
	*ret = (uint32_t)(strings->n - len - 1);
	m->known[i] = *ret;
	m->n_known++;
	return OK;
}

/* ---- what must be there ---- */

struct mask
template_mask(const char *text, size_t len)
{
	struct mask m = {{0}};
	size_t i;

	for (i = 1; i < len; i++) {
		unsigned h = (unsigned char)text[i - 1] * 31U +
		    (unsigned char)text[i] * 7U;

		m.w[h / 64 % MASK_WORDS] |= (uint64_t)1 << h % 64;
	}
	return m;
}

bool
template_mask_within(const struct mask *part, const struct mask *whole)
{
	size_t i;

	for (i = 0; i < MASK_WORDS; i++)
		if ((part->w[i] & ~whole->w[i]) != 0)
			return false;
	return true;
}

static struct mask
mask_at(const struct maker *m, uint32_t node)
{
	return *table_at(&m->masks, const struct mask, node);
}

static struct mask
mask_both(struct mask a, const struct mask *b)
{
	size_t i;

	for (i = 0; i < MASK_WORDS; i++)
		a.w[i] |= b->w[i];
	return a;
}

static void
mask_common(struct mask *a, const struct mask *b)
{
	size_t i;

	for (i = 0; i < MASK_WORDS; i++)
		a->w[i] &= b->w[i];
}

/* ---- nodes ---- */

static bool
is_same(const struct maker *m, const struct node *a, const struct node *b,
    const uint32_t *kids)
{
	if (a->kind != b->kind || a->n != b->n || a->b != b->b ||
	    a->end_of_word != b->end_of_word)
		return false;
	if (a->kind != NODE_EITHER)
		return a->a == b->a;
	return memcmp(table_at(&m->s->kids, const uint32_t, a->a), kids,
		   a->n * sizeof(*kids)) == 0;
}

static uint32_t
node_hash(const struct node *n, const uint32_t *kids)
{
	uint32_t h = hash(&n->kind, 1, HASH_BEGIN);

	h = hash(&n->n, sizeof(n->n), h);
	h = hash(&n->b, sizeof(n->b), h);
	if (n->kind != NODE_EITHER)
		return hash(&n->a, sizeof(n->a), h);
	return hash(kids, n->n * sizeof(*kids), h);
}

static void
grow_nodes(struct maker *m)
{
	size_t at;

	m->found = more_places(m->found, &m->found_cap);
	for (at = 1; at < m->s->nodes.n; at++) {
		const struct node *n =
		    table_at(&m->s->nodes, const struct node, at);
		size_t i = node_hash(n,
			       n->kind == NODE_EITHER
				   ? table_at(&m->s->kids, const uint32_t, n->a)
				   : NULL) %
		    m->found_cap;

		while (m->found[i] != 0)
			i = (i + 1) % m->found_cap;
		m->found[i] = (uint32_t)at;
	}
}

/* The node of this content, which is new or was there. */
static enum err
keep(struct maker *m, struct node n, const uint32_t *kids,
    const struct mask *mask, unsigned chain, uint32_t *ret)
{
	struct template_set *s = m->s;
	uint32_t *kids_room = NULL;
	struct node *room;
	struct mask *its_mask;
	unsigned *its_chain;
	size_t i;

	if (2 * s->nodes.n > m->found_cap)
		grow_nodes(m);
	i = node_hash(&n, kids) % m->found_cap;
	for (; m->found[i] != 0; i = (i + 1) % m->found_cap)
		if (is_same(m,
			table_at(&s->nodes, const struct node, m->found[i]), &n,
			kids)) {
			*ret = m->found[i];
			return OK;
		}
	if (n.kind == NODE_EITHER) {
		n.a = (uint32_t)s->kids.n;
		kids_room = table_add(&s->kids, n.n);
		if (kids_room != NULL)
			memcpy(kids_room, kids, n.n * sizeof(*kids));
	}
	room = table_add(&s->nodes, 1);
	its_mask = table_add(&m->masks, 1);
	its_chain = table_add(&m->chains, 1);
	if (room == NULL || its_mask == NULL || its_chain == NULL ||
	    (n.kind == NODE_EITHER && kids_room == NULL))
		return maker_fails(
		    m, ERR_LIMIT, "more parts than %d", TEMPLATE_NODES_MAX);
	if (chain > TEMPLATE_CHAIN_MAX)
		return maker_fails(m, ERR_LIMIT, "more than %d parts in one",
		    TEMPLATE_CHAIN_MAX);
	*room = n;
	*its_mask = *mask;
	*its_chain = chain;
	*ret = (uint32_t)(s->nodes.n - 1);
	m->found[i] = *ret;
	return OK;
}

enum err
node_text(struct maker *m, const char *text, size_t len, uint32_t *ret)
{
	struct node n = {.kind = NODE_TEXT, .n = (uint16_t)len};
	struct mask mask;
	size_t from = 0;
	size_t to = len;
	size_t i;

	if (len == 0) {
		*ret = 0;
		return OK;
	}
	if (len > UINT16_MAX || maker_string(m, text, len, &n.a) != OK)
		return maker_fails(m, ERR_LIMIT, "too long");
	for (i = 0; i < len; i++)
		n.b += text[i] != ' ';
	while (from < to && text[from] == ' ')
		from++;
	while (to > from && text[to - 1] == ' ')
		to--;
	mask = template_mask(text + from, to - from);
	return keep(m, n, NULL, &mask, 1, ret);
}

static unsigned
chain_at(const struct maker *m, uint32_t node)
{
	return *table_at(&m->chains, const unsigned, node);
}

enum err
node_pair(struct maker *m, uint32_t a, uint32_t b, uint32_t *ret)
{
	struct node n = {.kind = NODE_PAIR, .a = a, .b = b};
	struct mask mask;
	unsigned chain;

	if (a == 0 || b == 0) {
		*ret = a + b;
		return OK;
	}
	mask = mask_at(m, b);
	mask = mask_both(mask_at(m, a), &mask);
	chain =
	    chain_at(m, a) > chain_at(m, b) ? chain_at(m, a) : chain_at(m, b);
	return keep(m, n, NULL, &mask, chain + 1, ret);
}

enum err
node_either(struct maker *m, const uint32_t *kids, size_t n, uint32_t *ret)
{
	struct node node = {.kind = NODE_EITHER, .n = (uint16_t)n};
	struct mask mask = mask_at(m, kids[0]);
	unsigned chain = 0;
	size_t i;

	if (n == 1) {
		*ret = kids[0];
		return OK;
	}
	if (n > UINT16_MAX)
		return maker_fails(m, ERR_LIMIT, "too many alternatives");
	for (i = 0; i < n; i++) {
		struct mask one = mask_at(m, kids[i]);

		mask_common(&mask, &one);
		if (chain_at(m, kids[i]) > chain)
			chain = chain_at(m, kids[i]);
	}
	return keep(m, node, kids, &mask, chain + 1, ret);
}

enum err
node_list(struct maker *m, uint32_t list, const char *slot, size_t len,
    bool end_of_word, uint32_t *ret)
{
	const struct list *l = table_at(&m->s->lists, const struct list, list);
	struct node n = {
	    .kind = NODE_LIST, .end_of_word = end_of_word, .a = list};
	struct mask mask = {{0}};
	unsigned chain = 0;
	uint32_t i;

	if (maker_string(m, slot, len, &n.b) != OK)
		return m->err;
	for (i = 0; l->kind == LIST_VALUES && i < l->n; i++) {
		uint32_t value =
		    table_at(&m->s->values, struct value, l->values + i)->node;
		struct mask one = mask_at(m, value);

		if (i == 0)
			mask = one;
		mask_common(&mask, &one);
		if (chain_at(m, value) > chain)
			chain = chain_at(m, value);
	}
	return keep(m, n, NULL, &mask, chain + 1, ret);
}
