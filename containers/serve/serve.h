/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

/*
 * A server of the Model Context Protocol over stdio for our own small tools,
 * in revision 2026-07-28 and for older clients in 2025-11-25: a table of
 * functions in, a loop until the client closes our input.
 */

#include <cjson/cJSON.h>
#include <stdbool.h>

struct reply {
	char *text; /* Owned by serve; made with reply_set(). */
	bool failed;
};

struct function {
	const char *name;
	const char *description;
	const char *schema; /* JSON Schema of the arguments. */
	void (*run)(const cJSON *args, struct reply *reply);
};

void reply_set(struct reply *r, bool failed, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The text of an argument, or "" when it is not there. */
const char *arg_text(const cJSON *args, const char *name);

int serve(const char *name, const struct function *functions, int n);

#endif
