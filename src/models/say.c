/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "models/models_priv.h"
#include "roster/roster.h"
#include "sys/file.h"

/* `durward model use` and `price`: what an owner says of models. */

/* Takes `body` over. */
static int
send(
    struct session *s, const char *command, struct json *body, const char *done)
{
	int code = EXIT_REACHED;
	struct json *answer = session_command(s, command, body, &code);

	if (answer != NULL && !terminal_print_json(answer))
		terminal_print("%s\n", done);
	json_free(answer);
	return code;
}

int
model_use(struct session *s, const char *role, const char *list)
{
	struct json *body = json_object();
	bool any = strcmp(list, "any") == 0;

	json_put_str(body, "role", role);
	json_put_str(body, "models", any ? "" : list);
	return send(s, "model.use", body,
	    any ? "it asks any model, those in the house first"
		: "it asks these, in this order");
}

/* ---- Prices ---- */

static enum err
add_row(struct json *rows, struct str line, struct errmsg *why)
{
	struct price p;
	struct buf b;
	enum err e = price_read(line, &p, why);

	if (e != OK)
		return e;
	buf_init(&b, 2 * MODEL_REF_SIZE);
	price_write(&p, &b);
	json_push(rows, json_string(b.p));
	buf_done(&b);
	return OK;
}

/* One command takes so many; the file may have more. */
static int
send_rows(struct session *s, struct json *rows)
{
	struct json *body = json_object();

	json_put(body, "rows", rows);
	return send(s, "model.price", body, "kept");
}

static bool
says_nothing(struct str line)
{
	size_t i = 0;

	while (i < line.len && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i == line.len || line.p[i] == '#';
}

static int
price_file(struct session *s, const char *path)
{
	struct json *rows = json_array();
	struct errmsg why = {""};
	struct buf text;
	struct str rest;
	struct str line;
	int code = EXIT_REACHED;
	int n = 0;

	buf_init(&text, FILE_READ_MAX);
	if (file_read(path, &text) != OK)
		code = model_complain("%.200s cannot be read", path);
	rest = (struct str){text.p != NULL ? text.p : "", text.len};
	while (code == EXIT_REACHED && str_line(&rest, &line)) {
		n++;
		if (says_nothing(line))
			continue;
		if (add_row(rows, line, &why) != OK)
			code = model_complain("line %d: %s", n, why.text);
		if (json_count(rows) < PRICES_AT_ONCE_MAX)
			continue;
		code = code == EXIT_REACHED ? send_rows(s, rows) : code;
		rows = json_array();
	}
	if (code == EXIT_REACHED && json_count(rows) > 0)
		code = send_rows(s, rows);
	else
		json_free(rows);
	buf_done(&text);
	return code;
}

/* argv: "price", and then the words of one row. */
int
model_price(struct session *s, int argc, char **argv)
{
	const char *file = terminal_option(&argc, argv, "--file", NULL);
	struct json *rows;
	struct errmsg why = {""};
	struct buf line;
	int code;
	int i;

	if (file != NULL)
		return argc == 2 ? price_file(s, file)
				 : terminal_usage("model " MODEL_USAGE);
	rows = json_array();
	buf_init(&line, 4096);
	for (i = 2; i < argc; i++)
		buf_addf(&line, "%s%s", i > 2 ? " " : "", argv[i]);
	if (add_row(rows, (struct str){line.p != NULL ? line.p : "", line.len},
		&why) == OK) {
		code = send_rows(s, rows);
	} else {
		json_free(rows);
		code = model_complain("%s", why.text);
	}
	buf_done(&line);
	return code;
}
