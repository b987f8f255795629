/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_POLICY_PRIV_H
#define POLICY_POLICY_PRIV_H

#include "policy/policy.h"

#define WORDS_MAX 8

enum word_kind { WORD_TOOL, WORD_EFFECT, WORD_ARG, WORD_ENTITY };

struct word {
	enum word_kind kind;
	char *arg; /* Of WORD_ARG: the argument's name. */
	char *globs[POLICY_GLOBS_MAX];
	size_t n_globs;
	unsigned effects; /* Of WORD_EFFECT: a bit for each. */
};

struct rule {
	enum verdict verdict;
	char name[NAME_MAX_LEN + 1];
	struct word words[WORDS_MAX];
	size_t n_words;
	int64_t ttl_s;
};

struct policy {
	enum verdict otherwise;
	struct rule rules[POLICY_RULES_MAX];
	size_t n_rules;
};

#endif
