/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"
#include "sys/clock.h"

bool
act_may_while_halted(const struct open_act *o)
{
	return act_house_function(o) != NULL && o->act->effect == EFFECT_READ &&
	    strncmp(o->act->tool, "house.", strlen("house.")) == 0;
}

void
act_run_own(struct open_act *o)
{
	struct json *args = NULL;

	o->started_ms = clock_boot_ms();
	if (json_parse(o->act->args, strlen(o->act->args), &args) != OK)
		fatal("the arguments of act %s are damaged", o->act->id);
	act_house_function(o)->run(o->acts->s.ports.arg, o->act, args);
	json_free(args);
}

void
acts_house_done(struct acts *a, const char *id, const struct house_end *end)
{
	struct open_act *o = acts_find(a, id);

	if (o == NULL || o->act->state != ACT_STARTED) {
		json_free(end->row);
		return;
	}
	if (end->labels != NULL)
		a->s.ports.run_saw(a->s.ports.arg, o->act->run, end->labels);
	o->end_row = end->row;
	o->end_table = end->table;
	act_end(o, end->ok ? ACT_DONE : ACT_FAILED, end->text);
}
