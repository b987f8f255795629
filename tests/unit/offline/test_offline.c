/* SPDX-License-Identifier: Apache-2.0 */
#include "offline/offline.h"

#include "check.h"

static void
check_setup(void)
{
}

static void
check_goal(
    const char *goal, const char *tool, const char *arg, const char *value)
{
	struct offline_match m = {.tool = "before", .arg = "before"};

	CASE(goal);
	REQUIRE(offline_match(goal, &m) == OK);
	if (tool != NULL)
		CHECK_STR(m.tool, tool);
	else
		CHECK(m.tool == NULL);
	if (arg != NULL)
		CHECK_STR(m.arg, arg);
	else
		CHECK(m.arg == NULL);
	CHECK_STR(m.value, value);
	CHECK(m.arg2 == NULL && m.value2 == NULL);
	offline_match_done(&m);
}

static void
check_two(const char *goal, const char *tool, const char *value,
    const char *arg2, const char *value2)
{
	struct offline_match m = {.tool = NULL};

	CASE(goal);
	REQUIRE(offline_match(goal, &m) == OK);
	CHECK_STR(m.tool, tool);
	CHECK_STR(m.value, value);
	REQUIRE(m.arg2 != NULL);
	CHECK_STR(m.arg2, arg2);
	CHECK_STR(m.value2, value2);
	offline_match_done(&m);
}

TEST(two_arguments_have_words_between_them)
{
	check_two("write hello to the file a.txt", "files.write", "hello",
	    "path", "a.txt");
	check_two("Write x to file My letters/a b.txt ", "files.write", "x",
	    "path", "My letters/a b.txt");
	check_two("write to the file a to the file b", "files.write",
	    "to the file a", "path", "b");
	check_two("move the file a.txt to old/a.txt", "files.move", "a.txt",
	    "to", "old/a.txt");
	check_two(
	    "move the file a to b to c", "files.move", "a to b", "to", "c");
}

