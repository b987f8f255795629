/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "terminal/terminal.h"

/* All of it, or a terminal's line; at most `size` bytes. */
static enum err
read_in(char *p, size_t size, bool line, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	while (
	    len < size && (n = read(STDIN_FILENO, p + len, size - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		len += (size_t)n;
		if (line && p[len - 1] == '\n') {
			len--;
			break;
		}
	}
	*ret_len = len;
	return OK;
}

static enum err
read_unseen(const char *prompt, char *p, size_t size, size_t *ret_len)
{
	struct termios before;
	struct termios quiet;
	enum err e;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return read_in(p, size, false, ret_len);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) < 0)
		return ERR_IO;
	fprintf(stderr, "%s: ", prompt);
	e = read_in(p, size, true, ret_len);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fprintf(stderr, "\n");
	return e;
}

enum err
terminal_read_secret(const char *prompt, size_t max, struct secret **ret)
{
	size_t size = max + 2; /* More than allowed is noticed. */
	char *p = xalloc(size);
	size_t len = 0;
	enum err e = read_unseen(prompt, p, size, &len);

	if (e == OK && len > max)
		e = ERR_LIMIT;
	if (e == OK)
		*ret = secret_new(p, len);
	explicit_bzero(p, size);
	free(p);
	return e;
}
