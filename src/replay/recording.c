/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "replay/replay_priv.h"
#include "witness/witness.h"

/* What was recorded of a run, as the house has it, and what its log says. */

static void
set(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
}

static struct recorded_step *
step_at(struct recording *r, int64_t n)
{
	return n >= 0 && n < RUN_STEPS_MAX ? &r->steps[n] : NULL;
}

/* ---- The house's rows ---- */

static void
take_heard(struct recorded_step *s, const char *part, const char *hex)
{
	size_t len = strlen(hex) / 2;
	char *bytes = xalloc(len + 1);

	if (hex_read(hex, 2 * len, (uint8_t *)bytes, len) != OK) {
		free(bytes);
		return;
	}
	if (strcmp(part, "0") == 0) {
		bytes[len] = '\0';
		set(&s->how, bytes);
	} else {
		buf_add(&s->heard, bytes, len);
	}
	free(bytes);
}

static void
take_row(struct recording *r, const struct json *row, const char *text)
{
	const char *kind = json_words(row, "kind");
	struct recorded_step *s = step_at(r, json_int(row, "n", -1));

	if (s == NULL)
		return;
	if (strcmp(kind, "step") == 0) {
		set(&s->name, json_words(row, "name"));
		set(&s->content, text);
		snprintf(
		    s->wish, sizeof(s->wish), "%s", json_words(row, "wish"));
		snprintf(
		    s->trace, sizeof(s->trace), "%s", json_words(row, "trace"));
		r->kept++;
	} else if (strcmp(kind, "heard") == 0) {
		take_heard(s, json_words(row, "name"), text);
	} else {
		set(&s->state, json_words(row, "name"));
		set(&s->result, text);
	}
}

