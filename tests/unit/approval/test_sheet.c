/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/sheet.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check.h"
#include "fixture.h"

#define FIELDS 31
#define NOW 5000

static void
check_setup(void)
{
	fixture_open();
	atexit(fixture_close);
}

static void
write_sheet(const struct sheet *s, struct buf *b)
{
	buf_init(b, SHEET_MAX);
	REQUIRE(sheet_write(s, b) == OK);
}

static enum err
verify(const struct buf *b, int signer, struct sheet *ret)
{
	struct signature sig;
	struct errmsg why;

	key_sign(keys[signer], b->p, b->len, &sig);
	return sheet_verify(
	    &trust, (struct str){b->p, b->len}, &sig, NOW, ret, &why);
}

/* The text with line `at` replaced; NULL leaves the line out. */
static void
with_line(const struct buf *from, size_t at, const char *line, struct buf *ret)
{
	struct str rest = {from->p, from->len};
	struct str l;
	size_t i;

	buf_init(ret, 2 * SHEET_MAX);
	for (i = 0; str_line(&rest, &l); i++) {
		if (i != at)
			buf_addf(ret, "%.*s\n", (int)l.len, l.p);
		else if (line != NULL)
			buf_adds(ret, line);
	}
}

/* Line `at` in its own memory, with its end. */
static char *
line_of(const struct buf *b, size_t at)
{
	struct str rest = {b->p, b->len};
	struct str l = {"", 0};
	char *copy;
	size_t i;

	for (i = 0; i <= at && str_line(&rest, &l); i++)
		continue;
	copy = calloc(1, l.len + 2);
	memcpy(copy, l.p, l.len);
	copy[l.len] = '\n';
	return copy;
}

TEST(a_sheet_reads_back_and_writes_the_same_bytes)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct sheet r;
	struct buf a;
	struct buf b;

	write_sheet(&s, &a);
	REQUIRE(sheet_read(a.p, a.len, &r) == OK);
	write_sheet(&r, &b);
	CHECK_STR(a.p, b.p);
	CHECK(str_eq(r.tool, "notes.delete"));
	CHECK_INT(r.lives_s, 600);
	CHECK(digest_equal(&r.policy, &s.policy));
	buf_done(&a);
	buf_done(&b);
}

TEST(an_owner_and_an_approver_may_sign)
{
	int who;

	for (who = WHO_OWNER; who <= WHO_APPROVER; who++) {
		struct sheet s = fixture_sheet(who);
		struct sheet_binding binding = fixture_binding(&s);
		struct sheet r;
		struct errmsg why;
		struct buf b;

		write_sheet(&s, &b);
		CHECK(verify(&b, who, &r) == OK);
		CHECK(sheet_binds(&r, &binding, &why) == OK);
		buf_done(&b);
	}
}

/* What a signature of the approver is worth, who has this term. */
static enum err
signed_in_term(struct term term, struct sheet *ret)
{
	struct sheet s = fixture_sheet(WHO_APPROVER);
	struct buf b;
	enum err e;

	trust.clients[WHO_APPROVER].term = term;
	write_sheet(&s, &b);
	e = verify(&b, WHO_APPROVER, ret);
	buf_done(&b);
	trust.clients[WHO_APPROVER].term = (struct term){0};
	return e;
}

TEST(who_signs_is_still_a_client_by_the_wall_clock)
{
	struct sheet r;

	CHECK_INT(signed_in_term((struct term){.until_ms = NOW + 1}, &r), OK);
	CHECK_INT(
	    signed_in_term((struct term){.until_ms = NOW}, &r), ERR_DENIED);
	/* That it ended outlives a clock that is set back. */
	CHECK_INT(signed_in_term(
		      (struct term){.until_ms = NOW + 1, .ended = true}, &r),
	    ERR_DENIED);
}

TEST(a_signature_is_for_tools_of_the_scope)
{
	static const struct {
		const char *scope;
		enum err want;
	} rows[] = {{"", OK}, {"notes.delete", OK}, {"notes.*", OK},
	    {"files.*,notes.d*", OK}, {"files.*", ERR_DENIED},
	    {"notes.save,notes.delet", ERR_DENIED},
	    {"otes.delete", ERR_DENIED}};
	struct sheet r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct term term = {0};

		CASE(rows[i].scope);
		memcpy(term.scope, rows[i].scope, strlen(rows[i].scope));
		CHECK_INT(signed_in_term(term, &r), rows[i].want);
	}
}

TEST(viewers_programs_and_the_revoked_may_not_sign)
{
	int who;

	for (who = WHO_VIEWER; who <= WHO_REVOKED; who++) {
		struct sheet s = fixture_sheet(who);
		struct sheet r;
		struct buf b;

		write_sheet(&s, &b);
		CHECK(verify(&b, who, &r) == ERR_DENIED);
		buf_done(&b);
	}
}

