/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Lines for operators, on stderr: `role: level: text`, to the journal with the
 * level as a field of its own, in a file behind the time (UTC).  Only roles,
 * the parent and the command line log; lower rooms return errors.  No model
 * text and no secret is ever logged: evidence belongs to the audit log.
 */

#include <stddef.h>

#include "base/err.h"

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* The word each line begins with, and the least important level shown. */
void log_open(const char *who, enum log_level level);

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_err(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Log and leave: for broken invariants of the machine, such as no memory. */
_Noreturn void fatal(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Memory or the end: a house without memory must restart, not guess. */
void *xalloc(size_t n);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

#endif
