/* SPDX-License-Identifier: Apache-2.0 */

/*
 * stream BLOCKS: how fast a long answer of small deltas is read, as OpenAI's
 * servers send it, in pieces of 16 KiB and of one event, beside splitting the
 * same bytes into lines.  A line of bytes a second for each block: long,
 * short, lines.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "model/chat.h"

#define EVENTS 14000
#define LONG_PART (16 * 1024)

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Words of five letters, each in an event as it comes over the wire. */
static void
fill(struct buf *b, size_t *ret_event)
{
	int i;

	for (i = 0; i < EVENTS; i++) {
		buf_addf(b,
		    "data: {\"id\":\"chatcmpl-9aWcs2yR5mTqkN4yJx1Zc0\","
		    "\"object\":\"chat.completion.chunk\",\"created\":"
		    "1763600000,\"model\":\"gpt-5-nano\",\"service_tier\":"
		    "\"default\",\"system_fingerprint\":\"fp_0\",\"choices\":[{"
		    "\"index\":0,\"delta\":{\"content\":\" w%04d\"},"
		    "\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}"
		    "\n\n",
		    i % 10000);
		if (i == 0)
			*ret_event = b->len;
	}
	buf_adds(b,
	    "data: {\"choices\":[{\"index\":0,\"delta\":{},"
	    "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
}

static volatile size_t sink;

static void
on_words(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	sink += len;
}

static double
read_speed(const struct buf *b, size_t part)
{
	struct chat_ask ask = {.dialect = DIALECT_OPENAI};
	struct chat_reader *r = chat_reader_new(&ask, on_words, NULL);
	struct chat_reply *reply;
	struct errmsg why;
	double began = now_s();
	double took;
	size_t at;

	for (at = 0; at < b->len; at += part) {
		size_t n = b->len - at < part ? b->len - at : part;

		if (chat_reader_feed(r, b->p + at, n, &why) != OK)
			fatal("%s", why.text);
	}
	if (chat_reader_end(r, &reply, &why) != OK)
		fatal("%s", why.text);
	took = now_s() - began;
	if (strlen(reply->text) != 6 * EVENTS)
		fatal("not all of it was read");
	chat_reply_free(reply);
	chat_reader_free(r);
	return (double)b->len / took;
}

static double
line_speed(const struct buf *b)
{
	double began = now_s();
	const char *p = b->p;

	while ((p = memchr(p, '\n', (size_t)(b->p + b->len - p))) != NULL)
		sink += (size_t)(++p - b->p);
	return (double)b->len / (now_s() - began);
}

int
main(int argc, char **argv)
{
	long blocks = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
	struct buf b;
	size_t event;

	buf_init(&b, MODEL_REPLY_MAX);
	fill(&b, &event);
	if (b.overflow)
		fatal("the answer is longer than one may be");
	while (blocks-- > 0)
		printf("%.0f %.0f %.0f\n", read_speed(&b, LONG_PART),
		    read_speed(&b, event), line_speed(&b));
	buf_done(&b);
	return 0;
}
