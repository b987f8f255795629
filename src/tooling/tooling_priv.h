/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLING_TOOLING_PRIV_H
#define TOOLING_TOOLING_PRIV_H

#include "base/limits.h"
#include "tooling/tooling.h"

/* ---- tools.c: the tools and the versions of their manifests ---- */

/* A document that an owner signed once; it is never changed. */
struct version {
	int64_t n;
	struct digest digest;
	char *text;
	char name[NAME_MAX_LEN + 1]; /* As the manifest has it. */
	char image[72];
	char client[NAME_MAX_LEN + 1];
	int64_t wall_ms;
};

struct tool {
	char name[NAME_MAX_LEN + 1];
	struct version versions[TOOL_VERSIONS_MAX]; /* The oldest first. */
	size_t n_versions;
	int64_t active; /* Of these; 0: none yet. */
	int64_t installing; /* Nobody had agreed to it when the house ended. */
	/* It was removed, and this is still to be deleted: images, with spaces
	 * between them, and the volume.  NULL: nothing. */
	char *wipe;
	int64_t wipe_request; /* The client that waits for it, or 0. */
	struct tooling *tooling; /* That it belongs to. */
	uint64_t wipe_timer;
};

#define KIND_TOOL "tool"

struct tool *tools_find(struct tooling *tg, const char *name);
/* Found or made; NULL when there are too many. */
struct tool *tools_take(struct tooling *tg, const char *name);
void tools_forget(struct tooling *tg, struct tool *t);

struct version *tool_version(struct tool *t, int64_t n);
struct version *tool_version_of(struct tool *t, const struct digest *d);
int64_t tool_last(const struct tool *t);

/* A version of it is there from now on; one too many goes, by `r`. */
void tool_add_version(struct tool *t, const struct version *v, const char *text,
    struct record *r);
/* Nothing of it is left, but what `wipe` says. */
void tool_drop_versions(struct tool *t);

/* What stands for it in the tables. */
struct json *tool_row(const char *tool, int64_t n);
struct json *tool_setting(
    const char *tool, const char *name, const char *value);

/* ---- changes.c: what owners do with tools ---- */

enum change_kind {
	CHANGE_ADD,
	CHANGE_UPDATE,
	CHANGE_ENABLE,
	CHANGE_ROLLBACK,
	CHANGE_DISABLE,
	CHANGE_REMOVE
};

/* A change under way: between what was asked and what the vault says. */
struct change {
	int64_t request; /* 0: a free place. */
	enum change_kind kind;
	char tool[NAME_MAX_LEN + 1];
	struct version version; /* Of which a manifest is made active. */
	bool is_new; /* That version is; its row goes if this fails. */
	bool is_kept; /* Its row is there. */
	bool loading; /* The runner is at its image. */
	struct tooling *tooling;
	uint64_t timer; /* Of the loading. */
	bool keep_data;
	char *text;
	struct json *envelope; /* Of the command, for the vault. */
	char *body;
};

void changes_runner_lost(struct tooling *tg);

/* ---- leaving.c: images and data that nobody names any more ---- */

/* Tell the runner which images are named, so that it can delete others of
 * those that it loaded itself. */
void leaving_name_images(struct tooling *tg);

/* The images of this tool that no other one has. */
void leaving_images(struct tooling *tg, const struct tool *t, struct buf *out);

/* Delete what the tool left; `request` is told, or 0. */
void leaving_wipe(struct tooling *tg, struct tool *t, int64_t request);
void leaving_wipe_all(struct tooling *tg);
void leaving_runner_lost(struct tooling *tg);

/* ---- tooling.c ---- */

struct tooling {
	struct tooling_setup s;
	struct slots *slots;
	struct acts *acts;
	bool whole; /* No database stands in for a damaged one. */
	bool settled;
	struct tooling_runner runner;
	int64_t started_ms;
	int64_t stray_ends; /* Of containers, told by the runner. */
	struct tool *tools[TOOLS_MAX];
	size_t n_tools;
	struct change changes[TOOL_CHANGES_MAX];
	char exempt[TOOLS_MAX][NAME_MAX_LEN + 1]; /* "": a free place. */
};

/* ---- exempt.c ---- */

/* May it be started on this machine? */
NODISCARD enum err exempt_check(
    const struct tooling *tg, const struct manifest *m, struct errmsg *why);

/* ---- tooling.c ---- */

/* Ask another role for what a client wants to know; its answer is awaited. */
NODISCARD enum err tooling_ask(struct tooling *tg, int64_t request,
    enum role of, enum msg_type type, enum msg_type answer, struct json *body);

/* This manifest counts from now on. */
NODISCARD enum err tooling_put(
    struct tooling *tg, const char *text, struct errmsg *why);

#endif
