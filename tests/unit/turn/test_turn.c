/* SPDX-License-Identifier: Apache-2.0 */
#include "turn/turn.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check.h"

#define STEPS 8

/* A core that keeps everything, and answers nothing by itself. */
struct fake {
	int proposals;
	int64_t proposed_step;
	char tool[64];
	char args[256];
	char origins[64];
	int recalls;
	int replies;
	bool reached;
	char reply[4096];
	char names[STEPS][16];
	char *contents[STEPS];
	int64_t kept;
	bool full; /* Keeps no more. */
};

static void
check_setup(void)
{
}

static void
on_recall(void *arg, const char *query)
{
	struct fake *f = arg;

	CHECK(query[0] != '\0');
	f->recalls++;
}

static void
on_propose(void *arg, int64_t step, const char *tool, const char *args,
    const char *origins)
{
	struct fake *f = arg;

	CHECK(f->kept >= step);
	/* Asking again must be asking for the same. */
	if (f->proposals++ > 0) {
		CHECK_INT(step, f->proposed_step);
		CHECK_STR(tool, f->tool);
		CHECK_STR(args, f->args);
		CHECK_STR(origins, f->origins);
	}
	f->proposed_step = step;
	snprintf(f->tool, sizeof(f->tool), "%s", tool);
	snprintf(f->args, sizeof(f->args), "%s", args);
	snprintf(f->origins, sizeof(f->origins), "%s", origins);
}

static void
on_reply(void *arg, const char *text, bool reached)
{
	struct fake *f = arg;

	if (f->replies++ > 0) {
		CHECK_STR(text, f->reply);
		CHECK(reached == f->reached);
	}
	f->reached = reached;
	snprintf(f->reply, sizeof(f->reply), "%s", text);
}

static bool
on_keep(void *arg, int64_t step, const char *name, const struct json *content)
{
	struct fake *f = arg;

	REQUIRE(step < STEPS);
	CHECK_INT(step, f->kept);
	snprintf(f->names[step], sizeof(f->names[step]), "%s", name);
	free(f->contents[step]);
	f->contents[step] = json_print(content);
	f->kept++;
	return !f->full;
}

static struct turn_ports
ports_of(struct fake *f)
{
	struct turn_ports p = {.recall = on_recall,
	    .propose = on_propose,
	    .reply = on_reply,
	    .keep = on_keep,
	    .arg = f};

	return p;
}

static void
done(struct turn *t, struct fake *f)
{
	int i;

	turn_free(t);
	for (i = 0; i < STEPS; i++)
		free(f->contents[i]);
}

static struct turn *
begun(const char *goal, struct fake *f)
{
	struct turn_ports ports = ports_of(f);
	struct turn *t = turn_new(goal, &ports);

	CASE(goal);
	turn_run(t);
	return t;
}

TEST(a_goal_is_proposed_and_its_result_told)
{
	struct fake f = {0};
	struct turn *t = begun("save a note: buy \"milk\"", &f);

	CHECK_INT(f.proposals, 1);
	CHECK_STR(f.tool, "notes.save");
	CHECK_STR(f.args, "{\"text\":\"buy \\\"milk\\\"\"}");
	CHECK_STR(f.origins, "text:person");
	CHECK_INT(f.replies, 0);
	turn_result(t, f.proposed_step, "done", "saved as shopping");
	CHECK_INT(f.replies, 1);
	CHECK(f.reached);
	CHECK_STR(f.reply, "saved as shopping");
	CHECK_INT(f.kept, 4);
	CHECK_STR(f.names[0], "think");
	CHECK_STR(f.names[1], "propose");
	CHECK_STR(f.names[2], "observe");
	CHECK_STR(f.names[3], "reply");
	done(t, &f);
}

TEST(two_arguments_are_named_in_their_canonical_order)
{
	struct fake f = {0};
	struct turn *t = begun("write hello to the file a.txt", &f);

	CHECK_STR(f.tool, "files.write");
	CHECK_STR(f.args, "{\"path\":\"a.txt\",\"text\":\"hello\"}");
	CHECK_STR(f.origins, "path:person,text:person");
	done(t, &f);
}

TEST(a_call_as_it_stands_is_proposed_byte_for_byte)
{
	struct fake f = {0};
	struct turn *t = begun(
	    "home.set {\"action\":\"turn_on\",\"entity\":\"light.a\"}", &f);

	CHECK_STR(f.tool, "home.set");
	CHECK_STR(f.args, "{\"action\":\"turn_on\",\"entity\":\"light.a\"}");
	CHECK_STR(f.origins, "action:person,entity:person");
	CHECK_INT(f.recalls, 0);
	done(t, &f);
	memset(&f, 0, sizeof(f));
	t = begun("house.status {}", &f);
	CHECK_STR(f.origins, "none");
	done(t, &f);
}

