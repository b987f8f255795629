/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAIRING_PAIRING_H
#define PAIRING_PAIRING_H

/*
 * `durward pair`: who may join is said on the console, and who joins shows
 * that it was meant.
 *
 * A client of the command line is paired at once, with a token that only the
 * two see.  A browser (--phone) is shown a link besides, and joins when the
 * person at the console has compared four words with those on its screen.
 */

#include <stdbool.h>

#define PAIR_USAGE                                                             \
	"[TOKEN] [--name NAME] [--host HOST] [--role ROLE] [--phone] "         \
	"[--expires 30d] [--scope TOOLS]"

int command_pair(int argc, char **argv);

/* `durward recovery`: a code on paper, for who lost every client. */
int command_recovery(int argc, char **argv);

struct session;
struct json;

/* "until_ms" of a command, from such as "30d"; nothing when it is NULL.  False,
 * and said, when it is no time. */
bool pairing_put_until(struct json *body, const char *expires);

/* Make a certificate with its key for a phone, of a client named so, as files
 * in the folder where we are; an exit code. */
int pairing_certificate(
    struct session *s, const char *name, const char *expires);

#endif
