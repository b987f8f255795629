/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "runs/runs_priv.h"

/*
 * What is kept of a run: its steps, what its models answered, and the digest
 * over all that the mind did.  It is made here, of what the mind says as it
 * says it: a mind that was taken over has no say in it later.
 */

/* Strings as they came, whatever becomes of the proposal. */
void
keep_wish(struct runs *rs, const struct json *proposal)
{
	struct run *run = run_of_mind(rs, json_words(proposal, "run"));

	/* What belongs to a step that is kept was wished before. */
	if (run != NULL && json_int(proposal, "step", -1) == run->kept)
		trace_wish(&run->trace, json_words(proposal, "tool"),
		    json_words(proposal, "args"),
		    json_words(proposal, "origins"));
}

/* ---- Words beside a question ---- */

void
runs_answered(struct runs *rs, const char *id, int64_t step)
{
	struct run *run = runs_find(rs, id);

	if (run != NULL)
		run->answered = step + 1;
}

/* It is what the step has that criticizes, as the digest covers it, and not
 * what the mind says beside: there must be a critic, it must have answered that
 * very step, and it is of the calls right behind it. */
static char *
opinion_of(struct runs *rs, const struct run *run, const struct json *content)
{
	const char *opinion = json_str(content, "opinion");

	return opinion != NULL && run_has_critic(rs, run)
	    ? xstrndup(opinion, str_cut(opinion, OPINION_MAX))
	    : NULL;
}

/* The same for the step that thinks: what its model said beside the calls that
 * it wished. */
static char *
motive_of(const struct json *content)
{
	static const char cut[] = " (cut here)";
	const struct json *message = json_get(content, "message");
	const char *model = json_words(content, "model");
	const char *text = json_words(message, "text");
	struct buf b;
	size_t room;

	if (text[0] == '\0' || json_count(json_get(message, "calls")) == 0)
		return NULL;
	buf_init(&b, 2 * OPINION_MAX);
	buf_addf(&b, "%.*s: ", (int)str_cut(model, MODEL_NAME_MAX), model);
	room = str_cut(text, OPINION_MAX - b.len - (sizeof(cut) - 1));
	buf_add(&b, text, room);
	if (text[room] != '\0')
		buf_adds(&b, cut);
	return buf_steal(&b);
}

static void
take_words(
    struct runs *rs, struct run *run, const char *name, const char *content)
{
	bool thinks = strcmp(name, "think") == 0;
	bool criticizes = strcmp(name, "criticize") == 0;
	struct json *v = NULL;

	if (strcmp(name, "propose") == 0)
		return;
	free(run->opinion);
	run->opinion = NULL;
	if (!criticizes) {
		free(run->motive);
		run->motive = NULL;
	}
	if ((!thinks && !criticizes) || run->answered != run->kept + 1 ||
	    json_parse(content, strlen(content), &v) != OK)
		return;
	if (thinks)
		run->motive = motive_of(v);
	else
		run->opinion = opinion_of(rs, run, v);
	json_free(v);
}

/* Of calls that leave the house, cost money, or change it for good. */
const char *
keep_opinion(const struct run *run, enum effect effect)
{
	return effect_needs_yes(effect) ? run->opinion : NULL;
}

/* A critic is the house's own wish. */
const char *
keep_motive(const struct run *run, const char *tool)
{
	return strncmp(tool, "model.", 6) != 0 ? run->motive : NULL;
}

/* ---- Steps ---- */

static struct json *
step_row(const struct run *run, const char *name, const char *content,
    const struct digest *wish)
{
	struct json *row = json_object();
	char hex[DIGEST_HEX_SIZE];

	json_put_str(row, "run", run->id);
	json_put_int(row, "n", run->kept);
	json_put_str(row, "name", name);
	json_put_str(row, "content", content);
	digest_hex(wish, hex);
	json_put_str(row, "wish", hex);
	digest_hex(&run->trace.at, hex);
	json_put_str(row, "trace", hex);
	return row;
}

/* What a model wishes more than one call for stands in front of the first. */
static void
log_plan(struct record *r, const struct run *run, const char *plan)
{
	struct json *details = json_object();

	json_put_strn(details, "plan", plan, str_cut(plan, TURN_PLAN_MAX));
	record_log(r, "plan", run->id, NULL, details);
}

