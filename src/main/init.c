/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "box/box.h"
#include "cert/cert.h"
#include "cli/cli.h"
#include "client/identity.h"
#include "client/session.h"
#include "crypto/crypto.h"
#include "main/commands.h"
#include "main/options.h"
#include "policy/policy.h"
#include "rescue/rescue.h"
#include "sys/file.h"

/*
 * `durward init`: the box's keys, and the console's key as its first owner.
 * The two belong to different users, so it can be done in three steps, each
 * by the one who owns what it writes:
 *
 *	init --console DIR			make the key, write owner.csr
 *	init --state DIR --policy FILE --owner -	make the box, print the
 *answer init --console DIR --answer -		store the answer
 *
 * or in one, when both --state and --console are given.
 */

#define OWNER_NAME "console"
#define BOX_NAME "durward"

struct options {
	const char *state;
	const char *policy;
	const char *owner;
	const char *console;
	const char *answer;
	const char *host;
	const char *port;
	const char *pairing_port;
};

static enum err
read_any(const char *path, struct buf *ret)
{
	if (strcmp(path, "-") == 0)
		return file_read_fd(STDIN_FILENO, ret);
	return file_read(path, ret);
}

static enum err
make_request(const char *folder, struct buf *ret_csr, struct errmsg *why)
{
	struct secret *pem = NULL;
	enum err e = identity_make_key(folder, &pem, why);

	if (e == OK && csr_make(secret_reveal(pem), OWNER_NAME, ret_csr) != OK)
		e = err_say(
		    why, ERR_INPUT, "the key in %.160s is damaged", folder);
	secret_free(pem);
	return e;
}

static enum err
copy_policy(const struct options *o, struct errmsg *why)
{
	struct policy *policy;
	char path[1024];
	struct buf text;
	enum err e;

	buf_init(&text, POLICY_BYTES_MAX);
	e = file_read(o->policy, &text);
	if (e != OK) {
		err_say(why, e, "%.200s cannot be read", o->policy);
	} else {
		e = policy_parse(text.p, text.len, &policy, why);
		if (e == OK)
			policy_free(policy);
	}
	snprintf(path, sizeof(path), "%s/core/policy", o->state);
	if (e == OK && file_replace(path, text.p, text.len, 0600) != OK)
		e = err_say(why, ERR_IO, "%.200s cannot be written", path);
	buf_done(&text);
	return e;
}

static enum err
make_folders(const char *state, struct errmsg *why)
{
	static const char *const names[] = {"", "/core", "/vault"};
	char path[1024];
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s%s", state, names[i]);
		if (file_mkdir(path, 0700) != OK)
			return err_say(why, ERR_IO,
			    "%.180s cannot be made; run as the user who owns "
			    "it",
			    path);
	}
	return OK;
}

/* The answer: {"certificate", "root"}. */
static enum err
make_box(const struct options *o, const char *csr, struct json **ret,
    struct errmsg *why)
{
	struct public_key owner;
	char path[1024];
	struct buf cert;
	struct buf root;
	enum err e;

	if (csr_read(csr, &owner) != OK)
		return err_say(why, ERR_INPUT,
		    "the owner's request is malformed or not signed by its "
		    "own key");
	e = make_folders(o->state, why);
	if (e == OK)
		e = copy_policy(o, why);
	if (e != OK)
		return e;
	buf_init(&cert, FILE_READ_MAX);
	buf_init(&root, FILE_READ_MAX);
	snprintf(path, sizeof(path), "%s/vault", o->state);
	e = box_make(path, BOX_NAME, &owner, OWNER_NAME, &cert, &root, why);
	if (e == OK) {
		*ret = json_object();
		json_put_str(*ret, "certificate", cert.p);
		json_put_str(*ret, "root", root.p);
	}
	buf_done(&cert);
	buf_done(&root);
	return e;
}

static enum err
store_answer(
    const struct options *o, const struct json *answer, struct errmsg *why)
{
	struct identity_parts parts = {.name = OWNER_NAME,
	    .host = o->host,
	    .cert_pem = json_str(answer, "certificate"),
	    .root_pem = json_str(answer, "root")};

	if (!options_port(o->port, &parts.port) ||
	    !options_port(o->pairing_port, &parts.pairing_port) ||
	    parts.cert_pem == NULL || parts.root_pem == NULL)
		return err_say(why, ERR_INPUT, "the answer is malformed");
	return identity_save(o->console, &parts, why);
}

