/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "witness/witness_priv.h"

/* `durward audit`: read the log, check it without believing the house, take
 * it along, and forget what is old. */

enum err
witness_read_path(const struct json *answer, struct digest path[PATH_MAX_LEN],
    size_t *ret_len)
{
	const struct json *p = json_first(json_get(answer, "path"));
	size_t n = 0;

	for (; p != NULL; p = json_next(p)) {
		const char *hex = json_text(p);

		if (hex == NULL || n == PATH_MAX_LEN ||
		    digest_read(hex, strlen(hex), &path[n++]) != OK)
			return ERR_INPUT;
	}
	*ret_len = n;
	return OK;
}

static int
prove_under(struct session *s, uint64_t seq, const struct digest *leaf,
    const struct anchor *now, size_t *ret_len)
{
	struct digest path[PATH_MAX_LEN];
	struct json *answer;
	int code = EXIT_REACHED;
	enum err e;

	answer = session_query(s, &code, "proof?seq=%llu&size=%llu",
	    (unsigned long long)seq, (unsigned long long)now->at.size);
	if (answer == NULL)
		return code;
	e = witness_read_path(answer, path, ret_len);
	if (e == OK)
		e = tree_check(
		    seq, now->at.size, leaf, path, *ret_len, &now->at.root);
	json_free(answer);
	return e == OK
	    ? EXIT_REACHED
	    : witness_broken("the entry is not under the signed root");
}

int
witness_prove(struct session *s, uint64_t seq, const struct digest *leaf)
{
	struct anchor now;
	char hex[DIGEST_HEX_SIZE];
	size_t len = 0;
	int code = anchor_fetch(s, &now);

	if (code == EXIT_REACHED)
		code = prove_under(s, seq, leaf, &now, &len);
	if (code != EXIT_REACHED)
		return code;
	digest_hex(&now.at.root, hex);
	terminal_print("logged     entry %llu of %llu, proven with %zu hashes "
		       "under the signed root %.16s...\n",
	    (unsigned long long)seq, (unsigned long long)now.at.size, len, hex);
	return EXIT_REACHED;
}

/* Is its body what its leaf is of, and that leaf in the tree? */
static int
check_entry(
    struct session *s, const struct json *entry, const struct anchor *now)
{
	const char *salt_hex = json_words(entry, "salt");
	const char *body = json_words(entry, "body");
	uint8_t salt[AUDIT_SALT_LEN];
	struct digest leaf;
	size_t unused;

	if (hex_read(salt_hex, strlen(salt_hex), salt, sizeof(salt)) != OK)
		return witness_broken("an entry of this run is altered");
	tree_leaf(salt, sizeof(salt), body, strlen(body), &leaf);
	return prove_under(
	    s, (uint64_t)json_int(entry, "seq", 0), &leaf, now, &unused);
}

int
witness_each_of_run(struct session *s, const char *run, proven_fn *fn,
    void *arg, size_t *ret_pruned)
{
	uint64_t next = 0;
	struct anchor now;
	int code = anchor_fetch(s, &now);

	*ret_pruned = 0;
	while (code == EXIT_REACHED) {
		struct json *answer = session_query(s, &code,
		    "events?run=%s&from=%llu", run, (unsigned long long)next);
		const struct json *e = json_first(json_get(answer, "entries"));
		bool any = e != NULL;

		for (; e != NULL && code == EXIT_REACHED; e = json_next(e)) {
			const char *text = json_words(e, "body");
			struct json *body = NULL;

			next = (uint64_t)json_int(e, "seq", 0) + 1;
			/* What came after the checkpoint is not its matter. */
			if (next > now.at.size) {
				any = false;
				break;
			}
			if (text[0] == '\0') {
				++*ret_pruned;
				continue;
			}
			code = check_entry(s, e, &now);
			if (code == EXIT_REACHED &&
			    json_parse(text, strlen(text), &body) == OK)
				fn(arg, next - 1, body);
			json_free(body);
		}
		json_free(answer);
		if (!any)
			return code;
	}
	return code;
}

int
witness_each_entry(
    struct session *s, const char *run, uint64_t from, entry_fn *fn, void *arg)
{
	uint64_t next = from;
	int code = EXIT_REACHED;

	for (;;) {
		struct json *answer = session_query(s, &code,
		    "entries?from=%llu%s%s", (unsigned long long)next,
		    run != NULL ? "&run=" : "", run != NULL ? run : "");
		const struct json *e = json_first(json_get(answer, "entries"));

		if (answer == NULL || e == NULL) {
			json_free(answer);
			return code;
		}
		for (; e != NULL; e = json_next(e)) {
			/* A house that repeats itself would never end. */
			if ((uint64_t)json_int(e, "seq", -1) < next) {
				json_free(answer);
				return witness_broken("its entries go back");
			}
			fn(arg, e);
			next = (uint64_t)json_int(e, "seq", 0) + 1;
		}
		json_free(answer);
	}
}

