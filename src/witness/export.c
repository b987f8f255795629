/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "witness/witness_priv.h"

/*
 * The log as a file that stands alone: one JSON document a line, the entries
 * {"seq", "salt", "leaf", "body"} in their order, at the end what the box
 * signed, {"checkpoint", "signature", "key"}.
 */

static void
put_end(FILE *out, const struct anchor *now, const struct public_key *key)
{
	struct json *v = json_object();
	char hex[PUBLIC_HEX_SIZE];
	char *text;

	public_hex(key, hex);
	anchor_put(v, now);
	json_put_str(v, "key", hex);
	text = json_print(v);
	fprintf(out, "%s\n", text);
	free(text);
	json_free(v);
}

static int
write_log(struct session *s, FILE *out)
{
	struct whole_log log = {.out = out};
	int code = verify_read(s, &log);

	if (code != EXIT_REACHED)
		return code;
	put_end(out, &log.now, &session_identity(s)->box_key);
	/* What does not verify is written all the same: it is evidence. */
	return verify_end(&log.check, &log.now.at.root, log.now.at.size,
	    out != stdout ? "the signed root" : NULL);
}

/* It holds everything that was ever said: for its owner alone. */
static FILE *
open_export(const char *path)
{
	int fd;

	if (strcmp(path, "-") == 0)
		return stdout;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd >= 0 ? fdopen(fd, "w") : NULL;
}

int
export_log(const char *path)
{
	int code = EXIT_REACHED;
	struct session *s = session_open(&code);
	FILE *out;
	bool written;

	if (s == NULL)
		return code;
	out = open_export(path);
	if (out != NULL) {
		code = write_log(s, out);
		written = fflush(out) == 0 && ferror(out) == 0;
		if (out != stdout)
			written = fclose(out) == 0 && written;
	} else {
		written = false;
	}
	session_close(s);
	if (!written) {
		terminal_error(
		    "%s cannot be written: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	return code;
}

/* ---- reading it back ---- */

struct reading_back {
	struct audit_check check;
	struct anchor end;
	struct public_key key;
	bool ended;
};

static enum err
read_end(const struct json *v, struct reading_back *r)
{
	const char *key = json_words(v, "key");

	if (anchor_from_json(v, &r->end) != OK ||
	    public_read(key, strlen(key), &r->key) != OK)
		return ERR_INPUT;
	r->ended = true;
	return OK;
}

static enum err
read_line(struct reading_back *r, const char *text, size_t len)
{
	struct json *v;
	enum err e = r->ended ? ERR_INPUT : json_parse(text, len, &v);

	if (e != OK)
		return e;
	if (json_has(v, "checkpoint"))
		e = read_end(v, r);
	else if (json_has(v, "seq"))
		audit_check_document(&r->check, v);
	else
		e = ERR_INPUT;
	json_free(v);
	return e;
}

static int
read_lines(FILE *in, struct reading_back *r)
{
	char *line = NULL;
	char words[96];
	size_t size = 0;
	unsigned long long n = 0;
	ssize_t len;
	enum err e = OK;

	while (e == OK && (len = getline(&line, &size, in)) > 0) {
		n++;
		e = read_line(r, line, (size_t)len);
	}
	free(line);
	if (e != OK) {
		snprintf(words, sizeof(words),
		    "line %llu of the export is malformed", n);
		return witness_broken(words);
	}
	if (!r->ended)
		return witness_broken(
		    "the export does not end with a checkpoint");
	return EXIT_REACHED;
}

/* The box whose key this client pinned; else the export's own word. */
static int
check_end(struct reading_back *r)
{
	struct public_key pinned;

	if (verify_pinned_key(&pinned))
		r->key = pinned;
	else
		terminal_error(
		    "this client is not paired: the key in the export "
		    "itself was believed");
	if (anchor_verify(&r->end, &r->key) == OK)
		return EXIT_REACHED;
	return witness_broken("the checkpoint is not signed by the box");
}

static int
verify_stream(FILE *in, const struct anchor *anchor)
{
	struct reading_back r = {.check = {.anchor = anchor}};
	int code = read_lines(in, &r);

	if (code == EXIT_REACHED)
		code = check_end(&r);
	if (code == EXIT_REACHED && anchor != NULL)
		code = verify_anchor(anchor, &r.key);
	if (code == EXIT_REACHED)
		code = verify_end(
		    &r.check, &r.end.at.root, r.end.at.size, "the signed root");
	return code;
}

int
verify_export(const char *path, const struct anchor *anchor)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int code;

	if (in == NULL) {
		terminal_error("%s cannot be read: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	crypto_open();
	code = verify_stream(in, anchor);
	if (in != stdin)
		fclose(in);
	return code;
}
