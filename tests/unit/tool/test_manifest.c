/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/manifest.h"

#include "base/buf.h"
#include "check.h"
#include "crypto/crypto.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char good[] =
    "{\"name\":\"notes\",\"version\":\"1\",\"description\":\"Keeps notes.\","
    "\"transport\":\"container\",\"kind\":\"call\","
    "\"image\":\"sha256:" HEX64 "\",\"command\":[\"/program\",\"-x\"],"
    "\"volume\":true,"
    "\"limits\":{\"memory_mib\":32,\"pids\":4,\"call_ms\":10000},"
    "\"idle_s\":60,\"functions\":{"
    "\"save\":{\"effect\":\"reversible\",\"args\":{"
    "\"text\":{\"type\":\"string\",\"required\":true,\"max\":10},"
    "\"count\":{\"type\":\"integer\",\"max\":5},"
    "\"share\":{\"type\":\"number\",\"max\":1},"
    "\"flag\":{\"type\":\"boolean\"}}},"
    "\"list\":{\"effect\":\"read\",\"args\":{}}}}";

static void
check_setup(void)
{
	crypto_open();
}

static struct manifest *
parsed(void)
{
	struct manifest *m = NULL;
	struct errmsg why = {""};

	REQUIRE(manifest_parse(good, sizeof(good) - 1, &m, &why) == OK);
	return m;
}

TEST(a_good_manifest_is_read_whole)
{
	struct manifest *m = parsed();
	const struct manifest_function *f = manifest_function(m, "save");
	struct digest d;

	CHECK_STR(m->name, "notes");
	CHECK_STR(m->version, "1");
	CHECK_STR(m->image, "sha256:" HEX64);
	CHECK_INT(m->n_command, 2);
	CHECK_STR(m->command[1], "-x");
	CHECK(m->volume);
	CHECK_INT(m->memory_mib, 32);
	CHECK_INT(m->pids, 4);
	CHECK_INT(m->call_ms, 10000);
	CHECK_INT(m->idle_s, 60);
	CHECK_INT(m->warm_s, 3600);
	CHECK_INT(m->volume_mib, 64);
	CHECK_INT(m->n_functions, 2);
	REQUIRE(f != NULL);
	CHECK_INT(f->effect, EFFECT_REVERSIBLE);
	CHECK_INT(f->n_args, 4);
	CHECK_INT(f->args[0].type, ARG_STRING);
	CHECK(f->args[0].required);
	CHECK_INT(f->args[0].max, 10);
	CHECK(!f->args[1].required);
	CHECK(manifest_function(m, "delete") == NULL);
	crypto_hash(good, sizeof(good) - 1, &d);
	CHECK(digest_equal(&d, &m->digest));
	manifest_free(m);
}

/* What becomes of the good text with one piece replaced. */
static enum err
with(const char *piece, const char *other, struct manifest **ret,
    struct errmsg *why)
{
	const char *at = strstr(good, piece);
	struct buf b;
	enum err e;

	CASE(other);
	why->text[0] = '\0';
	buf_init(&b, 1 << 20);
	REQUIRE(at != NULL);
	buf_add(&b, good, (size_t)(at - good));
	buf_adds(&b, other);
	buf_adds(&b, at + strlen(piece));
	e = manifest_parse(b.p, b.len, ret, why);
	buf_done(&b);
	return e;
}

static void
check_refused(const char *piece, const char *other, const char *word)
{
	struct manifest *m = NULL;
	struct errmsg why;
	enum err e = with(piece, other, &m, &why);

	CHECK(e == ERR_INPUT || e == ERR_LIMIT);
	CHECK(strstr(why.text, word) != NULL);
	if (e == OK)
		manifest_free(m);
}

