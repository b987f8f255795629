/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sentence/sentence_priv.h"

/* A set of one state needs no room. */
#define ALONE 0x80000000U

struct bits {
	uint64_t w[WORDS_OF_BITS(STATES_MAX)];
};

void
reach_begin(struct reach *r)
{
	r->words = WORDS_OF_BITS(2 * (r->n + 2));
	r->cap_sets = 256;
	r->sets = xalloc(r->cap_sets * r->words * sizeof(*r->sets));
	r->n_sets = 1;
	r->cap_memo = 2048;
	r->memo = calloc(r->cap_memo, sizeof(*r->memo));
	if (r->memo == NULL)
		fatal("out of memory for a sentence");
}

void
reach_end(struct reach *r)
{
	free(r->sets);
	free(r->memo);
}

/* ---- sets ---- */

static void
bits_add(struct bits *b, uint32_t state)
{
	b->w[state / 64] |= (uint64_t)1 << state % 64;
}

static void
bits_join(const struct reach *r, struct bits *b, uint32_t set)
{
	size_t i;

	if ((set & ALONE) != 0) {
		bits_add(b, set & ~ALONE);
		return;
	}
	for (i = 0; set != 0 && i < r->words; i++)
		b->w[i] |= r->sets[set * r->words + i];
}

static void
bits_clear(const struct reach *r, struct bits *b)
{
	memset(b->w, 0, r->words * sizeof(b->w[0]));
}

/* Kept, as a set with a number. */
static uint32_t
bits_keep(struct reach *r, const struct bits *b)
{
	size_t i;
	int n = 0;
	size_t last = 0;

	for (i = 0; i < r->words; i++)
		if (b->w[i] != 0) {
			n += __builtin_popcountll(b->w[i]);
			last = i;
		}
	if (n == 0)
		return 0;
	if (n == 1)
		return ALONE |
		    (uint32_t)(last * 64 + (size_t)__builtin_ctzll(b->w[last]));
	if (r->n_sets == r->cap_sets) {
		r->cap_sets *= 2;
		r->sets = xrealloc(
		    r->sets, r->cap_sets * r->words * sizeof(*r->sets));
	}
	memcpy(
	    r->sets + r->n_sets * r->words, b->w, r->words * sizeof(*r->sets));
	return (uint32_t)r->n_sets++;
}

bool
reach_has(const struct reach *r, uint32_t set, uint32_t state)
{
	if ((set & ALONE) != 0)
		return (set & ~ALONE) == state;
	return set != 0 &&
	    (r->sets[set * r->words + state / 64] >> state % 64 & 1) != 0;
}

int
reach_next(const struct reach *r, uint32_t set, int from)
{
	size_t i = (size_t)from / 64;
	uint64_t w;

	if (set == 0)
		return -1;
	if ((set & ALONE) != 0)
		return (int)(set & ~ALONE) >= from ? (int)(set & ~ALONE) : -1;
	if (i >= r->words)
		return -1;
	w = r->sets[set * r->words + i] & ~(uint64_t)0 << from % 64;
	while (w == 0 && ++i < r->words)
		w = r->sets[set * r->words + i];
	return w != 0 ? (int)i * 64 + __builtin_ctzll(w) : -1;
}

int
reach_before(const struct reach *r, uint32_t set, int from)
{
	while (from >= 0 && !reach_has(r, set, (uint32_t)from))
		from--;
	return from;
}

/* ---- what was found before ---- */

static size_t
memo_place(const struct reach *r, uint64_t key)
{
	size_t i = (key * 0x9e3779b97f4a7c15U >> 32) % r->cap_memo;

	while (r->memo[i] != 0 && r->memo[i] >> 32 != key)
		i = (i + 1) % r->cap_memo;
	return i;
}

static void
memo_grow(struct reach *r)
{
	uint64_t *old = r->memo;
	size_t n = r->cap_memo;
	size_t i;

	r->cap_memo *= 4;
	r->memo = calloc(r->cap_memo, sizeof(*r->memo));
	if (r->memo == NULL)
		fatal("out of memory for a sentence");
	for (i = 0; i < n; i++)
		if (old[i] != 0)
			r->memo[memo_place(r, old[i] >> 32)] = old[i];
	free(old);
}

