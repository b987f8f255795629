/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERMINAL_TERMINAL_H
#define TERMINAL_TERMINAL_H

/*
 * The terminal of a command: its options, and what it prints, for people by
 * default and for programs with --json.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"

/* Exit codes, documented in `durward help`. */
enum terminal_exit {
	EXIT_REACHED = 0, /* Done; the goal was reached. */
	EXIT_FAILED = 1, /* Understood, but it did not work. */
	EXIT_USAGE = 2,
	EXIT_AWAY = 3, /* The house cannot be reached. */
	EXIT_REFUSED = 4, /* The house said no. */
	EXIT_BROKEN = 5, /* The log, a proof or a signature does not fit. */
};

/* --json was given: answers go out as they came, one document a line. */
extern bool terminal_json;

/* An option with a value: taken out of argv, or `otherwise`. */
const char *terminal_option(
    int *argc, char **argv, const char *name, const char *otherwise);
bool terminal_flag(int *argc, char **argv, const char *name);

/* A folder of the house on this machine, such as /var/lib/durward; of the
 * second one where DURWARD_ROOT names it.  Stays as it is until the next call
 * with the same `ret`. */
#define TERMINAL_FOLDER_SIZE 512
const char *terminal_folder(const char *path, char ret[TERMINAL_FOLDER_SIZE]);

int terminal_usage(const char *usage);

/* Print a document with --json; false when people are to read it. */
bool terminal_print_json(const struct json *v);

/* Text of the house on a terminal: what cannot be seen, moves the cursor or
 * turns text around stands there as escapes; only line ends are line ends. */
void terminal_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* What went wrong, to stderr, as one line behind "durward: ". */
void terminal_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Words of others, of a model above all, with a mark before each line that
 * they cannot leave out: they must not pass for the house's own.  `begins`:
 * the first of them begins a line. */
void terminal_print_words(bool begins, const char *words);

/* The same in one line, for a row; the caller frees it. */
char *terminal_one_line(const char *words);

/* One line from a terminal, unseen and without its end, or else all of the
 * input as it is.  ERR_LIMIT over `max` bytes, ERR_IO. */
NODISCARD enum err terminal_read_secret(
    const char *prompt, size_t max, struct secret **ret);

/* What was typed so far at a terminal answers no question that comes now. */
void terminal_forget_line(void);

/* The next line that is typed.  False at the end of what is, and as soon as
 * `waits`, asked each TYPED_LOOK_MS meanwhile, says that nobody needs it. */
#define TYPED_LOOK_MS 1000
typedef bool waits_fn(void *arg);
bool terminal_read_line(waits_fn *waits, void *arg, char *line, int size);

/* ---- Single keys, for a terminal (keys.c) ---- */

/* From here on keys are read one by one and unseen, until the close, or until
 * a signal ends the program.  ERR_IO when this is no terminal. */
NODISCARD enum err terminal_keys_open(void);
void terminal_keys_close(void);

/* What was typed so far answers nothing: it is thrown away, and so is what
 * follows before nobody has typed anything for KEYS_SILENT_MS, so that a key
 * that is held down answers nothing either. */
void terminal_keys_forget(int64_t now_ms);

/* The one key that was typed; KEY_NONE for what does not count, as several
 * bytes at once do not, nor what follows before there was silence again;
 * KEY_END when there will be no more. */
enum { KEY_NONE = 0, KEY_END = -1 };
int terminal_key(int64_t now_ms);

/* Rows and columns, or those of a small one when nobody knows. */
void terminal_size(int *ret_rows, int *ret_columns);

void terminal_bell(void);

/* A short form of an id, digest or key. */
#define SHORT_LEN 12

#endif
