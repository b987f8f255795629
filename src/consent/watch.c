/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "consent/consent_priv.h"
#include "sys/clock.h"

/*
 * `durward approvals --watch`: each question as it comes, answered by a key.
 *
 * Two connections: on one the next entry of the log is waited for, on the
 * other the lists are read and answers are sent.  Entries say that something
 * happened, and how a question ended; what waits is what the list says.  The
 * sheet that is shown is the one that is signed, and a key answers it only
 * once all of it was on the screen.  Without a terminal it is one line for
 * each event, and nothing is answered.
 */

struct seen {
	char act[TOKEN_SIZE];
	bool there; /* In the list that was read last. */
	bool passed; /* Skipped, or answered here. */
};

struct watch_list {
	struct session *events; /* NULL: the house is away. */
	struct session *talk;
	bool asks; /* There is a person at a terminal. */
	bool sent; /* The next entry is being waited for, */
	int64_t until_ms; /* at most so long; or is, from then on. */
	int64_t next; /* The first entry that was not heard; -1: any. */
	struct seen at[ACTS_OPEN_MAX];
	size_t n;
	/* The question that is on the screen. */
	char act[TOKEN_SIZE]; /* "": none. */
	struct json *question; /* As the house gave it: */
	const char *sheet;
	size_t shown; /* Bytes of the sheet. */
	bool prompted;
	/* While the house is away. */
	bool stale;
	int64_t pause_ms;
	int refused;
	int code;
	bool over;
};

/* ---- Lines ---- */

static void
leave_prompt(struct watch_list *w)
{
	if (w->prompted)
		terminal_print("\n");
	w->prompted = false;
}

static void
say(struct watch_list *w, const char *event, const char *act, const char *text)
{
	struct json *v = json_object();

	leave_prompt(w);
	json_put_str(v, "event", event);
	if (act != NULL)
		json_put_str(v, "act", act);
	json_put_str(v, "text", text);
	if (!terminal_print_json(v))
		terminal_print("%-10s %.*s%s%s\n", event, SHORT_LEN,
		    act != NULL ? act : "", act != NULL ? "  " : "", text);
	json_free(v);
}

static void
say_asked(struct watch_list *w, const struct json *row)
{
	struct json *v = json_copy(row);

	leave_prompt(w);
	json_put_str(v, "event", "asked");
	if (!terminal_print_json(v)) {
		terminal_print("%-10s ", "asked");
		say_question(row);
	}
	json_free(v);
}

/* ---- The question on the screen ---- */

static bool
is_read(const struct watch_list *w)
{
	return w->sheet[w->shown] == '\0';
}

static void
drop_question(struct watch_list *w)
{
	leave_prompt(w);
	json_free(w->question);
	w->question = NULL;
	w->sheet = NULL;
	w->act[0] = '\0';
}

/* A row of the screen; what goes on in it is marked, so that no argument can
 * look like a line of the sheet. */
static void
show_row(struct watch_list *w, size_t columns)
{
	const char *p = w->sheet + w->shown;
	size_t len = strcspn(p, "\n");
	bool goes_on = w->shown > 0 && p[-1] != '\n';

	if (len > columns)
		len = str_cut(p, columns);
	terminal_print("%s%.*s\n", goes_on ? "> " : "", (int)len, p);
	w->shown += len + (p[len] == '\n');
}

static void
show_page(struct watch_list *w)
{
	int rows;
	int columns;

	leave_prompt(w);
	terminal_size(&rows, &columns);
	rows = rows > 8 ? rows - 4 : 4;
	columns = columns > 22 ? columns - 2 : 20;
	for (; rows > 0 && !is_read(w); rows--)
		show_row(w, (size_t)columns);
	if (is_read(w))
		consent_say_words(w->question);
	terminal_keys_forget(clock_boot_ms());
}