TEST(each_malformed_member_is_named)
{
	static const struct {
		const char *piece;
		const char *other;
		const char *word;
	} rows[] = {
	    {"{\"name\"", "[\"name\"", "JSON"},
	    {"\"name\":\"notes\",", "", "'name'"},
	    {"\"notes\"", "7", "'name'"},
	    {"\"notes\"", "\"Notes\"", "'name'"},
	    {"\"notes\"", "\"no.tes\"", "'name'"},
	    {"\"notes\"", "\"\"", "'name'"},
	    {"\"notes\"", "\"../etc\"", "'name'"},
	    {"\"version\":\"1\"", "\"version\":1", "'version'"},
	    {"\"version\":\"1\"", "\"version\":\"" HEX64 "1\"", "'version'"},
	    {"\"container\"", "\"remote\"", "'transport'"},
	    {"\"transport\":\"container\",", "", "'transport'"},
	    {"\"sha256:", "\"sha512:", "'image'"},
	    {"\"sha256:" HEX64, "\"sha256:" HEX64 "0", "'image'"},
	    {"\"sha256:0", "\"sha256:", "'image'"},
	    {"\"sha256:0", "\"sha256:A", "'image'"},
	    {"[\"/program\",\"-x\"]", "[]", "'command'"},
	    {"[\"/program\",\"-x\"]", "\"/program\"", "'command'"},
	    {"[\"/program\",\"-x\"]", "[1]", "'command'"},
	    {"[\"/program\",\"-x\"]",
		"[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
		"'command'"},
	    {"\"memory_mib\":32", "\"memory_mib\":0", "'memory_mib'"},
	    {"\"memory_mib\":32", "\"memory_mib\":4097", "'memory_mib'"},
	    {"\"memory_mib\":32", "\"memory_mib\":\"32\"", "'memory_mib'"},
	    {"\"memory_mib\":32", "\"memory_mib\":32.5", "'memory_mib'"},
	    {"\"pids\":4", "\"pids\":0", "'pids'"},
	    {"\"call_ms\":10000", "\"call_ms\":1", "'call_ms'"},
	    {"\"idle_s\":60", "\"idle_s\":-1", "'idle_s'"},
	    {"\"idle_s\":60", "\"idle_s\":null", "'idle_s'"},
	    {"\"functions\":{", "\"functions\":{},\"kind\":{", "JSON"},
	    {"\"reversible\"", "\"harmless\"", "'save'"},
	    {"\"effect\":\"reversible\",", "", "'save'"},
	    {"\"save\"", "\"Save\"", "function"},
	    {"\"save\"", "\"sa.ve\"", "function"},
	    {"{\"effect\":\"read\",\"args\":{}}", "\"read\"", "'list'"},
	    {"\"text\":{", "\"Text\":{", "argument"},
	    {"\"type\":\"string\"", "\"type\":\"text\"", "'text'"},
	    {"\"type\":\"string\",", "", "'text'"},
	    {"\"max\":10", "\"max\":-1", "'max'"},
	    {"\"max\":10", "\"max\":\"10\"", "'max'"},
	    {"\"kind\"", "\"privileged\":true,\"kind\"", "'privileged'"},
	    {"\"kind\"", "\"network\":[\"*\"],\"kind\"", "'network'"},
	    {"\"kind\"", "\"name\":\"other\",\"kind\"", "JSON"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		check_refused(rows[i].piece, rows[i].other, rows[i].word);
}

TEST(an_unknown_member_further_in_is_refused)
{
	check_refused("\"pids\":4", "\"pids\":4,\"cpu\":1", "'cpu'");
	check_refused("\"effect\":\"read\"",
	    "\"effect\":\"read\",\"confirm\":true", "'confirm'");
	check_refused(
	    "\"max\":10", "\"max\":10,\"pattern\":\"a*\"", "'pattern'");
}

TEST(volumes_and_ages_have_bounds_of_their_own)
{
	struct manifest *m = NULL;
	struct errmsg why;

	REQUIRE(
	    with("\"pids\":4", "\"pids\":4,\"volume_mib\":1", &m, &why) == OK);
	CHECK_INT(m->volume_mib, 1);
	manifest_free(m);
	REQUIRE(with("\"idle_s\":60", "\"warm_s\":60", &m, &why) == OK);
	CHECK_INT(m->warm_s, 60);
	manifest_free(m);
	check_refused(
	    "\"pids\":4", "\"pids\":4,\"volume_mib\":0", "'volume_mib'");
	check_refused(
	    "\"pids\":4", "\"pids\":4,\"volume_mib\":65537", "'volume_mib'");
	check_refused(
	    "\"pids\":4", "\"pids\":4,\"volume_mib\":1.5", "'volume_mib'");
	check_refused("\"idle_s\":60", "\"warm_s\":0", "'warm_s'");
	check_refused("\"idle_s\":60", "\"warm_s\":86401", "'warm_s'");
}

/* A word in quotes is no no. */
TEST(members_of_another_type_are_refused)
{
	check_refused("\"volume\":true", "\"volume\":\"true\"", "'volume'");
	check_refused(
	    "\"required\":true", "\"required\":\"true\"", "'required'");
	check_refused(
	    "\"limits\":{\"memory_mib\":32,\"pids\":4,\"call_ms\":10000}",
	    "\"limits\":5", "'limits'");
	check_refused("\"kind\":\"call\"", "\"kind\":\"service\"", "'kind'");
}

static bool
refuse_list(void)
{
	struct manifest *m;
	struct errmsg why;

	return with("\"args\":{}", "\"args\":[{\"type\":\"string\"}]", &m,
		   &why) == ERR_INPUT;
}

TEST(a_list_of_arguments_is_refused)
{
	CHECK(check_survives(refuse_list));
}

TEST(a_manifest_has_limits)
{
	struct manifest *m = NULL;
	struct errmsg why;
	struct buf b;
	int i;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "\"functions\":{");
	for (i = 0; i <= FUNCTIONS_MAX; i++)
		buf_addf(&b, "\"f%d\":{\"effect\":\"read\"},", i);
	CHECK(with("\"functions\":{", b.p, &m, &why) == ERR_INPUT);
	buf_clear(&b);
	for (i = 0; i <= FUNCTION_ARGS_MAX; i++)
		buf_addf(&b, "%s\"a%d\":{\"type\":\"string\"}",
		    i == 0 ? "\"args\":{" : ",", i);
	buf_adds(&b, "}");
	CHECK(with("\"args\":{}", b.p, &m, &why) == ERR_INPUT);
	buf_clear(&b);
	buf_addf(&b, "\"%0*d\"", MANIFEST_MAX, 1);
	CHECK(with("\"Keeps notes.\"", b.p, &m, &why) == ERR_LIMIT);
	buf_done(&b);
}

TEST(words_for_models_are_short_and_part_of_what_is_signed)
{
	struct manifest *a = parsed();
	struct manifest *b = NULL;
	struct errmsg why;
	struct buf long_one;

	REQUIRE(
	    with("\"effect\":\"read\"",
		"\"effect\":\"read\",\"about\":\"all names\"", &b, &why) == OK);
	CHECK(!digest_equal(&a->schema, &b->schema));
	manifest_free(b);
	manifest_free(a);
	CHECK(with("\"effect\":\"read\"", "\"effect\":\"read\",\"about\":1", &b,
		  &why) == ERR_INPUT);
	buf_init(&long_one, 1024);
	buf_addf(&long_one, "\"max\":10,\"about\":\"%0*d\"", ABOUT_MAX + 1, 1);
	CHECK(with("\"max\":10", long_one.p, &b, &why) == ERR_INPUT);
	buf_done(&long_one);
}

TEST(the_schema_is_about_functions_alone)
{
	struct manifest *a = parsed();
	struct manifest *b = NULL;
	struct errmsg why;

	REQUIRE(with("\"idle_s\":60", "\"idle_s\":61", &b, &why) == OK);
	CHECK(digest_equal(&a->schema, &b->schema));
	CHECK(!digest_equal(&a->digest, &b->digest));
	manifest_free(b);
	REQUIRE(with("\"max\":10", "\"max\":11", &b, &why) == OK);
	CHECK(!digest_equal(&a->schema, &b->schema));
	manifest_free(b);
	REQUIRE(with("\"max\":10", " \"max\" : 10 ", &b, &why) == OK);
	CHECK(digest_equal(&a->schema, &b->schema));
	manifest_free(b);
	manifest_free(a);
	manifest_free(NULL);
}

static void
check_args(const char *text, bool want)
{
	struct manifest *m = parsed();
	struct errmsg why = {""};
	struct json *args;
	enum err e;

	CASE(text);
	REQUIRE(json_parse(text, strlen(text), &args) == OK);
	e = manifest_check_args(manifest_function(m, "save"), args, &why);
	CHECK_INT(e, want ? OK : ERR_INPUT);
	CHECK((why.text[0] == '\0') == (e == OK));
	json_free(args);
	manifest_free(m);
}

TEST(arguments_are_checked_by_name_type_and_size)
{
	check_args("{\"text\":\"0123456789\"}", true);
	check_args("{\"text\":\"\"}", true);
	check_args(
	    "{\"text\":\"a\",\"count\":5,\"share\":0.5,\"flag\":false}", true);
	check_args("{\"text\":\"a\",\"count\":5.0}", true);
	check_args("{}", false);
	check_args("[]", false);
	check_args("\"text\"", false);
	check_args("{\"text\":\"01234567890\"}", false);
	check_args("{\"text\":1}", false);
	check_args("{\"text\":null}", false);
	check_args("{\"text\":[\"a\"]}", false);
	check_args("{\"Text\":\"a\",\"text\":\"a\"}", false);
	check_args("{\"text\":\"a\",\"other\":1}", false);
	check_args("{\"text\":\"a\",\"count\":1.5}", false);
	check_args("{\"text\":\"a\",\"count\":\"1\"}", false);
	check_args("{\"text\":\"a\",\"share\":true}", false);
	check_args("{\"text\":\"a\",\"flag\":1}", false);
	check_args(
	    "{\"text\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}", true);
	check_args(
	    "{\"text\":\"a\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}", false);
}

TEST(numbers_have_their_largest)
{
	check_args("{\"text\":\"a\",\"count\":6}", false);
	check_args("{\"text\":\"a\",\"share\":1.5}", false);
	check_args("{\"text\":\"a\",\"share\":1}", true);
}

TEST(full_names_are_cut_at_their_dot)
{
	static const char *const bad[] = {"", "notes", ".", "notes.", ".save",
	    "a.b.c", "Notes.save", "notes.Save", "notes save", "notes.sa ve",
	    ("a" HEX64 ".b"), ("b.a" HEX64)};
	char tool[NAME_MAX_LEN + 1];
	char function[NAME_MAX_LEN + 1];
	size_t i;

	CHECK(tool_name_split("notes.save", tool, function) == OK);
	CHECK_STR(tool, "notes");
	CHECK_STR(function, "save");
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(tool_name_split(bad[i], tool, function) == ERR_INPUT);
	}
}

