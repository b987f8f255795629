/* SPDX-License-Identifier: Apache-2.0 */
#include "qr/qr.h"

#include "check.h"

static void
check_setup(void)
{
}

/* What of it is read by a foreign reader is tests/integration/75_*. */

#define LINK                                                                   \
	"https://house.local:8444/"                                            \
	"#AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYUCULBOGAZDIN"
#define SIZE_MAX_DRAWN 200

static const struct qr_screen wide = {
    .columns = 80, .rows = 24, .colours = QR_EXACT};

struct drawn {
	size_t columns;
	size_t rows; /* Of modules. */
	bool dark[SIZE_MAX_DRAWN][SIZE_MAX_DRAWN];
};

static const char *const blocks[] = {
    " ", "\xe2\x96\x80", "\xe2\x96\x84", "\xe2\x96\x88"};

/* What of a character is inked: 1 its upper half, 2 its lower. */
static int
inked(const char **p)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(blocks); i++) {
		if (strncmp(*p, blocks[i], strlen(blocks[i])) != 0)
			continue;
		*p += strlen(blocks[i]);
		return (int)i;
	}
	return -1;
}

/* What is seen; false where a line is not framed by its colours. */
static bool
look(const char *p, const char *begin, const char *end, bool ink_is_dark,
    struct drawn *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (; *p != '\0'; ret->rows += 2) {
		size_t x = 0;
		int ink;

		if (strncmp(p, begin, strlen(begin)) != 0)
			return false;
		p += strlen(begin);
		while ((ink = inked(&p)) >= 0 && x < SIZE_MAX_DRAWN) {
			ret->dark[ret->rows][x] =
			    ((ink & 1) != 0) == ink_is_dark;
			ret->dark[ret->rows + 1][x++] =
			    ((ink & 2) != 0) == ink_is_dark;
		}
		if (strncmp(p, end, strlen(end)) != 0 ||
		    (ret->rows > 0 && x != ret->columns))
			return false;
		p += strlen(end);
		ret->columns = x;
	}
	return true;
}

static bool
draw(const struct qr_screen *screen, struct drawn *ret)
{
	static const char *const begins[] = {
	    "", "\x1b[30;47m", "\x1b[38;5;16;48;5;231m"};
	const char *end = screen->colours == QR_PLAIN ? "\n" : "\x1b[0m\n";
	struct buf b;
	bool well;

	buf_init(&b, 100000);
	well = qr_draw(LINK, screen, &b) == OK && !b.overflow &&
	    look(b.p, begins[screen->colours], end, screen->colours != QR_PLAIN,
		ret);
	buf_done(&b);
	return well;
}

static bool
is_light(
    const struct drawn *d, size_t left, size_t top, size_t right, size_t bottom)
{
	size_t x;
	size_t y;

	for (y = top; y < bottom; y++)
		for (x = left; x < right; x++)
			if (d->dark[y][x])
				return false;
	return true;
}

TEST(a_code_is_dark_and_stands_in_a_quiet_zone_of_four)
{
	static struct drawn d;
	size_t n;
	size_t i;

	REQUIRE(draw(&wide, &d));
	n = d.columns;
	CHECK_INT(n, 33 + 8); /* Version 4. */
	CHECK_INT(d.rows, n + 1);
	CHECK(is_light(&d, 0, 0, n, 4));
	CHECK(is_light(&d, 0, n - 4, n, d.rows));
	CHECK(is_light(&d, 0, 0, 4, n));
	CHECK(is_light(&d, n - 4, 0, n, n));
	/* Three corners have a finder pattern, seven modules wide. */
	for (i = 0; i < 7; i++) {
		CHECK(d.dark[4][4 + i] && d.dark[4 + i][4]);
		CHECK(d.dark[4][n - 5 - i] && d.dark[n - 5 - i][4]);
	}
	CHECK(!d.dark[5][5] && d.dark[6][6] && !d.dark[4][11]);
}

TEST(it_is_the_same_code_in_all_colours)
{
	static struct drawn d[3];
	size_t i;

	for (i = 0; i < ARRAY_LEN(d); i++) {
		struct qr_screen s = wide;

		s.colours = (enum qr_colours)i;
		REQUIRE(draw(&s, &d[i]));
		CHECK_INT(d[i].rows, d[0].rows);
	}
	/* The last half of a line without colours is the terminal's own. */
	for (i = 0; i + 1 < d[0].rows; i++) {
		CHECK(memcmp(d[0].dark[i], d[1].dark[i], d[1].columns) == 0);
		CHECK(memcmp(d[1].dark[i], d[2].dark[i], d[1].columns) == 0);
	}
}

TEST(a_window_that_does_not_show_all_of_it_gets_none)
{
	static const struct {
		size_t columns;
		size_t rows;
		enum err e;
	} cases[] = {
	    {41, 23, OK},
	    {40, 23, ERR_LIMIT},
	    {41, 22, ERR_LIMIT},
	    {0, 0, ERR_LIMIT},
	};
	struct buf b;
	size_t i;

	buf_init(&b, 100000);
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct qr_screen s = {.columns = cases[i].columns,
		    .rows = cases[i].rows,
		    .colours = QR_NAMED};

		buf_clear(&b);
		CHECK_INT(qr_draw(LINK, &s, &b), cases[i].e);
		CHECK_INT(b.len > 0, cases[i].e == OK);
	}
	buf_done(&b);
}

TEST(what_no_code_holds_is_refused)
{
	static const struct qr_screen vast = {
	    .columns = 1000, .rows = 1000, .colours = QR_PLAIN};
	char text[3001];
	struct buf b;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	buf_init(&b, 1000000);
	CHECK_INT(qr_draw(text, &vast, &b), ERR_LIMIT);
	CHECK_INT(qr_draw("", &vast, &b), ERR_LIMIT);
	CHECK_INT(b.len, 0);
	text[2900] = '\0';
	CHECK_INT(qr_draw(text, &vast, &b), OK);
	buf_done(&b);
}

TEST(a_terminal_gets_the_colours_that_it_has)
{
	CHECK_INT(qr_colours_of(NULL, "truecolor"), QR_PLAIN);
	CHECK_INT(qr_colours_of("", NULL), QR_PLAIN);
	CHECK_INT(qr_colours_of("dumb", "truecolor"), QR_PLAIN);
	CHECK_INT(qr_colours_of("vt220", NULL), QR_PLAIN);
	CHECK_INT(qr_colours_of("linux", NULL), QR_NAMED);
	CHECK_INT(qr_colours_of("linux", ""), QR_NAMED);
	CHECK_INT(qr_colours_of("xterm-256color", NULL), QR_EXACT);
	CHECK_INT(qr_colours_of("xterm-kitty", "truecolor"), QR_EXACT);
}
