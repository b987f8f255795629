/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>

#include "check.h"
#include "conversation.h"
#include "crypto/crypto.h"
#include "replay/replay_priv.h"
#include "sys/file.h"
#include "trace/trace.h"
#include "turn/turn.h"

/*
 * The conversations of tests/turns: each does what it says, is replayed from
 * what was recorded of it, comes to the same digest from a crash at any of its
 * steps, and no byte of the recording can be changed unnoticed.
 */

#define FOLDER "tests/turns"
#define NONE (-1)

struct scene {
	const struct conversation *c;
	struct turn *turn;
	struct trace trace;
	struct recording *r; /* What the first one did. */
	bool first;
	/* By step: which answer, and which result it was. */
	int answers[RUN_STEPS_MAX];
	int results[RUN_STEPS_MAX];
	int n_answers;
	int n_results;
	bool wants_view;
	int64_t asked;
	bool waits[RUN_STEPS_MAX];
	struct buf steps; /* All names, and */
	struct buf models; /* those of models, and acts as the log has them. */
	char *acts[LINES_MAX];
	size_t n_acts;
	int replies;
	bool reached;
	char *reply;
	char end[DIGEST_HEX_SIZE];
};

static void
check_setup(void)
{
	crypto_open();
}

static char *
hashed(const char *p, size_t len, char ret[DIGEST_HEX_SIZE])
{
	struct digest d;

	crypto_hash(p, len, &d);
	digest_hex(&d, ret);
	return ret;
}

/* ---- What the house would write down ---- */

static void
propose(struct scene *s, int64_t step, const char *tool, const char *args,
    const char *origins)
{
	struct recorded_step *kept = &s->r->steps[step];
	struct buf b;

	/* As the core does: of steps that are kept it is known. */
	if (step == s->trace.n)
		trace_wish(&s->trace, tool, args, origins);
	if (!s->first)
		return;
	snprintf(kept->act, sizeof(kept->act), "%lld", (long long)step);
	kept->tool = xstrdup(tool);
	kept->origins = xstrdup(origins);
	buf_init(&b, 6 * ARGS_MAX);
	json_escape_visible(&b, args, strlen(args));
	kept->args = buf_steal(&b);
}

static void
on_propose(void *arg, int64_t step, const char *tool, const char *args,
    const char *origins)
{
	struct scene *s = arg;
	struct buf b;

	propose(s, step, tool, args, origins);
	s->waits[step] = true;
	if (!s->first)
		return;
	REQUIRE(s->n_acts < LINES_MAX);
	s->results[step] = s->n_results++;
	buf_init(&b, 2 * ARGS_MAX);
	buf_addf(&b, "%s %s", tool, args);
	s->acts[s->n_acts++] = buf_steal(&b);
}

static void
on_ask(void *arg, int64_t step, const struct turn_request *q)
{
	struct scene *s = arg;
	struct buf b;

	buf_init(&b, ARGS_MAX);
	trace_request(q->model, q->output, q->body, q->body_len, &b);
	propose(s, step, q->call, b.p, TRACE_REQUEST_ORIGINS);
	buf_done(&b);
	s->asked = step;
	if (!s->first)
		return;
	s->answers[step] = s->n_answers++;
	buf_addf(&s->models, "%s%s", s->models.len > 0 ? " " : "", q->model);
}

static void
on_recall(void *arg, const char *query)
{
	(void)query;
	((struct scene *)arg)->wants_view = true;
}

static void
on_cancel(void *arg, int64_t step)
{
	CHECK(((struct scene *)arg)->trace.n == step);
}

static void
on_words(void *arg, const char *text, size_t len)
{
	CHECK(arg != NULL && text != NULL && len < MODEL_REPLY_MAX);
}

static void
on_heard(void *arg, int64_t step, const struct json *how)
{
	struct scene *s = arg;
	struct json *first = json_copy(how);

	json_put_int(first, "bytes", (int64_t)s->r->steps[step].heard.len);
	if (s->first)
		s->r->steps[step].how = json_print(first);
	json_free(first);
}

