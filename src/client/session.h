/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

/*
 * A conversation with the house as a paired client: queries, and commands
 * that are signed over their exact words.
 */

#include "base/json.h"
#include "client/identity.h"
#include "terminal/terminal.h"

struct session;

/* Loads the identity and connects; says on stderr what is wrong.  NULL, and
 * then `ret_exit` is the exit code. */
struct session *session_open(int *ret_exit);
void session_close(struct session *s);

const struct identity *session_identity(const struct session *s);

/* `query` is the target behind /v1/.  On failure says why on stderr and
 * returns NULL; `ret_exit` is set.  The caller frees the answer. */
struct json *session_query(
    struct session *s, int *ret_exit, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A query whose answer is taken later, when `session_fd()` is readable;
 * nothing else is said meanwhile.  On failure says why on stderr. */
NODISCARD enum err session_send(
    struct session *s, int *ret_exit, const char *fmt, ...) PRINTF_LIKE(3, 4);
int session_fd(const struct session *s);

/* False: it is not there yet.  Else it is as if session_query() gave it. */
bool session_receive(struct session *s, int *ret_exit, struct json **ret);

/* Takes `body` over. */
struct json *session_command(
    struct session *s, const char *name, struct json *body, int *ret_exit);

#endif
