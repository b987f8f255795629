/* SPDX-License-Identifier: Apache-2.0 */
#ifndef READING_H
#define READING_H

/* A body read in pieces, and all that came of it in one line. */

#include "model/chat.h"

#define TOOLS                                                                  \
	"[{\"name\":\"notes.save\",\"about\":\"Saves a note.\",\"args\":"      \
	"{\"text\":{\"type\":\"string\",\"required\":true}}},"                 \
	"{\"name\":\"home.set\",\"about\":\"Sets a device.\",\"args\":"        \
	"{\"on\":{\"type\":\"boolean\"}}}]"

static inline struct json *
reading_json(const char *text)
{
	struct json *v;

	if (json_parse(text, strlen(text), &v) != OK)
		abort();
	return v;
}

static inline void
reading_words(void *arg, const char *text, size_t len)
{
	buf_add(arg, text, len);
}

static inline void
reading_sum_up(const struct chat_reply *r, struct buf *out)
{
	static const char *const finishes[] = {
	    "stop", "calls", "length", "filter"};
	size_t i;

	buf_addf(out, "%s|%s|", r->thinking, r->text);
	for (i = 0; i < r->n_calls; i++)
		buf_addf(out, "%s %s %s%s;", r->calls[i].id, r->calls[i].tool,
		    r->calls[i].args != NULL ? r->calls[i].args : "wrong: ",
		    r->calls[i].wrong != NULL ? r->calls[i].wrong : "");
	buf_addf(out, "|%s|%lld %lld %lld %lld", finishes[r->finish],
	    (long long)r->usage.input, (long long)r->usage.cached,
	    (long long)r->usage.cache_written, (long long)r->usage.output);
	if (r->left_out > 0)
		buf_addf(out, "|left out %zu", r->left_out);
}

/* `first` bytes, and then `step` at a time; 0 is all the rest.  `words` gets
 * what was told as it came, `raw` what is to be sent back; both may be NULL.
 * What did not end in a reply is "error N: why". */
static inline void
reading_run(const struct chat_ask *ask, const char *body, size_t len,
    size_t first, size_t step, struct buf *out, struct buf *words,
    struct buf *raw)
{
	struct chat_reader *r =
	    chat_reader_new(ask, words != NULL ? reading_words : NULL, words);
	struct chat_reply *reply = NULL;
	struct errmsg why = {"nothing"};
	enum err e = OK;
	size_t at;
	size_t n;

	for (at = 0; at < len && e == OK; at += n) {
		char *exact;

		n = at == 0 && first > 0 ? first : step > 0 ? step : len;
		if (n > len - at)
			n = len - at;
		/* Nothing behind it may be read. */
		exact = malloc(n);
		memcpy(exact, body + at, n);
		e = chat_reader_feed(r, exact, n, &why);
		free(exact);
	}
	if (e == OK)
		e = chat_reader_end(r, &reply, &why);
	if (e == OK) {
		reading_sum_up(reply, out);
		if (raw != NULL && reply->raw != NULL)
			json_print_into(reply->raw, raw);
	} else {
		buf_addf(out, "error %d: %s", (int)e, why.text);
	}
	chat_reply_free(reply);
	chat_reader_free(r);
}

#endif