static void
on_reply(void *arg, const char *text, bool reached)
{
	struct scene *s = arg;
	struct digest d;

	s->replies++;
	s->reached = reached;
	free(s->reply);
	s->reply = xstrdup(text);
	trace_end(&s->trace, text, reached, &d);
	digest_hex(&d, s->end);
}

static bool
on_keep(void *arg, int64_t step, const char *name, const struct json *content)
{
	struct scene *s = arg;
	struct recorded_step *kept = &s->r->steps[step];
	char *text = json_print(content);
	struct digest view;

	if (strcmp(name, "recall") == 0) {
		crypto_hash(text, strlen(text), &view);
		trace_view(&s->trace, &view);
	}
	if (s->first) {
		buf_addf(&s->steps, "%s%s", step > 0 ? " " : "", name);
		if (s->replies == 0) {
			digest_hex(&s->trace.wish, kept->wish);
			kept->name = xstrdup(name);
			kept->content = xstrdup(text);
		}
	}
	trace_step(&s->trace, name, text);
	if (s->first && s->replies == 0) {
		digest_hex(&s->trace.at, kept->trace);
		s->r->kept = s->r->n = s->trace.n;
	}
	free(text);
	return true;
}

/* ---- What it is answered ---- */

static const struct answer *
answer_at(const struct conversation *c, int i, int *ret_n)
{
	size_t k;

	for (k = 0; k < c->n_answers; k++) {
		*ret_n = i;
		if (i < c->answers[k].times)
			return &c->answers[k];
		i -= c->answers[k].times;
	}
	return NULL;
}

/* With the number of the time that it is said. */
static void
write_answer(const struct answer *a, int n, struct buf *out)
{
	const char *p = a->bytes.p != NULL ? a->bytes.p : "";
	const char *mark;

	while ((mark = strstr(p, "@N")) != NULL) {
		buf_add(out, p, (size_t)(mark - p));
		buf_addf(out, "%d", n);
		p = mark + 2;
	}
	buf_adds(out, p);
}

static void
give_answer(struct scene *s, int64_t step)
{
	struct turn_model_end end = {
	    .ok = true, .status = 200, .why = "", .said = ""};
	struct recorded_step *kept = &s->r->steps[step];
	const struct answer *a;
	const char *no = "the house says so";
	const char *state = "done";
	struct buf b;
	size_t i;
	int n = 0;

	a = answer_at(s->c, s->answers[step], &n);
	REQUIRE(a != NULL);
	buf_init(&b, MODEL_REPLY_MAX);
	write_answer(a, n, &b);
	if (a->how[0] != '\0') {
		end.ok = false;
		end.why = "the connection was closed";
		state = strcmp(a->how, "cut") == 0 ? "failed" : a->how;
	}
	if (a->status != 0) {
		end.status = a->status;
		end.said = b.p;
		end.said_len = b.len;
	}
	for (i = 0; i < b.len && a->status == 0; i++)
		turn_model_data(s->turn, step, b.p + i, 1);
	end.received = a->status == 0 ? (int64_t)b.len : 0;
	if (s->first) {
		if (a->status == 0)
			buf_add(&kept->heard, b.p, b.len);
		snprintf(kept->ended, sizeof(kept->ended), "%s",
		    strcmp(state, "lost") == 0 ? "failed" : state);
		hashed(kept->heard.p, kept->heard.len, kept->answer_sha256);
		hashed(no, strlen(no), kept->result_sha256);
	}
	if (strcmp(state, "lost") != 0 && strcmp(state, "denied") != 0)
		turn_model_ended(s->turn, step, &end);
	turn_result(s->turn, step, state, strcmp(state, "done") == 0 ? "" : no);
	buf_done(&b);
}

