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
	bool house;
};

static void
show(const struct json *answer)
{
	const struct json *row = json_first(json_get(answer, "targets"));

	if (row == NULL)
		terminal_print("Nobody is told; 'durward notify add NAME URL' "
			       "allows it.\n");
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
}

/* The one of this name; NULL after saying so. */
static const struct json *
find(const struct json *answer, const char *name)
{
	const struct json *row = json_first(json_get(answer, "targets"));

	for (; row != NULL; row = json_next(row))
		if (strcmp(json_words(row, "name"), name) == 0)
			return row;
	terminal_error("there is no target '%.64s'; 'durward notify' lists "
		       "them",
	    name);
	return NULL;
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
write_target(const struct identity *me, const char *name, const char *url,
    const struct notify_options *o, struct buf *out, struct errmsg *why)
{
	int64_t days = strtoll(o->days, NULL, 10);
	uint8_t id[TRUST_ID_SIZE / 2];
	struct target check;
	struct target t = {.box = me->box,
	    .client = me->id,
	    .name = text_of(name),
	    .kind = text_of(TARGET_NTFY),
	    .place = text_of(o->house ? TARGET_HOUSE : TARGET_OUTSIDE),
	    .url = text_of(url),
	    .hourly = strtoll(o->hourly, NULL, 10),
	    .issued_ms = clock_wall_ms() - CLOCK_JUMP_MS};

	if (days < 1 || days > GRANT_DAYS_MAX)
		return err_say(
		    why, ERR_INPUT, "--days is 1 to %d", GRANT_DAYS_MAX);
	t.until_ms = clock_wall_ms() + days * DAY_MS;
	crypto_random(id, sizeof(id));
	hex_write(t.id, id, sizeof(id));
	if (target_write(&t, out) != OK)
		return err_say(why, ERR_INPUT,
		    "a name and a URL have no control characters");
	return target_read(out->p, out->len, &check, why);
}

static int
add(struct session *s, const char *name, const char *url,
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
	if (write_target(me, name, url, o, &text, &why) != OK) {
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
run(struct session *s, int argc, char **argv, const struct notify_options *o)
{
	const char *what = argc > 1 ? argv[1] : "list";
	struct json *answer;
	int code = EXIT_REACHED;

	if (strcmp(what, "add") == 0)
		return add(s, argv[2], argv[3], o);
	answer = session_query(s, &code, "notify");
	if (answer == NULL)
		return code;
	if (strcmp(what, "test") == 0)
		code = with_one(s, find(answer, argv[2]), "notify.test");
	else if (strcmp(what, "remove") == 0)
		code = with_one(s, find(answer, argv[2]), "grant.revoke");
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
	    (strcmp(what, "test") == 0 || strcmp(what, "remove") == 0);
}

int
command_notify(int argc, char **argv)
{
	struct notify_options o = {
	    .hourly = terminal_option(&argc, argv, "--hourly", "12"),
	    .days = terminal_option(&argc, argv, "--days", "366"),
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
