/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli_priv.h"
#include "crypto/crypto.h"
#include "push/message.h"
#include "push/target.h"
#include "sys/clock.h"

/* `durward notify`: where the house may say that something waits. */

#define DAY_MS (24 * 3600 * (int64_t)1000)

struct notify_options {
	const char *hourly;
	const char *days;
	const char *as; /* The target's name, if not the client's. */
	bool house;
};

static const struct json *
first_of(const struct json *answer, const char *list)
{
	return json_first(json_get(answer, list));
}

/* Who was told until its service ended it, and who would like to be. */
static void
show_others(const struct json *answer)
{
	const struct json *row;

	for (row = first_of(answer, "ended"); row != NULL; row = json_next(row))
		terminal_print("%-16s has ended: %s\n", json_words(row, "name"),
		    json_words(row, "why"));
	for (row = first_of(answer, "offers"); row != NULL;
	     row = json_next(row))
		terminal_print("%-16s asks to be told, a browser at %s; "
			       "'durward notify allow %s' allows it\n",
		    json_words(row, "name"), json_words(row, "host"),
		    json_words(row, "name"));
}

static void
show(const struct json *answer)
{
	const struct json *row = first_of(answer, "targets");

	if (row == NULL)
		terminal_print(
		    "Nobody is told; 'durward notify add NAME URL' allows it, "
		    "and a phone's browser asks for it on its page Clients.\n");
	for (; row != NULL; row = json_next(row)) {
		const char *last = json_words(row, "last");
		int64_t left_ms =
		    json_int(row, "until_ms", 0) - clock_wall_ms();

		terminal_print("%-16s %s at %s\n", json_words(row, "name"),
		    json_words(row, "service"), json_words(row, "host"));
		if (left_ms <= 0)
			terminal_print("                 has ended\n");
		else
			terminal_print("                 at most %lld an hour, "
				       "for %lld days more; sent %lld\n",
			    (long long)json_int(row, "hourly", 0),
			    (long long)(left_ms / DAY_MS),
			    (long long)json_int(row, "sent", 0));
		if (last[0] != '\0')
			terminal_print("                 last: %s\n", last);
	}
	show_others(answer);
}

static const struct json *
find_in(const struct json *answer, const char *list, const char *name)
{
	const struct json *row = first_of(answer, list);

	while (row != NULL && strcmp(json_words(row, "name"), name) != 0)
		row = json_next(row);
	return row;
}

/* The one of this name; NULL after saying so. */
static const struct json *
find(const struct json *answer, const char *list, const char *name)
{
	const struct json *row = find_in(answer, list, name);

	if (row == NULL)
		terminal_error("%s '%.64s'; 'durward notify' lists them",
		    strcmp(list, "offers") == 0
			? "no browser asks to be told as"
			: "there is no target",
		    name);
	return row;
}

static int
with_one(struct session *s, const struct json *row, const char *command)
{
	bool taking = strcmp(command, "grant.revoke") == 0;
	struct json *body;
	struct json *done;
	int code = EXIT_FAILED;

	if (row == NULL)
		return code;
	code = EXIT_REACHED;
	body = json_object();
	json_put_str(body, taking ? "grant" : "id", json_words(row, "id"));
	done = session_command(s, command, body, &code);
	if (done != NULL)
		terminal_print("%s\n", taking ? "taken back" : "sent");
	json_free(done);
	return code;
}

static struct str
text_of(const char *s)
{
	return (struct str){s, strlen(s)};
}

/* What is signed, checked as the house will check it. */
static enum err
write_target(const struct identity *me, struct target *t,
    const struct notify_options *o, struct buf *out, struct errmsg *why)
{
	int64_t days = strtoll(o->days, NULL, 10);
	uint8_t id[TRUST_ID_SIZE / 2];
	struct target check;

	t->box = me->box;
	t->client = me->id;
	t->place = text_of(o->house ? TARGET_HOUSE : TARGET_OUTSIDE);
	t->hourly = strtoll(o->hourly, NULL, 10);
	t->issued_ms = clock_wall_ms() - CLOCK_JUMP_MS;
	if (days < 1 || days > GRANT_DAYS_MAX)
		return err_say(
		    why, ERR_INPUT, "--days is 1 to %d", GRANT_DAYS_MAX);
	t->until_ms = clock_wall_ms() + days * DAY_MS;
	crypto_random(id, sizeof(id));
	hex_write(t->id, id, sizeof(id));
	if (target_write(t, out) != OK)
		return err_say(why, ERR_INPUT,
		    "a name and a URL have no control characters");
	return target_read(out->p, out->len, &check, why);
}

