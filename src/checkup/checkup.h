/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECKUP_CHECKUP_H
#define CHECKUP_CHECKUP_H

/*
 * What `durward doctor` looks at on the machine, beside what the house says of
 * itself: who can read its keys, whether its units run, and what its tools
 * need. It looks as far as who asks may see: root sees the house's state and
 * starts units, everybody the keys of their own client.  Mended is what takes
 * nothing away from anybody and undoes nothing that an owner chose.
 */

#include <stdbool.h>

#include "base/json.h"

#define CHECKUP_UNIT_MS (30 * 1000) /* For a unit to say something. */

struct checkup {
	const char *client; /* The folder of this client, "" for none. */
	const char *state; /* Of the house. */
	const char *passwd_tools; /* The tools' user, if there is one. */
	const char *subuid; /* Which ids are whose: /etc/subuid. */
};

/* What the package and scripts/run make of a machine. */
struct checkup checkup_of_this_machine(const char *client, const char *state);

/* Appends {"check", "ok", "what", "fix"} for each that this machine has, and
 * "mended" where it was mended just now.  True when all is well then. */
bool checkup_all(const struct checkup *c, bool mend, struct json *findings);

#endif
