/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_RULES_PRIV_H
#define RULES_RULES_PRIV_H

#include "rules/rules.h"

struct rules {
	struct rules_setup s;
};

#endif
