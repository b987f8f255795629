/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "crash.h"
#include "crypto/crypto.h"
#include "disk.h"

/*
 * crash [--seeds N] [--first SEED] [--jobs N] [--delay-ms N] [--weaken]
 *       [--folder DIR]
 *
 * Tells every seed that went wrong, and the counts.  With --weaken a sync
 * does nothing and says OK, and then it should go wrong.
 */

#define JOBS_MAX 64
#define LIVES_MAX 3
#define BATCHES_MAX 80
#define FIRST_CALLS 200

struct options {
	uint64_t first;
	uint64_t seeds;
	uint64_t jobs;
	uint64_t delay_ms;
	bool weaken;
	const char *folder;
};

struct counts {
	uint64_t passed;
	uint64_t failed;
	uint64_t cuts; /* Lives whose power went. */
	uint64_t lives;
	uint64_t records; /* That were found again. */
};

void
world_wrong(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(w->wrong, sizeof(w->wrong), fmt, ap);
	va_end(ap);
}

static void *
share(size_t n)
{
	void *p = mmap(
	    NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fatal("no memory to share");
	return p;
}

static void
clear_folder(const struct world *w)
{
	static const char *const names[] = {"durward.db", "check.db"};
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char path[300];
	size_t i;

	for (i = 0; i < 2 * ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", w->folder, names[i % 2],
		    ends[i / 2]);
		unlink(path);
	}
}

/* A process that ends well, or in one of the ways that a life may. */
static void
await(struct world *w, pid_t pid, const char *what, bool may_die)
{
	int status = 0;

	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		world_wrong(w, "%s ended by signal %d", what, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0 && !(may_die && w->died))
		world_wrong(
		    w, "%s ended with status %d", what, WEXITSTATUS(status));
}

static void
plan_death(struct world *w, uint64_t *random)
{
	uint64_t calls;

	w->batches = 1 + (uint32_t)(disk_random(random) % BATCHES_MAX);
	/* About so many are made. */
	calls = FIRST_CALLS + (uint64_t)w->batches * 40;
	if (disk_random(random) % 5 == 0)
		calls = FIRST_CALLS;
	w->die_at = 1 + (long)(disk_random(random) % calls);
	w->die_at_once = disk_random(random) % 2 == 0;
}

static void
run_life(struct world *w, uint64_t *random)
{
	pid_t pid;

	w->died = false;
	plan_death(w, random);
	pid = fork();
	if (pid == 0)
		life_run(w, random);
	disk_random(random); /* What the life has taken. */
	await(w, pid, "the life", true);
	if (w->wrong[0] != '\0')
		return;
	pid = fork();
	if (pid == 0)
		verify_run(w);
	await(w, pid, "the check", false);
	w->n_records = w->told = w->kept = w->committing = w->committed =
	    w->found;
}

static void
run_seed(
    struct world *w, uint64_t seed, const struct options *o, struct counts *c)
{
	uint64_t random = seed;
	uint64_t lives = 1 + disk_random(&random) % LIVES_MAX;
	uint64_t i;

	w->seed = seed;
	w->sync_ms = (int)o->delay_ms;
	w->sync_lies = o->weaken;
	w->wrong[0] = '\0';
	w->n_records = w->told = w->kept = w->committing = w->committed = 0;
	clear_folder(w);
	for (i = 0; i < lives && w->wrong[0] == '\0'; i++) {
		run_life(w, &random);
		__atomic_add_fetch(&c->lives, 1, __ATOMIC_RELAXED);
		if (w->died)
			__atomic_add_fetch(&c->cuts, 1, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&c->records, w->found, __ATOMIC_RELAXED);
	if (w->wrong[0] == '\0') {
		__atomic_add_fetch(&c->passed, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_add_fetch(&c->failed, 1, __ATOMIC_RELAXED);
	printf("not ok crash seed %llu life %llu call %ld: %s\n",
	    (unsigned long long)seed, (unsigned long long)i, w->die_at,
	    w->wrong);
	fflush(stdout);
}

static void
remove_folder(const struct world *w)
{
	char path[300];

	clear_folder(w);
	snprintf(path, sizeof(path), "%s/durward.db.reserve", w->folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/check.db.reserve", w->folder);
	unlink(path);
	rmdir(w->folder);
}

static void
work(const struct options *o, uint64_t job, struct counts *c)
{
	struct world *w = share(sizeof(*w));
	uint64_t i;

	snprintf(
	    w->folder, sizeof(w->folder), "%s/durward-crash-XXXXXX", o->folder);
	if (mkdtemp(w->folder) == NULL)
		fatal("no folder can be made in %s", o->folder);
	for (i = job; i < o->seeds; i += o->jobs)
		run_seed(w, o->first + i, o, c);
	remove_folder(w);
	_exit(0);
}

static bool
read_options(int argc, char **argv, struct options *o)
{
	const struct {
		const char *name;
		uint64_t *value;
	} numbers[] = {{"--first", &o->first}, {"--seeds", &o->seeds},
	    {"--jobs", &o->jobs}, {"--delay-ms", &o->delay_ms}};
	size_t k;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--weaken") == 0) {
			o->weaken = true;
			continue;
		}
		if (i + 1 == argc)
			return false;
		for (k = 0; k < ARRAY_LEN(numbers); k++)
			if (strcmp(argv[i], numbers[k].name) == 0)
				break;
		if (k < ARRAY_LEN(numbers))
			*numbers[k].value = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--folder") == 0)
			o->folder = argv[++i];
		else
			return false;
	}
	return o->jobs > 0 && o->jobs <= JOBS_MAX;
}

int
main(int argc, char **argv)
{
	struct options o = {.first = 1, .seeds = 300, .jobs = 1};
	struct counts *c = share(sizeof(*c));
	uint64_t i;

	o.jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	/* Memory, where there is some: its syncs cost nothing. */
	o.folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	if (!read_options(argc, argv, &o)) {
		fprintf(stderr,
		    "usage: crash [--seeds N] [--first SEED] "
		    "[--jobs N] [--delay-ms N] [--weaken] "
		    "[--folder DIR]\n");
		return 2;
	}
	log_open("crash", LOG_WARN);
	crypto_open();
	for (i = 0; i < o.jobs; i++)
		if (fork() == 0)
			work(&o, i, c);
	while (wait(NULL) > 0)
		continue;
	printf("# %llu lives, %llu power cuts, %llu records found again\n",
	    (unsigned long long)c->lives, (unsigned long long)c->cuts,
	    (unsigned long long)c->records);
	printf("%llu passed, %llu failed, 0 skipped\n",
	    (unsigned long long)c->passed, (unsigned long long)c->failed);
	return c->failed == 0 && c->passed == o.seeds ? 0 : 1;
}