TEST(a_viewer_may_sign_what_was_lent_to_it_and_until_then)
{
	static const struct {
		const char *tools;
		int64_t until_ms;
		enum err want;
	} rows[] = {{"notes.*", NOW + 1, OK}, {"notes.*", NOW, ERR_DENIED},
	    {"mail.*", NOW + 1, ERR_DENIED}, {"", NOW + 1, ERR_DENIED}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct sheet s = fixture_sheet(WHO_VIEWER);
		struct sheet r;
		struct buf b;

		CHECK(trust_lend(&trust, "screen", rows[i].tools,
			  rows[i].until_ms, NOW) == OK);
		write_sheet(&s, &b);
		CHECK_INT(verify(&b, WHO_VIEWER, &r), rows[i].want);
		buf_done(&b);
	}
	CHECK(trust_lend(&trust, "script", "*", NOW + 1, NOW) == ERR_STATE);
	CHECK(trust_lend(&trust, "nobody", "*", NOW + 1, NOW) == ERR_NOTFOUND);
	CHECK(trust_lend(&trust, "screen", "*", NOW + LENT_MS_MAX + 1, NOW) ==
	    ERR_LIMIT);
	CHECK(trust_lend(&trust, "screen", "", 0, NOW) == OK);
}

TEST(a_foreign_key_may_not_sign)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct key *k = key_generate();
	struct public_key pub;
	struct signature sig;
	struct sheet r;
	struct errmsg why;
	struct buf b;

	write_sheet(&s, &b);
	key_sign(k, b.p, b.len, &sig);
	CHECK(sheet_verify(&trust, (struct str){b.p, b.len}, &sig, NOW, &r,
		  &why) == ERR_SIGNATURE);
	CHECK(verify(&b, WHO_APPROVER, &r) == ERR_SIGNATURE);
	buf_done(&b);
	key_public(k, &pub);
	public_id(&pub, &s.client);
	write_sheet(&s, &b);
	key_sign(k, b.p, b.len, &sig);
	CHECK(sheet_verify(&trust, (struct str){b.p, b.len}, &sig, NOW, &r,
		  &why) == ERR_DENIED);
	buf_done(&b);
	key_free(k);
}

TEST(a_sheet_of_another_box_is_refused)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct sheet r;
	struct buf b;

	s.box.b[0] ^= 1;
	write_sheet(&s, &b);
	CHECK(verify(&b, WHO_OWNER, &r) == ERR_DENIED);
	buf_done(&b);
}

/* One byte at a time, in every line: nothing may pass under the signature
 * of the unchanged text. */
TEST(no_byte_can_be_changed_under_a_signature)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct signature sig;
	struct errmsg why;
	struct buf b;
	struct sheet r;
	size_t i;
	int passed = 0;

	write_sheet(&s, &b);
	key_sign(keys[WHO_OWNER], b.p, b.len, &sig);
	for (i = 0; i < b.len; i++) {
		char was = b.p[i];

		b.p[i] = was == '1' ? '2' : '1';
		passed += sheet_verify(&trust, (struct str){b.p, b.len}, &sig,
			      NOW, &r, &why) == OK;
		b.p[i] = was;
	}
	CHECK_INT(passed, 0);
	CHECK(sheet_verify(
		  &trust, (struct str){b.p, b.len}, &sig, NOW, &r, &why) == OK);
	for (i = 0; i < b.len; i++)
		passed += sheet_verify(&trust, (struct str){b.p, i}, &sig, NOW,
			      &r, &why) == OK;
	CHECK_INT(passed, 0);
	buf_done(&b);
}

/* The value of each line changed to another good one of its kind. */
TEST(no_line_can_be_changed_under_a_signature)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct sheet_binding binding = fixture_binding(&s);
	struct signature sig;
	struct errmsg why;
	struct buf b;
	size_t i;

	write_sheet(&s, &b);
	key_sign(keys[WHO_OWNER], b.p, b.len, &sig);
	for (i = 1; i <= FIELDS; i++) {
		char *line = line_of(&b, i);
		char *last = line + strlen(line) - 2;
		struct buf changed;
		struct sheet r;
		enum err e;

		CASE(line);
		*last = *last == '1' ? '2' : '1';
		with_line(&b, i, line, &changed);
		CHECK(strcmp(changed.p, b.p) != 0);
		e = sheet_verify(&trust, (struct str){changed.p, changed.len},
		    &sig, NOW, &r, &why);
		if (e == OK)
			e = sheet_binds(&r, &binding, &why);
		CHECK(e != OK);
		CHECK(strlen(why.text) > 0);
		buf_done(&changed);
		free(line);
	}
	buf_done(&b);
}

