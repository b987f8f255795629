/* SPDX-License-Identifier: Apache-2.0 */
#include "main/roles.h"

#include <stddef.h>

#include "base/log.h"
#include "bridge/bridge.h"
#include "control/control.h"
#include "core/core.h"
#include "egress/egress.h"
#include "gate/gate.h"
#include "mind/mind.h"
#include "sys/confine.h"
#include "tools/tools.h"
#include "vault/vault.h"

/*
 * Who may do what.  Every role below runs in fresh user, mount, pid,
 * network and IPC namespaces, under a root that holds at most its own
 * folder, with no new privileges, undumpable, behind a filter that knows
 * only the calls of its row.  None of them can start a program, and none
 * but gate, egress and bridge can make a socket.  Whom each may talk to is
 * ipc/lanes.h.
 *
 * The runner is not here: it starts programs, so it is another user in
 * another unit and reaches the house through the parent's socket alone.
 */
static const struct role_row rows[] = {
    /* Decides and remembers. */
    {ROLE_CORE, "core", CALLS_LOOP | CALLS_FILES, true, false, false, false,
	NULL, core_main},
    /* Reads what models and tools say. */
    {ROLE_MIND, NULL, CALLS_LOOP, false, false, false, false, NULL, mind_main},
    /* Speaks MCP over descriptors it is handed. */
    {ROLE_TOOLS, NULL, CALLS_LOOP, false, false, false, false, NULL,
	tools_main},
    /* Listens. */
    {ROLE_CONTROL, NULL, CALLS_LOOP | CALLS_ACCEPT, false, false, false, false,
	NULL, control_main},
    /* Connects for the tools. */
    {ROLE_GATE, NULL, CALLS_LOOP | CALLS_CONNECT, false, true, false, false,
	NULL, gate_main},
    /* Connects for the house. */
    {ROLE_EGRESS, NULL, CALLS_LOOP | CALLS_CONNECT, false, true, true, false,
	NULL, egress_main},
    /* Speaks MQTT, and reads what devices say of themselves. */
    {ROLE_BRIDGE, NULL, CALLS_LOOP | CALLS_CONNECT | CALLS_UNIX, false, true,
	false, true, NULL, bridge_main},
    /* Keeps keys and the trust table. */
    {ROLE_VAULT, "vault", CALLS_LOOP | CALLS_FILES, true, false, false, false,
	"durward-kek", vault_main},
};

const struct role_row *
role_row(enum role r)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].role == r)
			return &rows[i];
	return NULL;
}

int
role_run(const char *name)
{
	const struct role_row *row = role_row(role_by_name(name));

	if (row == NULL)
		fatal("there is no role '%s' to run", name);
	log_open(role_name(row->role), LOG_INFO);
	return row->main(row->calls);
}