static enum err
step_console(const struct options *o, struct errmsg *why)
{
	char path[1024];
	struct buf csr;
	enum err e;

	buf_init(&csr, FILE_READ_MAX);
	e = make_request(o->console, &csr, why);
	snprintf(path, sizeof(path), "%s/owner.csr", o->console);
	if (e == OK && file_replace(path, csr.p, csr.len, 0644) != OK)
		e = err_say(why, ERR_IO, "%.200s cannot be written", path);
	buf_done(&csr);
	return e;
}

static enum err
step_state(const struct options *o, struct errmsg *why)
{
	struct json *answer = NULL;
	struct buf csr;
	enum err e;

	buf_init(&csr, FILE_READ_MAX);
	e = read_any(o->owner, &csr);
	if (e != OK)
		err_say(why, e, "%.200s cannot be read", o->owner);
	else
		e = make_box(o, csr.p, &answer, why);
	if (e == OK) {
		char *text = json_print(answer);

		puts(text);
		free(text);
	}
	json_free(answer);
	buf_done(&csr);
	return e;
}

static enum err
step_answer(const struct options *o, struct errmsg *why)
{
	struct json *answer = NULL;
	struct buf text;
	enum err e;

	buf_init(&text, FILE_READ_MAX);
	e = read_any(o->answer, &text);
	if (e == OK)
		e = json_parse(text.p, text.len, &answer);
	if (e != OK)
		err_say(why, e, "the answer cannot be read");
	else
		e = store_answer(o, answer, why);
	json_free(answer);
	buf_done(&text);
	return e;
}

static enum err
all_steps(const struct options *o, struct errmsg *why)
{
	struct json *answer = NULL;
	struct buf csr;
	enum err e;

	buf_init(&csr, FILE_READ_MAX);
	e = make_request(o->console, &csr, why);
	if (e == OK)
		e = make_box(o, csr.p, &answer, why);
	if (e == OK)
		e = store_answer(o, answer, why);
	json_free(answer);
	buf_done(&csr);
	return e;
}

static const struct option_row option_table[] = {
    {"--state", offsetof(struct options, state)},
    {"--policy", offsetof(struct options, policy)},
    {"--owner", offsetof(struct options, owner)},
    {"--console", offsetof(struct options, console)},
    {"--answer", offsetof(struct options, answer)},
    {"--host", offsetof(struct options, host)},
    {"--port", offsetof(struct options, port)},
    {"--pairing-port", offsetof(struct options, pairing_port)},
};

int
command_init(int argc, char **argv)
{
	struct options o = {.policy = "/usr/share/durward/assist.policy",
	    .host = "localhost",
	    .port = "8443",
	    .pairing_port = "8444"};
	struct errmsg why = {"name --state, --console, or both"};
	enum err e = ERR_INPUT;

	if (!options_read(
		option_table, ARRAY_LEN(option_table), argc - 1, argv + 1, &o))
		return EXIT_USAGE;
	crypto_open();
	/* What waits there would be put over the new box, or never. */
	if (o.state != NULL && rescue_is_pending(o.state))
		e = err_say(&why, ERR_STATE,
		    "%.120s holds a restore that was begun; run 'durward "
		    "restore --state' with this folder first, which ends it",
		    o.state);
	else if (o.state != NULL && o.console != NULL)
		e = all_steps(&o, &why);
	else if (o.state != NULL && o.owner != NULL)
		e = step_state(&o, &why);
	else if (o.console != NULL && o.answer != NULL)
		e = step_answer(&o, &why);
	else if (o.console != NULL)
		e = step_console(&o, &why);
	if (e == OK)
		return EXIT_REACHED;
	fprintf(stderr, "durward: %s\n", why.text);
	return e == ERR_INPUT && o.state == NULL && o.console == NULL
	    ? EXIT_USAGE
	    : EXIT_FAILED;
}
