/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"

/*
 * A call of a model: its order goes to egress, which has the request from the
 * mind.  What came back is the mind's affair; here it ends with how much it
 * was.  A call that was lost has failed, whatever its effect: whoever wished
 * it still has the question.
 */

void
act_order_model(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	struct buf bulk;
	struct json *order = act_order(o, &bulk);

	json_put_str(order, "run", o->act->run);
	json_put_int(order, "step", o->act->step);
	if (!ports->model_order(ports->arg, order, bulk.p, bulk.len)) {
		o->started_ms = 0; /* It never began. */
		act_end(o, ACT_FAILED, "egress is away; try again");
	}
	buf_done(&bulk);
}

void
act_stop_model(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;

	if (act_is_model_call(o) && o->act->state == ACT_STARTED &&
	    o->used == NULL)
		ports->model_stop(ports->arg, o->act->id);
}

/* Numbers, and the digest of the answer: its words are not told here. */
static struct json *
details_of(const struct json *said)
{
	static const char *const numbers[] = {
	    "status", "sent", "received", "tries", "first_ms", "ms"};
	const char *sha256 = json_words(said, "sha256");
	struct json *v = json_object();
	struct digest d;
	size_t i;

	for (i = 0; i < ARRAY_LEN(numbers); i++)
		json_put_int(v, numbers[i], json_int(said, numbers[i], 0));
	if (digest_read(sha256, strlen(sha256), &d) == OK)
		json_put_str(v, "sha256", sha256);
	return v;
}

void
acts_on_model_done(struct acts *a, const struct json *said)
{
	struct open_act *o = acts_find(a, json_words(said, "act"));
	const char *why = json_words(said, "why");

	if (o == NULL || o->act->state != ACT_STARTED || !act_is_model_call(o))
		return;
	o->used = details_of(said);
	if (json_flag(said, "ok"))
		act_end(o, ACT_DONE, "");
	else
		act_end(o, ACT_FAILED, why);
}

void
acts_egress_lost(struct acts *a)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL &&
		    a->open[i]->act->state == ACT_STARTED &&
		    act_is_model_call(a->open[i]))
			act_end(a->open[i], ACT_FAILED,
			    "egress was restarted in the middle of the call");
}

static void
stop(struct open_act *o, const char *why)
{
	switch (o->act->state) {
	case ACT_ASKED:
	case ACT_APPROVED:
	case ACT_ALLOWED:
		act_end(o, ACT_DENIED, why);
		break;
	case ACT_STARTED:
		if (act_is_model_call(o))
			act_end(o, ACT_FAILED, why);
		break;
	default:
		break;
	}
}

void
acts_stop_run(struct acts *a, const char *run, const char *why)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL &&
		    strcmp(a->open[i]->act->run, run) == 0)
			stop(a->open[i], why);
}
