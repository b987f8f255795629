/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

/*
 * Memory: what was said to the house and by it, and the facts that it was
 * told to remember, each with its source and with the labels that its run had
 * then.  Its table and all SQL about it are here; when it is written, and in
 * whose transaction, is the ledger's to say.
 *
 * A row is
 *
 *	{"id", "kind": "message" | "fact", "role": "user" | "assistant" | "",
 *	 "run", "act", "session", "who", "source", "text", "labels", "wall_ms"}
 *
 * A message also has a context, the two turns before it and the one after it
 * in its session, so that "and tomorrow?" is found by what it was about.
 *
 * Nothing from outside is ever SQL, nor the syntax of a full text query: that
 * is made of quoted words alone (memory_words()).
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/store.h"

extern const char memory_schema[];
extern const char memory_light_schema[];

/* All of these inside a job of the store. */

/* A second one of the same id changes nothing. */
NODISCARD enum err memory_keep(struct store_tx *tx, const struct json *row);

/* Its words are gone from the table, the index and the contexts of others.
 * What is not there is forgotten already. */
NODISCARD enum err memory_forget(struct store_tx *tx, const char *id);

/* The messages of every run whose goal stands in the log before `before` are
 * to be forgotten: a few by each memory_prune_some(), until there are no more.
 * Between two of them the house may be killed. */
NODISCARD enum err memory_prune(struct store_tx *tx, int64_t before);
NODISCARD enum err memory_prune_some(struct store_tx *tx, bool *ret_more);

enum memory_want {
	MEMORY_VIEW, /* What a turn is to begin with. */
	MEMORY_SEARCH,
	MEMORY_FACTS, /* A page, the newest first: those before `from`, or 0. */
	MEMORY_ONE, /* Whose id `words` is. */
	MEMORY_SESSIONS,
	MEMORY_SESSION, /* One of them, a page from `from` on. */
};

struct memory_ask {
	enum memory_want want;
	bool all; /* Of everybody; else only what `who` said and was told. */
	char who[NAME_MAX_LEN + 1];
	char run[NAME_MAX_LEN + 1]; /* This one's own messages are left out. */
	char session[SESSION_MAX + 1];
	char words[GOAL_MAX + 1];
	int64_t from;
};

/* VIEW: {"memories": [{"text", "when", "source", "labels"}],
 *        "history": [{"role", "text"}], "seen": [{"id"}], "labels"}; the
 *        ids are those of both
 * SEARCH, FACTS, ONE, SESSION: {"rows": [...], "labels"}, each row with its "n"
 * SESSIONS: {"sessions": [{"session", "who", "messages", "wall_ms"}]}
 *
 * `labels` are those of all that is in it. */
NODISCARD enum err memory_read(
    struct store_tx *tx, const struct memory_ask *ask, struct json **ret);

/* A line for a row that was found: its text as a string of JSON, so that no
 * line of it looks like another row. */
void memory_say(const struct json *row, struct buf *out);

/* The words of a text that are worth looking for: letters and digits alone, no
 * stop word, none twice. */
struct memory_word {
	char text[MEMORY_WORD_MAX + 1];
	int64_t rows; /* That have it, about; for who counts them. */
};
size_t memory_words(const char *text, struct memory_word ret[MEMORY_WORDS_MAX]);

/* Names of sessions: 1 to SESSION_MAX of a-z 0-9 . _ - */
bool memory_is_session(const char *name);

#endif
