/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOLDER_FOLDER_H
#define FOLDER_FOLDER_H

/*
 * An owner opens a folder to a tool, and closes it again.
 *
 * A tool runs as a user that owns nothing.  What lets it at a folder are
 * access control lists, set by whoever the folder belongs to: on each thing in
 * it for the tool's user, on its folders also for what will be made there,
 * and on the folders above for the tools' user, who mounts it and must pass.
 * What the tool makes is the owner's as well, by the same lists.
 *
 * Called by the command line, as the owner or as root, on the box itself.
 * All functions say what is wrong and return an exit code.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "client/session.h"

struct folder_change {
	char tool[NAME_MAX_LEN + 1];
	struct json *named; /* By the manifest that is signed. */
	struct json *before; /* All tools, as they were. */
};

/* Before a manifest is signed.  With `option`, PATH[:rw], that folder stands
 * in it then; all that it names are checked, shown and agreed to. */
int folder_prepare(struct session *s, const char *option, bool yes,
    struct buf *manifest, struct folder_change *ret);

/* Behind it: they are opened, and those of the manifest before closed. */
int folder_settle(struct session *s, const struct folder_change *c);

void folder_change_done(struct folder_change *c);

/* Open or close again what the manifest of a tool names. */
int folder_command(struct session *s, const char *tool, bool open, bool yes);

#endif