static void
give_result(struct scene *s, int64_t step)
{
	struct recorded_step *kept = &s->r->steps[step];
	int i = s->results[step];
	bool told = i >= 0 && i < (int)s->c->n_results;
	const char *state = told ? s->c->results[i].state : "done";
	const char *text = told ? s->c->results[i].text : "It is done.";

	if (s->first) {
		kept->state = xstrdup(state);
		kept->result = xstrdup(text);
		snprintf(kept->ended, sizeof(kept->ended), "%s", state);
		hashed(text, strlen(text), kept->result_sha256);
	}
	turn_result(s->turn, step, state, text);
}

/* False when it waits for nothing. */
static bool
give(struct scene *s)
{
	int64_t step = s->asked;

	if (s->wants_view) {
		s->wants_view = false;
		turn_recalled(s->turn, s->c->view);
		return true;
	}
	if (step != NONE) {
		s->asked = NONE;
		give_answer(s, step);
		return true;
	}
	for (step = 0; step < RUN_STEPS_MAX; step++) {
		if (!s->waits[step])
			continue;
		s->waits[step] = false;
		give_result(s, step);
		return true;
	}
	return false;
}

static void
begin(struct scene *s, const struct conversation *c, struct recording *r)
{
	const struct turn_ports ports = {.recall = on_recall,
	    .propose = on_propose,
	    .ask = on_ask,
	    .cancel = on_cancel,
	    .words = on_words,
	    .heard = on_heard,
	    .reply = on_reply,
	    .keep = on_keep,
	    .arg = s};

	s->c = c;
	s->r = r;
	s->asked = NONE;
	buf_init(&s->steps, 4096);
	buf_init(&s->models, 4096);
	s->turn = turn_new(c->goal, &ports);
	trace_begin(&s->trace, c->goal);
}

static void
end(struct scene *s)
{
	size_t i;

	turn_free(s->turn);
	buf_done(&s->steps);
	buf_done(&s->models);
	for (i = 0; i < s->n_acts; i++)
		free(s->acts[i]);
	free(s->reply);
}

/* ---- One conversation ---- */

static void
check_expected(const struct scene *s)
{
	const struct conversation *c = s->c;
	size_t i;

	CHECK_INT(s->replies, 1);
	CHECK_STR(s->steps.p != NULL ? s->steps.p : "", c->steps);
	CHECK_STR(s->models.p != NULL ? s->models.p : "",
	    c->asked != NULL ? c->asked : "");
	CHECK_INT(s->n_acts, c->n_log);
	for (i = 0; i < s->n_acts && i < c->n_log; i++)
		CHECK_STR(s->acts[i], c->log[i]);
	CHECK(s->reached == (c->reply != NULL));
	if (c->reply != NULL)
		CHECK_STR(s->reply, c->reply);
	else if (!CHECK(strstr(s->reply, c->ends) != NULL))
		printf("# it ended: %s\n", s->reply);
}

/* The mind dies before it has kept step `at`, and another goes on. */
static void
check_crash(const struct scene *whole, int64_t at)
{
	struct recorded_step *steps = whole->r->steps;
	struct scene s = {0};
	int64_t i;

	begin(&s, whole->c, whole->r);
	memcpy(s.answers, whole->answers, sizeof(s.answers));
	memcpy(s.results, whole->results, sizeof(s.results));
	if (at > 0)
		REQUIRE(trace_take_up(&s.trace, at, steps[at - 1].trace) == OK);
	for (i = 0; i < at; i++) {
		struct json *content = NULL;

		REQUIRE(json_parse(steps[i].content, strlen(steps[i].content),
			    &content) == OK);
		CHECK(turn_replay(s.turn, steps[i].name, content) == OK);
		json_free(content);
	}
	turn_run(s.turn);
	while (give(&s))
		;
	CHECK_INT(s.replies, 1);
	CHECK_STR(s.end, whole->end);
	end(&s);
}

/* Alone it is told; back it is as before. */
static void
check_flip(struct recording *r, char *p, size_t len)
{
	char *wrong;
	size_t i;

	if (len == 0)
		return;
	p[len / 2] ^= 1;
	for (i = 0; i < RUN_STEPS_MAX; i++)
		r->steps[i].proposed = false;
	wrong = machine_replay(r);
	CHECK(wrong != NULL);
	free(wrong);
	p[len / 2] ^= 1;
}

