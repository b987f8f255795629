/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "images/images_priv.h"

static char folder[] = "/tmp/durward-slices-XXXXXX";
static struct images images;

static void
check_setup(void)
{
	check_folder(folder);
	images.s.folder = folder;
}

static int
take(const char *tool)
{
	int slice = -1;

	return images_take_slice(&images, tool, &slice) == OK ? slice : -1;
}

TEST(a_tool_has_its_slice_until_it_is_freed_and_then_another_has_it)
{
	CHECK_INT(take("a"), 0);
	CHECK_INT(take("b"), 1);
	CHECK_INT(take("c"), 2);
	CHECK_INT(take("b"), 1);
	CHECK(images_free_slice(&images, "b") == OK);
	CHECK_INT(take("c"), 2);
	CHECK_INT(take("d"), 1);
	CHECK_INT(take("b"), 3);
	CHECK(images_free_slice(&images, "never-was") == OK);
	CHECK_INT(take("a"), 0);
}

TEST(there_are_only_so_many_slices)
{
	char name[16];
	int i;

	for (i = 4; i < 63; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		CHECK_INT(take(name), i);
	}
	CHECK_INT(take("one-more"), -1);
	CHECK(images_free_slice(&images, "t40") == OK);
	CHECK_INT(take("one-more"), 40);
}

TEST(images_that_we_loaded_are_remembered_while_they_are_there)
{
	static const char one[] = "sha256:"
				  "1111111111111111111111111111111111111111111"
				  "111111111111111111111";
	static const char two[] = "sha256:"
				  "2222222222222222222222222222222222222222222"
				  "222222222222222222222";
	char *kept;

	CHECK(kept_add_image(&images, one) == OK);
	CHECK(kept_add_image(&images, two) == OK);
	kept_only_images(&images, two);
	kept = kept_read(&images, KEPT_IMAGES);
	REQUIRE(kept != NULL);
	CHECK(!image_listed(kept, one));
	CHECK(image_listed(kept, two));
	free(kept);
}

TEST(slices_of_what_is_no_tool_and_has_no_volume_are_free_again)
{
	struct json *tools = json_array();

	json_push(tools, json_string("a"));
	CHECK(images_has_others(&images, tools));
	images_free_slices(&images, tools, "durward-c\ndurward-cc\nother\n");
	CHECK_INT(take("a"), 0);
	CHECK_INT(take("c"), 2);
	CHECK_INT(take("new"), 1);
	CHECK_INT(take("b"), 3);
	json_push(tools, json_string("b"));
	json_push(tools, json_string("c"));
	json_push(tools, json_string("new"));
	CHECK(!images_has_others(&images, tools));
	json_free(tools);
}

#define A                                                                      \
	"sha256:"                                                              \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B                                                                      \
	"sha256:"                                                              \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

TEST(a_name_that_came_with_an_image_is_found_with_whose_it_was)
{
	static const struct {
		const char *before;
		const char *now;
		const char *name; /* NULL: none. */
		const char *owner;
	} rows[] = {
	    {A " x:1\n", A " x:1\n" B " <none>:<none>\n", NULL, ""},
	    {A " x:1\n", A " <none>:<none>\n" B " x:1\n", "x:1", A},
	    {A " x:1\n", A " x:1\n" B " y:1\n", "y:1", ""},
	    {"", B " y:1\n", "y:1", ""},
	    /* What it had already is its, and what others did is theirs. */
	    {B " y:1\n", B " y:1\n" A " x:1\n", NULL, ""},
	    {A " x:1\n" B " y:1\n", B " y:1\n", NULL, ""},
	    /* No names, or none that a command line could take. */
	    {"", B "\n" B " \n" B " -f:1\n" B " x:<none>\n", NULL, ""},
	};
	char name[IMAGE_NAME_MAX + 1];
	char owner[IMAGE_ID_LEN + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		bool found;

		CASE(rows[i].now);
		found =
		    image_new_name(rows[i].before, rows[i].now, B, name, owner);
		CHECK(found == (rows[i].name != NULL));
		if (!found || rows[i].name == NULL)
			continue;
		CHECK_STR(name, rows[i].name);
		CHECK_STR(owner, rows[i].owner);
	}
}
