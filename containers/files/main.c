/* SPDX-License-Identifier: Apache-2.0 */
#include "files/files.h"
#include "files/place.h"

/*
 * files: one folder of an owner's, as its manifest names it.  What keeps the
 * tool inside are its mount and its user; place.c keeps it from being led
 * about by what lies in the folder.
 */

static void
run_without(const cJSON *args, struct reply *reply)
{
	(void)args;
	reply_set(reply, true,
	    "no folder was given to this tool; add it with one: durward tool "
	    "add containers/files --folder PATH");
}

#define TEXT(name) "\"" name "\":{\"type\":\"string\"}"
#define PATH_WORDS "A path from the folder itself, such as letters/may.txt"
#define A_PATH(name)                                                           \
	"\"" name "\":{\"type\":\"string\",\"description\":\"" PATH_WORDS "\"" \
	"}"
#define SCHEMA(properties, required)                                           \
	"{\"type\":\"object\",\"properties\":{" properties                     \
	"},\"required\":[" required "]}"

static struct function functions[] = {
    {"list", "List a folder; without a path, the whole.",
	SCHEMA(A_PATH("path"), ""), files_list},
    {"read", "Read a text file; a long one goes on at an offset in bytes.",
	SCHEMA(A_PATH("path") ",\"offset\":{\"type\":\"integer\"}", "\"path\""),
	files_read},
    {"search", "Find a text in names and in files; where, with the line.",
	SCHEMA(TEXT("text") "," A_PATH("path"), "\"text\""), files_search},
    {"write",
	"Write a text file; one that is there is kept under a numbered name.",
	SCHEMA(A_PATH("path") "," TEXT("text"), "\"path\",\"text\""),
	files_write},
    {"move", "Move or rename a file or folder, never onto another.",
	SCHEMA(A_PATH("from") "," A_PATH("to"), "\"from\",\"to\""), files_move},
    {"mkdir", "Make a folder.", SCHEMA(A_PATH("path"), "\"path\""),
	files_mkdir},
    {"delete", "Delete a file or an empty folder for good.",
	SCHEMA(A_PATH("path"), "\"path\""), files_delete},
};

int
main(void)
{
	int n = (int)(sizeof(functions) / sizeof(functions[0]));
	int i;

	if (!place_begin())
		for (i = 0; i < n; i++)
			functions[i].run = run_without;
	return serve("files", functions, n);
}
