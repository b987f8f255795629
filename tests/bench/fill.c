/* SPDX-License-Identifier: Apache-2.0 */

/* fill DATABASE SIZE: entries in the log of a house that does not run, until
 * there are SIZE, as the house itself writes them. */

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "ledger/ledger.h"

#define ENTRIES_PER_RUN 8
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
add_entry(struct ledger *l, unsigned long long seq, bool waits)
{
	struct record *r = record_new(l);
	struct json *body = json_object();
	char run[TOKEN_SIZE];

	snprintf(run, sizeof(run), "%032llx", seq / ENTRIES_PER_RUN);
	json_put_str(body, "container", "durward-echo-1-1");
	record_log(r, "started", run, run, body);
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
