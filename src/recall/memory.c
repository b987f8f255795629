/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/names.h"
#include "client/session.h"
#include "recall/recall.h"
#include "recall/recall_priv.h"
#include "terminal/terminal.h"

void
recall_write_words(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++)
		buf_addf(out, "%%%02x", (unsigned char)*text);
}

static void
show_rows(const struct json *answer)
{
	const struct json *row = json_first(json_get(answer, "rows"));

	if (row == NULL)
		terminal_print("nothing of that is remembered\n");
	for (; row != NULL; row = json_next(row)) {
		time_t t = (time_t)(json_int(row, "wall_ms", 0) / 1000);
		char when[32] = "";
		struct tm tm;

		if (localtime_r(&t, &tm) != NULL)
			strftime(when, sizeof(when), "%Y-%m-%d", &tm);
		terminal_print_words(true, json_words(row, "text"));
		terminal_print("\n    %s, %s of %s, from %s, labels %s, "
			       "id %s\n",
		    when, json_words(row, "kind"), json_words(row, "who"),
		    json_words(row, "source"), json_words(row, "labels"),
		    json_words(row, "id"));
	}
}

static void
tell_rows(const struct json *answer)
{
	if (answer != NULL && !terminal_print_json(answer))
		show_rows(answer);
}

static int
show_found(struct session *s, const char *words)
{
	struct json *answer;
	int code = EXIT_REACHED;
	struct buf b;

	buf_init(&b, 3 * MEMORY_QUERY_MAX);
	recall_write_words(words, &b);
	answer = session_query(s, &code, "memory?words=%s", b.p);
	buf_done(&b);
	tell_rows(answer);
	json_free(answer);
	return code;
}

/* What cannot be read counts as every label. */
static void
join_labels(struct names *labels, const struct json *page)
{
	struct names more;

	if (names_read(json_words(page, "labels"), &more) == OK)
		names_join(labels, &more);
	else
		labels->all = true;
}

/* A page after the other, told as one. */
static int
show_facts(struct session *s)
{
	struct names labels = {.n = 0};
	struct json *all = json_object();
	struct json *rows = json_array();
	int code = EXIT_REACHED;
	int64_t from = 0;
	size_t n = 1;
	struct buf b;

	while (n > 0 && code == EXIT_REACHED) {
		struct json *page = session_query(
		    s, &code, "memory?from=%lld", (long long)from);
		const struct json *row = json_first(json_get(page, "rows"));

		for (n = 0; row != NULL; row = json_next(row), n++) {
			json_push(rows, json_copy(row));
			from = json_int(row, "n", 0);
		}
		if (page != NULL)
			join_labels(&labels, page);
		json_free(page);
	}
	buf_init(&b, NAMES_MAX * (NAME_MAX_LEN + 1));
	names_write(&labels, &b);
	json_put(all, "rows", rows);
	json_put_str(all, "labels", b.p);
	buf_done(&b);
	if (code == EXIT_REACHED)
		tell_rows(all);
	json_free(all);
	return code;
}

/* Nothing brings it back, so it is asked. */
static bool
says_yes(const char *id)
{
	char line[16] = "";

	if (!isatty(STDIN_FILENO)) {
		terminal_error("--yes is needed where nobody can be asked");
		return false;
	}
	terminal_print("Forget %s for good? The log keeps what it says of it "
		       "until it is pruned. [y/N] ",
	    id);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL && line[0] == 'y';
}

static int
forget(struct session *s, const char *id, bool yes)
{
	struct json *body;
	struct json *answer;
	int code = EXIT_REACHED;

	if (!yes && !says_yes(id))
		return EXIT_FAILED;
	body = json_object();
	json_put_str(body, "id", id);
	answer = session_command(s, "memory.forget", body, &code);
	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("forgotten\n");
	json_free(answer);
	return code;
}

static int
search(struct session *s, int argc, char **argv)
{
	struct buf b;
	int code;
	int i;

	buf_init(&b, RECALL_WORDS_MAX);
	for (i = 2; i < argc; i++)
		buf_addf(&b, "%s%s", i > 2 ? " " : "", argv[i]);
	if (b.overflow) {
		terminal_error("search for at most %d bytes", RECALL_WORDS_MAX);
		code = EXIT_USAGE;
	} else {
		code = show_found(s, b.p);
	}
	buf_done(&b);
	return code;
}

int
command_memory(int argc, char **argv)
{
	bool yes = terminal_flag(&argc, argv, "--yes");
	const char *what = argc > 1 ? argv[1] : "";
	struct session *s;
	int code = EXIT_USAGE;

	if (!(strcmp(what, "search") == 0 && argc > 2) &&
	    !(strcmp(what, "facts") == 0 && argc == 2) &&
	    !(strcmp(what, "forget") == 0 && argc == 3))
		return terminal_usage("memory " MEMORY_USAGE);
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (strcmp(what, "search") == 0)
		code = search(s, argc, argv);
	else if (strcmp(what, "facts") == 0)
		code = show_facts(s);
	else
		code = forget(s, argv[2], yes);
	session_close(s);
	return code;
}
