/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_CHAT_PRIV_H
#define MODEL_CHAT_PRIV_H

/*
 * chat.c hands the events of an answer to the dialect and keeps what was
 * said, calls.c what is called, ask.c writes what all dialects have in
 * common, and errors.c words what went wrong.  ollama.c, openai.c and
 * anthropic.c write and read one dialect each.
 */

#include "model/chat.h"
#include "stream/stream.h"

/* ---- chat.c: what was said ---- */

/* Members that we do not know, each under the name of the last one. */
struct extras {
	struct {
		char *name;
		struct json *value;
	} at[MODEL_EXTRAS_MAX];
	size_t n;
};

/* A call as it comes together. */
struct call_part {
	int64_t index; /* As the server counts; -1: it does not. */
	struct buf id;
	struct buf name;
	struct buf args;
	struct json *whole; /* As it came, where it comes whole. */
	struct extras extras;
};

/* A block of Anthropic's. */
struct block {
	int64_t index;
	bool is_call;
	struct json *start; /* Empty when no more is kept. */
	struct buf text; /* Or thought, or the arguments. */
	struct buf signature;
};

struct chat_reader {
	const struct chat_ask *ask;
	const struct dialect_ops *ops;
	chat_words_fn *words;
	void *arg;
	struct stream stream;
	size_t taken;
	enum err failed;
	struct errmsg why;
	bool is_whole; /* What ends an answer has come. */
	bool is_over; /* Nothing more is read. */
	size_t event_len; /* Of the one that is read; 0 once it is kept. */
	size_t kept; /* Of events, for what is to be sent back. */
	bool by_format; /* Calls come as text. */
	enum finish finish;
	struct usage usage;
	struct buf text;
	struct buf thinking;
	struct extras extras; /* Of the message. */
	/* The one behind the last is that of those that are left out. */
	struct call_part parts[MODEL_CALLS_MAX + 1];
	size_t n_parts;
	size_t left_out;
	struct block blocks[MODEL_BLOCKS_MAX];
	size_t n_blocks;
};

struct dialect_ops {
	bool wants_events;
	void (*write)(const struct chat_ask *ask, struct buf *out);
	enum err (*read)(struct chat_reader *r, const struct json *event,
	    struct errmsg *why);
	/* The message as it is to be sent back. */
	struct json *(*raw)(
	    const struct chat_reader *r, const struct chat_reply *reply);
};
extern const struct dialect_ops ollama_ops;
extern const struct dialect_ops openai_ops;
extern const struct dialect_ops anthropic_ops;

NODISCARD enum err chat_said(
    struct chat_reader *r, const char *text, struct errmsg *why);
NODISCARD enum err chat_thought(
    struct chat_reader *r, const char *text, struct errmsg *why);

/* A count of tokens; one that none is leaves what was. */
void chat_count(const struct json *usage, const char *name, int64_t *ret);

/* May something of this event be kept to be sent back?  Beyond MODEL_RAW_MAX
 * nothing is, and the message is not sent back as it came. */
bool chat_may_keep(struct chat_reader *r);

/* Keep the members of `from` that are not among these names; lists grow, and
 * of all else the last one stands. */
void extras_keep(struct chat_reader *r, struct extras *x,
    const struct json *from, const char *const *known, size_t n);
void extras_put(const struct extras *x, struct json *object);
void extras_done(struct extras *x);

/* ---- calls.c: what is called ---- */

/* The part that this piece of a call belongs to; NULL when it is no one's. */
struct call_part *call_find(struct chat_reader *r, int64_t index,
    const char *id, const char *name, const char *args);

/* A call that no other piece belongs to. */
struct call_part *call_begin(struct chat_reader *r, int64_t index,
    const char *id, const char *name, const char *args);

void call_part_done(struct call_part *p);

/* Whole calls out of the parts.  False when they cannot all be sent back. */
bool calls_finish(struct chat_reader *r, struct chat_reply *reply);

/* The answer by a schema: a call or words.  False when it is neither. */
bool calls_by_format(struct chat_reader *r, struct chat_reply *reply);

/* ---- ask.c: what requests have in common ---- */

/* Each begins with what is written before its value: `"model":`. */
void ask_str(struct buf *out, const char *before, const char *s);
void ask_strn(struct buf *out, const char *before, const char *s, size_t len);

/* Must it call one of its tools, or say its last words as CHOICE_FINAL? */
bool ask_is_forced(const struct chat_ask *ask);
#define CHOICE_FINAL "final"
#define FINAL_ABOUT "Say your last words; no tool is called"
#define FINAL_TEXT "{\"type\":\"string\",\"minLength\":1}"
#define FINAL_SCHEMA                                                           \
	"{\"type\":\"object\",\"properties\":{\"text\":" FINAL_TEXT            \
	"},\"required\":[\"text\"]}"

/* The arguments of a tool as a JSON Schema. */
void ask_schema(struct buf *out, const char *before, const struct json *tool);

/* The system's message: its words, `more` of what does not change, and what
 * does. */
void ask_system(const struct chat_ask *ask, const char *more, struct buf *out);

/* `"tools":[{"type":"function",...}]`, and nothing without tools. */
void ask_functions(const struct chat_ask *ask, struct buf *out);

/* The raw message when it is of this dialect and can be sent. */
const char *ask_raw(const struct json *message, enum dialect d);

/* The arguments of a call in a conversation; "{}" for what is none. */
const char *ask_args(const struct json *call);

/* ---- errors.c ---- */

/* What an error's body says; NULL when it says nothing. */
const char *error_words(const struct json *body);

/* The provider's words made safe to show, in one line. */
void error_show(struct buf *out, const char *s, size_t len);

/* ERR_IO with the provider's words. */
NODISCARD enum err error_told(const struct json *body, struct errmsg *why);

#endif