static int64_t
characters(const char *s)
{
	int64_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

struct pages {
	struct recording *r;
	int64_t row;
	int64_t at;
	struct buf text; /* Of the row that goes on. */
};

/* A row whose rest is on the next page stays where it is. */
static void
take_slice(struct pages *p, const struct json *row)
{
	const char *text = json_words(row, "text");

	buf_adds(&p->text, text);
	p->at += characters(text);
	if (p->at < json_int(row, "size", 0) && text[0] != '\0')
		return;
	take_row(p->r, row, p->text.p != NULL ? p->text.p : "");
	buf_clear(&p->text);
	p->row++;
	p->at = 0;
}

static int
fetch_rows(struct session *s, const char *run, struct recording *r)
{
	struct pages p = {.r = r};
	int code = EXIT_REACHED;
	bool any = true;

	buf_init(&p.text, 4 * LANE_BULK_MAX);
	while (any) {
		struct json *answer =
		    session_query(s, &code, "recorded?run=%s&row=%lld&at=%lld",
			run, (long long)p.row, (long long)p.at);
		const struct json *row = json_first(json_get(answer, "rows"));

		if (answer == NULL)
			break;
		snprintf(
		    r->run, sizeof(r->run), "%s", json_words(answer, "run"));
		set(&r->state, json_words(answer, "state"));
		any = row != NULL;
		for (; row != NULL; row = json_next(row))
			take_slice(&p, row);
		json_free(answer);
	}
	buf_done(&p.text);
	return code;
}

/* ---- The log's entries ---- */

static void
take_goal(struct recording *r, const struct json *body)
{
	set(&r->goal, json_words(body, "goal"));
	/* No client's name has a colon. */
	r->automated = strchr(json_words(body, "principal"), ':') != NULL;
	r->forked = json_int(body, "forked", 0);
	snprintf(
	    r->fork_of, sizeof(r->fork_of), "%s", json_words(body, "fork_of"));
	snprintf(r->fork_sha256, sizeof(r->fork_sha256), "%s",
	    json_words(body, "fork_sha256"));
}

static void
take_proposed(struct recording *r, const struct json *body)
{
	struct recorded_step *s = step_at(r, json_int(body, "step", -1));

	if (s == NULL)
		return;
	snprintf(s->act, sizeof(s->act), "%s", json_words(body, "act"));
	set(&s->tool, json_words(body, "tool"));
	set(&s->args, json_words(body, "args"));
	set(&s->origins, json_words(body, "origins"));
}

/* The last one: it was proposed again when the mind had not heard of it. */
static void
take_refused(struct recording *r, const struct json *body)
{
	struct recorded_step *s = step_at(r, json_int(body, "step", -1));

	if (s != NULL)
		set(&s->refused, json_words(body, "reason"));
}

static void
take_end_of_act(struct recording *r, const struct json *body)
{
	const char *act = json_words(body, "act");
	struct recorded_step *s = NULL;
	size_t i;

	for (i = 0; i < RUN_STEPS_MAX && act[0] != '\0'; i++)
		if (strcmp(r->steps[i].act, act) == 0)
			s = &r->steps[i];
	if (s == NULL)
		return;
	snprintf(s->ended, sizeof(s->ended), "%s", json_words(body, "kind"));
	snprintf(s->result_sha256, sizeof(s->result_sha256), "%s",
	    json_words(body, "result_sha256"));
	snprintf(s->answer_sha256, sizeof(s->answer_sha256), "%s",
	    json_words(json_get(body, "model"), "sha256"));
}

static void
take_end(struct recording *r, const struct json *body)
{
	r->ended = true;
	r->replied = json_flag(body, "replied");
	r->reached = json_flag(body, "reached");
	r->n = json_int(body, "steps", -1);
	snprintf(r->replay_sha256, sizeof(r->replay_sha256), "%s",
	    json_words(body, "replay_sha256"));
}

static void
on_body(void *arg, uint64_t seq, const struct json *body)
{
	static const struct {
		const char *kind;
		void (*take)(struct recording *r, const struct json *body);
	} kinds[] = {
	    {"goal", take_goal},
	    {"proposed", take_proposed},
	    {"refused", take_refused},
	    {"done", take_end_of_act},
	    {"failed", take_end_of_act},
	    {"denied", take_end_of_act},
	    {"unknown", take_end_of_act},
	    {"run-done", take_end},
	};
	const char *kind = json_words(body, "kind");
	size_t i;

	(void)seq;
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			kinds[i].take(arg, body);
}

/* ---- Both ---- */

static int
cannot(const char *why)
{
	fprintf(stderr, "durward: %s\n", why);
	return EXIT_FAILED;
}

static int
look_over(const struct recording *r)
{
	if (r->pruned > 0 || r->goal == NULL)
		return cannot("the log of this run was pruned, and what was "
			      "said in it is forgotten: it cannot be "
			      "replayed");
	if (!r->ended || r->replay_sha256[0] == '\0')
		return cannot("the log names no replay digest of this run: it "
			      "is from before there were any");
	if (r->automated && r->n == 0 && !r->replied)
		return cannot("this run is one call that an automation's "
			      "owner signed: no mind thought about it, so "
			      "there is nothing to replay");
	if (r->kept == 0 && r->n > 0)
		return cannot("what was said in this run was forgotten: it "
			      "cannot be replayed");
	return EXIT_REACHED;
}

struct recording *
recording_fetch(struct session *s, const char *run, int *ret_exit)
{
	struct recording *r = xalloc(sizeof(*r));
	size_t i;
	int code;

	for (i = 0; i < RUN_STEPS_MAX; i++)
		buf_init(&r->steps[i].heard, HEARD_MAX);
	code = fetch_rows(s, run, r);
	if (code == EXIT_REACHED && strcmp(r->state, "open") == 0)
		code = cannot("this run is under way; wait for its end, or "
			      "stop it");
	if (code == EXIT_REACHED)
		code = witness_each_of_run(s, r->run, on_body, r, &r->pruned);
	if (code == EXIT_REACHED)
		code = look_over(r);
	if (code == EXIT_REACHED)
		return r;
	recording_free(r);
	*ret_exit = code;
	return NULL;
}

void
recording_free(struct recording *r)
{
	size_t i;

	for (i = 0; i < RUN_STEPS_MAX; i++) {
		struct recorded_step *s = &r->steps[i];

		free(s->name);
		free(s->content);
		free(s->how);
		buf_done(&s->heard);
		free(s->state);
		free(s->result);
		free(s->tool);
		free(s->args);
		free(s->origins);
		free(s->refused);
	}
	free(r->state);
	free(r->goal);
	free(r);
}
