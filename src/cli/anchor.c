/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli_priv.h"
#include "sys/file.h"

/*
 * A house that is taken over can sign whatever log it likes, but it cannot
 * take back what it signed before.  So a client keeps the last checkpoint it
 * saw and asks for a proof that each new one has grown from it: a log that
 * was rolled back or rewritten has none.
 */

#define ANCHOR "checkpoint"
#define LOCK "checkpoint.lock"

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
	fprintf(stderr, "durward: %s is no checkpoint with its signature: %s\n",
	    path, err_text(e));
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
		e = cli_read_path(answer, path, &len);
		json_free(answer);
	}
	e = e == OK ? anchor_covers(&now->at, size, root, path, len, &why)
		    : anchor_forked(size, &why);
	return e == OK ? EXIT_REACHED : cli_broken(why.text);
}

/* Two commands may end at once: the larger tree stays. */
static enum err
keep(const char *folder, const char *path, const struct anchor *a)
{
	struct anchor there;
	struct buf text;
	char lock_path[1200];
	int lock;
	enum err e = OK;

	snprintf(lock_path, sizeof(lock_path), "%s/" LOCK, folder);
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || lockf(lock, F_LOCK, 0) != 0)
		e = ERR_IO;
	buf_init(&text, ANCHOR_MAX);
	anchor_write(a, &text);
	if (e == OK &&
	    (read_file(path, &there) != OK || there.at.size < a->at.size ||
		!digest_equal(&there.at.box, &a->at.box)))
		e = file_replace(path, text.p, text.len, 0600);
	buf_done(&text);
	if (lock >= 0)
		close(lock);
	return e;
}

static int
ask_checkpoint(struct session *s, struct anchor *ret)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "checkpoint");
	const char *text = json_words(answer, "checkpoint");
	enum err e = ERR_SIGNATURE;

	if (answer == NULL)
		return code;
	if (signature_read(json_words(answer, "signature"), &ret->signature) ==
		OK &&
	    audit_checkpoint_read(text, strlen(text), &ret->at) == OK)
		e = anchor_verify(ret, &session_identity(s)->box_key);
	json_free(answer);
	return e == OK ? EXIT_REACHED
		       : cli_broken("the checkpoint is not signed by the box");
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

int
anchor_fetch(struct session *s, struct anchor *ret)
{
	const struct identity *me = session_identity(s);
	char path[sizeof(me->folder) + sizeof(ANCHOR) + 1];
	struct anchor kept;
	struct anchor now;
	int code;
	enum err e;

	snprintf(path, sizeof(path), "%s/" ANCHOR, me->folder);
	/* First the old one: another command may keep a newer one while the
	 * house answers, and an older answer would look rolled back. */
	e = load_kept(me, path, &kept);
	if (e != OK && e != ERR_NOTFOUND) {
		fprintf(stderr,
		    "durward: the kept checkpoint %s is damaged (%s); look "
		    "why, "
		    "then remove it to begin anew\n",
		    path, err_text(e));
		return EXIT_BROKEN;
	}
	code = ask_checkpoint(s, &now);
	if (code != EXIT_REACHED)
		return code;
	if (e == OK)
		code = anchor_prove(s, kept.at.size, &kept.at.root, &now);
	if (code == EXIT_BROKEN)
		fprintf(stderr,
		    "durward: after a backup that you restored yourself, "
		    "remove "
		    "%s to begin anew\n",
		    path);
	if (code != EXIT_REACHED)
		return code;
	if (keep(me->folder, path, &now) != OK) {
		fprintf(stderr, "durward: %s cannot be written\n", path);
		return EXIT_FAILED;
	}
	*ret = now;
	return EXIT_REACHED;
}