TEST(lines_missing_doubled_swapped_or_added_are_refused)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct sheet r;
	struct buf b;
	size_t i;

	write_sheet(&s, &b);
	for (i = 0; i <= FIELDS; i++) {
		char *line = line_of(&b, i);
		char *next = line_of(&b, i + 1);
		struct buf t;
		char two[512];

		CASE(line);
		with_line(&b, i, NULL, &t);
		CHECK(sheet_read(t.p, t.len, &r) == ERR_INPUT);
		buf_done(&t);
		snprintf(two, sizeof(two), "%s%s", line, line);
		with_line(&b, i, two, &t);
		CHECK(sheet_read(t.p, t.len, &r) == ERR_INPUT);
		buf_done(&t);
		snprintf(two, sizeof(two), "%sextra line\n", line);
		with_line(&b, i, two, &t);
		CHECK(sheet_read(t.p, t.len, &r) == ERR_INPUT);
		buf_done(&t);
		if (i < FIELDS) {
			struct buf half;

			with_line(&b, i + 1, NULL, &half);
			snprintf(two, sizeof(two), "%s%s", next, line);
			with_line(&half, i, two, &t);
			CHECK_INT(t.len, b.len);
			CHECK(sheet_read(t.p, t.len, &r) == ERR_INPUT);
			buf_done(&t);
			buf_done(&half);
		}
		free(line);
		free(next);
	}
	buf_done(&b);
}

static const struct {
	const char *what;
	enum err want;
} bindings[] = {{"boot", ERR_EXPIRED}, {"epoch", ERR_EXPIRED},
    {"late", ERR_EXPIRED}, {"early", ERR_EXPIRED}, {"act", ERR_DENIED},
    {"tool", ERR_DENIED}, {"effect", ERR_DENIED}, {"manifest", ERR_DENIED},
    {"args", ERR_DENIED}, {"longer args", ERR_DENIED},
    {"other hosts", ERR_DENIED}, {"other secrets", ERR_DENIED},
    {"other folders", ERR_DENIED}, {"older than who checks", ERR_EXPIRED},
    {"other devices", ERR_DENIED}, {"decision", ERR_DENIED}};

/* Even a client that signs something else than it was shown cannot move a
 * yes to another act. */
TEST(a_sheet_binds_only_its_own_act)
{
	struct digest other = {{1}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bindings); i++) {
		struct sheet s = fixture_sheet(WHO_OWNER);
		struct sheet_binding b = fixture_binding(&s);
		struct errmsg why = {""};

		CASE(bindings[i].what);
		CHECK(sheet_binds(&s, &b, &why) == OK);
		switch (i) {
		case 0:
			b.boot = FIXTURE_EPOCH;
			break;
		case 1:
			b.epoch = FIXTURE_BOOT;
			break;
		case 2:
			b.now_ms = 100000 + 600 * 1000;
			break;
		case 3:
			b.now_ms = 99999;
			break;
		case 4:
			b.act = FIXTURE_BOOT;
			break;
		case 5:
			b.tool = "notes.deletes";
			break;
		case 6:
			b.effect = "read";
			break;
		case 7:
			b.manifest = &other;
			break;
		case 8:
			b.args = S("{\"name\":\"shoppinh\"}");
			break;
		case 9:
			b.args = S(FIXTURE_ARGS " ");
			break;
		case 10:
			b.network = "lan hub.lan:80";
			break;
		case 11:
			b.secrets = "mail-password in MAIL_PASSWORD";
			break;
		case 12:
			b.folders = "/home/a at /folder read-write";
			break;
		case 13:
			b.epoch = NULL;
			b.since_ms = s.issued_ms + 1;
			break;
		case 14:
			s.entities = S("light.kitchen");
			break;
		default:
			s.decision = S("deny");
			break;
		}
		CHECK_INT(sheet_binds(&s, &b, &why), bindings[i].want);
		CHECK(strlen(why.text) > 0);
	}
}

TEST(the_devices_of_a_sheet_are_those_of_its_arguments)
{
	static const char *const cases[][3] = {
	    {"home.set", "{\"entity\":\"light.a\"}", "light.a"},
	    {"home.set", "{\"entities\":\"light.a,lock.b\"}", "light.a,lock.b"},
	    {"home.set", "{\"area\":\"Kitchen\"}", "none"},
	    {"notes.save", "{\"entity\":\"light.a\"}", "none"}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct str args = {cases[i][1], strlen(cases[i][1])};
		struct buf b;

		CASE(cases[i][1]);
		buf_init(&b, ARGS_MAX);
		sheet_write_entities(cases[i][0], args, &b);
		CHECK_STR(b.p, cases[i][2]);
		buf_done(&b);
	}
}

