/* SPDX-License-Identifier: Apache-2.0 */
#include "plain/plain_priv.h"

/* The files as they are, between two names. */
#define FILE_AS(name, path)                                                    \
	__asm__(".pushsection .rodata\n" #name ":\n.incbin \"" path            \
		"\"\n" #name "_end:\n.byte 0\n.popsection\n");                 \
	extern const char name[] __attribute__((visibility("hidden")));        \
	extern const char name##_end[] __attribute__((visibility("hidden")))

FILE_AS(plain_en, "config/sentences/en.json");
FILE_AS(plain_de, "config/sentences/de.json");

const char *
plain_set(size_t i, size_t *ret_len)
{
	*ret_len = i == 0 ? (size_t)(plain_en_end - plain_en)
			  : (size_t)(plain_de_end - plain_de);
	return i == 0 ? plain_en : plain_de;
}
