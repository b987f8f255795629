/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/grant.h"
#include "base/limits.h"
#include "consent/consent.h"
#include "crypto/crypto.h"
#include "sys/clock.h"
#include "usd/usd.h"

/* `durward grants`: what stands for a yes, and taking it back. */

#define DAY_MS (24 * 3600 * (int64_t)1000)

/* Of a grant of money: "may spend up to 2 USD a day" and what it has. */
static void
say_money(const struct grant *g, int64_t spent)
{
	struct buf b;

	if (g->usd_day == 0)
		return;
	buf_init(&b, 256);
	buf_adds(&b, "          money: up to ");
	usd_write(g->usd_day, &b);
	buf_adds(&b, " USD in any 24 hours, of which ");
	usd_write(spent, &b);
	buf_adds(&b, " are used or reserved\n");
	terminal_print("%s", b.p);
	buf_done(&b);
}

void
consent_say_grant(const struct grant *g, int64_t uses, int64_t spent)
{
	int64_t left_ms = g->until_ms - clock_wall_ms();

	terminal_print("%.8s  %.*s without asking, where '%.*s' asks\n", g->id,
	    (int)g->tool.len, g->tool.p, (int)g->rule.len, g->rule.p);
	terminal_print(
	    "          arguments: %.*s\n", (int)g->args.len, g->args.p);
	say_money(g, spent);
	terminal_print(
	    "          hours: %.*s; %lld of %lld times; ends in %lld "
	    "days and %lld hours\n",
	    (int)g->hours.len, g->hours.p, (long long)uses, (long long)g->uses,
	    (long long)(left_ms / DAY_MS),
	    (long long)(left_ms % DAY_MS / (3600 * 1000)));
}

static struct str
words_of(const struct json *row, const char *name)
{
	const char *s = json_words(row, name);

	return (struct str){s, strlen(s)};
}

static int
show(const struct json *answer)
{
	const struct json *row = json_first(json_get(answer, "grants"));

	if (row == NULL)
		terminal_print("There are no grants.\n");
	for (; row != NULL; row = json_next(row)) {
		struct grant g = {.rule = words_of(row, "rule"),
		    .tool = words_of(row, "tool"),
		    .args = words_of(row, "args"),
		    .hours = words_of(row, "hours"),
		    .uses = json_int(row, "most", 0),
		    .until_ms = json_int(row, "until_ms", 0),
		    .usd_day = json_int(row, "usd_day", 0)};

		snprintf(g.id, sizeof(g.id), "%s", json_words(row, "id"));
		consent_say_grant(&g, json_int(row, "uses", 0),
		    json_int(row, "usd_spent", 0));
	}
	return EXIT_REACHED;
}

/* The one whose id begins so. */
static const struct json *
find(const struct json *answer, const char *beginning)
{
	const struct json *row = json_first(json_get(answer, "grants"));
	const struct json *found = NULL;

	for (; row != NULL; row = json_next(row)) {
		if (strncmp(json_words(row, "id"), beginning,
			strlen(beginning)) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = row;
	}
	return found;
}

static int
revoke(struct session *s, const struct json *answer, const char *beginning)
{
	const struct json *row = find(answer, beginning);
	struct json *body;
	struct json *done;
	int code = EXIT_REACHED;

	if (row == NULL) {
		terminal_error(
		    "no grant, or more than one, begins with '%.40s'; "
		    "'durward grants' lists them",
		    beginning);
		return EXIT_FAILED;
	}
	body = json_object();
	json_put_str(body, "grant", json_words(row, "id"));
	done = session_command(s, "grant.revoke", body, &code);
	if (done != NULL)
		terminal_print("taken back\n");
	json_free(done);
	return code;
}

int
command_grants(int argc, char **argv)
{
	bool take_back = argc == 3 && strcmp(argv[1], "revoke") == 0;
	struct session *s;
	struct json *answer;
	int code = EXIT_REACHED;

	if (argc != 1 && !take_back)
		return terminal_usage("grants [revoke ID]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	answer = session_query(s, &code, "grants");
	if (answer != NULL && take_back)
		code = revoke(s, answer, argv[2]);
	else if (answer != NULL && !terminal_print_json(answer))
		code = show(answer);
	json_free(answer);
	session_close(s);
	return code;
}

/* ---- "Always like this" ---- */

static int64_t
number(const char *text, int64_t otherwise, int64_t most)
{
	char *end;
	int64_t n;

	if (text == NULL)
		return otherwise;
	n = strtoll(text, &end, 10);
	return *end == '\0' && n >= 1 && n <= most ? n : -1;
}

/* The grant that the sheet offers: exactly these arguments, unless they were
 * widened by hand. */
enum err
consent_write_grant(const struct sheet *sheet, const struct always *a,
    struct buf *out, struct errmsg *why)
{
	uint8_t id[TOKEN_SIZE / 2];
	struct grant g = {.box = sheet->box,
	    .client = sheet->client,
	    .rule = sheet->rule,
	    .tool = sheet->tool,
	    .effect = sheet->effect,
	    .manifest = sheet->manifest,
	    .uses = number(a->uses, 100, GRANT_USES_MAX),
	    .issued_ms = clock_wall_ms() - CLOCK_JUMP_MS};
	int64_t days = number(a->days, 30, GRANT_DAYS_MAX);
	struct grant check;
	struct buf args;
	enum err e;

	if (g.uses < 0 || days < 0)
		return err_say(why, ERR_INPUT,
		    "--uses is 1 to %d and --days 1 to %d", GRANT_USES_MAX,
		    GRANT_DAYS_MAX);
	if (sheet->keys > 1 || !str_eq(sheet->key, SHEET_KEY_ANY))
		return err_say(why, ERR_DENIED,
		    "what takes two people, or a key of the command line, is "
		    "asked each time");
	crypto_random(id, sizeof(id));
	hex_write(g.id, id, sizeof(id));
	g.until_ms = clock_wall_ms() + days * DAY_MS;
	g.hours.p = a->hours != NULL ? a->hours : GRANT_ANY;
	g.hours.len = strlen(g.hours.p);
	buf_init(&args, GRANT_MAX);
	if (a->args == NULL)
		buf_addf(&args, GRANT_ARGS_EXACT "%.*s", (int)sheet->args.len,
		    sheet->args.p);
	else if (strcmp(a->args, GRANT_ANY) == 0)
		buf_adds(&args, GRANT_ANY);
	else
		buf_addf(&args, GRANT_ARGS_WORDS "%s", a->args);
	g.args = (struct str){args.p, args.len};
	e = grant_write(&g, out);
	if (e == OK)
		e = grant_read(out->p, out->len, &check, why);
	else
		err_say(why, e, "the grant cannot be written");
	buf_done(&args);
	return e;
}