/* ---- show ---- */

static void
show_pruned(long long seq)
{
	struct json *v = json_object();

	json_put_int(v, "seq", seq);
	json_put_bool(v, "pruned", true);
	if (!terminal_print_json(v))
		terminal_print("%6lld  (pruned)\n", seq);
	json_free(v);
}

#define RUN_ID_LEN 32

struct showing {
	const char *run; /* Its beginning, or NULL: of whatever comes. */
	size_t shown;
};

static void
on_show(void *arg, const struct json *entry)
{
	struct showing *w = arg;
	const char *text = json_words(entry, "body");
	long long seq = (long long)json_int(entry, "seq", 0);
	struct json *body = NULL;

	if (text[0] == '\0' && w->run == NULL) {
		show_pruned(seq);
		w->shown++;
	}
	if (json_parse(text, strlen(text), &body) != OK)
		return;
	if (w->run == NULL ||
	    strncmp(json_words(body, "run"), w->run, strlen(w->run)) == 0) {
		w->shown++;
		if (!terminal_print_json(body))
			terminal_print("%6lld  %-14s %s\n", seq,
			    json_words(body, "kind"), text);
	}
	json_free(body);
}

static int
show(const char *run)
{
	bool whole = run != NULL && strlen(run) == RUN_ID_LEN;
	struct showing w = {.run = whole ? NULL : run};
	int code = EXIT_REACHED;
	struct session *s = session_open(&code);

	if (s == NULL)
		return code;
	/* The house finds a whole one, pruned entries too. */
	code = witness_each_entry(s, whole ? run : NULL, 0, on_show, &w);
	session_close(s);
	if (code == EXIT_REACHED && run != NULL && w.shown == 0) {
		terminal_error("no entry is of a run that begins so; 'durward "
			       "runs' lists the last ones");
		code = EXIT_FAILED;
	}
	return code;
}

/* ---- prune ---- */

static int
prune(const char *before)
{
	int code = EXIT_REACHED;
	struct session *s;
	struct json *body;
	struct json *answer;
	char *end;
	long long n;

	errno = 0;
	n = strtoll(before, &end, 10);
	if (errno != 0 || *before == '\0' || *end != '\0' || n < 0)
		return terminal_usage("audit prune --before NUMBER");
	s = session_open(&code);
	if (s == NULL)
		return code;
	body = json_object();
	json_put_int(body, "before", n);
	answer = session_command(s, "audit.prune", body, &code);
	if (answer != NULL)
		terminal_print("pruned before entry %lld\n", n);
	json_free(answer);
	session_close(s);
	return code;
}

/* ---- keep ---- */

static int
keep(const char *time)
{
	int code = EXIT_REACHED;
	struct session *s = session_open(&code);
	struct json *body;
	struct json *answer;

	if (s == NULL)
		return code;
	body = json_object();
	json_put_str(body, "keep", time);
	answer = session_command(s, "audit.keep", body, &code);
	if (answer != NULL && strcmp(time, "forever") == 0)
		terminal_print("the log is kept forever\n");
	else if (answer != NULL)
		terminal_print("what entries say is forgotten after %s, from "
			       "the next minutes on; their leaves and proofs "
			       "stay. 'durward doctor' says when that has to "
			       "wait\n",
		    time);
	json_free(answer);
	session_close(s);
	return code;
}

static int
verify(const char *db, const char *file, const char *anchor_path)
{
	const struct anchor *anchor = NULL;
	struct anchor loaded;
	int code = EXIT_REACHED;

	if (anchor_path != NULL) {
		code = anchor_load(anchor_path, &loaded);
		anchor = &loaded;
	}
	if (code != EXIT_REACHED)
		return code;
	if (db != NULL)
		return verify_copy(db, anchor);
	return file != NULL ? verify_export(file, anchor)
			    : verify_house(anchor);
}

int
command_audit(int argc, char **argv)
{
	const char *db = terminal_option(&argc, argv, "--db", NULL);
	const char *run = terminal_option(&argc, argv, "--run", NULL);
	const char *anchor = terminal_option(&argc, argv, "--anchor", NULL);
	const char *file = terminal_option(&argc, argv, "--export", NULL);
	const char *before = terminal_option(&argc, argv, "--before", NULL);
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 3 && strcmp(what, "export") == 0)
		return export_log(argv[2]);
	if (argc == 2 && strcmp(what, "show") == 0)
		return show(run);
	if (argc == 2 && strcmp(what, "prune") == 0 && before != NULL)
		return prune(before);
	if (argc == 3 && strcmp(what, "keep") == 0)
		return keep(argv[2]);
	if (argc == 2 && strcmp(what, "verify") == 0 &&
	    (db == NULL || file == NULL))
		return verify(db, file, anchor);
	return terminal_usage("audit " AUDIT_USAGE);
}
