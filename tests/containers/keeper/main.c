/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/serve.h"

/*
 * A tool that has secrets and says that it has them, never what they are:
 *
 *	VARIABLE		FNV-1a of its value, and how long it is
 *	VARIABLE_FILE		the same of the file that it names
 *	environ			the names of all variables
 *	fds			all open descriptors behind the streams
 *
 * Asked to leak, it says what they are, in clear or encoded:
 *
 *	leak:raw|error|hex|base64|stderr|late:VARIABLE
 *
 * where `late` is on stderr, behind a thousand bytes of the same line.
 *
 * It goes by the name of its first argument, so that goals which need no
 * model lead to it.
 */

extern char **environ;

static void
say_digest(struct reply *reply, const unsigned char *p, size_t n)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 1099511628211u;
	reply_set(
	    reply, false, "%016llx of %zu bytes", (unsigned long long)h, n);
}

#define VALUE_MAX 16384

static ssize_t
read_value(const char *path, unsigned char text[VALUE_MAX])
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, VALUE_MAX) : -1;

	if (fd >= 0)
		close(fd);
	return n;
}

static void
say_file(struct reply *reply, const char *path)
{
	static unsigned char text[VALUE_MAX];
	ssize_t n = read_value(path, text);

	if (n < 0)
		reply_set(reply, true, "%s cannot be read", path);
	else if (open(path, O_WRONLY) >= 0)
		reply_set(reply, true, "%s can be written", path);
	else
		say_digest(reply, text, (size_t)n);
}

static void
say_environ(struct reply *reply)
{
	char names[4096] = "";
	char **e;

	for (e = environ; *e != NULL; e++) {
		strncat(names, *e, strcspn(*e, "="));
		strcat(names, " ");
	}
	reply_set(reply, false, "%s", names);
}

static void
say_fds(struct reply *reply)
{
	char text[4096] = "";
	char path[64];
	char to[256];
	int fd;

	for (fd = 3; fd < 256; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, to, sizeof(to) - 1);
		if (n < 0)
			continue;
		to[n] = '\0';
		strcat(text, to);
		strcat(text, "\n");
	}
	reply_set(reply, false, "%s", text);
}

static void
write_hex(char *to, const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sprintf(to + 2 * i, "%02x", p[i]);
}

static void
write_base64(char *to, const unsigned char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	size_t i;
	int k;

	for (i = 0; i < n; i += 3) {
		unsigned three = (unsigned)p[i] << 16;

		if (i + 1 < n)
			three |= (unsigned)p[i + 1] << 8;
		if (i + 2 < n)
			three |= p[i + 2];
		for (k = 3; k >= 0; k--)
			*to++ = digits[three >> (6 * k) & 63];
	}
	*to = '\0';
}

/* HOW:VARIABLE */
static void
leak(const char *how, struct reply *reply)
{
	static unsigned char value[VALUE_MAX];
	static char text[2 * VALUE_MAX + 1];
	const char *name = strchr(how, ':');
	const char *it = name != NULL ? getenv(name + 1) : NULL;
	size_t n;

	if (it == NULL) {
		reply_set(reply, true, "there is nothing to leak");
		return;
	}
	n = strlen(name);
	if (n > 5 && strcmp(name + n - 5, "_FILE") == 0) {
		ssize_t got = read_value(it, value);

		n = got > 0 ? (size_t)got : 0;
	} else {
		n = strlen(it);
		memcpy(value, it, n);
	}
	if (*how == 'h')
		write_hex(text, value, n);
	else if (*how == 'b')
		write_base64(text, value, n);
	else
		memcpy(text, value, n);
	if (*how == 's')
		fprintf(stderr, "before\nit is [%s]\nafter\n", text);
	if (*how == 'l')
		fprintf(stderr, "%01004d [%s]\nafter\n", 0, text);
	reply_set(reply, *how == 'e', "it is [%s]",
	    *how == 's' || *how == 'l' ? "" : text);
	memset(text, 0, sizeof(text));
}

static void
answer(const char *what, struct reply *reply)
{
	const char *value = getenv(what);
	size_t n = strlen(what);

	if (strncmp(what, "leak:", 5) == 0)
		leak(what + 5, reply);
	else if (strcmp(what, "environ") == 0)
		say_environ(reply);
	else if (strcmp(what, "fds") == 0)
		say_fds(reply);
	else if (value == NULL)
		reply_set(reply, true, "there is no %s", what);
	else if (n > 5 && strcmp(what + n - 5, "_FILE") == 0)
		say_file(reply, value);
	else
		say_digest(reply, (const unsigned char *)value, strlen(value));
}

static void
run_text(const cJSON *args, struct reply *reply)
{
	answer(arg_text(args, "text"), reply);
}

static void
run_name(const cJSON *args, struct reply *reply)
{
	answer(arg_text(args, "name"), reply);
}

static void
run_url(const cJSON *args, struct reply *reply)
{
	answer(arg_text(args, "url"), reply);
}

#define SCHEMA(name)                                                           \
	"{\"type\":\"object\",\"properties\":{\"" name                         \
	"\":{\"type\":\"string\"}},\"required\":[\"" name "\"]}"

static const struct function functions[] = {
    {"echo", "Has a secret.", SCHEMA("text"), run_text},
    {"read", "Has a secret.", SCHEMA("name"), run_name},
    {"delete", "Has a secret.", SCHEMA("name"), run_name},
    {"fetch", "Has a secret.", SCHEMA("url"), run_url},
};

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "echo";

	if (strcmp(name, "notes") == 0)
		return serve(name, &functions[1], 2);
	return serve(name, &functions[strcmp(name, "web") == 0 ? 3 : 0], 1);
}
