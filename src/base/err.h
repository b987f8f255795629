/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * The one table of errors.  Fallible functions return `enum err`; where a
 * person must act on it, the last parameter is a `struct errmsg` that says
 * what is wrong and what to do next.
 */

#define ERR_TABLE(X)                                                           \
	X(OK, "ok")                                                            \
	X(ERR_INPUT, "the input is malformed")                                 \
	X(ERR_LIMIT, "a limit was reached")                                    \
	X(ERR_NOTFOUND, "no such thing")                                       \
	X(ERR_EXISTS, "it exists already")                                     \
	X(ERR_STATE, "not possible in this state")                             \
	X(ERR_DENIED, "denied")                                                \
	X(ERR_SIGNATURE, "the signature does not match")                       \
	X(ERR_EXPIRED, "it has expired")                                       \
	X(ERR_REPLAY, "it was used before")                                    \
	X(ERR_BUSY, "busy, try again")                                         \
	X(ERR_CLOSED, "the other side is gone")                                \
	X(ERR_IO, "input or output failed")                                    \
	X(ERR_CORRUPT, "stored data is damaged")                               \
	X(ERR_UNSUPPORTED, "not supported here")

enum err {
#define X(name, text) name,
	ERR_TABLE(X)
#undef X
	    ERR_COUNT
};

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct errmsg {
	char text[256];
};

/* One sentence for people; never NULL. */
const char *err_text(enum err e);

void err_write(struct errmsg *why, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Write the sentence a person will read, and return `e` for a tail call.
 * What is returned can be seen in the caller: nothing behind a failed check
 * looks reachable to compilers and analysers. */
static inline enum err
err_same(enum err e)
{
	return e;
}
#define err_say(why, e, ...) (err_write(why, __VA_ARGS__), err_same(e))

#endif
