/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHELL_STREAM_H
#define SHELL_STREAM_H

/* What a command writes: its beginning and its end, and how much there was
 * between them. */

#include <stdbool.h>
#include <stddef.h>

#define STREAM_HALF (6 * 1024)
#define STREAM_TEXT (2 * STREAM_HALF + 100)

struct stream {
	int fd; /* -1: at its end. */
	char head[STREAM_HALF];
	char tail[STREAM_HALF]; /* A ring, once the head is full. */
	unsigned long long total;
};

void stream_begin(struct stream *s, int fd);

void stream_add(struct stream *s, const char *p, size_t n);

/* What is there now; at the end it closes the descriptor. */
void stream_take(struct stream *s);

/* As UTF-8, with `?` for what is none; returns its length. */
size_t stream_write(const struct stream *s, char ret[STREAM_TEXT]);

#endif
