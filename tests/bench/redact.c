/* SPDX-License-Identifier: Apache-2.0 */

/*
 * redact BLOCKS: how fast text without a secret passes the filter of a full
 * vault, in calls of 16 KiB and of 200 bytes, beside hashing the same bytes
 * with FNV-1a.  A line of bytes a second for each block: long, short, FNV-1a.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "redact/book.h"

#define TEXT_SIZE (8 * 1024 * 1024)
#define LONG_PART (16 * 1024)
#define SHORT_PART 200

static struct redact_book *
full_book(void)
{
	struct redact_book *b = redact_book_new(0x9e3779b97f4a7c15u);
	char name[32];
	char value[64];
	size_t i;

	for (i = 0; i < SECRETS_MAX; i++) {
		struct secret *s;
		int n = snprintf(value, sizeof(value), "%zu/%zx+%zo=aB",
		    i * 7919 + 104729, i * 2654435761u, i * 40503u);

		snprintf(name, sizeof(name), "s%zu", i);
		s = secret_new(value, (size_t)n);
		if (redact_book_put(b, name, 1, s) != OK)
			fatal("the vault is full");
		secret_free(s);
	}
	return b;
}

/* Words as in a page of text. */
static void
fill(char *text)
{
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < TEXT_SIZE; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = x >> 28 < 3 ? ' ' : (char)('a' + (x >> 16) % 26);
	}
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static volatile uint64_t sink;

/* Each to its end, though windows in it fit by chance. */
static double
filter_speed(const struct redact_filter *f, const char *text, size_t part)
{
	double began = now_s();
	size_t done;
	size_t at;

	for (done = 0; done + part <= TEXT_SIZE; done += part) {
		struct str s = {text + done, part};
		size_t from = 0;

		while (redact_filter_find(f, s, from, &at))
			from = at + 1;
		sink = from;
	}
	return TEXT_SIZE / (now_s() - began);
}

static double
fnv_speed(const char *text)
{
	double began = now_s();
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < TEXT_SIZE; i++)
		h = (h ^ (uint8_t)text[i]) * 1099511628211u;
	sink = h;
	return TEXT_SIZE / (now_s() - began);
}

int
main(int argc, char **argv)
{
	struct redact_book *b = full_book();
	const struct redact_filter *f = redact_book_filter(b);
	char *text = xalloc(TEXT_SIZE);
	long blocks = argc > 1 ? strtol(argv[1], NULL, 10) : 20;

	fill(text);
	while (blocks-- > 0) {
		double in_long = filter_speed(f, text, LONG_PART);
		double in_short = filter_speed(f, text, SHORT_PART);

		printf("%.0f %.0f %.0f\n", in_long, in_short, fnv_speed(text));
	}
	free(text);
	redact_book_free(b);
	return 0;
}
