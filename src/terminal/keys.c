/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/limits.h"
#include "terminal/terminal.h"

#define ROWS 24
#define COLUMNS 80

static struct termios before;
static int64_t silent_ms; /* A key counts from then on. */

static void
on_signal(int signal)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	raise(signal); /* The handler is gone by now. */
}

static void
handle(void (*fn)(int))
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction a = {.sa_flags = (int)SA_RESETHAND};
	size_t i;

	a.sa_handler = fn;
	for (i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &a, NULL);
}

void
terminal_forget_line(void)
{
	if (tcflush(STDIN_FILENO, TCIFLUSH) == 0)
		__fpurge(stdin);
}

bool
terminal_read_line(waits_fn *waits, void *arg, char *line, int size)
{
	struct pollfd typed = {.fd = STDIN_FILENO, .events = POLLIN};

	while (poll(&typed, 1, TYPED_LOOK_MS) == 0)
		if (!waits(arg))
			return false;
	return fgets(line, size, stdin) != NULL;
}

enum err
terminal_keys_open(void)
{
	struct termios keys;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return ERR_IO;
	handle(on_signal);
	keys = before;
	keys.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &keys) < 0 ? ERR_IO : OK;
}

void
terminal_keys_close(void)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	handle(SIG_DFL);
}

void
terminal_keys_forget(int64_t now_ms)
{
	tcflush(STDIN_FILENO, TCIFLUSH);
	silent_ms = now_ms + KEYS_SILENT_MS;
}

int
terminal_key(int64_t now_ms)
{
	unsigned char typed[64];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return KEY_NONE;
	if (n <= 0)
		return KEY_END;
	if (now_ms < silent_ms || n > 1) {
		silent_ms = now_ms + KEYS_SILENT_MS;
		return KEY_NONE;
	}
	return typed[0];
}

void
terminal_size(int *ret_rows, int *ret_columns)
{
	struct winsize size = {.ws_row = 0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 ||
	    size.ws_col == 0) {
		size.ws_row = ROWS;
		size.ws_col = COLUMNS;
	}
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
}

void
terminal_bell(void)
{
	putchar('\a');
	fflush(stdout);
}
