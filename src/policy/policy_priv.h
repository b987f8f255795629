/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_POLICY_PRIV_H
#define POLICY_POLICY_PRIV_H

#include "base/str.h"
#include "policy/policy.h"

enum line_kind {
	LINE_ALLOW, /* The first three as their verdicts. */
	LINE_ASK,
	LINE_DENY,
	LINE_LABEL,
	LINE_SINK,
	LINE_BUDGET,
	LINE_DEFAULT
};

#define IS(kind) (1u << (kind))
#define RULES (IS(LINE_ALLOW) | IS(LINE_ASK) | IS(LINE_DENY))
#define MATCHING (RULES | IS(LINE_LABEL) | IS(LINE_SINK) | IS(LINE_BUDGET))

/* Words that match, the cheap ones first: they are tried in this order. */
enum word_kind {
	WORD_EFFECT,
	WORD_TOOL,
	WORD_PRINCIPAL,
	WORD_AGENT,
	WORD_CLIENT,
	WORD_HOURS,
	WORD_LABELS,
	WORD_ENTITY,
	WORD_ARG,
	WORD_REQUIRE,
	WORD_SINK
};

enum value_kind { VALUE_GLOB, VALUE_RANGE, VALUE_UNDER };

struct value {
	enum value_kind kind; /* Of an argument; else VALUE_GLOB. */
	char *text; /* A glob, a folder, a name. */
	int64_t first; /* A range, or minutes of the day. */
	int64_t last;
	struct names *set; /* Of labels joined by '+'. */
};

struct word {
	enum word_kind kind;
	char *arg; /* The argument's name or pointer. */
	unsigned effects; /* A bit for each. */
	struct value *values;
	size_t n_values;
};

struct words {
	struct word *at;
	size_t n;
};

struct rate {
	int64_t most; /* 0: none. */
	int64_t span_s;
};

struct amount {
	bool set;
	int64_t most;
	int64_t span_s;
};

struct rule {
	enum line_kind kind;
	char name[NAME_MAX_LEN + 1];
	int number; /* Of the line, from 1. */
	char *text; /* The line itself. */
	/* Looked at first: what its effect words leave, and the tools, each as
	 * its tool_bit(), that its tool words leave. */
	unsigned effects;
	uint64_t tools;
	struct words words;
	struct words unless;
	struct names *adds; /* Of a label or sink. */
	struct amount amounts[DIM_COUNT];
	enum verdict over;
	struct rate rate;
	int64_t ttl_s;
	int keys;
	bool cli_key;
};

struct policy {
	enum verdict otherwise;
	struct rule *rules[POLICY_RULES_MAX]; /* Sorted by name. */
	size_t n_rules;
};

struct policy_args {
	struct words words;
};

/* ---- words.c ---- */

struct line {
	int number;
	struct rule *rule;
	unsigned seen; /* A bit for each word that may be given once. */
	struct words *into; /* Its words, or those of its exception. */
	struct errmsg *why;
};

/* "policy line N: ..." and ERR_INPUT. */
enum err line_wrong(struct line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The next word; blanks inside double quotes do not end it. */
bool word_next(struct str *rest, struct str *ret);
NODISCARD enum err word_parse(struct line *l, struct str text);
void words_free(struct words *w);

/* ---- once.c: words that are given once ---- */

enum err once_rate(struct line *l, const char *text);
enum err once_ttl(struct line *l, const char *text);
enum err once_keys(struct line *l, const char *text);
enum err once_key(struct line *l, const char *text);
enum err once_over(struct line *l, const char *text);
enum err once_dimension(struct line *l, enum dimension d, const char *text);

/* ---- match.c ---- */

enum holds { HOLDS_NOT, HOLDS_MISSING, HOLDS };

/* What a line is tried against. */
struct trial {
	const struct policy_question *q;
	const char *entity; /* NULL: the act has none. */
	const struct names *sinks;
	uint64_t other_tools; /* All bits but its tool's. */
};

/* One bit for all names that are the same before the dot; several may share
 * it.  For a glob with a wildcard there, and for no name, every bit. */
uint64_t tool_bit(const char *name);
uint64_t tool_glob_bit(const char *glob);

/* Is every component of the path a name, so that it means one place? */
bool path_is_plain(const char *p);

enum holds word_holds(const struct word *w, const struct trial *t);
bool rule_matches(const struct rule *r, const struct trial *t);

/* How many of a question's entities a rule is tried with: at least once. */
size_t question_trials(const struct policy_question *q);
const char *question_entity(const struct policy_question *q, size_t i);
int64_t question_cost(const struct policy_question *q, enum dimension d);

#endif
