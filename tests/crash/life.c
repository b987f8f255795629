/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "crash.h"
#include "disk.h"
#include "ledger/ledger_priv.h"

#define BATCH_MAX 6
#define LONGEST_S 60

struct life {
	struct world *w;
	struct ledger *ledger;
	struct loop *loop;
	uint64_t random;
	uint8_t states[ACTS_MAX]; /* The next step of each act. */
	uint32_t n_acts;
	uint32_t waiting; /* Answers that are still to come. */
	sem_t gate;
};

static void
raise_to(uint32_t *p, uint32_t v)
{
	if (v > __atomic_load_n(p, __ATOMIC_ACQUIRE))
		__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* On the store's thread, which ran whatever was told of so far. */
static void
on_commit(void *arg, bool synced)
{
	struct world *w = arg;

	if (synced)
		w->committed = w->committing;
	else
		w->committing = __atomic_load_n(&w->told, __ATOMIC_ACQUIRE);
}

static void
on_death(void *arg)
{
	((struct world *)arg)->died = true;
}

static void
on_then(void *arg, const char *key)
{
	struct life *l = arg;
	uint32_t i = (uint32_t)strtoul(key, NULL, 10);

	raise_to(&l->w->told, i + 1);
	if (step_plans[l->w->records[i].step].durable)
		raise_to(&l->w->kept, i + 1);
	l->waiting--;
}

static void
on_reading(void *arg, int64_t id, enum err e, const char *text)
{
	struct life *l = arg;

	(void)id;
	(void)e;
	(void)text;
	l->waiting--;
}

static void
on_steps(void *arg, const char *run, struct json *steps, struct json *ended)
{
	struct life *l = arg;

	(void)run;
	json_free(steps);
	json_free(ended);
	l->waiting--;
}

static void
read_something(struct life *l)
{
	uint64_t size = ledger_head(l->ledger)->size;
	char run[TOKEN_SIZE];

	l->waiting++;
	plan_id(l->w, "run", (uint32_t)disk_random(&l->random) % ACTS_MAX, run);
	switch (disk_random(&l->random) % 4) {
	case 0:
		ledger_read_entries(
		    l->ledger, NULL, size / 2, on_reading, l, 0);
		break;
	case 1:
		ledger_read_runs(l->ledger, on_reading, l, 0);
		break;
	case 2:
		ledger_read_proof(l->ledger, size / 3, size, on_reading, l, 0);
		break;
	default:
		ledger_read_steps(l->ledger, run, on_steps, l);
	}
}

/* The act of the next record; one has at most one record in a batch. */
static uint32_t
choose_act(struct life *l, const bool taken[ACTS_MAX])
{
	uint32_t open[ACTS_MAX];
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < l->n_acts; i++)
		if (l->states[i] < STEP_COUNT && !taken[i])
			open[n++] = i;
	if (n > 0 &&
	    (n >= OPEN_MAX || disk_random(&l->random) % 10 < 7 ||
		l->n_acts == ACTS_MAX))
		return open[disk_random(&l->random) % n];
	return l->n_acts < ACTS_MAX ? l->n_acts++ : ACTS_MAX;
}

static enum err
run_gate(struct store_tx *tx, void *arg)
{
	(void)tx;
	while (sem_wait(arg) != 0)
		continue;
	return OK;
}

static void
run_batch(struct life *l)
{
	struct store_job gate = {.run = run_gate, .arg = &l->gate};
	struct world *w = l->w;
	bool taken[ACTS_MAX] = {false};
	size_t n = 1 + disk_random(&l->random) % BATCH_MAX;

	ledger_post(l->ledger, &gate);
	for (; n > 0 && w->n_records < RECORDS_MAX; n--) {
		uint32_t act = choose_act(l, taken);

		if (act == ACTS_MAX)
			break;
		taken[act] = true;
		w->records[w->n_records].act = (uint16_t)act;
		w->records[w->n_records].step = l->states[act]++;
		l->waiting++;
		plan_post(w, w->n_records++, l->ledger, on_then, l);
		if (disk_random(&l->random) % 8 == 0)
			read_something(l);
	}
	sem_post(&l->gate);
	while (l->waiting > 0)
		loop_turn(l->loop, 1000);
}

static void
be_quiet(void)
{
	int fd = open("/dev/null", O_WRONLY);

	/* That the database cannot be written is what is wanted. */
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	struct act *a;
	enum err e = OK;

	(void)arg;
	if (table != ROW_ACT)
		return OK;
	e = ledger_act_of_row(row, &a);
	if (e == OK)
		act_free(a);
	return e;
}

static void
open_life(struct life *l)
{
	const struct ledger_load load = {.row = load_row};
	struct world *w = l->w;
	struct disk_options o = {.die_at = w->die_at,
	    .die_at_once = w->die_at_once,
	    .seed = disk_random(&l->random),
	    .sync_ms = w->sync_ms,
	    .sync_lies = w->sync_lies,
	    .on_death = on_death,
	    .on_commit = on_commit,
	    .arg = w};
	struct errmsg why;
	char path[300];

	disk_track();
	disk_set(&o);
	l->loop = loop_new();
	snprintf(path, sizeof(path), "%s/durward.db", w->folder);
	if (ledger_open(path, l->loop, &load, &l->ledger, &why) != OK) {
		if (!disk_is_dead())
			world_wrong(w, "it does not open: %s", why.text);
		_exit(72);
	}
}

void
life_run(struct world *w, uint64_t *random)
{
	static struct life l;
	uint32_t i;

	l.w = w;
	l.random = disk_random(random);
	alarm(LONGEST_S);
	be_quiet();
	sem_init(&l.gate, 0, 0);
	plan_states(w, w->n_records, l.states);
	while (l.n_acts < ACTS_MAX && l.states[l.n_acts] > 0)
		l.n_acts++;
	open_life(&l);
	for (i = 0; i < w->batches && w->n_records < RECORDS_MAX; i++)
		run_batch(&l);
	ledger_close(l.ledger);
	w->calls = disk_calls_of_all();
	if (!w->died)
		w->kept = w->n_records; /* A clean stop keeps all. */
	_exit(0);
}
