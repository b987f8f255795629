/* SPDX-License-Identifier: Apache-2.0 */
#include "main/passphrase.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "rescue/rescue.h"
#include "sys/file.h"
#include "terminal/terminal.h"

static enum err
read_file(const char *file, struct secret **ret, struct errmsg *why)
{
	struct buf b;
	enum err e;

	buf_init(&b, PASSPHRASE_MAX + 1);
	e = file_read(file, &b);
	if (e == OK)
		*ret = secret_new(b.p, b.len);
	else
		err_say(why, e, "%.150s cannot be read, or is too long", file);
	if (b.p != NULL)
		explicit_bzero(b.p, b.len);
	buf_done(&b);
	return e;
}

/* An editor ends the line, a person does not. */
static void
cut_line(struct secret **s)
{
	const char *p = secret_reveal(*s);
	size_t len = secret_len(*s);
	struct secret *cut;

	if (len == 0 || p[len - 1] != '\n')
		return;
	cut = secret_new(p, len - 1);
	secret_free(*s);
	*s = cut;
}

static enum err
ask_again(const struct secret *first, struct errmsg *why)
{
	struct secret *again = NULL;
	bool same;

	if (terminal_read_secret(
		"the same once more", PASSPHRASE_MAX + 1, &again) != OK)
		return err_say(why, ERR_INPUT, "no passphrase was given");
	same = secret_len(again) == secret_len(first) &&
	    memcmp(secret_reveal(again), secret_reveal(first),
		secret_len(first)) == 0;
	secret_free(again);
	return same ? OK : err_say(why, ERR_INPUT, "the two are not the same");
}

static enum err
check(const struct secret *s, bool fresh, struct errmsg *why)
{
	size_t len = secret_len(s);

	if (len > PASSPHRASE_MAX || len < (fresh ? PASSPHRASE_MIN : 1))
		return err_say(why, ERR_INPUT,
		    "a passphrase has %d to %d bytes; four random words are "
		    "good",
		    PASSPHRASE_MIN, PASSPHRASE_MAX);
	return OK;
}

enum err
passphrase_read(
    const char *file, bool fresh, struct secret **ret, struct errmsg *why)
{
	struct secret *s = NULL;
	enum err e;

	if (file != NULL)
		e = read_file(file, &s, why);
	else if (terminal_read_secret(
		     "passphrase of the backup", PASSPHRASE_MAX + 1, &s) == OK)
		e = OK;
	else
		e = err_say(why, ERR_INPUT, "no passphrase was given");
	if (e != OK)
		return e;
	cut_line(&s);
	e = check(s, fresh, why);
	if (e == OK && fresh && file == NULL && isatty(STDIN_FILENO))
		e = ask_again(s, why);
	if (e == OK)
		*ret = s;
	else
		secret_free(s);
	return e;
}