TEST(nothing_is_asked_for_before_the_steps_before_it_are_kept)
{
	struct fake f = {0};
	struct turn *t = begun("list notes", &f);

	/* on_propose() and on_reply() look. */
	CHECK_INT(f.kept, 2);
	CHECK_STR(f.args, "{}");
	CHECK_STR(f.origins, "none");
	turn_run(t);
	CHECK_INT(f.kept, 2);
	turn_result(t, 7, "done", "of another step");
	CHECK_INT(f.kept, 2);
	turn_result(t, f.proposed_step, "done", "");
	CHECK_INT(f.replies, 1);
	done(t, &f);
}

TEST(a_step_that_cannot_be_kept_ends_the_turn)
{
	struct fake f = {.full = true};
	struct turn *t = begun("list notes", &f);

	CHECK_INT(f.kept, 1);
	CHECK_INT(f.proposals, 0);
	turn_run(t);
	CHECK_INT(f.kept, 1);
	done(t, &f);
}

TEST(help_needs_no_act)
{
	struct fake f = {0};
	struct turn *t = begun("help", &f);

	CHECK_INT(f.proposals, 0);
	CHECK_INT(f.replies, 1);
	CHECK(f.reached);
	CHECK(strstr(f.reply, "save a note: TEXT") != NULL);
	done(t, &f);
}

TEST(what_is_not_understood_is_said)
{
	struct fake f = {0};
	struct turn *t = begun("open the pod bay doors", &f);
	struct json *nothing = json_object();

	CHECK_INT(f.recalls, 1);
	CHECK_INT(f.replies, 0);
	turn_recalled(t, nothing);
	json_free(nothing);
	CHECK_INT(f.proposals, 0);
	CHECK_INT(f.replies, 1);
	CHECK(!f.reached);
	CHECK(strstr(f.reply, "did not understand") != NULL);
	CHECK(strstr(f.reply, "list notes") != NULL);
	done(t, &f);
}

TEST(denied_failed_and_unknown_are_told_as_such)
{
	static const struct {
		const char *state;
		const char *words;
	} rows[] = {{"denied", "may not"}, {"failed", "did not work"},
	    {"unknown", "do not know"}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake f = {0};
		struct turn *t = begun("delete note shopping", &f);

		CASE(rows[i].state);
		turn_result(t, f.proposed_step, rows[i].state, "the reason");
		CHECK_INT(f.replies, 1);
		CHECK(!f.reached);
		CHECK(strstr(f.reply, rows[i].words) != NULL);
		CHECK(strstr(f.reply, "the reason") != NULL);
		done(t, &f);
	}
}

/* The house dies behind each kept step: the same act, the same reply. */
TEST(a_turn_taken_up_anywhere_proposes_and_replies_the_same)
{
	struct fake first = {0};
	struct turn *t = begun("note: buy milk", &first);
	int64_t kept;

	turn_result(t, 1, "done", "saved");
	REQUIRE(first.kept == 4);
	for (kept = 0; kept <= 4; kept++) {
		struct fake f = first;
		struct turn_ports ports = ports_of(&f);
		struct turn *again = turn_new("note: buy milk", &ports);
		int64_t i;

		memset(f.contents, 0, sizeof(f.contents));
		for (i = 0; i < kept; i++) {
			struct json *v;

			REQUIRE(json_parse(first.contents[i],
				    strlen(first.contents[i]), &v) == OK);
			CHECK(turn_replay(again, first.names[i], v) == OK);
			json_free(v);
		}
		f.kept = kept;
		turn_run(again);
		turn_result(again, 1, "done", "saved");
		CHECK_INT(f.kept, 4);
		CHECK(f.replies >= 2);
		CHECK(f.reached);
		for (i = kept; i < 4; i++)
			CHECK_STR(f.contents[i], first.contents[i]);
		done(again, &f);
	}
	done(t, &first);
}

TEST(a_step_out_of_order_is_not_replayed)
{
	struct fake f = {0};
	struct turn_ports ports = ports_of(&f);
	struct turn *t = turn_new("list notes", &ports);
	struct json *v = json_object();

	CHECK(turn_replay(t, "observe", v) == ERR_STATE);
	CHECK(turn_replay(t, "words", v) == ERR_STATE);
	json_free(v);
	done(t, &f);
}

static bool
replay_nothing(void)
{
	struct fake f = {0};
	struct turn_ports ports = ports_of(&f);
	struct turn *t = turn_new("list notes", &ports);
	struct json *v = json_object();

	if (turn_replay(t, "think", v) == OK) {
		turn_run(t);
	}
	json_free(v);
	done(t, &f);
	return f.proposals == 0;
}

TEST(a_thought_without_words_ends_the_turn)
{
	CHECK(check_survives(replay_nothing));
}
