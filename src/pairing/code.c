/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pairing/pairing_priv.h"
#include "qr/qr.h"

static struct qr_screen
look_at_screen(void)
{
	struct qr_screen s = {
	    .colours = qr_colours_of(getenv("TERM"), getenv("COLORTERM"))};
	struct winsize w;

	if (!terminal_json && isatty(STDOUT_FILENO) &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0) {
		s.columns = w.ws_col;
		s.rows = w.ws_row;
	}
	return s;
}

bool
code_print(const char *text)
{
	struct qr_screen s = look_at_screen();
	struct buf b;
	bool drawn;

	buf_init(&b, QR_DRAWN_MAX);
	drawn = qr_draw(text, &s, &b) == OK && !b.overflow;
	if (drawn)
		fputs(b.p, stdout);
	fflush(stdout);
	buf_done(&b);
	return drawn;
}

void
code_scroll_away(void)
{
	size_t rows = look_at_screen().rows;

	while (rows-- > 0)
		putchar('\n');
}