static int
sign(struct session *s, struct target *t, const char *name,
    const struct notify_options *o)
{
	const struct identity *me = session_identity(s);
	char hex[SIGNATURE_TEXT_SIZE];
	struct errmsg why = {""};
	struct signature sig;
	struct json *body;
	struct json *done;
	struct buf text;
	int code = EXIT_USAGE;

	buf_init(&text, PUSH_TEXT_MAX);
	if (write_target(me, t, o, &text, &why) != OK) {
		terminal_error("%s", why.text);
		buf_done(&text);
		return code;
	}
	key_sign(me->key, text.p, text.len, &sig);
	signature_text(&sig, hex);
	body = json_object();
	json_put_str(body, "text", text.p);
	json_put_str(body, "signature", hex);
	buf_done(&text);
	done = session_command(s, "notify.add", body, &code);
	if (done != NULL) {
		code = EXIT_REACHED;
		terminal_print("'" PUSH_TEXT "' may be sent to %s, at most "
			       "%s times an hour for %s days; 'durward notify "
			       "test %s' tries it\n",
		    name, o->hourly, o->days, name);
	}
	json_free(done);
	return code;
}

static int
add(struct session *s, const char *name, const char *url,
    const struct notify_options *o)
{
	struct target t = {.name = text_of(name),
	    .kind = text_of(TARGET_NTFY),
	    .url = text_of(url)};

	return sign(s, &t, name, o);
}

/* What a browser offered, as it did. */
static int
allow(
    struct session *s, const struct json *offer, const struct notify_options *o)
{
	const char *whom = json_words(offer, "whom");
	const char *name = o->as != NULL ? o->as : json_words(offer, "name");
	struct target t = {.name = text_of(name),
	    .kind = text_of(TARGET_WEBPUSH),
	    .url = text_of(json_words(offer, "url")),
	    .p256dh = text_of(json_words(offer, "p256dh")),
	    .auth = text_of(json_words(offer, "auth"))};

	if (digest_read(whom, strlen(whom), &t.whom) != OK || t.url.len == 0) {
		terminal_error("only an owner says where notifications go");
		return EXIT_FAILED;
	}
	return sign(s, &t, name, o);
}

static int
refuse(struct session *s, const struct json *offer)
{
	struct json *body = json_object();
	struct json *done;
	int code = EXIT_REACHED;

	json_put_str(body, "whom", json_words(offer, "whom"));
	done = session_command(s, "notify.refuse", body, &code);
	if (done != NULL)
		terminal_print("refused\n");
	json_free(done);
	return code;
}

/* A target, or what only asks to be one. */
static int
remove_one(struct session *s, const struct json *answer, const char *name)
{
	const struct json *offer = find_in(answer, "offers", name);

	if (offer != NULL && find_in(answer, "targets", name) == NULL)
		return refuse(s, offer);
	return with_one(s, find(answer, "targets", name), "grant.revoke");
}

static int
run(struct session *s, int argc, char **argv, const struct notify_options *o)
{
	const char *what = argc > 1 ? argv[1] : "list";
	const struct json *row;
	struct json *answer;
	int code = EXIT_REACHED;

	if (strcmp(what, "add") == 0)
		return add(s, argv[2], argv[3], o);
	answer = session_query(s, &code, "notify");
	if (answer == NULL)
		return code;
	if (strcmp(what, "test") == 0)
		code = with_one(
		    s, find(answer, "targets", argv[2]), "notify.test");
	else if (strcmp(what, "allow") == 0)
		code = (row = find(answer, "offers", argv[2])) != NULL
		    ? allow(s, row, o)
		    : EXIT_FAILED;
	else if (strcmp(what, "remove") == 0)
		code = remove_one(s, answer, argv[2]);
	else if (!terminal_print_json(answer))
		show(answer);
	json_free(answer);
	return code;
}

static bool
is_usage(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "list";

	if (strcmp(what, "list") == 0)
		return argc <= 2;
	if (strcmp(what, "add") == 0)
		return argc == 4;
	return argc == 3 &&
	    (strcmp(what, "test") == 0 || strcmp(what, "allow") == 0 ||
		strcmp(what, "remove") == 0);
}

int
command_notify(int argc, char **argv)
{
	struct notify_options o = {
	    .hourly = terminal_option(&argc, argv, "--hourly", "12"),
	    .days = terminal_option(&argc, argv, "--days", "366"),
	    .as = terminal_option(&argc, argv, "--as", NULL),
	    .house = terminal_flag(&argc, argv, "--house")};
	struct session *s;
	int code = EXIT_REACHED;

	if (!is_usage(argc, argv))
		return terminal_usage("notify " NOTIFY_USAGE);
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = run(s, argc, argv, &o);
	session_close(s);
	return code;
}
