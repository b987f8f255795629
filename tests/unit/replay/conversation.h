/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_REPLAY_CONVERSATION_H
#define TESTS_REPLAY_CONVERSATION_H

/*
 * A recorded conversation, tests/turns/NAME.turn.  A line each, `#` begins a
 * comment:
 *
 *	goal TEXT
 *	models DIALECT NAME...     in the order in which they are asked
 *	answer                     what a model says next, in lines of "| BYTES"
 *	answer cut                 and then the connection ends
 *	answer failed STATUS       the lines are the provider's words
 *	answer denied              the house does not allow the call
 *	answer lost                egress was restarted in its middle
 *	times N                    it says so so often; @N is which time it is
 *	result STATE TEXT          how the next act ends
 *	steps NAME...              what the turn must do
 *	asked NAME...              the models that must be asked
 *	log TOOL ARGS              an act that the log must hold, in their order
 *	reply TEXT                 how it must end; \n is a new line
 *	ends TEXT                  or: in which words it must be given up
 *
 * The tools in view are notes.save (text, n) and notes.list.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

#define ANSWERS_MAX 40
#define LINES_MAX 64

struct answer {
	struct buf bytes;
	char how[16]; /* "": whole. */
	int status;
	int times;
};

struct result {
	char state[16];
	char *text;
};

struct conversation {
	char *goal;
	struct json *view;
	struct answer answers[ANSWERS_MAX];
	size_t n_answers;
	struct result results[LINES_MAX];
	size_t n_results;
	char *steps;
	char *asked;
	char *log[LINES_MAX];
	size_t n_log;
	char *reply;
	char *ends;
};

static const char tools_text[] =
    "[{\"name\":\"notes.save\",\"about\":\"Save\",\"args\":{"
    "\"text\":{\"type\":\"string\",\"required\":true},"
    "\"n\":{\"type\":\"integer\"}}},"
    "{\"name\":\"notes.list\",\"args\":{}}]";

static char *
unescaped(const char *text)
{
	char *copy = xstrdup(text);
	char *to = copy;

	for (; *text != '\0'; text++)
		if (strncmp(text, "\\n", 2) == 0) {
			*to++ = '\n';
			text++;
		} else {
			*to++ = *text;
		}
	*to = '\0';
	return copy;
}

static enum err
once(char **field, const char *rest, struct errmsg *why)
{
	if (*field != NULL)
		return err_say(why, ERR_INPUT, "it is said twice");
	*field = unescaped(rest);
	return OK;
}

static enum err
take_goal(struct conversation *c, const char *rest, struct errmsg *why)
{
	return rest[0] != '\0' ? once(&c->goal, rest, why)
			       : err_say(why, ERR_INPUT, "a goal has words");
}

static enum err
take_models(struct conversation *c, const char *rest, struct errmsg *why)
{
	struct json *list = json_array();
	char *words = xstrdup(rest);
	char *save = NULL;
	char *dialect = strtok_r(words, " ", &save);
	char *name;
	char call[64];

	snprintf(call, sizeof(call), "model.house.%s",
	    dialect != NULL ? dialect : "");
	while ((name = strtok_r(NULL, " ", &save)) != NULL) {
		struct json *m = json_object();

		json_put_str(m, "call", call);
		json_put_str(m, "dialect", dialect);
		json_put_str(m, "model", name);
		json_put_int(m, "context", 8192);
		json_push(list, m);
	}
	free(words);
	if (json_count(list) == 0 || json_has(c->view, "models")) {
		json_free(list);
		return err_say(
		    why, ERR_INPUT, "models are: models DIALECT NAME...");
	}
	json_put(c->view, "models", list);
	return OK;
}

static enum err
take_answer(struct conversation *c, const char *rest, struct errmsg *why)
{
	static const char *const hows[] = {
	    "", "cut", "failed", "denied", "lost"};
	struct answer *a;
	size_t i;

	if (c->n_answers == ANSWERS_MAX)
		return err_say(why, ERR_LIMIT, "there are too many answers");
	a = &c->answers[c->n_answers++];
	buf_init(&a->bytes, MODEL_REPLY_MAX);
	a->times = 1;
	snprintf(a->how, sizeof(a->how), "%.*s", (int)strcspn(rest, " "), rest);
	for (i = 0; i < ARRAY_LEN(hows); i++)
		if (strcmp(hows[i], a->how) == 0)
			break;
	if (i == ARRAY_LEN(hows))
		return err_say(why, ERR_INPUT,
		    "an answer is whole, cut, failed STATUS, denied or lost");
	a->status = atoi(rest + strlen(a->how));
	if ((strcmp(a->how, "failed") == 0) != (a->status != 0))
		return err_say(
		    why, ERR_INPUT, "a failed answer has a status, no other");
	return OK;
}

