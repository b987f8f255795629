/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H

/* Borrowed pieces of parsed text, globs, hexadecimal, base32 and base64. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct str {
	const char *p;
	size_t len;
};

bool str_eq(struct str s, const char *text);

/* Cut the next line off `rest`, without its end; false when none. */
bool str_line(struct str *rest, struct str *ret_line);

/* `*` matches any run of bytes, `?` one byte, everything else itself. */
bool str_glob(const char *glob, const char *text);

/* 1 to NAME_MAX_LEN of a-z 0-9 . _ -, beginning with a letter. */
bool str_is_name(const char *s);

bool str_is_utf8(const char *s, size_t len);

/* Put `?` for every byte that is not UTF-8, such as half a character. */
void str_mend(char *s);

/* How many bytes to keep so that at most `most` remain and no character is
 * cut. */
size_t str_cut(const char *s, size_t most);

/* Copy into a fixed field; ERR_LIMIT when it does not fit. */
NODISCARD enum err str_copy(char *to, size_t size, const char *from);

/* `ret` holds 2 * n + 1 bytes. */
void hex_write(char *ret, const uint8_t *p, size_t n);

/* Exactly `n` bytes in lower case, nothing else. */
NODISCARD enum err hex_read(
    const char *s, size_t s_len, uint8_t *ret, size_t n);

/* RFC 4648 section 6, lower case, no padding.  Writes BASE32_LEN(n) digits
 * and a NUL; reading demands that unused bits are nought. */
#define BASE32_LEN(n) (((n)*8 + 4) / 5)
void base32_write(char *ret, const uint8_t *p, size_t n);
NODISCARD enum err base32_read(const char *s, uint8_t *ret, size_t n);

/* RFC 4648 section 4, with padding.  Writes BASE64_LEN(n) digits and a NUL. */
#define BASE64_LEN(n) (((n) + 2) / 3 * 4)
void base64_write(char *ret, const uint8_t *p, size_t n);

#endif
