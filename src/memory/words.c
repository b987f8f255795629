/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory/memory_priv.h"

/* From what a person or a model said to words that a query may hold in
 * quotes. */

/* English and German, sorted by their bytes.  They are left out of queries
 * and not of the index: so the list may change without another index. */
static const char *const stop[] = {"a", "aber", "about", "all", "alle", "als",
    "also", "am", "an", "and", "any", "are", "as", "at", "auch", "auf", "aus",
    "be", "been", "bei", "bin", "bis", "bist", "but", "by", "can", "could",
    "da", "das", "dass", "dein", "deine", "dem", "den", "denn", "der", "des",
    "dich", "did", "die", "dies", "diese", "dir", "do", "doch", "does", "du",
    "ein", "eine", "einem", "einen", "einer", "er", "es", "for", "from",
    "f\303\274r", "gibt", "had", "has", "hat", "have", "he", "her", "hier",
    "him", "his", "how", "i", "ich", "if", "ihm", "ihn", "ihr", "im", "in",
    "ins", "is", "ist", "it", "its", "ja", "kann", "kein", "keine", "know",
    "man", "me", "mein", "meine", "mich", "mir", "mit", "my", "nach", "nein",
    "nicht", "no", "noch", "not", "nur", "oder", "of", "on", "or", "our",
    "please", "she", "sich", "sie", "sind", "so", "that", "the", "their",
    "them", "then", "there", "they", "this", "to", "um", "und", "uns", "unser",
    "us", "vom", "von", "vor", "war", "warum", "was", "we", "wenn", "wer",
    "were", "what", "when", "where", "which", "who", "why", "wie", "will",
    "wir", "with", "wo", "would", "yes", "you", "your", "zu", "zum", "zur",
    "\303\274ber"};

static int
compare(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

bool
stop_has(const char *word, size_t len)
{
	char low[MEMORY_WORD_MAX + 1];
	size_t i;

	if (len > MEMORY_WORD_MAX)
		return false;
	for (i = 0; i < len; i++)
		low[i] = (char)(word[i] >= 'A' && word[i] <= 'Z'
			? word[i] - 'A' + 'a'
			: word[i]);
	low[len] = '\0';
	return bsearch(low, stop, ARRAY_LEN(stop), sizeof(stop[0]), compare) !=
	    NULL;
}

/* Letters and digits of ASCII, and all of other scripts: the tokenizer of the
 * index parts those further. */
static bool
is_part(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c & 0x80) != 0;
}

static bool
has_word(const struct memory_word *words, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcasecmp(words[i].text, text) == 0)
			return true;
	return false;
}

size_t
memory_words(const char *text, struct memory_word ret[MEMORY_WORDS_MAX])
{
	size_t n = 0;

	while (*text != '\0' && n < MEMORY_WORDS_MAX) {
		size_t len = 0;

		while (is_part(text[len]))
			len++;
		if (len > 0 && len <= MEMORY_WORD_MAX && !stop_has(text, len)) {
			ret[n] = (struct memory_word){.rows = 0};
			memcpy(ret[n].text, text, len);
			n += !has_word(ret, n, ret[n].text);
		}
		text += len > 0 ? len : 1;
	}
	return n;
}

bool
memory_is_session(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return len > 0 && len <= SESSION_MAX && name[len] == '\0';
}
