/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

/*
 * Policy: rules and layers in, a verdict out.  The language is described in
 * durward-policy(5), config/man/durward-policy.5, and nowhere else.
 *
 * Pure: no clock, no disk.  The time is a parameter; what was used of rates
 * and budgets, which facts are true and which asks a grant answers, is asked
 * for by ports.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/names.h"
#include "base/str.h"

#define EFFECT_TABLE(X)                                                        \
	X(EFFECT_READ, "read")                                                 \
	X(EFFECT_REVERSIBLE, "reversible")                                     \
	X(EFFECT_PHYSICAL, "physical")                                         \
	X(EFFECT_EXTERNAL, "external")                                         \
	X(EFFECT_MONEY, "money")                                               \
	X(EFFECT_SYSTEM, "system")

enum effect {
#define X(name, text) name,
	EFFECT_TABLE(X)
#undef X
	    EFFECT_COUNT
};

const char *effect_name(enum effect e);
enum effect effect_by_name(const char *name); /* EFFECT_COUNT: unknown */

/* Does an act of this effect need an owner's signature or grant? */
bool effect_needs_yes(enum effect e);

/* Points of risk of one act on one thing. */
int64_t effect_risk(enum effect e);

/* What budgets count: money in millionths, time in seconds, the rest whole. */
#define DIMENSION_TABLE(X)                                                     \
	X(DIM_TOKENS, "tokens")                                                \
	X(DIM_FILES, "files")                                                  \
	X(DIM_HOSTS, "hosts")                                                  \
	X(DIM_RISK, "risk")                                                    \
	X(DIM_USD, "usd")                                                      \
	X(DIM_EUR, "eur")                                                      \
	X(DIM_TIME, "time")

enum dimension {
#define X(name, text) name,
	DIMENSION_TABLE(X)
#undef X
	    DIM_COUNT
};

const char *dimension_name(enum dimension d);
enum dimension dimension_by_name(const char *name); /* DIM_COUNT: unknown */

#define SPAN_RUN 0 /* Instead of a number of seconds: as long as the run. */

enum verdict { VERDICT_ALLOW, VERDICT_ASK, VERDICT_DENY };

const char *verdict_name(enum verdict v);

struct policy;

/* One of at most LAYERS_MAX, in the order box, profile, parent, agent,
 * client. */
struct policy_layer {
	const char *name;
	const struct policy *policy;
};

/* A line, as the ports are asked about it. */
struct policy_line {
	const char *layer;
	const char *name;
	int64_t span_s; /* Of its rate or budget, or SPAN_RUN. */
};

enum fact { FACT_FALSE, FACT_TRUE, FACT_UNKNOWN };

struct policy_ports {
	void *arg;
	enum fact (*fact)(void *arg, const char *name);
	/* Things counted by the rate of this line. */
	int64_t (*used)(void *arg, const struct policy_line *line);
	/* Used and reserved of the budget. */
	int64_t (*spent)(
	    void *arg, const struct policy_line *line, enum dimension d);
	/* Does a grant answer this ask? */
	bool (*granted)(void *arg, const struct policy_line *line);
};

/* What is judged. */
struct policy_question {
	const char *tool; /* "notes.delete" */
	enum effect effect;
	const struct json *args;
	const char *const *entities; /* Resolved; judged one by one. */
	size_t n_entities;
	const char *principal; /* Whose wish it is. */
	const char *agent; /* "house": its own. */
	const char *client; /* The wish came through it; NULL: through none. */
	const struct names *labels; /* What the run has seen. */
	int minute; /* Of the local day; -1 when the clock is not trusted. */
	int64_t cost[DIM_COUNT]; /* At most; without the risk. */
	const struct policy_ports *ports;
};

/* What a call of the home names: "entity", one thing, or "entities", several,
 * as "light.a,light.b".  No more than this in one act. */
#define HOME_MANY_MAX 32

struct entities {
	char name[HOME_MANY_MAX][NAME_MAX_LEN + 1];
	size_t n;
};

/* ERR_INPUT: it names none, both ways, one twice, or what is no name;
 * ERR_LIMIT. */
NODISCARD enum err entities_of(const struct json *args, struct entities *ret);

struct policy_answer {
	enum verdict verdict;
	int keys; /* Of an ask: how many clients, 1 or 2. */
	bool cli_key; /* Of an ask: not with a browser's key. */
	int64_t ttl_s; /* Of an ask: how long it may wait; else 0. */
	/* A bit for each line that spoke, by its place in its layer; read it
	 * with policy_spoke(). */
	uint64_t spoke[LAYERS_MAX][POLICY_RULES_MAX / 64];
	bool default_spoke[LAYERS_MAX];
	bool no_layer;
};

/* ERR_INPUT and ERR_LIMIT name the line and the word. */
NODISCARD enum err policy_parse(
    const char *text, size_t len, struct policy **ret, struct errmsg *why);
void policy_free(struct policy *p);

struct policy_answer policy_decide(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers);

/* The lines that spoke, sorted. */
void policy_spoke(const struct policy_answer *a,
    const struct policy_layer *layers, size_t n_layers,
    void (*fn)(void *arg, const struct policy_line *line), void *arg);

/* The same as "box:unlock,client:default"; what is beyond SPOKE_TEXT_MAX
 * becomes ",...". */
void policy_spoke_text(const struct policy_answer *a,
    const struct policy_layer *layers, size_t n_layers, struct buf *out);

/* Every rate and budget whose line matches the act: what must be counted
 * when it is carried out. */
struct policy_charge {
	struct policy_line line;
	bool is_rate;
	int64_t amount;
	/* Of a budget. */
	enum dimension dimension;
	int64_t most;
	enum verdict over;
};
void policy_charges(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers,
    void (*fn)(void *arg, const struct policy_charge *charge), void *arg);

/* Every amount of every budget of the layer, whatever it matches; `amount` is
 * 0. */
void policy_budgets(const struct policy_layer *layer,
    void (*fn)(void *arg, const struct policy_charge *charge), void *arg);

/* Labels of what comes out of the act, and the sinks it flows to. */
void policy_labels(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers, struct names *ret);
void policy_sinks(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers, struct names *ret);

/* Why this answer, in words for people: one sentence (`instead`, unless empty,
 * where more than rules decides), what spoke, and what nearly did. */
void policy_explain(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers, const char *instead,
    struct buf *out);

/* What there is, for warnings about lines that can match nothing. */
struct policy_known {
	void *arg;
	/* Is there a function that the glob matches? */
	bool (*tool)(void *arg, const char *glob);
	bool (*fact)(void *arg, const char *name);
};
void policy_warn(
    const struct policy *p, const struct policy_known *known, struct buf *out);

/*
 * The arguments that a grant covers: words like those of a rule, `arg.NAME=`
 * alone.  Missing arguments do not match.  ERR_INPUT.
 */
struct policy_args;
NODISCARD enum err policy_args_parse(
    const char *text, size_t len, struct policy_args **ret, struct errmsg *why);
bool policy_args_match(const struct policy_args *a, const struct json *args);
void policy_args_free(struct policy_args *a);

/* "08:00-20:00" as minutes of the day.  ERR_INPUT. */
NODISCARD enum err policy_hours_read(
    struct str text, int *ret_begin, int *ret_end);

#endif
