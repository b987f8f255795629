/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_ROLES_H
#define MAIN_ROLES_H

/* The table of roles: who there is and what each may do. */

#include "ipc/lanes.h"

struct role_row {
	enum role role;
	/* Kept by the role alone; bound at /state, the only thing below its
	 * root.  NULL: an empty root. */
	const char *folder;
	/* Groups of system calls (sys/confine.h). */
	unsigned calls;
	/* When it dies the house starts anew; others restart alone. */
	bool vital;
	/* Keeps the machine's network, and may read how names are looked
	 * up. */
	bool network;
	/* May read whose certificates are believed. */
	bool authorities;
	/* Is there only with `durward run --broker`, whose socket's folder is
	 * bound at /state. */
	bool broker;
	/* The credential of systemd that it alone may read, or NULL. */
	const char *credential;
	int (*main)(unsigned calls);
};

/* NULL for the parent and for the runner, which is another unit. */
const struct role_row *role_row(enum role r);

/* Run as this role; the process becomes it. */
int role_run(const char *name);

#endif
