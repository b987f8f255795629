/* SPDX-License-Identifier: Apache-2.0 */
#include "qr/qr.h"

#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

/* What the standard wants around a code, in modules. */
#define QUIET 4
/* Below the code: a line of text, and the cursor's. */
#define ROWS_BELOW 2

/* Indexed by what is dark of the two modules: the upper 1, the lower 2. */
static const char *const dark_blocks[] = {
    " ", "\xe2\x96\x80", "\xe2\x96\x84", "\xe2\x96\x88"};
static const char *const light_blocks[] = {
    "\xe2\x96\x88", "\xe2\x96\x84", "\xe2\x96\x80", " "};

/* Before and behind each line, so that a line's end has no colour. */
static const struct style {
	const char *const *blocks;
	const char *begin;
	const char *end;
} styles[] = {
    [QR_PLAIN] = {light_blocks, "", "\n"},
    [QR_NAMED] = {dark_blocks, "\x1b[30;47m", "\x1b[0m\n"},
    /* Of the cube of 256 colours, of which themes keep off. */
    [QR_EXACT] = {dark_blocks, "\x1b[38;5;16;48;5;231m", "\x1b[0m\n"},
};

enum qr_colours
qr_colours_of(const char *term, const char *colorterm)
{
	if (term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0)
		return QR_PLAIN;
	if ((colorterm != NULL && colorterm[0] != '\0') ||
	    strstr(term, "256color") != NULL)
		return QR_EXACT;
	/* Terminals of before there were colours. */
	return strncmp(term, "vt", 2) == 0 ? QR_PLAIN : QR_NAMED;
}

/* Counted from the corner of the quiet zone. */
static bool
is_dark(const QRcode *code, size_t x, size_t y)
{
	size_t width = (size_t)code->width;

	if (x < QUIET || y < QUIET || x >= QUIET + width || y >= QUIET + width)
		return false;
	return (code->data[(y - QUIET) * width + x - QUIET] & 1) != 0;
}

enum err
qr_draw(const char *text, const struct qr_screen *screen, struct buf *ret)
{
	const struct style *s = &styles[screen->colours];
	size_t size;
	size_t x;
	size_t y;
	/* The least of correction: nothing wears a screen out, and larger
	 * modules help more. */
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);

	if (code == NULL)
		return ERR_LIMIT;
	size = (size_t)code->width + 2 * QUIET;
	if (size > screen->columns ||
	    (size + 1) / 2 + ROWS_BELOW > screen->rows) {
		QRcode_free(code);
		return ERR_LIMIT;
	}
	for (y = 0; y < size; y += 2) {
		buf_adds(ret, s->begin);
		for (x = 0; x < size; x++)
			buf_adds(ret,
			    s->blocks[is_dark(code, x, y) +
				2 * is_dark(code, x, y + 1)]);
		buf_adds(ret, s->end);
	}
	QRcode_free(code);
	return OK;
}