static void
check_replay(struct recording *r)
{
	char *wrong = machine_replay(r);
	int64_t n;

	if (!CHECK(wrong == NULL))
		printf("# %s\n", wrong);
	free(wrong);
	for (n = 0; n < r->n; n++) {
		struct recorded_step *s = &r->steps[n];

		check_flip(r, s->content, strlen(s->content));
		if (strcmp(s->ended, "done") == 0)
			check_flip(r, s->heard.p, s->heard.len);
		if (s->result != NULL)
			check_flip(r, s->result, strlen(s->result));
	}
	check_flip(r, r->replay_sha256, DIGEST_HEX_SIZE - 1);
}

static void
check_conversation(const char *path, const char *text)
{
	struct recording *r = xalloc(sizeof(*r));
	struct errmsg why = {""};
	struct conversation c;
	struct scene s = {.first = true};
	int64_t n;
	size_t i;

	for (i = 0; i < RUN_STEPS_MAX; i++)
		buf_init(&r->steps[i].heard, HEARD_MAX);
	if (!CHECK(conversation_read(&c, text, &why) == OK)) {
		printf("# %s: %s\n", path, why.text);
		conversation_done(&c);
		recording_free(r);
		return;
	}
	begin(&s, &c, r);
	turn_run(s.turn);
	while (give(&s))
		;
	check_expected(&s);
	r->goal = xstrdup(c.goal);
	r->ended = r->replied = r->quiet = true;
	snprintf(r->replay_sha256, sizeof(r->replay_sha256), "%s", s.end);
	for (n = 0; n <= r->n; n++)
		check_crash(&s, n);
	check_replay(r);
	end(&s);
	recording_free(r);
	conversation_done(&c);
}

TEST(each_conversation_goes_as_it_was_recorded_from_any_step_on)
{
	DIR *dir = opendir(FOLDER);
	struct dirent *d;
	int n = 0;

	REQUIRE(dir != NULL);
	while ((d = readdir(dir)) != NULL) {
		char path[sizeof(d->d_name) + 16];
		struct buf text;

		if (strstr(d->d_name, ".turn") == NULL)
			continue;
		snprintf(path, sizeof(path), FOLDER "/%s", d->d_name);
		CASE(d->d_name);
		buf_init(&text, FILE_READ_MAX);
		REQUIRE(file_read(path, &text) == OK);
		check_conversation(path, text.p);
		buf_done(&text);
		n++;
	}
	closedir(dir);
	CASE("");
	CHECK(n >= 12);
}

TEST(a_broken_conversation_is_told_with_its_line)
{
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
	    {"", "it needs a goal"},
	    {"goal x\nsteps recall\n", "either a reply or"},
	    {"goal x\nsteps a\nreply b\nends c\n", "either a reply or"},
	    {"goal\n", "line 1: a goal has words"},
	    {"goal x\ngoal y\n", "line 2: it is said twice"},
	    {"# c\n\nmodels\n", "line 3: models are"},
	    {"models ollama\n", "models are"},
	    {"models ollama a\nmodels ollama b\n", "line 2: models are"},
	    {"answer soon\n", "line 1: an answer is whole"},
	    {"answer failed\n", "has a status"},
	    {"answer cut 5\n", "has a status"},
	    {"| x\n", "bytes stand below an answer"},
	    {"times 3\n", "2 to 100"},
	    {"answer\ntimes 1\n", "2 to 100"},
	    {"result done\n", "a result is"},
	    {"say x\n", "there is no line 'say'"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct errmsg why = {""};
		struct conversation c;

		CASE(rows[i].words);
		CHECK(conversation_read(&c, rows[i].text, &why) != OK);
		CHECK(strstr(why.text, rows[i].words) != NULL);
		conversation_done(&c);
	}
}
