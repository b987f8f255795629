/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "replay/replay_priv.h"
#include "trace/trace.h"
#include "turn/turn.h"

/*
 * The turn machine with a recording around it: its ports compare, and what it
 * waits for is fed from what was recorded.
 */

struct machine {
	struct recording *r;
	struct turn *turn;
	struct trace trace;
	bool taking_over; /* Steps of the run that this is a fork of. */
	bool wants_view;
	int64_t asked; /* The step that asks a model, or -1. */
	bool waits[RUN_STEPS_MAX]; /* For the result of an act. */
	bool replied;
	struct digest end;
	char *wrong; /* The first thing that differs. */
};

static void differs(struct machine *m, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
differs(struct machine *m, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	if (m->wrong != NULL)
		return;
	buf_init(&b, 4096);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	m->wrong = buf_steal(&b);
}

static void
hash_hex(const char *p, size_t len, char ret[DIGEST_HEX_SIZE])
{
	struct digest d;

	crypto_hash(p, len, &d);
	digest_hex(&d, ret);
}

/* ---- What it wishes ---- */

/* The log has the bytes that were shown and signed. */
static bool
is_logged_as(const char *args, const char *logged)
{
	bool same;
	struct buf b;

	buf_init(&b, 6 * ARGS_MAX);
	json_escape_visible(&b, args, strlen(args));
	same = strcmp(b.p != NULL ? b.p : "", logged) == 0;
	buf_done(&b);
	return same;
}

/* What the house refused to judge never became an act; the digest of the step
 * covers it all the same. */
static void
check_wish(struct machine *m, int64_t step, const char *tool, const char *args,
    const char *origins)
{
	struct recorded_step *s = &m->r->steps[step];

	trace_wish(&m->trace, tool, args, origins);
	s->proposed = true;
	if (s->act[0] == '\0')
		return;
	if (strcmp(s->tool, tool) != 0 || !is_logged_as(args, s->args) ||
	    strcmp(s->origins, origins) != 0)
		differs(m,
		    "step %lld: the turn wishes %s %.400s, and the log has "
		    "%s %.400s",
		    (long long)step, tool, args, s->tool, s->args);
}

static void
port_propose(void *arg, int64_t step, const char *tool, const char *args,
    const char *origins)
{
	struct machine *m = arg;

	if (m->taking_over)
		return;
	check_wish(m, step, tool, args, origins);
	m->waits[step] = true;
}

static void
port_ask(void *arg, int64_t step, const struct turn_request *q)
{
	struct machine *m = arg;
	struct buf b;

	buf_init(&b, ARGS_MAX);
	trace_request(q->model, q->output, q->body, q->body_len, &b);
	check_wish(m, step, q->call, b.p, TRACE_REQUEST_ORIGINS);
	buf_done(&b);
	m->asked = step;
}

static void
port_recall(void *arg, const char *query)
{
	(void)query;
	((struct machine *)arg)->wants_view = true;
}

static void
port_cancel(void *arg, int64_t step)
{
	(void)arg;
	(void)step;
}

static void
port_words(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
}

static void
port_heard(void *arg, int64_t step, const struct json *how)
{
	(void)arg;
	(void)step;
	(void)how;
}

static void
show(const struct machine *m, int64_t n, const char *name,
    const struct json *content, const char *sha256)
{
	if (m->wrong == NULL && !m->r->quiet)
		shown_step(n, name, content, sha256);
}

/* As long as it goes to the core. */
static void
port_reply(void *arg, const char *text, bool reached)
{
	struct machine *m = arg;
	char *cut = xstrndup(text, str_cut(text, REPLY_MAX));
	struct json *v = json_object();

	m->replied = true;
	trace_end(&m->trace, cut, reached, &m->end);
	json_put_bool(v, "reached", reached);
	json_put_str(v, "reply", cut);
	show(m, m->trace.n, "reply", v, "");
	json_free(v);
	free(cut);
}

/* ---- What it keeps ---- */

static void
say_where(struct machine *m, const struct recorded_step *s, const char *text)
{
	size_t at = 0;
	size_t from;

	while (text[at] != '\0' && text[at] == s->content[at])
		at++;
	from = at > 30 ? at - 30 : 0;
	differs(m,
	    "step %lld (%s) comes out otherwise, from byte %zu on: recorded "
	    "was ...%.80s, and the turn makes ...%.80s",
	    (long long)m->trace.n, s->name, at, s->content + from, text + from);
}

static void
check_step(struct machine *m, const char *name, const char *text)
{
	const struct recorded_step *s = &m->r->steps[m->trace.n];
	long long n = (long long)m->trace.n;
	char hex[DIGEST_HEX_SIZE];

	if (s->name == NULL) {
		differs(m, "step %lld: the turn makes '%s', and none is kept",
		    n, name);
		return;
	}
	if (strcmp(s->name, name) != 0)
		differs(m, "step %lld: the turn makes '%s', recorded was '%s'",
		    n, name, s->name);
	else if (strcmp(s->content, text) != 0)
		say_where(m, s, text);
	trace_step(&m->trace, name, text);
	digest_hex(&m->trace.at, hex);
	if (strcmp(hex, s->trace) != 0 && strcmp(name, "recall") == 0)
		differs(m,
		    "step %lld (recall): it is not what the house had the "
		    "turn recall",
		    n);
	if (strcmp(hex, s->trace) != 0)
		differs(m,
		    "step %lld (%s): the turn wishes something else there "
		    "than was recorded",
		    n, name);
}

static bool
port_keep(void *arg, int64_t step, const char *name, const struct json *content)
{
	struct machine *m = arg;
	char *text;

	/* With the reply it is over; or there the house ended it. */
	if (m->wrong != NULL || m->replied ||
	    (!m->r->replied && step >= m->r->n))
		return false;
	text = json_print(content);
	check_step(m, name, text);
	free(text);
	show(m, step, name, content, m->r->steps[step].trace);
	return m->wrong == NULL;
}

/* ---- What it is fed ---- */

/* Of the step that it stands at; NULL: nothing was recorded. */
static struct json *
content_of(const struct machine *m, int64_t n)
{
	const char *text = n < RUN_STEPS_MAX ? m->r->steps[n].content : NULL;
	struct json *v = NULL;

	if (text == NULL || json_parse(text, strlen(text), &v) != OK)
		return NULL;
	return v;
}

/* The step has the mind's words for it; the digest has what the core sent. */
static bool
feed_view(struct machine *m)
{
	struct json *view = content_of(m, m->trace.n);
	struct digest shown;

	m->wants_view = false;
	if (view == NULL)
		return false;
	crypto_hash(m->r->steps[m->trace.n].content,
	    strlen(m->r->steps[m->trace.n].content), &shown);
	trace_view(&m->trace, &shown);
	turn_recalled(m->turn, view);
	json_free(view);
	return true;
}

/* A no of the house is in the log, in its words. */
static void
check_no(struct machine *m, int64_t n, const struct json *how)
{
	const struct recorded_step *s = &m->r->steps[n];
	const char *state = json_words(how, "state");
	const char *result = json_words(how, "result");
	char hex[DIGEST_HEX_SIZE];
	bool same = true;

	hash_hex(result, strlen(result), hex);
	if (strcmp(state, "denied") == 0)
		same = strcmp(s->ended, state) == 0 &&
		    strcmp(s->result_sha256, hex) == 0;
	else if (s->act[0] == '\0' && strcmp(state, "failed") == 0)
		same = s->refused != NULL && strcmp(s->refused, result) == 0;
	if (!same)
		differs(m,
		    "step %lld: that its model was not asked (%.200s) is not "
		    "what the log says of it",
		    (long long)n, result);
}

/* Is it what egress passed on? */
static void
check_answer(struct machine *m, int64_t n, const struct json *how)
{
	const struct recorded_step *s = &m->r->steps[n];
	const char *state = json_words(how, "state");
	int64_t received = json_int(json_get(how, "ended"), "received", -1);
	bool whole;
	char hex[DIGEST_HEX_SIZE];

	if (json_int(how, "bytes", 0) != (int64_t)s->heard.len) {
		differs(m,
		    "step %lld: the model's answer was too large to be kept, "
		    "so what follows cannot be replayed",
		    (long long)n);
		return;
	}
	hash_hex(s->heard.p, s->heard.len, hex);
	/* What broke off was perhaps not heard to its end. */
	whole = s->heard.len > 0 && received == (int64_t)s->heard.len &&
	    strcmp(s->ended, state) == 0 && s->answer_sha256[0] != '\0';
	if ((strcmp(state, "done") == 0 || whole) &&
	    (strcmp(s->ended, state) != 0 ||
		strcmp(s->answer_sha256, hex) != 0))
		differs(m,
		    "step %lld: the recorded answer is not what the model "
		    "said: its digest is %.16s..., and the log has %.16s...",
		    (long long)n, hex, s->answer_sha256);
}

static bool
feed_answer(struct machine *m)
{
	int64_t n = m->asked;
	const struct recorded_step *s = &m->r->steps[n];
	struct json *how = NULL;

	m->asked = -1;
	if (s->name == NULL)
		return false; /* The house ended it while it thought. */
	if (s->how == NULL || json_parse(s->how, strlen(s->how), &how) != OK) {
		differs(m,
		    "step %lld: the model's answer is not kept any more (those "
		    "of the last %d runs are), so what follows cannot be "
		    "replayed",
		    (long long)n, HEARD_RUNS_MAX);
		return false;
	}
	check_answer(m, n, how);
	check_no(m, n, how);
	if (m->wrong == NULL) {
		turn_model_data(m->turn, n, s->heard.p, s->heard.len);
		turn_hear(m->turn, n, how);
	}
	json_free(how);
	return true;
}

static void
check_result(struct machine *m, int64_t n)
{
	const struct recorded_step *s = &m->r->steps[n];
	char hex[DIGEST_HEX_SIZE];

	hash_hex(s->result, strlen(s->result), hex);
	if (strcmp(s->state, s->ended) != 0 ||
	    strcmp(hex, s->result_sha256) != 0)
		differs(m,
		    "step %lld: the recorded result is not what %s gave: it is "
		    "'%s' with the digest %.16s..., and the log has '%s' with "
		    "%.16s...",
		    (long long)n, s->tool, s->state, hex, s->ended,
		    s->result_sha256);
}

static bool
feed_result(struct machine *m, int64_t n)
{
	const struct recorded_step *s = &m->r->steps[n];

	m->waits[n] = false;
	/* What never became an act was refused in words, which the log has. */
	if (s->act[0] == '\0' && s->refused != NULL)
		turn_result(m->turn, n, "failed", s->refused);
	/* Not over when the house ended the run. */
	if (s->state == NULL || s->ended[0] == '\0')
		return true;
	check_result(m, n);
	if (m->wrong == NULL)
		turn_result(m->turn, n, s->state, s->result);
	return true;
}

/* False when there is nothing more. */
static bool
feed(struct machine *m)
{
	int64_t n;

	if (m->wrong != NULL)
		return false;
	if (m->wants_view)
		return feed_view(m);
	if (m->asked >= 0)
		return feed_answer(m);
	for (n = 0; n < RUN_STEPS_MAX; n++)
		if (m->waits[n])
			return feed_result(m, n);
	return false;
}

/* ---- From the beginning to the end ---- */

/* A fork: these steps are taken as they are, and lead to the digest that its
 * first entry names. */
static void
take_over(struct machine *m)
{
	const struct recorded_step *s;
	char hex[DIGEST_HEX_SIZE] = "";
	struct json *content;
	enum err e = OK;

	m->taking_over = true;
	for (; m->trace.n < m->r->forked && e == OK;) {
		s = &m->r->steps[m->trace.n];
		content = content_of(m, m->trace.n);
		e = content != NULL ? turn_replay(m->turn, s->name, content)
				    : ERR_CORRUPT;
		if (e == OK)
			e = digest_read(
			    s->wish, strlen(s->wish), &m->trace.wish);
		if (e == OK) {
			show(m, m->trace.n, s->name, content, s->trace);
			trace_step(&m->trace, s->name, s->content);
		}
		json_free(content);
	}
	m->taking_over = false;
	if (m->r->forked > 0)
		digest_hex(&m->trace.at, hex);
	if (e != OK || strcmp(hex, m->r->fork_sha256) != 0)
		differs(m,
		    "the %lld steps that were taken over are not those that "
		    "the log names",
		    (long long)m->r->forked);
}

static void
check_end(struct machine *m)
{
	struct digest end = m->replied ? m->end : m->trace.at;
	char hex[DIGEST_HEX_SIZE];
	int64_t n;

	for (n = 0; n < RUN_STEPS_MAX; n++)
		if (m->r->steps[n].act[0] != '\0' && !m->r->steps[n].proposed)
			differs(m,
			    "step %lld: the log has an act %s there, which "
			    "the turn does not wish",
			    (long long)n, m->r->steps[n].tool);
	if (m->trace.n != m->r->n)
		differs(m,
		    "the turn ends after %lld steps, and the log counts %lld",
		    (long long)m->trace.n, (long long)m->r->n);
	if (m->replied != m->r->replied)
		differs(m, "the turn %s, which the log says otherwise",
		    m->replied ? "replies" : "comes to no reply");
	digest_hex(&end, hex);
	if (strcmp(hex, m->r->replay_sha256) != 0)
		differs(m,
		    "the reply is not what was replied: the digest is "
		    "%.16s..., and the log has %.16s...",
		    hex, m->r->replay_sha256);
}

char *
machine_replay(struct recording *r)
{
	struct machine m = {.r = r, .asked = -1};
	const struct turn_ports ports = {.recall = port_recall,
	    .propose = port_propose,
	    .ask = port_ask,
	    .cancel = port_cancel,
	    .words = port_words,
	    .reply = port_reply,
	    .heard = port_heard,
	    .keep = port_keep,
	    .arg = &m};

	m.turn = turn_new(r->goal, &ports);
	trace_begin(&m.trace, r->goal);
	take_over(&m);
	if (m.wrong == NULL)
		turn_run(m.turn);
	while (feed(&m))
		;
	check_end(&m);
	turn_free(m.turn);
	return m.wrong;
}