static enum err
take_times(struct conversation *c, const char *rest, struct errmsg *why)
{
	int n = atoi(rest);

	if (c->n_answers == 0 || n < 2 || n > 100)
		return err_say(
		    why, ERR_INPUT, "an answer comes 2 to 100 times");
	c->answers[c->n_answers - 1].times = n;
	return OK;
}

static enum err
take_result(struct conversation *c, const char *rest, struct errmsg *why)
{
	size_t len = strcspn(rest, " ");
	struct result *r = &c->results[c->n_results];

	if (c->n_results == LINES_MAX || len == 0 || len >= sizeof(r->state) ||
	    rest[len] == '\0')
		return err_say(
		    why, ERR_INPUT, "a result is: result STATE TEXT");
	memcpy(r->state, rest, len);
	r->text = unescaped(rest + len + 1);
	c->n_results++;
	return OK;
}

static enum err
take_steps(struct conversation *c, const char *rest, struct errmsg *why)
{
	return once(&c->steps, rest, why);
}

static enum err
take_asked(struct conversation *c, const char *rest, struct errmsg *why)
{
	return once(&c->asked, rest, why);
}

static enum err
take_log(struct conversation *c, const char *rest, struct errmsg *why)
{
	if (c->n_log == LINES_MAX)
		return err_say(why, ERR_LIMIT, "the log is too long");
	c->log[c->n_log++] = xstrdup(rest);
	return OK;
}

static enum err
take_reply(struct conversation *c, const char *rest, struct errmsg *why)
{
	return once(&c->reply, rest, why);
}

static enum err
take_ends(struct conversation *c, const char *rest, struct errmsg *why)
{
	return once(&c->ends, rest, why);
}

static enum err
take_bytes(struct conversation *c, const char *rest, struct errmsg *why)
{
	struct buf *b;

	if (c->n_answers == 0)
		return err_say(why, ERR_INPUT, "bytes stand below an answer");
	b = &c->answers[c->n_answers - 1].bytes;
	buf_adds(b, rest);
	buf_adds(b, "\n");
	return OK;
}

static const struct {
	const char *word;
	enum err (*take)(
	    struct conversation *c, const char *rest, struct errmsg *why);
} keywords[] = {
    {"goal", take_goal},
    {"models", take_models},
    {"answer", take_answer},
    {"times", take_times},
    {"result", take_result},
    {"steps", take_steps},
    {"asked", take_asked},
    {"log", take_log},
    {"reply", take_reply},
    {"ends", take_ends},
    {"|", take_bytes},
};

static enum err
take_line(struct conversation *c, const char *line, struct errmsg *why)
{
	size_t len = strcspn(line, " ");
	size_t i;

	if (line[0] == '\0' || line[0] == '#')
		return OK;
	for (i = 0; i < ARRAY_LEN(keywords); i++)
		if (strlen(keywords[i].word) == len &&
		    strncmp(keywords[i].word, line, len) == 0)
			return keywords[i].take(
			    c, line + len + (line[len] == ' '), why);
	return err_say(
	    why, ERR_INPUT, "there is no line '%.*s'", (int)len, line);
}

/* `why` names the line that is wrong, or what is missing. */
static inline enum err
conversation_read(struct conversation *c, const char *text, struct errmsg *why)
{
	struct str rest = {text, strlen(text)};
	struct json *tools = NULL;
	struct errmsg what = {""};
	struct str line;
	int n = 0;

	memset(c, 0, sizeof(*c));
	c->view = json_object();
	if (json_parse(tools_text, strlen(tools_text), &tools) != OK)
		return ERR_INPUT;
	json_put(c->view, "tools", tools);
	json_put_str(c->view, "now", "Monday, 2026-01-05");
	while (str_line(&rest, &line)) {
		char *copy = xstrndup(line.p, line.len);
		enum err e = take_line(c, copy, &what);

		free(copy);
		n++;
		if (e != OK)
			return err_say(why, e, "line %d: %s", n, what.text);
	}
	if (c->goal == NULL || c->steps == NULL ||
	    (c->reply == NULL) == (c->ends == NULL))
		return err_say(why, ERR_INPUT,
		    "it needs a goal, steps, and either a reply or how it "
		    "ends");
	return OK;
}

static inline void
conversation_done(struct conversation *c)
{
	size_t i;

	for (i = 0; i < c->n_answers; i++)
		buf_done(&c->answers[i].bytes);
	for (i = 0; i < c->n_results; i++)
		free(c->results[i].text);
	for (i = 0; i < c->n_log; i++)
		free(c->log[i]);
	json_free(c->view);
	free(c->goal);
	free(c->steps);
	free(c->asked);
	free(c->reply);
	free(c->ends);
}

#endif