#define SECRETS(list) "\"volume\":true,\"secrets\":" list ","

TEST(secrets_go_into_variables_and_files)
{
	static const char list[] =
	    SECRETS("[{\"name\":\"mail-password\",\"env\":\"MAIL_PW2\"},"
		    "{\"name\":\"mail.key-2\",\"file\":\"key.pem\"}]");
	struct manifest *m = NULL;
	struct errmsg why;
	struct buf b;

	REQUIRE(with("\"volume\":true,", list, &m, &why) == OK);
	CHECK_INT(m->n_secrets, 2);
	CHECK_STR(m->secrets[0].name, "mail-password");
	CHECK_STR(m->secrets[0].env, "MAIL_PW2");
	CHECK_STR(m->secrets[0].file, "");
	CHECK_STR(m->secrets[1].env, "MAIL_KEY_2_FILE");
	CHECK_STR(m->secrets[1].file, "key.pem");
	buf_init(&b, MANIFEST_SECRETS_MAX);
	manifest_write_secrets(m, &b);
	CHECK_STR(b.p,
	    "mail-password in MAIL_PW2,mail.key-2 as file MAIL_KEY_2_FILE");
	buf_done(&b);
	manifest_free(m);
	m = parsed();
	buf_init(&b, MANIFEST_SECRETS_MAX);
	manifest_write_secrets(m, &b);
	CHECK_STR(b.p, "none");
	buf_done(&b);
	manifest_free(m);
}

