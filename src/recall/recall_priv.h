/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECALL_RECALL_PRIV_H
#define RECALL_RECALL_PRIV_H

#include "base/buf.h"

/* So that the target of a query fits. */
#define RECALL_WORDS_MAX 150

/* Words as a query takes them: each byte as %xx. */
void recall_write_words(const char *text, struct buf *out);

#endif
