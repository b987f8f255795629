/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "witness/witness_priv.h"

/*
 * A house that is taken over can sign whatever log it likes, but it cannot
 * take back what it signed before.  So a client keeps the last checkpoint it
 * saw and asks for a proof that each new one has grown from it: a log that
 * was rolled back or rewritten has none.
 */

#define ANCHOR "checkpoint"
#define LOCK "checkpoint.lock"
#define PATH_SIZE 1200

static enum err
read_file(const char *path, struct anchor *ret)
{
	struct buf text;
	enum err e;

	buf_init(&text, ANCHOR_MAX);
	e = file_read(path, &text);
	if (e == OK)
		e = anchor_read(text.p, text.len, ret);
	buf_done(&text);
	return e;
}

int
anchor_load(const char *path, struct anchor *ret)
{
	enum err e = read_file(path, ret);

	if (e == OK)
		return EXIT_REACHED;
	terminal_error(
	    "%s is no checkpoint with its signature: %s", path, err_text(e));
	return EXIT_FAILED;
}

int
anchor_prove(struct session *s, uint64_t size, const struct digest *root,
    const struct anchor *now)
{
	struct digest path[PATH_MAX_LEN];
	struct errmsg why = {""};
	struct json *answer;
	size_t len = 0;
	int code = EXIT_REACHED;
	enum err e = OK;

	/* The house is asked only for what cannot be seen from here. */
	if (size != 0 && size < now->at.size) {
		answer = session_query(s, &code,
		    "consistency?from=%llu&to=%llu", (unsigned long long)size,
		    (unsigned long long)now->at.size);
		if (answer == NULL)
			return code;
		e = witness_read_path(answer, path, &len);
		json_free(answer);
	}
	e = e == OK ? anchor_covers(&now->at, size, root, path, len, &why)
		    : anchor_forked(size, &why);
	return e == OK ? EXIT_REACHED : witness_broken(why.text);
}

/* False: there is none that could be believed, and `ret_exit` is set. */
static bool
ask_checkpoint(struct session *s, struct anchor *ret, int *ret_exit)
{
	struct json *answer = session_query(s, ret_exit, "checkpoint");
	enum err e;

	if (answer == NULL)
		return false;
	e = anchor_from_json(answer, ret);
	if (e == OK)
		e = anchor_verify(ret, &session_identity(s)->box_key);
	json_free(answer);
	if (e != OK)
		*ret_exit =
		    witness_broken("the checkpoint is not signed by the box");
	return e == OK;
}

/* ERR_NOTFOUND when there is none yet, or it is of an earlier pairing. */
static enum err
load_kept(const struct identity *me, const char *path, struct anchor *ret)
{
	enum err e = read_file(path, ret);

	if (e != OK)
		return e;
	if (!digest_equal(&ret->at.box, &me->box))
		return ERR_NOTFOUND;
	return anchor_verify(ret, &me->box_key);
}

static int
write_kept(const char *path, const struct anchor *a)
{
	struct buf text;
	enum err e;

	buf_init(&text, ANCHOR_MAX);
	anchor_write(a, &text);
	e = file_replace(path, text.p, text.len, 0600);
	buf_done(&text);
	if (e == OK)
		return EXIT_REACHED;
	terminal_error("%s cannot be written", path);
	return EXIT_FAILED;
}

static int
say_damaged(const char *path, enum err e)
{
	terminal_error("the kept checkpoint %s is damaged (%s); "
		       "look why, then remove it to begin anew",
	    path, err_text(e));
	return EXIT_BROKEN;
}

/* What is kept by now is one tree with `now`, and the larger stays. */
static int
settle(struct session *s, const char *path, const struct anchor *now)
{
	struct anchor kept;
	int code;
	enum err e = load_kept(session_identity(s), path, &kept);

	if (e == ERR_NOTFOUND)
		return write_kept(path, now);
	if (e != OK)
		return say_damaged(path, e);
	if (kept.at.size > now->at.size)
		return anchor_prove(s, now->at.size, &now->at.root, &kept);
	code = anchor_prove(s, kept.at.size, &kept.at.root, now);
	if (code == EXIT_REACHED && kept.at.size < now->at.size)
		code = write_kept(path, now);
	return code;
}

/* One command after the other: what one keeps, the next must prove. */
static int
settle_alone(struct session *s, const char *path, const struct anchor *now)
{
	char lock_path[PATH_SIZE];
	int code = EXIT_FAILED;
	int lock;

	snprintf(lock_path, sizeof(lock_path), "%s/" LOCK,
	    session_identity(s)->folder);
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock >= 0 && lockf(lock, F_LOCK, 0) == 0)
		code = settle(s, path, now);
	else
		terminal_error("%s cannot be locked", lock_path);
	if (lock >= 0)
		close(lock);
	return code;
}

int
anchor_fetch(struct session *s, struct anchor *ret)
{
	const struct identity *me = session_identity(s);
	char path[PATH_SIZE];
	struct errmsg why;
	struct anchor kept;
	struct anchor now;
	int code = EXIT_FAILED;
	enum err e;

	snprintf(path, sizeof(path), "%s/" ANCHOR, me->folder);
	/* The old one first: another command may keep a newer one while the
	 * house answers this one, and that is no rollback. */
	e = load_kept(me, path, &kept);
	if (e != OK && e != ERR_NOTFOUND)
		return say_damaged(path, e);
	if (!ask_checkpoint(s, &now, &code))
		return code;
	if (e == OK && kept.at.size > now.at.size) {
		anchor_rolled_back(kept.at.size, now.at.size, &why);
		code = witness_broken(why.text);
	} else {
		code = settle_alone(s, path, &now);
	}
	if (code == EXIT_BROKEN)
		terminal_error(
		    "if you restored a backup yourself, remove %s", path);
	if (code == EXIT_REACHED)
		*ret = now;
	return code;
}
