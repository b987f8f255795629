/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a query for memory end no quotes, and are bounded, whatever was
 * said. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory_word words[MEMORY_WORDS_MAX];
	char *text = malloc(size + 1);
	size_t n;
	size_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	n = memory_words(text, words);
	if (n > MEMORY_WORDS_MAX)
		abort();
	for (i = 0; i < n; i++) {
		size_t len = strlen(words[i].text);

		if (len == 0 || len > MEMORY_WORD_MAX ||
		    strcspn(words[i].text, "\" *:^(){}+-") != len ||
		    strstr(text, words[i].text) == NULL)
			abort();
	}
	free(text);
	return 0;
}
