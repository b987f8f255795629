/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "runner/runner_priv.h"
#include "sys/file.h"
#include "sys/sock.h"

/*
 * Secrets, from the vault's message into a container.  They wait in the
 * kernel, in the socket that the shim reads, and are never on a command line
 * or in a file that has a name; the message that they came in is wiped behind
 * the handler (ipc/lane.c).  One packet for each:
 *
 *	'E' VARIABLE NUL VALUE		a variable
 *	'F' VARIABLE NUL		a file, with its descriptor
 */

static enum err
give_one(int pair_end, const struct json *v, struct str value)
{
	const char *env = json_words(v, "env");
	const char *file = json_words(v, "file");
	bool is_file = file[0] != '\0';
	struct sock_part parts[3] = {{is_file ? "F" : "E", 1},
	    {env, strlen(env) + 1}, {value.p, value.len}};
	int fd;
	enum err e;

	if (!is_file)
		return sock_send(pair_end, parts, 3, NULL, 0);
	e = file_sealed(file, value.p, value.len, &fd);
	if (e != OK)
		return e;
	e = sock_send(pair_end, parts, 2, &fd, 1);
	close(fd);
	return e;
}

enum err
secrets_give(int pair_end, const struct msg *m)
{
	const struct json *v = json_first(json_get(m->body, "secrets"));
	struct str rest = {m->bulk, m->bulk_len};
	enum err e = OK;

	for (; v != NULL && e == OK; v = json_next(v)) {
		int64_t bytes = json_int(v, "bytes", -1);
		struct str value = {rest.p, (size_t)bytes};

		if (bytes < 0 || (uint64_t)bytes > rest.len)
			return ERR_INPUT;
		rest.p += bytes;
		rest.len -= (size_t)bytes;
		e = give_one(pair_end, v, value);
	}
	return e == OK && rest.len > 0 ? ERR_INPUT : e;
}
