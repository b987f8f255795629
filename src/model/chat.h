/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_CHAT_H
#define MODEL_CHAT_H

/*
 * One conversation for all providers, and its three dialects on the wire:
 * Ollama's /api/chat (NDJSON), OpenAI's chat completions (SSE) as many
 * servers speak them, and Anthropic's messages (SSE).
 *
 * A conversation is an array of messages:
 *
 *	{"role": "user", "text"}
 *	{"role": "assistant", "text", "calls": [{"id", "tool", "args"}],
 *	    "dialect", "raw"}
 *	{"role": "tool", "id", "tool", "text", "ok"}
 *
 * `args` is canonical JSON as text.  `raw` is the provider's own message, as
 * the text of its JSON, so that it may be nested as deep as the provider
 * likes; to the dialect it came from it is sent back word for word, since
 * signatures and ids stand in it, and to others by its text and calls.  Two
 * providers of one dialect are not told from each other here: who hands the
 * messages over leaves `raw` out for another one (turn/prompt.c).  What
 * a server adds that we do not know is kept in it and otherwise passed over.
 *
 * Pure: requests are written into a buffer, and what arrives is fed in pieces
 * of any size.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

enum dialect {
	DIALECT_NONE,
	DIALECT_OLLAMA,
	DIALECT_OPENAI,
	DIALECT_ANTHROPIC
};

/* "ollama", "openai", "anthropic". */
const char *dialect_name(enum dialect d);
enum dialect dialect_by_name(const char *name); /* DIALECT_NONE */

/* Behind the provider's URL: "/api/chat", "/chat/completions",
 * "/v1/messages". */
const char *dialect_path(enum dialect d);

/* ---- Asking ---- */

enum choice {
	CHOICE_AUTO, /* Words or calls, as the model likes. */
	/* A call of a tool in view, or of "final" with its last words: no
	 * model is made to do what nobody wants. */
	CHOICE_CALL,
	/* Words alone; the tools stay in view, for caches.  Ollama cannot be
	 * told so: a call that comes none the less is the caller's to
	 * refuse. */
	CHOICE_NONE
};

struct chat_ask {
	enum dialect dialect;
	const char *model;
	int64_t context; /* Tokens; Ollama's num_ctx, the same in each call. */
	int64_t output; /* The most tokens of the reply. */
	const char *system; /* What does not change from call to call. */
	const char *changing; /* Stands behind it; NULL for none. */
	const struct json *messages;
	/* [{"name": "notes.save", "about", "args": {NAME: {"type",
	 * "required", "about"}}}], at most MODEL_TOOLS_MAX. */
	const struct json *tools;
	enum choice choice;
};

/* The body of the request, streaming asked for.  CHOICE_CALL becomes
 * tool_choice where there is one, with "final" among the tools, and where
 * there is none a `format` with a schema of all calls, whose answer
 * chat_reader takes for a call.  ERR_LIMIT beyond MODEL_REQUEST_MAX. */
NODISCARD enum err chat_write(const struct chat_ask *ask, struct buf *out);

/* The name of a tool on the wire, where dots are not taken: "notes__save".
 * What is longer than all providers take ends in a hash. */
void chat_tool_name(const char *tool, char ret[MODEL_TOOL_NAME_MAX + 1]);

/* ---- Answers ---- */

enum finish {
	FINISH_STOP, /* It has said what it wanted to say. */
	FINISH_CALLS, /* It wants calls. */
	FINISH_LENGTH, /* Cut by the ceiling of tokens or the context. */
	FINISH_FILTER /* Refused by the provider. */
};

/* As the provider counts; -1 where it does not say.  `input` is all of the
 * prompt, with what came from a cache. */
struct usage {
	int64_t input;
	int64_t cached; /* Of `input`, read from a cache. */
	int64_t cache_written; /* Of `input`. */
	int64_t output;
};

struct chat_call {
	/* Made up where there is none, or one that stands already. */
	char id[MODEL_CALL_ID_MAX + 1];
	char tool[2 * NAME_MAX_LEN + 2]; /* In our form; as it came, cut, when
					  * it is none in view. */
	char *args; /* Canonical; NULL: what came is no JSON object. */
	char *wrong; /* Then this is it, cut, for the repair. */
};

struct chat_reply {
	char *text; /* "" for none. */
	bool chosen; /* Under CHOICE_CALL: it chose to say this. */
	char *thinking;
	struct chat_call calls[MODEL_CALLS_MAX];
	size_t n_calls;
	size_t left_out; /* Calls beyond them. */
	/* NULL where it cannot be sent back: it holds a call that is none, or
	 * that was left out and so will not be answered. */
	struct json *raw;
	struct usage usage;
	enum finish finish;
};

void chat_reply_free(struct chat_reply *r);

/* {"role": "assistant", ...} as it stands in a conversation.  A call whose
 * arguments are none has "{}" there. */
struct json *chat_reply_message(
    const struct chat_reply *r, enum dialect dialect);

struct chat_reader;

/* What it says, as it comes; whole UTF-8 characters. */
typedef void chat_words_fn(void *arg, const char *text, size_t len);

/* `ask` is borrowed until the reader is freed; `words` may be NULL. */
struct chat_reader *chat_reader_new(
    const struct chat_ask *ask, chat_words_fn *words, void *arg);
void chat_reader_free(struct chat_reader *r);

/* Bytes of the answer's body, which may be a stream or, from servers that
 * know none, one object.  ERR_INPUT for what is not the dialect, ERR_LIMIT,
 * ERR_IO for an error that the provider tells in the middle; the words are
 * for people.  After an error nothing more is taken. */
NODISCARD enum err chat_reader_feed(
    struct chat_reader *r, const char *p, size_t len, struct errmsg *why);

/* The body is over, and not by a cut connection.  ERR_CLOSED when the answer
 * is not: nothing in it may be acted on.  It is over with done (Ollama),
 * message_stop (Anthropic), and with finish_reason (OpenAI): [DONE] is not
 * sent by all, and says nothing that the reason does not. */
NODISCARD enum err chat_reader_end(
    struct chat_reader *r, struct chat_reply **ret, struct errmsg *why);

/* The words of an error's body, whatever its form, and the status in words
 * with what to do: "the key is wrong (401): ..." */
void chat_say_error(
    enum dialect d, int status, const char *body, size_t len, struct buf *out);

/* May another try help?  408, 409, 429, 5xx and the providers' own. */
bool chat_may_retry(int status);

#endif
