/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_REACH_H
#define TOOL_REACH_H

/*
 * What one call of a tool may reach: the hosts of its manifest, and the one
 * that an argument names when the function says so.  The same for who asks
 * (it stands on the sheet), who decides, and the gate, which opens it.
 */

#include "tool/manifest.h"

struct reach_host {
	struct host_grant host;
	bool lan; /* In the home network: private addresses too. */
};

struct reach {
	struct reach_host hosts[2 * TOOL_HOSTS_MAX + 1];
	size_t n;
};

/* `args` have been checked.  ERR_INPUT when the URL among them is no good, or
 * has a port that the manifest does not list. */
NODISCARD enum err reach_of_call(const struct manifest *m,
    const struct manifest_function *f, const struct json *args,
    struct reach *ret, struct errmsg *why);

/* The same, of arguments as bytes. */
NODISCARD enum err reach_of_text(const struct manifest *m,
    const struct manifest_function *f, struct str args, struct reach *ret,
    struct errmsg *why);

#define REACH_TEXT_MAX                                                         \
	((2 * TOOL_HOSTS_MAX + 1) * (HOST_MAX + ADDRESS_TEXT_SIZE + 16))

/* At most REACH_TEXT_MAX: "none", or "name:443,*.name:443,lan
 * hub.lan:8123=192.168.1.20". */
void reach_write(const struct reach *r, struct buf *out);

/* NULL when it may not be reached. */
const struct reach_host *reach_find(
    const struct reach *r, const char *name, uint16_t port);
/* May any port of this name be reached?  It has an address then. */
bool reach_knows(const struct reach *r, const char *name);

/* The gate's report of a call, {"act", "tool", "used", "refused", "more",
 * "withheld"}, as an entry of the log takes it: what it has to say, bounded,
 * and nothing else.  NULL when nothing was used and nothing refused. */
struct json *reach_report(const struct json *used);

#endif