static void
memo_keep(struct reach *r, uint64_t key, uint32_t set)
{
	if (2 * ++r->n_memo > r->cap_memo)
		memo_grow(r);
	r->memo[memo_place(r, key)] = key << 32 | set;
}

/* ---- nodes ---- */

size_t
reach_skip_spaces(const struct reach *r, size_t at)
{
	while (at < r->n && r->text[at] == ' ')
		at++;
	return at;
}

bool
reach_is_end(const struct reach *r, uint32_t state)
{
	return reach_skip_spaces(r, STATE_AT(state)) == r->n;
}

int
reach_text(const struct reach *r, const struct node *node, uint32_t state)
{
	const char *t = template_text(r->s, node->a);
	size_t len = node->n;
	size_t at = STATE_AT(state);
	bool space = t[len - 1] == ' ';

	if (STATE_BEGINS(state)) {
		at = reach_skip_spaces(r, at);
		while (len > 0 && *t == ' ') {
			t++;
			len--;
		}
	}
	if (len <= r->n - at && memcmp(r->text + at, t, len) == 0)
		return (int)STATE(at + len, space);
	/* Behind the last word spaces may be missing. */
	return node->b == 0 && reach_is_end(r, state) ? (int)state : -1;
}

static void
home_ends(const struct reach *r, const struct home_list *l, uint32_t state,
    struct bits *ret)
{
	size_t at = STATE_AT(state);
	size_t i;

	if (STATE_BEGINS(state))
		at = reach_skip_spaces(r, at);
	if (at >= r->n)
		return;
	for (i = home_first(l, r->text[at]);
	     i < l->n && l->words[i].text[0] == r->text[at]; i++) {
		size_t end = home_word(l, i, r->text, at, r->n, r->s->spaces);

		if (end > 0)
			bits_add(ret, STATE(end, STATE_BEGINS(state)));
	}
}

static void
values_ends(
    struct reach *r, const struct list *l, uint32_t state, struct bits *ret)
{
	const struct value *v =
	    table_at(&r->s->values, const struct value, l->values);
	uint32_t i;

	if (STATE_AT(state) >= r->n)
		return;
	for (i = 0; i < l->n && !r->exhausted; i++) {
		uint32_t set = reach_from(r, v[i].node, state);
		int end;

		for (end = reach_next(r, set, 0); end >= 0;
		     end = reach_next(r, set, end + 1))
			bits_add(
			    ret, STATE(STATE_AT(end), STATE_BEGINS(state)));
	}
}

/* Any words, at least one letter. */
static void
wildcard_ends(
    const struct reach *r, bool end_of_word, uint32_t state, struct bits *ret)
{
	size_t at = reach_skip_spaces(r, STATE_AT(state)) + 1;

	for (; at <= r->n; at++) {
		if (end_of_word ? r->text[at - 1] == ' '
				: ((unsigned char)r->text[at] & 0xc0) != 0x80)
			bits_add(ret, STATE(at, true));
	}
}

static bool
in_range(const struct list *l, double v)
{
	double steps = (v - l->from) / l->step;
	double whole = floor(v * l->parts + 0.5);

	if (v < l->from || v >= l->to + 1 || fabs(v * l->parts - whole) > 1e-6)
		return false;
	return l->parts > 1
	    ? l->step == 1 || floor(steps) * l->step + 1 > v - l->from
	    : steps == floor(steps);
}

/* Digits, with a fraction where the range has some. */
static size_t
digits(const struct reach *r, const struct list *l, size_t at, double *ret)
{
	size_t from = at;
	double unit = 1;
	double v = 0;

	if (r->text[at] == '-')
		at++;
	if (!isdigit((unsigned char)r->text[at]))
		return 0;
	while (isdigit((unsigned char)r->text[at]))
		v = v * 10 + (r->text[at++] - '0');
	if (l->parts > 1 && (r->text[at] == '.' || r->text[at] == ',') &&
	    isdigit((unsigned char)r->text[at + 1]))
		for (at++; isdigit((unsigned char)r->text[at]); at++) {
			unit /= 10;
			v += unit * (r->text[at] - '0');
		}
	*ret = r->text[from] == '-' ? -v : v;
	return at;
}

