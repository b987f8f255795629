/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "runs/runs_priv.h"

/*
 * A fork: a new run that takes over the goal, the first steps and the labels
 * of another, and goes on live from there.  It begins where nothing of what
 * was proposed is still to be observed, so all that the steps it took over
 * did is in them; none of it is done again.
 */

static const char *
name_of(const struct json *step)
{
	return step != NULL ? json_words(step, "name") : "";
}

/* May a run go on at `step`, behind `before`? */
static bool
is_start(const struct json *before, const struct json *step)
{
	const char *name = name_of(step);

	if (strcmp(name, "propose") == 0)
		return strcmp(name_of(before), "propose") != 0;
	return name[0] != '\0' && strcmp(name, "observe") != 0;
}

/* Lists them for who named none. */
static enum err
find_start(const struct json *found, int64_t from, const char **ret_trace,
    struct errmsg *why)
{
	const struct json *before = NULL;
	const struct json *s = json_first(json_get(found, "steps"));
	struct buf list;
	enum err e;
	int64_t n;

	buf_init(&list, sizeof(why->text));
	for (n = 0; s != NULL; n++, before = s, s = json_next(s)) {
		if (!is_start(before, s))
			continue;
		if (n == from) {
			*ret_trace =
			    before != NULL ? json_words(before, "trace") : "";
			buf_done(&list);
			return OK;
		}
		buf_addf(&list, "%s%lld %s", list.len > 0 ? ", " : "",
		    (long long)n, name_of(s));
	}
	e = list.len == 0
	    ? err_say(why, ERR_NOTFOUND, "the steps of this run were forgotten")
	    : err_say(why, ERR_INPUT,
		  "it cannot go on from step %lld; it can from "
		  "%s",
		  (long long)from, list.p);
	buf_done(&list);
	return e;
}

static void
forked(void *arg, const char *id)
{
	struct runs *rs = arg;
	struct run *run = runs_find(rs, id);

	if (run == NULL)
		return;
	rs->s.started(rs->s.arg, run->answer_to, run->id);
	run_read_steps(rs, run);
}

static struct json *
forked_steps(const struct run *run)
{
	struct json *row = json_object();

	json_put_str(row, "run", run->id);
	json_put_str(row, "fork_of", run->fork_of);
	json_put_int(row, "forked", run->forked);
	return row;
}

void
fork_mark(struct run *run, const char *fork_of, int64_t steps)
{
	snprintf(run->fork_of, sizeof(run->fork_of), "%s", fork_of);
	run->forked = steps > 0 && steps < RUN_STEPS_MAX ? steps : 0;
	/* What these steps did is done. */
	run->acted |= (UINT64_C(1) << run->forked) - 1;
}

enum err
runs_fork(struct runs *rs, const char *client, const struct json *found,
    int64_t from, int64_t request, struct errmsg *why)
{
	const char *trace = "";
	struct names labels;
	struct run_wish w = {.client = client,
	    .goal = json_words(found, "goal"),
	    .models = json_words(found, "models"),
	    .session = json_words(found, "session"),
	    .request = request};
	struct json *details;
	struct record *r;
	struct run *run;
	enum err e;

	if (strcmp(json_words(found, "state"), "open") == 0)
		return err_say(why, ERR_STATE,
		    "this run is under way; wait for its end, or stop it");
	e = find_start(found, from, &trace, why);
	if (e == OK)
		e = names_read(json_words(found, "labels"), &labels);
	if (e == OK)
		e = run_open(rs, &w, &run, why);
	if (e != OK)
		return e;
	run->labels = labels;
	fork_mark(run, json_words(found, "run"), from);
	details = run_details(run);
	json_put_str(details, "fork_of", run->fork_of);
	json_put_int(details, "forked", run->forked);
	json_put_str(details, "fork_sha256", trace);
	r = record_new(rs->ledger);
	run_begin(run, details, r);
	record_row(r, ROW_STEPS_FORKED, forked_steps(run));
	record_post(r, true, forked, rs, run->id);
	return OK;
}
