/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_JUDGE_PRIV_H
#define JUDGE_JUDGE_PRIV_H

#include "judge/judge.h"

/* ---- meters.c: counters over a span of house time ---- */

#define METER_KEY_SIZE sizeof(((struct charge *)0)->key)
#define METER_BUCKETS 26

struct meter {
	char key[METER_KEY_SIZE];
	int64_t span_ms; /* SPAN_RUN: 0, one bucket for ever. */
	struct {
		int64_t at;
		int64_t amount;
	} buckets[METER_BUCKETS];
};

struct meters {
	struct meter *at[METERS_MAX];
	size_t n;
};

/* What stands in the span that ends now; more than any limit when there is
 * no room to count. */
int64_t meter_sum(
    const struct meters *m, const char *key, int64_t span_s, int64_t now_ms);
/* How long until there stands no more than `most`, if nothing comes to it; -1:
 * never. */
int64_t meter_wait_ms(const struct meters *m, const char *key, int64_t span_s,
    int64_t now_ms, int64_t most);
int64_t meter_bucket(int64_t span_s, int64_t now_ms);
/* The first piece that is still looked at. */
int64_t meter_oldest(int64_t span_s, int64_t now_ms);
/* False when there is no room. */
bool meter_add(struct meters *m, const char *key, int64_t at, int64_t amount);
/* Is it counted at all? */
bool meters_know(const struct meters *m, const char *key);
void meters_free(struct meters *m);
/* Those of a run that ended; true when there were any. */
bool meters_forget_run(struct meters *m, const char *run);

struct judge {
	struct judge_setup setup;
	struct safety safety;
	struct steady steady;
	struct steady_saved saved;
	bool clock_runs;
	struct judge_policy policies[SCOPES_MAX];
	size_t n_policies;
	struct meters meters;
	struct held_grant *grants[GRANTS_MAX];
	size_t n_grants;
	/* Used up or taken back: not to be taken up again while they could
	 * cover anything.  Those that end last, when there are more. */
	struct ended_grant {
		char id[TOKEN_SIZE];
		int64_t until_ms;
	} ended[GRANTS_ENDED_MAX];
	size_t n_ended;
};

/* ---- judge.c: a case being judged ---- */

struct judging {
	struct judge *judge;
	const struct judge_case *c;
	struct json *args;
	struct policy_layer layers[LAYERS_MAX];
	size_t n_layers;
	struct policy *scope; /* A layer of this judging alone, or NULL. */
	struct policy_ports ports;
	struct policy_question q;
	struct entities named; /* Of the home, that it is about. */
	const char *entity[HOME_MANY_MAX];
	const struct held_grant *grant; /* The first that answered an ask. */
};

void begin_judging(
    struct judge *j, const struct judge_case *c, struct judging *ret);
void end_judging(struct judging *g);
void judging_find_layers(struct judging *g); /* layers.c */

/* ---- charges.c: the names of counters ---- */

void judge_meter_key(const struct policy_line *line, const char *what,
    const char *run, char ret[METER_KEY_SIZE]);
void judging_meter_key(const struct judging *g, const struct policy_line *line,
    const char *what, char ret[METER_KEY_SIZE]);

/* ---- grants.c ---- */

/* A grant that covers the case and names the rule, or any rule when it is
 * NULL. */
const struct held_grant *grants_find(struct judge *j,
    const struct judge_case *c, const struct json *args, const char *rule);
NODISCARD enum err grants_load(struct judge *j, const struct json *row);
struct json *grants_row(const struct held_grant *g, bool revoked);

#define GRANT_SPAN_S (24 * 3600)
void grants_meter_key(const struct held_grant *g, char ret[METER_KEY_SIZE]);
/* Of a grant of money, in the last 24 hours. */
int64_t grants_spent(const struct judge *j, const struct held_grant *g);
/* The grants that would cover the case, were there money left. */
void grants_explain(struct judge *j, const struct judge_case *c,
    const struct json *args, struct buf *out);

#endif