static void
prompt(struct watch_list *w)
{
	if (w->act[0] == '\0' || w->prompted)
		return;
	terminal_print(is_read(w)
		? "a signs these bytes, d denies, s skips, q quits: "
		: "there is more: space shows it; d denies, s skips, q "
		  "quits: ");
	w->prompted = true;
}

static struct seen *
find_seen(struct watch_list *w, const char *act)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (strcmp(w->at[i].act, act) == 0)
			return &w->at[i];
	return NULL;
}

/* What comes of this question comes without this client. */
static void
pass(struct watch_list *w, const char *act)
{
	struct seen *s = find_seen(w, act);

	if (s != NULL)
		s->passed = true;
	if (strcmp(w->act, act) == 0)
		drop_question(w);
}

/* ---- The connections ---- */

static void
lose(struct watch_list *w)
{
	drop_question(w);
	session_close(w->events);
	session_close(w->talk);
	w->events = NULL;
	w->talk = NULL;
	w->sent = false;
}

/* After an exit code: is there still a house to talk with? */
static bool
is_there(struct watch_list *w, int code)
{
	if (code == EXIT_BROKEN) {
		w->code = code;
		w->over = true;
	}
	if (code == EXIT_AWAY)
		lose(w);
	return code != EXIT_AWAY && code != EXIT_BROKEN;
}

/* The list as it is now: what is new is told, what is gone is forgotten. */
static int
refresh(struct watch_list *w)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(w->talk, &code, "approvals");
	const struct json *row = json_first(json_get(answer, "approvals"));
	size_t kept = 0;
	size_t i;

	if (answer == NULL)
		return code;
	for (i = 0; i < w->n; i++)
		w->at[i].there = false;
	for (; row != NULL; row = json_next(row)) {
		const char *act = json_words(row, "act");
		struct seen *s = find_seen(w, act);

		if (s == NULL && w->n < ACTS_OPEN_MAX &&
		    strlen(act) < TOKEN_SIZE) {
			s = &w->at[w->n++];
			memset(s, 0, sizeof(*s));
			memcpy(s->act, act, strlen(act) + 1);
			say_asked(w, row);
		}
		if (s != NULL)
			s->there = true;
	}
	json_free(answer);
	for (i = 0; i < w->n; i++) {
		if (w->at[i].there)
			w->at[kept++] = w->at[i];
		else if (strcmp(w->at[i].act, w->act) == 0)
			drop_question(w);
	}
	w->n = kept;
	return EXIT_REACHED;
}

/* The log's size first: what is asked behind it comes as an entry. */
static int
connect_both(struct watch_list *w)
{
	struct json *answer;
	int64_t size;
	int code = EXIT_REACHED;

	w->talk = session_open(&code);
	if (w->talk == NULL)
		return code;
	w->events = session_open(&code);
	if (w->events == NULL)
		return code;
	answer = session_query(w->talk, &code, "status");
	if (answer == NULL)
		return code;
	size = json_int(answer, "log_size", 0);
	/* A log that came from a backup may end before that. */
	if (w->next < 0 || w->next > size)
		w->next = size;
	json_free(answer);
	w->until_ms = 0;
	return refresh(w);
}

/* ---- What the log says ---- */

static bool
names_me(const struct watch_list *w, const struct json *body)
{
	const char *me = session_identity(w->talk)->name;
	const struct json *name = json_first(json_get(body, "clients"));

	for (; name != NULL; name = json_next(name))
		if (json_text(name) != NULL && strcmp(json_text(name), me) == 0)
			return true;
	return false;
}

/* The bell is for who is told: in quiet hours nobody is. */
static void
on_told(struct watch_list *w, const struct json *body)
{
	struct seen *s = find_seen(w, json_words(body, "act"));
	char text[80];

	if (!names_me(w, body))
		return;
	if (w->asks)
		terminal_bell();
	if (s == NULL || strcmp(json_words(body, "why"), "asked") == 0)
		return;
	snprintf(text, sizeof(text), "waits for a yes, %lld s left",
	    (long long)json_int(body, "left_s", 0));
	say(w, "reminder", s->act, text);
	if (strcmp(json_words(body, "why"), "reminder") == 0)
		s->passed = false;
}