/* By the words of the file, each to the end of a word. */
static size_t
file_numbers(const struct reach *r, size_t at, size_t n,
    struct number ret[WORDS_NUMBERS_MAX])
{
	const struct number_word *w =
	    table_at(&r->s->number_words, const struct number_word, 0);
	size_t i;

	for (i = 0; i < r->s->number_words.n && n < WORDS_NUMBERS_MAX; i++) {
		const char *t = template_text(r->s, w[i].text);
		size_t len = strlen(t);

		if (strncmp(r->text + at, t, len) == 0 &&
		    !(r->s->spaces && words_is_letter(r->text[at + len])))
			ret[n++] = (struct number){at + len, w[i].value};
	}
	return n;
}

size_t
reach_numbers(const struct reach *r, const struct list *l, uint32_t state,
    struct number ret[WORDS_NUMBERS_MAX])
{
	size_t at = reach_skip_spaces(r, STATE_AT(state));
	size_t n = 0;
	size_t i;
	size_t found;
	double v;

	if (at >= r->n)
		return 0;
	found = digits(r, l, at, &v);
	if (found > 0) {
		ret[0] = (struct number){found, v};
		return l->digits && in_range(l, v) ? 1 : 0;
	}
	if (!l->in_words)
		return 0;
	if (r->s->numerals != NULL)
		found = words_numbers(
		    r->s->numerals, r->text, at, l->parts > 1, ret);
	found = file_numbers(r, at, found, ret);
	for (i = 0; i < found; i++)
		if (in_range(l, ret[i].value))
			ret[n++] = ret[i];
	return n;
}

static void
list_ends(
    struct reach *r, const struct node *node, uint32_t state, struct bits *ret)
{
	const struct list *l =
	    table_at(&r->s->lists, const struct list, node->a);
	struct number number[WORDS_NUMBERS_MAX];
	size_t n;
	size_t i;

	switch (l->kind) {
	case LIST_VALUES:
		values_ends(r, l, state, ret);
		break;
	case LIST_HOME:
		if (r->home[node->a] != NULL)
			home_ends(r, r->home[node->a], state, ret);
		break;
	case LIST_WILDCARD:
		wildcard_ends(r, node->end_of_word, state, ret);
		break;
	case LIST_RANGE:
		n = reach_numbers(r, l, state, number);
		for (i = 0; i < n; i++)
			bits_add(
			    ret, STATE(number[i].end, STATE_BEGINS(state)));
		break;
	}
}

static void
ends(struct reach *r, const struct node *n, uint32_t state, struct bits *ret)
{
	const uint32_t *kid;
	uint32_t set;
	uint32_t i;
	int mid;

	switch (n->kind) {
	case NODE_PAIR:
		set = reach_from(r, n->a, state);
		for (mid = reach_next(r, set, 0); mid >= 0;
		     mid = reach_next(r, set, mid + 1))
			bits_join(r, ret, reach_from(r, n->b, (uint32_t)mid));
		break;
	case NODE_EITHER:
		kid = table_at(&r->s->kids, const uint32_t, n->a);
		for (i = 0; i < n->n; i++)
			bits_join(r, ret, reach_from(r, kid[i], state));
		break;
	case NODE_LIST:
		list_ends(r, n, state, ret);
		break;
	default:
		break;
	}
}

uint32_t
reach_from(struct reach *r, uint32_t node, uint32_t state)
{
	const struct node *n = table_at(&r->s->nodes, const struct node, node);
	uint64_t key = (uint64_t)node << 11 | (state + 1);
	struct bits b;
	size_t place;
	uint32_t set;
	int end;

	if (++r->steps > SENTENCE_STEPS_MAX)
		r->exhausted = true;
	if (r->exhausted)
		return 0;
	if (n->kind == NODE_EMPTY)
		return ALONE | state;
	if (n->kind == NODE_TEXT) {
		end = reach_text(r, n, state);
		return end >= 0 ? ALONE | (uint32_t)end : 0;
	}
	place = memo_place(r, key);
	if (r->memo[place] != 0)
		return (uint32_t)r->memo[place];
	bits_clear(r, &b);
	ends(r, n, state, &b);
	set = bits_keep(r, &b);
	memo_keep(r, key, set);
	return set;
}