TEST(a_sheet_lives_to_its_last_millisecond)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct sheet_binding b = fixture_binding(&s);

	b.now_ms = 100000 + 600 * 1000 - 1;
	CHECK(sheet_binds(&s, &b, NULL) == OK);
	s.lives_s = 0;
	b.now_ms = 100000;
	CHECK(sheet_binds(&s, &b, NULL) == ERR_EXPIRED);
}

TEST(the_arguments_must_have_the_digest_beside_them)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct sheet r;
	struct buf b;

	s.args = S("{\"name\":\"other\"}");
	write_sheet(&s, &b);
	CHECK(sheet_read(b.p, b.len, &r) == ERR_INPUT);
	buf_done(&b);
}

TEST(no_value_can_forge_a_line)
{
	static const struct str bad[] = {{"a\nlabels none", 13}, {"", 0},
	    {"a\rb", 3}, {"a\x1b[2J", 5}, {"a\x7f", 2}, {"a\0b", 3},
	    {"\xff", 1}, {"a\tb", 3}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct sheet s = fixture_sheet(WHO_OWNER);
		struct buf b;

		s.price = bad[i];
		buf_init(&b, SHEET_MAX);
		CHECK(sheet_write(&s, &b) == ERR_INPUT);
		buf_done(&b);
	}
}

TEST(a_number_below_nought_is_not_written)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct buf b;

	s.issued_ms = -1;
	buf_init(&b, SHEET_MAX);
	CHECK(sheet_write(&s, &b) == ERR_INPUT);
	buf_done(&b);
}

TEST(a_number_has_one_text)
{
	static const char *const bad[] = {"lives 0600\n", "lives +600\n",
	    "lives -600\n", "lives 600 \n", "lives  600\n", "lives 6e2\n",
	    "lives 600.0\n", "lives \n", "lives\n", "lives 0x258\n",
	    "lives 9999999999999999\n", "lives 600\r\n", "LIVES 600\n"};
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct sheet r;
	struct buf b;
	size_t i;

	write_sheet(&s, &b);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf t;

		CASE(bad[i]);
		with_line(&b, 7, bad[i], &t);
		CHECK(sheet_read(t.p, t.len, &r) == ERR_INPUT);
		buf_done(&t);
	}
	buf_done(&b);
}

TEST(a_sheet_beyond_the_limit_is_not_read)
{
	char *big = calloc(1, SHEET_MAX + 1);
	struct sheet r;

	CHECK(sheet_read(big, SHEET_MAX + 1, &r) == ERR_LIMIT);
	CHECK(sheet_read(big, 0, &r) == ERR_INPUT);
	free(big);
}

TEST(a_rule_for_keys_outside_browsers_takes_no_browsers_key)
{
	static const struct {
		int who;
		struct str key;
		enum err want;
	} rows[] = {{WHO_BROWSER, {"any", 3}, OK},
	    {WHO_BROWSER, {"cli", 3}, ERR_DENIED},
	    {WHO_APPROVER, {"cli", 3}, OK},
	    {WHO_APPROVER, {"both", 4}, ERR_DENIED}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct sheet s = fixture_sheet(rows[i].who);
		struct sheet r;
		struct buf b;

		s.key = rows[i].key;
		write_sheet(&s, &b);
		CHECK_INT(verify(&b, rows[i].who, &r), rows[i].want);
		buf_done(&b);
	}
}

TEST(two_keys_are_two_clients_about_one_question)
{
	struct sheet s[2] = {
	    fixture_sheet(WHO_OWNER), fixture_sheet(WHO_APPROVER)};
	struct errmsg why = {""};

	CHECK(sheets_suffice(s, 1, 1, &why) == OK);
	CHECK(sheets_suffice(s, 1, 2, &why) == ERR_DENIED);
	CHECK(sheets_suffice(s, 0, 0, &why) == ERR_DENIED);
	CHECK(sheets_suffice(s, 2, 2, &why) == OK);
	/* It is judged again when it is spent. */
	s[1].policy.b[0] ^= 1;
	CHECK(sheets_suffice(s, 2, 2, &why) == OK);
	s[1].policy = s[0].policy;
	s[0].keys = s[1].keys = 2;
	CHECK(sheets_suffice(s, 1, 1, &why) == ERR_DENIED);
	CHECK(sheets_suffice(s, 2, 1, &why) == OK);
	s[1].client = s[0].client;
	CHECK(sheets_suffice(s, 2, 2, &why) == ERR_DENIED);
	CHECK(strstr(why.text, "one client") != NULL);
	s[1] = fixture_sheet(WHO_APPROVER);
	CHECK(sheets_suffice(s, 2, 2, &why) == ERR_DENIED);
	s[1].keys = 2;
	memcpy(s[1].nonce, FIXTURE_BOOT, TOKEN_SIZE);
	CHECK(sheets_suffice(s, 2, 2, &why) == ERR_DENIED);
	CHECK(strstr(why.text, "two questions") != NULL);
}