static void
on_end(struct watch_list *w, const struct json *body)
{
	const char *act = json_words(body, "act");
	bool yes = strcmp(json_words(body, "kind"), "denied") != 0;
	const char *who = json_words(body, yes ? "name" : "result");
	struct buf b;

	buf_init(&b, RESULT_MAX);
	buf_addf(&b, "%s%.200s", yes ? "approved by " : "denied: ", who);
	pass(w, act);
	say(w, "answered", act, b.p);
	buf_done(&b);
}

static void
on_entry(struct watch_list *w, const struct json *entry)
{
	const char *text = json_words(entry, "body");
	struct json *body = NULL;
	const char *kind;
	struct seen *s;

	w->next = json_int(entry, "seq", w->next) + 1;
	if (json_parse(text, strlen(text), &body) != OK)
		return;
	kind = json_words(body, "kind");
	s = find_seen(w, json_words(body, "act"));
	if (strcmp(kind, "told") == 0) {
		on_told(w, body);
	} else if (s != NULL && strcmp(kind, "asked-again") == 0) {
		/* What was read is not what would be signed now. */
		pass(w, s->act);
		s->passed = false;
	} else if (s != NULL && strcmp(kind, "yes") == 0) {
		say(w, "yes", s->act, json_words(body, "name"));
	} else if (s != NULL &&
	    (strcmp(kind, "approved") == 0 || strcmp(kind, "denied") == 0)) {
		on_end(w, body);
	}
	json_free(body);
}

static void
on_events(struct watch_list *w)
{
	struct json *answer = NULL;
	const struct json *e;
	int code = EXIT_REACHED;
	bool any;

	if (!session_receive(w->events, &code, &answer)) {
		/* It answers in time, with nothing if need be. */
		if (clock_boot_ms() >= w->until_ms)
			lose(w);
		return;
	}
	if (answer == NULL) {
		lose(w);
		return;
	}
	e = json_first(json_get(answer, "entries"));
	any = e != NULL;
	for (; e != NULL; e = json_next(e))
		on_entry(w, e);
	json_free(answer);
	w->sent = false;
	w->until_ms = any ? 0 : clock_boot_ms() + CLIENT_FOLLOW_MS;
	/* What it does not say now it says once it is there again. */
	if (any && refresh(w) != EXIT_REACHED)
		lose(w);
}

static void
wait_for_entries(struct watch_list *w)
{
	int code = EXIT_REACHED;

	if (w->events == NULL || w->sent || clock_boot_ms() < w->until_ms)
		return;
	if (session_send(w->events, &code, "events?from=%lld",
		(long long)w->next) != OK) {
		lose(w);
		return;
	}
	w->sent = true;
	w->until_ms = clock_boot_ms() + CLIENT_WAIT_MS + CLIENT_CONNECT_MS;
}

/* ---- Asking ---- */

static void
open_question(struct watch_list *w, struct seen *s)
{
	int code = EXIT_REACHED;
	struct json *answer =
	    session_query(w->talk, &code, "sheet?act=%s", s->act);

	/* Told why by now; another one may answer it. */
	s->passed = answer == NULL;
	if (answer == NULL) {
		is_there(w, code);
		return;
	}
	code = trust_sheet(w->talk, s->act, json_words(answer, "sheet"));
	if (is_there(w, code) && code == EXIT_REACHED) {
		memcpy(w->act, s->act, sizeof(w->act));
		w->question = answer;
		w->sheet = json_words(answer, "sheet");
		w->shown = 0;
		show_page(w);
		return;
	}
	json_free(answer);
}

static void
ask_next(struct watch_list *w)
{
	size_t i;

	for (i = 0; w->events != NULL && !w->over && i < w->n; i++)
		if (w->act[0] == '\0' && !w->at[i].passed)
			open_question(w, &w->at[i]);
}

