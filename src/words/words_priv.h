/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORDS_WORDS_PRIV_H
#define WORDS_WORDS_PRIV_H

#include "words/words.h"

enum letter { LETTER_WORD, LETTER_SPACE, LETTER_PUNCTUATION, LETTER_OTHER };

enum letter fold_letter(uint32_t c);

#endif
