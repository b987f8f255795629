/* SPDX-License-Identifier: Apache-2.0 */
#include "redact/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"

#define PRINT_BITS 24
#define FIRST_BITS 17
#define FIRST_WORDS ((1u << FIRST_BITS) / 64)

/*
 * A bit for the upper bits of each print answers almost every time, from
 * memory that is close; the sorted prints decide the rest.
 */
struct redact_filter {
	uint64_t key; /* Odd, so that no bit of a window is lost. */
	uint64_t first[FIRST_WORDS];
	uint32_t prints[REDACT_PRINTS_MAX];
	size_t n;
};

struct redact_filter *
redact_filter_new(uint64_t key)
{
	struct redact_filter *f = xalloc(sizeof(*f));

	f->key = key | 1;
	return f;
}

void
redact_filter_free(struct redact_filter *f)
{
	if (f == NULL)
		return;
	explicit_bzero(f, sizeof(*f));
	free(f);
}

static uint32_t
print_of(uint64_t key, uint64_t window)
{
	return (uint32_t)((window * key) >> (64 - PRINT_BITS));
}

uint32_t
redact_print(const struct redact_filter *f, const char *p)
{
	uint64_t window = 0;
	size_t i;

	for (i = 0; i < REDACT_WINDOW; i++)
		window = window << 8 | (uint8_t)p[i];
	return print_of(f->key, window);
}

static uint32_t
first_bit(uint32_t print)
{
	return print >> (PRINT_BITS - FIRST_BITS);
}

/* How many prints are smaller. */
static size_t
place_of(const struct redact_filter *f, uint32_t print)
{
	size_t low = 0;
	size_t high = f->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (f->prints[middle] < print)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has(const struct redact_filter *f, uint32_t print)
{
	size_t i = place_of(f, print);

	return i < f->n && f->prints[i] == print;
}

enum err
redact_filter_add(struct redact_filter *f, uint32_t print)
{
	size_t i = place_of(f, print);

	if (i < f->n && f->prints[i] == print)
		return OK;
	if (f->n == REDACT_PRINTS_MAX)
		return ERR_LIMIT;
	memmove(&f->prints[i + 1], &f->prints[i],
	    (f->n - i) * sizeof(f->prints[0]));
	f->prints[i] = print;
	f->n++;
	f->first[first_bit(print) / 64] |= (uint64_t)1
	    << (first_bit(print) % 64);
	return OK;
}

bool
redact_filter_find(
    const struct redact_filter *f, struct str text, size_t from, size_t *ret_at)
{
	uint64_t window = 0;
	size_t i;

	for (i = from; i < text.len; i++) {
		uint32_t print;
		uint32_t bit;

		window = window << 8 | (uint8_t)text.p[i];
		print = print_of(f->key, window);
		bit = first_bit(print);
		if ((f->first[bit / 64] >> (bit % 64) & 1) != 0 &&
		    i + 1 >= from + REDACT_WINDOW && has(f, print)) {
			*ret_at = i + 1 - REDACT_WINDOW;
			return true;
		}
	}
	return false;
}

/* ---- Between the vault and who holds a copy ---- */

#define KEY_DIGITS 16
#define PRINT_DIGITS (PRINT_BITS / 4)

static void
add_number(struct buf *out, uint64_t n, size_t digits)
{
	while (digits-- > 0)
		buf_addf(out, "%x", (unsigned)(n >> (4 * digits) & 15));
}

static enum err
read_number(struct str *rest, size_t digits, uint64_t *ret)
{
	uint8_t bytes[KEY_DIGITS / 2];
	uint64_t n = 0;
	size_t i;

	if (rest->len < digits ||
	    hex_read(rest->p, digits, bytes, digits / 2) != OK)
		return ERR_INPUT;
	for (i = 0; i < digits / 2; i++)
		n = n << 8 | bytes[i];
	rest->p += digits;
	rest->len -= digits;
	*ret = n;
	return OK;
}

void
redact_filter_write(const struct redact_filter *f, struct buf *out)
{
	size_t i;

	add_number(out, f->key, KEY_DIGITS);
	for (i = 0; i < f->n; i++)
		add_number(out, f->prints[i], PRINT_DIGITS);
}

enum err
redact_filter_read(struct str text, struct redact_filter **ret)
{
	struct redact_filter *f;
	uint64_t n;
	enum err e = read_number(&text, KEY_DIGITS, &n);

	if (e != OK)
		return e;
	f = redact_filter_new(n);
	while (text.len > 0 && e == OK) {
		e = read_number(&text, PRINT_DIGITS, &n);
		if (e == OK && redact_filter_add(f, (uint32_t)n) != OK)
			e = ERR_INPUT;
	}
	if (e == OK)
		*ret = f;
	else
		redact_filter_free(f);
	return e;
}
