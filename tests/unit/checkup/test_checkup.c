/* SPDX-License-Identifier: Apache-2.0 */
#include "checkup/checkup.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char folder[64] = "/tmp/checkup-XXXXXX";

static void
check_setup(void)
{
	check_folder(folder);
}

static char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(path_of(name), "w");

	REQUIRE(f != NULL);
	fputs(text, f);
	fclose(f);
	REQUIRE(chmod(path_of(name), mode) == 0);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	REQUIRE(stat(path_of(name), &st) == 0);
	return st.st_mode & 07777;
}

/* "check ok", "check BAD" or "check mended" of this one, or "" for none. */
static const char *
told(const struct checkup *c, bool mend, const char *check)
{
	static char text[64];
	struct json *list = json_array();
	const struct json *f;

	checkup_all(c, mend, list);
	text[0] = '\0';
	for (f = json_first(list); f != NULL; f = json_next(f))
		if (strcmp(json_words(f, "check"), check) == 0)
			snprintf(text, sizeof(text), "%s",
			    json_flag(f, "mended")   ? "mended"
				: json_flag(f, "ok") ? "ok"
						     : "BAD");
	json_free(list);
	return text;
}

static struct checkup
of_folder(void)
{
	return (struct checkup){.client = "",
	    .state = "/nowhere",
	    .passwd_tools = "no-such-user-here",
	    .subuid = "/nowhere"};
}

TEST(keys_that_others_read_are_told_and_closed)
{
	struct checkup c;
	char client[256];

	REQUIRE(mkdir(path_of("client"), 0700) == 0);
	snprintf(client, sizeof(client), "%s", path_of("client"));
	c = of_folder();
	c.client = client;
	/* Behind a closed door a file may say what it likes. */
	put_file("client/key.pem", "k", 0644);
	CHECK_STR(told(&c, false, "my-keys"), "ok");
	REQUIRE(chmod(client, 0710) == 0);
	CHECK_STR(told(&c, false, "my-keys"), "BAD");
	CHECK_INT(mode_of("client"), 0710);
	CHECK_STR(told(&c, true, "my-keys"), "mended");
	CHECK_INT(mode_of("client"), 0700);
	CHECK_STR(told(&c, true, "my-keys"), "ok");
}

TEST(what_a_link_leads_to_is_left_alone)
{
	struct checkup c = of_folder();
	char outside[256];
	char link[256];

	snprintf(outside, sizeof(outside), "%s", path_of("outside"));
	snprintf(link, sizeof(link), "%s", path_of("link"));
	REQUIRE(mkdir(outside, 0755) == 0);
	REQUIRE(symlink(outside, link) == 0);
	c.client = link;
	CHECK_STR(told(&c, true, "my-keys"), "");
	CHECK_INT(mode_of("outside"), 0755);
}

TEST(what_is_not_here_is_not_missed)
{
	struct checkup c = of_folder();

	CHECK_STR(told(&c, true, "my-keys"), "");
	CHECK_STR(told(&c, true, "its-keys"), "");
	CHECK_STR(told(&c, true, "ids"), "");
	CHECK_STR(told(&c, true, "podman"), "");
}

TEST(the_ids_of_tools_are_counted)
{
	struct checkup c = of_folder();
	char subuid[256];

	snprintf(subuid, sizeof(subuid), "%s", path_of("subuid"));
	c.passwd_tools = "root";
	c.subuid = subuid;
	CHECK_STR(told(&c, false, "ids"), "BAD");
	put_file("subuid", "other:100000:65536\n", 0644);
	CHECK_STR(told(&c, false, "ids"), "BAD");
	put_file("subuid", "root:100000:1000\n", 0644);
	CHECK_STR(told(&c, true, "ids"), "BAD");
	put_file("subuid", "root:100000:65536\n", 0644);
	CHECK_STR(told(&c, false, "ids"), "ok");
}
