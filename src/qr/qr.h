/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QR_QR_H
#define QR_QR_H

/*
 * QR codes (ISO/IEC 18004) as text for a terminal: two modules, one above
 * the other, in each character.  The door to libqrencode.
 *
 * Pure: who calls asks the terminal what it is, and prints what was drawn.
 */

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum qr_colours {
	QR_PLAIN, /* None: the terminal's own, taken for light on dark. */
	QR_NAMED, /* Black and white as its theme has them. */
	QR_EXACT, /* Black and white, whatever its theme is. */
};

struct qr_screen {
	size_t columns; /* 0: not known, and nothing fits. */
	size_t rows;
	enum qr_colours colours;
};

#define QR_DRAWN_MAX ((size_t)64 * 1024) /* More than any window shows. */

/* What a terminal can show, by its TERM and COLORTERM; either may be NULL. */
enum qr_colours qr_colours_of(const char *term, const char *colorterm);

/* Add the code of `text`, dark on light with a quiet zone around it, as whole
 * lines.  ERR_LIMIT when the screen does not show all of it at once with a
 * line of text; then nothing is added. */
NODISCARD enum err qr_draw(
    const char *text, const struct qr_screen *screen, struct buf *ret);

#endif
