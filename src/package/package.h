/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

/*
 * A tool as its owner adds it: a folder with the manifest, tool.json, and the
 * image's archive, image.tar.  What the owner reads before signing, and the
 * signed commands by which tools come, change and go.
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "client/session.h"
#include "tool/manifest.h"

struct package {
	char *text; /* The manifest's bytes. */
	struct manifest *manifest;
	char *description;
	char archive[IMAGE_PATH_MAX + 1]; /* "": there is none. */
};

/* A folder, or a manifest alone.  ERR_INPUT, ERR_LIMIT, ERR_NOTFOUND. */
NODISCARD enum err package_read(
    const char *path, struct package *ret, struct errmsg *why);
/* A manifest that the house has. */
NODISCARD enum err package_of_text(
    const char *text, struct package *ret, struct errmsg *why);
void package_done(struct package *p);

/* All that the tool is, may do and has: one thing a line, every character to
 * be seen. */
void package_review(const struct package *p, struct buf *out);

/* What only the review before said, and what only the one after says. */
void package_compare(const char *before, const char *after, struct buf *out);

/* ---- Commands; each returns an exit code ---- */

struct package_options {
	bool yes; /* Nobody is asked. */
	bool keep_data;
	bool exempt; /* It may run without limits, too. */
	const char *to; /* A version, or NULL. */
	const char *folder; /* Of the owner, for the tool; or NULL. */
};

/* `verb` is add or update. */
int package_add(struct session *s, const char *verb, const char *path,
    const struct package_options *o);
/* Add or update what nobody keeps a folder of: the manifest alone. */
int package_add_text(
    struct session *s, const char *text, const struct package_options *o);
int package_enable(
    struct session *s, const char *tool, const struct package_options *o);
int package_rollback(
    struct session *s, const char *tool, const struct package_options *o);
int package_disable(struct session *s, const char *tool);
/* May it run where its memory and processes cannot be limited? */
int package_exempt(struct session *s, const char *tool, bool exempt);
int package_remove(
    struct session *s, const char *tool, const struct package_options *o);

#endif