TEST(malformed_secrets_are_refused)
{
#define ONE(members) SECRETS("[{" members "}]")
#define A "{\"name\":\"a\",\"env\":\"A\"},"
#define B "{\"name\":\"b\",\"env\":\"B\"},"
	static const struct {
		const char *other;
		const char *word;
	} rows[] = {
	    {SECRETS("{}"), "'secrets'"},
	    {SECRETS("[7]"), "'secrets'"},
	    {SECRETS("[" A A "7]"), "two stand in A"},
	    {SECRETS("[" A B A B A B A B A "7]"), "at most 8"},
	    {SECRETS("[{\"name\":\"a\",\"file\":\"x\"},"
		     "{\"name\":\"b\",\"env\":\"A_FILE\"}]"),
		"two stand in A_FILE"},
	    {ONE("\"env\":\"A\""), "name"},
	    {ONE("\"name\":\"A\",\"env\":\"A\""), "name"},
	    {ONE("\"name\":\"a\""), "either"},
	    {ONE("\"name\":\"a\",\"env\":\"A\",\"file\":\"a\""), "either"},
	    {ONE("\"name\":\"a\",\"env\":\"a\""), "variable"},
	    {ONE("\"name\":\"a\",\"env\":\"1A\""), "variable"},
	    {ONE("\"name\":\"a\",\"env\":\"A=B\""), "variable"},
	    {ONE("\"name\":\"a\",\"env\":\"\""), "variable"},
	    {ONE("\"name\":\"a\",\"env\":7"), "variable"},
	    {ONE("\"name\":\"a\",\"file\":\"../a\""), "variable"},
	    {ONE("\"name\":\"a\",\"env\":\"A\",\"mode\":\"r\""),
		"unknown member"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		check_refused("\"volume\":true,", rows[i].other, rows[i].word);
}

#define FOLDERS(list) "\"volume\":true,\"folders\":" list ","
#define FOLDER(at, from, write)                                                \
	"{\"at\":\"" at "\",\"from\":\"" from "\",\"write\":" write "}"

TEST(folders_of_owners_are_read_and_written_down)
{
	static const char list[] = FOLDERS(
	    "[" FOLDER("/folder", "/home/a/My letters", "false") "," FOLDER(
		"/folder-photos", "/srv/photos", "true") "]");
	struct manifest *m = NULL;
	struct errmsg why;
	struct json *v;
	struct buf b;

	REQUIRE(with("\"volume\":true,", list, &m, &why) == OK);
	CHECK_INT(m->n_folders, 2);
	CHECK_STR(m->folders[0].at, "/folder");
	CHECK_STR(m->folders[0].from, "/home/a/My letters");
	CHECK(!m->folders[0].write);
	CHECK(m->folders[1].write);
	buf_init(&b, MANIFEST_FOLDERS_MAX);
	manifest_write_folders(m, &b);
	CHECK_STR(b.p,
	    "/home/a/My letters at /folder read-only,"
	    "/srv/photos at /folder-photos read-write");
	buf_clear(&b);
	v = manifest_container(m);
	json_print_into(json_get(v, "folders"), &b);
	CHECK(strstr(b.p, FOLDER("/folder", "/home/a/My letters", "false")) !=
	    NULL);
	json_free(v);
	buf_done(&b);
	manifest_free(m);
	m = parsed();
	buf_init(&b, MANIFEST_FOLDERS_MAX);
	manifest_write_folders(m, &b);
	CHECK_STR(b.p, "none");
	buf_done(&b);
	manifest_free(m);
}

TEST(folders_that_no_tool_may_have_are_refused)
{
#define FROM(path) FOLDERS("[" FOLDER("/folder", path, "false") "]")
#define AT(path) FOLDERS("[" FOLDER(path, "/srv/a", "false") "]")
#define F(n) FOLDER("/folder-" n, "/srv/" n, "true")
	static const struct {
		const char *other;
		const char *word;
	} rows[] = {
	    {FOLDERS("{}"), "'folders'"},
	    {FOLDERS("[7]"), "'folders'"},
	    {FOLDERS(
		 "[" F("a") "," F("b") "," F("c") "," F("d") "," F("e") "]"),
		"at most 4"},
	    {FOLDERS("[" F("a") "," F("a") "]"), "one place"},
	    {FOLDERS("[" F("a") "," FOLDER("/folder", "/srv/a/b", "true") "]"),
		"one place"},
	    {FOLDERS("[{\"at\":\"/folder\",\"from\":\"/srv/a\"}]"), "'write'"},
	    {FOLDERS("[{\"at\":\"/folder\",\"from\":\"/srv/a\","
		     "\"write\":\"no\"}]"),
		"'write'"},
	    {FOLDERS("[{\"at\":\"/folder\",\"write\":true}]"), "'from'"},
	    {FOLDERS("[{\"at\":\"/folder\",\"from\":\"/srv/a\","
		     "\"write\":true,\"exec\":true}]"),
		"unknown member"},
	    {AT("/data"), "'at'"},
	    {AT("/folders"), "'at'"},
	    {AT("/folder/a"), "'at'"},
	    {AT("/folder-"), "'at'"},
	    {AT("/folder-a:rw"), "'at'"},
	    {AT("/folder-a..b"), "'at'"},
	    {AT("/folder-A"), "'at'"},
	    {AT("folder"), "'at'"},
	    {FROM("/"), "'from'"},
	    {FROM(""), "'from'"},
	    {FROM("srv/a"), "'from'"},
	    {FROM("/srv/a/"), "'from'"},
	    {FROM("//srv/a"), "'from'"},
	    {FROM("/srv//a"), "'from'"},
	    {FROM("/srv/./a"), "'from'"},
	    {FROM("/srv/../etc"), "'from'"},
	    {FROM("/srv/.."), "'from'"},
	    {FROM("/srv/a:/etc"), "'from'"},
	    {FROM("/srv/a,rw"), "'from'"},
	    {FROM("/srv/a\\\\b"), "'from'"},
	    {FROM("/srv/a\\n/b"), "'from'"},
	    {FROM("/srv/\\u007f"), "'from'"},
	    {FROM("/proc/self/root"), "/proc"},
	    {FROM("/sys"), "/sys"},
	    {FROM("/dev/shm"), "/dev"},
	    {FROM("/etc"), "/etc"},
	    {FROM("/run/user/1000"), "/run"},
	    {FROM("/boot/firmware"), "/boot"},
	    {FROM("/usr/local/lib/durward"), "/usr"},
	    {FROM("/var"), "/var/"},
	    {FROM("/var/lib"), "/var/lib/"},
	    {FROM("/var/lib/durward/core"), "/var/lib/durward"},
	    {FROM("/var/lib/durward-tools"), "/var/lib/durward-tools"},
	};
	struct manifest *m = NULL;
	struct errmsg why;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		check_refused("\"volume\":true,", rows[i].other, rows[i].word);
	REQUIRE(
	    with("\"volume\":true,", FROM("/srv/ä ..a/etc"), &m, &why) == OK);
	manifest_free(m);
}

TEST(a_workspace_has_a_size)
{
#define LIMITS "\"memory_mib\":32"
	struct manifest *m = parsed();
	struct errmsg why;
	struct json *v;

	CHECK_INT(m->workspace_mib, 0);
	manifest_free(m);
	REQUIRE(with(LIMITS, LIMITS ",\"workspace_mib\":256", &m, &why) == OK);
	CHECK_INT(m->workspace_mib, 256);
	v = manifest_container(m);
	CHECK_INT(json_int(v, "workspace_mib", 0), 256);
	json_free(v);
	manifest_free(m);
	check_refused(LIMITS, LIMITS ",\"workspace_mib\":-1", "workspace_mib");
	check_refused(LIMITS, LIMITS ",\"workspace_mib\":4097", "0 to 4096");
	check_refused(LIMITS, LIMITS ",\"workspace_mib\":true", "whole number");
}
