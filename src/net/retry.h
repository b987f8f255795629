/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_RETRY_H
#define NET_RETRY_H

/* When a server wants to be asked again. */

#include <stddef.h>
#include <stdint.h>

/* The value of a retry-after (RFC 9110 section 10.2.3), seconds or a date,
 * in milliseconds from now; -1 when it is neither. */
int64_t retry_after_ms(const char *text, size_t len, int64_t wall_ms);

#endif