static void
answer_question(struct watch_list *w, bool yes)
{
	char act[TOKEN_SIZE];
	int code;

	leave_prompt(w);
	memcpy(act, w->act, sizeof(act));
	code = yes ? sign_sheet(w->talk, act, w->sheet, NULL)
		   : deny_act(w->talk, act, "");
	if (code == EXIT_REACHED && yes)
		terminal_print("approved\n");
	if (code != EXIT_REACHED)
		terminal_print("not answered here; it waits on\n");
	if (is_there(w, code))
		pass(w, act);
}

static void
on_key(struct watch_list *w, int key)
{
	if (key == KEY_END || key == 'q') {
		w->over = true;
	} else if (w->act[0] == '\0') {
		return;
	} else if (key == ' ' && !is_read(w)) {
		show_page(w);
	} else if (key == 'a' && !is_read(w)) {
		leave_prompt(w);
		terminal_print("Read it to its end first.\n");
	} else if (key == 'a' || key == 'd') {
		answer_question(w, key == 'a');
	} else if (key == 's') {
		pass(w, w->act);
	}
}

/* ---- The loop ---- */

/* Until something comes, or `wait_ms`. */
static void
wait_for_any(struct watch_list *w, int64_t wait_ms)
{
	struct pollfd fds[] = {
	    {.fd = w->asks ? STDIN_FILENO : -1, .events = POLLIN},
	    {.fd = w->sent ? session_fd(w->events) : -1, .events = POLLIN}};

	if (wait_ms < 0)
		wait_ms = 0;
	if (poll(fds, ARRAY_LEN(fds), (int)wait_ms) < 0 && errno != EINTR)
		w->over = true;
	if (fds[0].revents != 0)
		on_key(w, terminal_key(clock_boot_ms()));
	if (w->sent && !w->over &&
	    (fds[1].revents != 0 || clock_boot_ms() >= w->until_ms))
		on_events(w);
}

/* It is away: said once, tried again less and less often. */
static void
reconnect(struct watch_list *w)
{
	int64_t until_ms;
	int code;

	if (!w->stale)
		say(w, "stale", NULL,
		    "the house is away; what is shown may be old, and nothing "
		    "is answered until it is back");
	w->stale = true;
	until_ms = clock_boot_ms() + w->pause_ms;
	while (!w->over && clock_boot_ms() < until_ms)
		wait_for_any(w, until_ms - clock_boot_ms());
	if (w->over)
		return;
	code = connect_both(w);
	if (code == EXIT_REACHED) {
		say(w, "back", NULL, "the house is there again");
		w->stale = false;
		w->pause_ms = WATCH_PAUSE_MS;
		w->refused = 0;
		return;
	}
	lose(w);
	w->pause_ms = 2 * w->pause_ms < WATCH_PAUSE_MAX_MS ? 2 * w->pause_ms
							   : WATCH_PAUSE_MAX_MS;
	w->refused += code == EXIT_REFUSED;
	if (w->refused == WATCH_REFUSED_MAX || code == EXIT_FAILED) {
		w->code = code;
		w->over = true;
	}
}

static int
watch(struct watch_list *w)
{
	w->code = connect_both(w);
	if (w->code != EXIT_REACHED)
		w->over = true;
	while (!w->over) {
		if (w->events == NULL) {
			reconnect(w);
			continue;
		}
		wait_for_entries(w);
		if (w->asks)
			ask_next(w);
		if (w->events == NULL || w->over)
			continue;
		prompt(w);
		wait_for_any(w, w->until_ms - clock_boot_ms());
	}
	lose(w);
	return w->code;
}

int
approvals_watch(void)
{
	struct watch_list w = {.next = -1, .pause_ms = WATCH_PAUSE_MS};
	int code;

	w.asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    !terminal_json && terminal_keys_open() == OK;
	if (w.asks)
		terminal_print("Questions are shown as they come; q quits.\n");
	code = watch(&w);
	if (w.asks)
		terminal_keys_close();
	return code;
}
