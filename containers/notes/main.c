/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "serve/serve.h"

/*
 * notes: one file per note in /data.  A note's name is its first line, cut
 * to a size; the file's name is the name in hex, so that no name can be a
 * path.
 */

#define FOLDER "/data"
#define NAME_BYTES 100
#define TEXT_BYTES 16384
#define NOTES_MAX 1000
#define LIST_BYTES 32768

struct list {
	char *text;
	size_t len;
	int n;
};

static void
name_of(const char *text, char ret[NAME_BYTES + 1])
{
	size_t n = strcspn(text, "\r\n");

	if (n > NAME_BYTES) {
		/* Not in the middle of a UTF-8 sequence. */
		n = NAME_BYTES;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(ret, text, n);
	ret[n] = '\0';
}

static void
path_of(const char *name, char *ret, size_t size)
{
	size_t at = (size_t)snprintf(ret, size, FOLDER "/");

	for (; *name != '\0' && at + 3 < size; name++, at += 2)
		snprintf(ret + at, size - at, "%02x", (unsigned char)*name);
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* False for what is no note: "." and a save that was cut off. */
static bool
name_of_file(const char *file, char ret[NAME_BYTES + 1])
{
	size_t n = strlen(file);
	size_t i;

	if (n == 0 || n % 2 != 0 || n / 2 > NAME_BYTES)
		return false;
	for (i = 0; i < n / 2; i++) {
		int hi = hex_digit(file[2 * i]);
		int lo = hex_digit(file[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		ret[i] = (char)(hi << 4 | lo);
	}
	ret[i] = '\0';
	return true;
}

static bool
read_note(const char *name, char text[TEXT_BYTES])
{
	char path[3 * NAME_BYTES];
	ssize_t n;
	int fd;

	path_of(name, path, sizeof(path));
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, text, TEXT_BYTES - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

static bool
write_note(const char *name, const char *text)
{
	char path[3 * NAME_BYTES];
	size_t len = strlen(text);
	bool good;
	int fd = open(FOLDER "/.new", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		return false;
	good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	close(fd);
	path_of(name, path, sizeof(path));
	return good && rename(FOLDER "/.new", path) == 0;
}

static void
for_each_note(void (*fn)(const char *name, void *arg), void *arg)
{
	DIR *d = opendir(FOLDER);
	struct dirent *e;
	char name[NAME_BYTES + 1];

	while (d != NULL && (e = readdir(d)) != NULL)
		if (name_of_file(e->d_name, name))
			fn(name, arg);
	if (d != NULL)
		closedir(d);
}

static void
add_to_list(struct list *l, const char *name)
{
	size_t n = strlen(name);

	l->n++;
	if (l->len + n + 2 > LIST_BYTES)
		return;
	memcpy(l->text + l->len, name, n);
	l->len += n;
	l->text[l->len++] = '\n';
	l->text[l->len] = '\0';
}

static void
count_note(const char *name, void *arg)
{
	(void)name;
	(*(int *)arg)++;
}

static void
run_save(const cJSON *args, struct reply *reply)
{
	const char *text = arg_text(args, "text");
	char old[TEXT_BYTES];
	char name[NAME_BYTES + 1];
	int n = 0;

	name_of(text, name);
	for_each_note(count_note, &n);
	if (name[0] == '\0' || strlen(text) >= TEXT_BYTES)
		reply_set(reply, true,
		    "a note needs a first line and at most %d bytes",
		    TEXT_BYTES - 1);
	else if (read_note(name, old) && strcmp(old, text) != 0)
		/* Saving is reversible, so it must not lose the old one. */
		reply_set(reply, true,
		    "there is another note named '%s'; delete it first, or "
		    "begin this one differently",
		    name);
	else if (n >= NOTES_MAX)
		reply_set(reply, true, "there are %d notes; delete one first",
		    NOTES_MAX);
	else if (!write_note(name, text))
		reply_set(reply, true, "the note cannot be written: %s",
		    strerror(errno));
	else
		reply_set(reply, false, "Saved the note '%s'.", name);
}

static void
list_one(const char *name, void *arg)
{
	add_to_list(arg, name);
}

static void
say_list(struct list *l, struct reply *reply, const char *none)
{
	if (l->n == 0)
		reply_set(reply, false, "%s", none);
	else
		reply_set(reply, false, "%d note%s:\n%s", l->n,
		    l->n == 1 ? "" : "s", l->text);
}

static void
run_list(const cJSON *args, struct reply *reply)
{
	static char space[LIST_BYTES + 1];
	struct list l = {.text = space};

	(void)args;
	space[0] = '\0';
	for_each_note(list_one, &l);
	say_list(&l, reply, "There are no notes.");
}

static void
run_read(const cJSON *args, struct reply *reply)
{
	const char *name = arg_text(args, "name");
	char text[TEXT_BYTES];

	if (strlen(name) > NAME_BYTES || !read_note(name, text))
		reply_set(reply, true, "there is no note named '%s'", name);
	else
		reply_set(reply, false, "%s", text);
}

struct search {
	const char *wanted;
	struct list found;
};

static bool
contains(const char *text, const char *wanted)
{
	size_t n = strlen(wanted);

	for (; *text != '\0'; text++)
		if (strncasecmp(text, wanted, n) == 0)
			return true;
	return n == 0;
}

static void
search_one(const char *name, void *arg)
{
	struct search *s = arg;
	char text[TEXT_BYTES];

	if (read_note(name, text) && contains(text, s->wanted))
		add_to_list(&s->found, name);
}

static void
run_search(const cJSON *args, struct reply *reply)
{
	static char space[LIST_BYTES + 1];
	struct search s = {
	    .wanted = arg_text(args, "text"), .found = {.text = space}};

	space[0] = '\0';
	for_each_note(search_one, &s);
	say_list(&s.found, reply, "No note has that.");
}

static void
run_delete(const cJSON *args, struct reply *reply)
{
	const char *name = arg_text(args, "name");
	char path[3 * NAME_BYTES];

	path_of(name, path, sizeof(path));
	if (name[0] == '\0' || strlen(name) > NAME_BYTES || unlink(path) < 0)
		reply_set(reply, true, "there is no note named '%s'", name);
	else
		reply_set(reply, false, "Deleted the note '%s'.", name);
}

#define TEXT_SCHEMA(name)                                                      \
	"{\"type\":\"object\",\"properties\":{\"" name                         \
	"\":{\"type\":\"string\"}},\"required\":[\"" name "\"]}"

static const struct function functions[] = {
    {"save", "Save a note; its first line is its name.", TEXT_SCHEMA("text"),
	run_save},
    {"list", "List the names of all notes.",
	"{\"type\":\"object\",\"properties\":{}}", run_list},
    {"read", "Read a note by its name.", TEXT_SCHEMA("name"), run_read},
    {"search", "Names of the notes that contain a text.", TEXT_SCHEMA("text"),
	run_search},
    {"delete", "Delete a note for good.", TEXT_SCHEMA("name"), run_delete},
};

int
main(void)
{
	return serve("notes", functions,
	    (int)(sizeof(functions) / sizeof(functions[0])));
}
