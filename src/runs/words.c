/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "runs/runs_priv.h"
#include "sys/clock.h"

/*
 * What a model says while it says it.  These words are for those who look
 * on: they are kept while the run is open, the last WORDS_MAX bytes of them,
 * and never written down; what counts of them comes again in the reply.
 */

static void
nudge(struct run *run)
{
	run->nudged_ms = clock_boot_ms();
	ledger_nudge(run->runs->ledger, run->id);
}

static void
on_nudge(void *arg)
{
	struct run *run = arg;

	run->nudge_timer = 0;
	nudge(run);
}

/* At once after a pause, and then a few times a second. */
static void
nudge_soon(struct run *run)
{
	int64_t now_ms = clock_boot_ms();

	if (run->nudge_timer != 0)
		return;
	if (now_ms - run->nudged_ms >= WORDS_EVERY_MS)
		nudge(run);
	else
		run->nudge_timer = loop_timer(run->runs->s.loop,
		    run->nudged_ms + WORDS_EVERY_MS, on_nudge, run);
}

static void
keep(struct run *run, const char *p, size_t len)
{
	size_t over;

	if (len > WORDS_MAX) {
		run->words_from += (int64_t)(len - WORDS_MAX);
		p += len - WORDS_MAX;
		len = WORDS_MAX;
	}
	over = run->words.len + len > WORDS_MAX
	    ? run->words.len + len - WORDS_MAX
	    : 0;
	buf_drop(&run->words, over);
	run->words_from += (int64_t)over;
	buf_add(&run->words, p, len);
}

/* {"run"} and the words. */
void
runs_on_words(struct runs *rs, const struct msg *m)
{
	struct run *run = run_of_mind(rs, json_words(m->body, "run"));
	char *text;

	if (run == NULL || m->bulk_len == 0)
		return;
	/* A piece holds whole characters; what is none would end the WebSocket
	 * of who listens. */
	text = msg_text(m);
	keep(run, text, strlen(text));
	free(text);
	nudge_soon(run);
}

/* ---- Who listens ---- */

static struct listener *
find_listener(struct runs *rs, int64_t request)
{
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX; i++)
		if (rs->listeners[i].request == request)
			return &rs->listeners[i];
	return NULL;
}

void
runs_listen(struct runs *rs, int64_t request, const char *run, int64_t from)
{
	struct listener *l = find_listener(rs, 0);

	if (l == NULL || str_copy(l->run, sizeof(l->run), run) != OK)
		return;
	l->request = request;
	l->from = from;
}

/* Where `from` stands in what is kept; a cut character would be no JSON. */
static size_t
place_of(const struct run *run, int64_t from)
{
	const struct buf *words = &run->words;
	int64_t at = from - run->words_from;
	size_t i = at < 0 ? 0 : (size_t)at;

	if (i > words->len)
		return words->len;
	while (i < words->len && ((unsigned char)words->p[i] & 0xc0) == 0x80)
		i++;
	return i;
}

/* As much as the answer has room for, should all of it be escaped. */
static void
tell(const struct run *run, int64_t from, struct buf *out)
{
	size_t room = out->len + 64 < LANE_BULK_MAX
	    ? (LANE_BULK_MAX - 64 - out->len) / 6
	    : 0;
	size_t at = place_of(run, from);
	size_t len = run->words.len - at;

	if (len > room)
		len = str_cut(run->words.p + at, room);
	buf_addf(out, ",\"words_to\":%lld,\"words\":",
	    (long long)(run->words_from + (int64_t)(at + len)));
	json_escape(out, len > 0 ? run->words.p + at : "", len);
}

void
runs_heard(
    struct runs *rs, int64_t request, const char *entries, struct buf *out)
{
	struct listener *l = request != 0 ? find_listener(rs, request) : NULL;
	struct run *run = l != NULL ? runs_find(rs, l->run) : NULL;

	if (entries != NULL) {
		buf_add(out, entries, strlen(entries) - 1);
		if (run != NULL)
			tell(run, l->from, out);
		buf_adds(out, "}");
	}
	if (l != NULL)
		memset(l, 0, sizeof(*l));
}

bool
runs_has_words(struct runs *rs, const char *id)
{
	struct run *run = runs_find(rs, id);
	size_t i;

	for (i = 0; i < CLIENT_REQUESTS_MAX && run != NULL; i++) {
		const struct listener *l = &rs->listeners[i];

		if (l->request != 0 && strcmp(l->run, id) == 0 &&
		    l->from < run->words_from + (int64_t)run->words.len)
			return true;
	}
	return false;
}