TEST(every_form_is_understood)
{
	static const struct {
		const char *goal;
		const char *tool;
		const char *arg;
		const char *value;
	} rows[] = {
	    {"save a note: buy milk", "notes.save", "text", "buy milk"},
	    {"save a note buy milk", "notes.save", "text", "buy milk"},
	    {"save note buy milk", "notes.save", "text", "buy milk"},
	    {"note: buy milk", "notes.save", "text", "buy milk"},
	    {"list notes", "notes.list", NULL, ""},
	    {"list my notes", "notes.list", NULL, ""},
	    {"show my notes", "notes.list", NULL, ""},
	    {"read the note shopping", "notes.read", "name", "shopping"},
	    {"read note shopping", "notes.read", "name", "shopping"},
	    {"find milk in notes", "notes.search", "text", "milk"},
	    {"find milk in my notes", "notes.search", "text", "milk"},
	    {"search notes for milk", "notes.search", "text", "milk"},
	    {"delete the note shopping", "notes.delete", "name", "shopping"},
	    {"delete note shopping", "notes.delete", "name", "shopping"},
	    {"fetch https://a.example/b?c=d", "web.fetch", "url",
		"https://a.example/b?c=d"},
	    {"fetch https://a.example/b and save it", "web.save", "url",
		"https://a.example/b"},
	    {"list files", "files.list", NULL, ""},
	    {"list my files", "files.list", NULL, ""},
	    {"list files in sub folder", "files.list", "path", "sub folder"},
	    {"read the file a/b.txt", "files.read", "path", "a/b.txt"},
	    {"read file a b.txt", "files.read", "path", "a b.txt"},
	    {"find rent in files", "files.search", "text", "rent"},
	    {"find rent in my files", "files.search", "text", "rent"},
	    {"make the folder new", "files.mkdir", "path", "new"},
	    {"delete the file a.txt", "files.delete", "path", "a.txt"},
	    {"delete file a.txt", "files.delete", "path", "a.txt"},
	    {"run make check", "shell.run", "command", "make check"},
	    {"empty the workspace", "shell.reset", NULL, ""},
	    {"echo hello", "echo.echo", "text", "hello"},
	    {"list tools", "house.tools", NULL, ""},
	    {"status", "house.status", NULL, ""},
	    {"help", NULL, NULL, ""},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		check_goal(
		    rows[i].goal, rows[i].tool, rows[i].arg, rows[i].value);
}

TEST(case_and_blanks_around_do_not_matter)
{
	check_goal(" \t Save A NOTE:   Buy Milk  \r\n", "notes.save", "text",
	    "Buy Milk");
	check_goal("LIST NOTES\n", "notes.list", NULL, "");
	check_goal("Find  Milk  IN NOTES", "notes.search", "text", "Milk");
	check_goal("HELP", NULL, NULL, "");
	check_goal("Fetch  HTTP://A.example/B  AND SAVE IT ", "web.save", "url",
	    "HTTP://A.example/B");
}

TEST(the_words_of_the_person_stay_as_they_are)
{
	check_goal("note: a \"quoted\" \\ {\"json\":1}", "notes.save", "text",
	    "a \"quoted\" \\ {\"json\":1}");
	check_goal("note: line one\nline two", "notes.save", "text",
	    "line one\nline two");
	check_goal(
	    "find a in notes in notes", "notes.search", "text", "a in notes");
	check_goal("save a note: h\xc3\xa9", "notes.save", "text", "h\xc3\xa9");
}

TEST(what_is_not_a_form_is_not_understood)
{
	static const char *const goals[] = {"", " ",
	    "save a note:", "save a note:   ", "note:", "list",
	    "list notes now", "please list notes", "read the note",
	    "find in notes", "find   in notes", "delete the note ", "echo",
	    "echo ", "fetch", "fetch ", "fetch and save it", "fetch me a beer",
	    "fetch  and save it", "fetch a b and save it", "fetch a\nb",
	    "write to the file a", "write x to the file ", "write x",
	    "write  to the file a", "move the file a", "move the file a to ",
	    "move the file  to b", "run", "run ", "list files in", "read file ",
	    "find in files", "helpme", "help me", "statuses", "open the door"};
	size_t i;

	for (i = 0; i < sizeof(goals) / sizeof(goals[0]); i++) {
		struct offline_match m = {.tool = "t", .arg = "a"};

		CASE(goals[i]);
		CHECK(offline_match(goals[i], &m) == ERR_NOTFOUND);
		CHECK(m.value == NULL);
		CHECK_STR(m.tool, "t");
	}
}

TEST(the_help_names_forms_that_are_understood)
{
	struct buf b;
	char *line;
	char *rest;
	int n = 0;

	buf_init(&b, 4096);
	offline_help(&b);
	for (rest = b.p; (line = strsep(&rest, "\n")) != NULL;) {
		struct offline_match m;

		if (line[0] == '\0')
			continue;
		CASE(line);
		CHECK(strncmp(line, "  ", 2) == 0);
		CHECK(offline_match(line, &m) == OK);
		offline_match_done(&m);
		n++;
	}
	CHECK(n >= 9);
	buf_done(&b);
}

TEST(a_call_as_it_stands_is_a_goal)
{
	static const char *const none[] = {"home.set", "home.set {}x",
	    "home.set  {}", "home {}", "home.set [1]",
	    "home.set {\"b\":1,\"a\":2}", "home.set { }", "Home.set {}", " {}",
	    "home.set {\"a\":1,\"a\":1}", ""};
	struct offline_call c;
	size_t i;

	REQUIRE(offline_call("home.set {\"action\":\"turn_on\"}", &c) == OK);
	CHECK_STR(c.tool, "home.set");
	CHECK_STR(c.args, "{\"action\":\"turn_on\"}");
	CHECK(offline_call("house.status {}", &c) == OK);
	for (i = 0; i < ARRAY_LEN(none); i++) {
		CASE(none[i]);
		CHECK(offline_call(none[i], &c) == ERR_NOTFOUND);
	}
}
