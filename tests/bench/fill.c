/* SPDX-License-Identifier: Apache-2.0 */

/* fill DATABASE SIZE: entries in the log of a house that does not run, until
 * there are SIZE, each with a run and an act that are over, as the house itself
 * writes them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "ledger/ledger.h"

#define BATCH 256 /* Less than the store's queue. */

static bool written;

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	(void)arg;
	(void)table;
	(void)row;
	return OK;
}

static void
on_written(void *arg, const char *key)
{
	(void)arg;
	(void)key;
	written = true;
}

static void
add_run(struct record *r, const char *id)
{
	struct json *row = json_object();

	json_put_str(row, "id", id);
	json_put_str(row, "goal", "say something about the weather of today");
	json_put_str(row, "principal", "console");
	json_put_str(row, "state", "done");
	json_put_str(row, "reply",
	    "It is a fine day, with some clouds in the afternoon and a light "
	    "wind from the west; take a jacket for the evening.");
	json_put_int(row, "wall_ms", 1);
	json_put_str(row, "agent_id", "house");
	json_put_str(row, "client", "console");
	json_put_str(row, "labels", "none");
	json_put_int(row, "resumes", 0);
	json_put_str(row, "session", "");
	record_row(r, ROW_RUN, row);
}

static void
add_act(struct record *r, const char *id)
{
	struct act *a = act_new();

	memcpy(a->id, id, TOKEN_SIZE);
	memcpy(a->run, id, TOKEN_SIZE);
	a->state = ACT_DONE;
	a->keys = a->attempt = 1;
	snprintf(a->tool, sizeof(a->tool), "echo.echo");
	a->args = xstrdup("{\"text\":\"the weather of today\"}");
	a->origins = xstrdup("text:person");
	a->result = xstrdup("the weather of today");
	record_new_act(r, a);
	act_free(a);
}

static void
add_entry(struct ledger *l, unsigned long long seq, bool waits)
{
	struct record *r = record_new(l);
	struct json *body = json_object();
	char id[TOKEN_SIZE];

	snprintf(id, sizeof(id), "%032llx", seq);
	add_run(r, id);
	add_act(r, id);
	json_put_str(body, "container", "durward-echo-1-1");
	record_log(r, "started", id, id, body);
	written = false;
	record_post(r, waits, waits ? on_written : NULL, NULL, NULL);
}

int
main(int argc, char **argv)
{
	const struct ledger_load load = {.row = load_row};
	struct loop *loop;
	struct ledger *l;
	struct errmsg why;
	unsigned long long size;
	unsigned long long seq;

	if (argc != 3)
		return 2;
	log_open("bench", LOG_WARN);
	crypto_open();
	loop = loop_new();
	if (ledger_open(argv[1], loop, &load, &l, &why) != OK)
		fatal("%s", why.text);
	size = strtoull(argv[2], NULL, 10);
	for (seq = ledger_head(l)->size; seq < size; seq++) {
		bool waits = seq % BATCH == 0 || seq == size - 1;

		add_entry(l, seq, waits);
		while (waits && !written)
			loop_turn(loop, 1000);
	}
	ledger_close(l);
	loop_free(loop);
	return 0;
}
