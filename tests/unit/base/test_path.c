/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "check.h"

static void
check_setup(void)
{
}

TEST(a_folder_lies_in_another_by_whole_names)
{
	static const struct {
		const char *path;
		const char *folder;
		bool within;
	} rows[] = {
	    {"/a/b", "/a", true},
	    {"/a", "/a", true},
	    {"/ab", "/a", false},
	    {"/a", "/a/b", false},
	    {"/a", "/", true},
	    {"/a/b/c", "/a/b", true},
	    {"/a/bc", "/a/b", false},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].path);
		CHECK(path_is_within(rows[i].path, rows[i].folder) ==
		    rows[i].within);
		CHECK(path_overlaps(rows[i].folder, rows[i].path) ==
		    (rows[i].within ||
			path_is_within(rows[i].folder, rows[i].path)));
	}
}

TEST(a_path_has_one_spelling)
{
	static const char *const clean[] = {
	    "/a", "/a/b c/d", "/a/..b", "/a/b.", "/\xc3\xa4/\xe6\x97\xa5"};
	static const char *const others[] = {"", "/", "a", "./a", "/a/", "//a",
	    "/a//b", "/.", "/..", "/a/.", "/a/..", "/a/./b", "/a/../b", "/a:b",
	    "/a,b", "/a\"b", "/a'b", "/a\\b", "/a\nb", "/a\tb", "/a\x7f",
	    "/a\xff"};
	char longest[FOLDER_PATH_MAX + 2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(clean); i++) {
		CASE(clean[i]);
		CHECK(path_is_clean(clean[i]));
	}
	for (i = 0; i < ARRAY_LEN(others); i++) {
		CASE(others[i]);
		CHECK(!path_is_clean(others[i]));
	}
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[FOLDER_PATH_MAX + 1] = '\0';
	CHECK(!path_is_clean(longest));
	longest[FOLDER_PATH_MAX] = '\0';
	CHECK(path_is_clean(longest));
}