/* {"run", "step", "name", "plan", "used"} and the content as bulk; what a
 * model used of tokens where the step asked one (bill_settle()). */
void
runs_on_step(struct runs *rs, struct msg *m)
{
	struct run *run = run_of_mind(rs, json_words(m->body, "run"));
	int64_t n = json_int(m->body, "step", -1);
	const char *name = json_words(m->body, "name");
	struct digest wish;
	struct record *r;
	char *content;

	if (run == NULL || n != run->kept || n >= RUN_STEPS_MAX ||
	    !str_is_name(name))
		return;
	content = msg_text(m);
	/* Its words for what it was shown are its own. */
	if (strcmp(name, "recall") == 0)
		trace_view(&run->trace, &run->view);
	wish = run->trace.wish;
	take_words(rs, run, name, content);
	trace_step(&run->trace, name, content);
	r = record_new(rs->ledger);
	record_row(r, ROW_STEP, step_row(run, name, content, &wish));
	free(content);
	run->kept++;
	if (json_has(m->body, "plan"))
		log_plan(r, run, json_words(m->body, "plan"));
	if (json_has(m->body, "used"))
		bill_settle(
		    rs->s.bill, run->id, n, json_get(m->body, "used"), r);
	run->heard_next = 0;
	/* Jobs keep their order, so nothing that the mind asks for after this
	 * step is written before it. */
	record_post(r, false, NULL, NULL, NULL);
}

/* Parts come one after the other, and only the last is not full: so they are
 * as few as the bytes that a run may have. */
static bool
is_next_part(const struct run *run, int64_t part, size_t len)
{
	return part == run->heard_next && part <= HEARD_PARTS_MAX && len > 0 &&
	    len <= HEARD_PART_MAX && run->heard + (int64_t)len <= HEARD_RUN_MAX;
}

/* {"run", "step", "part"} and bytes, of the step that comes next. */
void
runs_on_heard(struct runs *rs, struct msg *m)
{
	struct run *run = run_of_mind(rs, json_words(m->body, "run"));
	int64_t n = json_int(m->body, "step", -1);
	int64_t part = json_int(m->body, "part", -1);
	struct json *row;
	struct record *r;
	char *hex;

	if (run == NULL || n != run->kept || n >= RUN_STEPS_MAX ||
	    !is_next_part(run, part, m->bulk_len))
		return;
	run->heard_next =
	    part == 0 || m->bulk_len == HEARD_PART_MAX ? part + 1 : -1;
	run->heard += (int64_t)m->bulk_len;
	hex = xalloc(2 * m->bulk_len + 1);
	hex_write(hex, (const uint8_t *)m->bulk, m->bulk_len);
	row = json_object();
	json_put_str(row, "run", run->id);
	json_put_int(row, "n", n);
	json_put_int(row, "part", part);
	json_put_str(row, "data", hex);
	free(hex);
	r = record_new(rs->ledger);
	record_row(r, ROW_HEARD, row);
	record_post(r, false, NULL, NULL, NULL);
}

void
keep_take_up(struct run *run, const struct json *steps)
{
	const struct json *s = json_first(steps);
	const char *last = "";

	/* A mind that came back hears its answer anew. */
	run->heard_next = 0;
	for (run->kept = 0; s != NULL; s = json_next(s), run->kept++)
		last = json_words(s, "trace");
	/* Steps of a house that kept no digests yet begin anew. */
	if (trace_take_up(&run->trace, run->kept, last) != OK) {
		trace_begin(&run->trace, run->goal);
		run->trace.n = run->kept;
	}
}

/* The replay digest, and after how many steps: that of the steps alone where
 * the house ended the run and not its reply. */
void
keep_end(const struct run *run, const char *reply, bool reached, bool by_reply,
    struct json *details, struct record *r)
{
	struct json *row = json_object();
	struct digest d = run->trace.at;
	char hex[DIGEST_HEX_SIZE];

	if (by_reply)
		trace_end(&run->trace, reply, reached, &d);
	digest_hex(&d, hex);
	json_put_str(details, "replay_sha256", hex);
	json_put_int(details, "steps", run->kept);
	json_put_bool(details, "replied", by_reply);
	json_put_int(row, "keep", HEARD_RUNS_MAX);
	record_row(r, ROW_HEARD_OLD, row);
}
