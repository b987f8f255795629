/* SPDX-License-Identifier: Apache-2.0 */
#include "question/question.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "crypto/crypto.h"

static struct str
text_of(const char *s)
{
	struct str t = {s, strlen(s)};

	return t;
}

/* What stands on a sheet and must last as long as it is written. */
struct texts {
	char schema[DIGEST_HEX_SIZE];
	char attempt[64];
	struct buf labels;
	struct buf network;
	struct buf secrets;
	struct buf folders;
	struct buf entities;
};

static void
texts_init(struct texts *t)
{
	buf_init(&t->labels, NAMES_MAX * (NAME_MAX_LEN + 1));
	buf_init(&t->network, REACH_TEXT_MAX);
	buf_init(&t->secrets, MANIFEST_SECRETS_MAX);
	buf_init(&t->folders, MANIFEST_FOLDERS_MAX);
	buf_init(&t->entities, ARGS_MAX);
}

static void
texts_done(struct texts *t)
{
	buf_done(&t->labels);
	buf_done(&t->network);
	buf_done(&t->secrets);
	buf_done(&t->folders);
	buf_done(&t->entities);
}

/* What the call may reach, and what its tool has. */
static void
write_means(const struct question *q, struct texts *t)
{
	reach_write(&q->reach, &t->network);
	if (q->manifest == NULL) {
		buf_adds(&t->secrets, "none");
		buf_adds(&t->folders, "none");
		return;
	}
	manifest_write_secrets(q->manifest, &t->secrets);
	manifest_write_folders(q->manifest, &t->folders);
}

static void
fill_here_and_now(const struct question *q, struct sheet *s)
{
	s->box = q->box;
	s->policy = q->policy;
	memcpy(s->nonce, q->act->nonce, sizeof(s->nonce));
	memcpy(s->boot, q->boot, sizeof(s->boot));
	memcpy(s->epoch, q->epoch, sizeof(s->epoch));
	memcpy(s->run, q->act->run, sizeof(s->run));
	memcpy(s->act, q->act->id, sizeof(s->act));
	s->issued_ms = q->now_ms;
	s->lives_s = (q->left_ms + 999) / 1000;
	if (s->lives_s < 1)
		s->lives_s = 1;
	s->log_size = q->log_size;
	s->log_root = q->log_root;
}

static void
fill_tool(const struct question *q, struct texts *t, struct sheet *s)
{
	const struct manifest *m = q->manifest;

	sheet_write_entities(q->act->tool, text_of(q->act->args), &t->entities);
	s->entities = text_of(t->entities.p);
	s->image = s->schema = text_of("none");
	if (m == NULL)
		return;
	s->manifest = m->digest;
	digest_hex(&m->schema, t->schema);
	s->image = text_of(m->image);
	s->schema = text_of(t->schema);
}

static void
fill_words(const struct question *q, struct texts *t, struct sheet *s)
{
	const struct act *a = q->act;

	names_write(&a->labels, &t->labels);
	snprintf(t->attempt, sizeof(t->attempt),
	    a->attempt > 1 ? "%d, and it may have been done already" : "first",
	    a->attempt);
	write_means(q, t);
	s->rule = text_of(a->rule);
	s->keys = a->keys;
	s->key = text_of(a->cli_key ? SHEET_KEY_CLI : SHEET_KEY_ANY);
	s->attempt = text_of(t->attempt);
	s->principal = text_of(a->principal);
	s->tool = text_of(a->tool);
	s->effect = text_of(effect_name(a->effect));
	s->args = text_of(a->args);
	s->origins = text_of(a->origins[0] != '\0' ? a->origins : "none");
	s->labels = text_of(t->labels.p);
	s->network = text_of(t->network.p);
	s->secrets = text_of(t->secrets.p);
	s->folders = text_of(t->folders.p);
	s->price = text_of(q->price);
	s->decision = text_of("approve");
	crypto_hash(s->args.p, s->args.len, &s->args_digest);
}

enum err
question_write(const struct question *q, const struct digest *client,
    char **ret_text, struct errmsg *why)
{
	struct texts texts;
	struct sheet s;
	struct buf b;
	enum err e;

	memset(&s, 0, sizeof(s));
	texts_init(&texts);
	buf_init(&b, SHEET_MAX);
	s.client = *client;
	fill_here_and_now(q, &s);
	fill_tool(q, &texts, &s);
	fill_words(q, &texts, &s);
	e = sheet_write(&s, &b);
	if (e == OK)
		*ret_text = buf_steal(&b);
	else
		e = err_say(why, ERR_LIMIT, "the act does not fit on a sheet");
	buf_done(&b);
	texts_done(&texts);
	return e;
}

enum err
question_check(const struct question *q, const struct trust *trust,
    struct str text, const struct signature *sig, int64_t wall_ms,
    struct sheet *ret, struct errmsg *why)
{
	static const struct digest none;
	struct texts texts;
	struct sheet_binding binding = {.boot = q->boot,
	    .epoch = q->epoch,
	    .now_ms = q->now_ms,
	    .act = q->act->id,
	    .tool = q->act->tool,
	    .effect = effect_name(q->act->effect),
	    .manifest = q->manifest != NULL ? &q->manifest->digest : &none,
	    .args = text_of(q->act->args)};
	enum err e = sheet_verify(trust, text, sig, wall_ms, ret, why);

	if (e != OK)
		return e;
	texts_init(&texts);
	write_means(q, &texts);
	binding.network = texts.network.p;
	binding.secrets = texts.secrets.p;
	binding.folders = texts.folders.p;
	e = sheet_binds(ret, &binding, why);
	texts_done(&texts);
	return e;
}

/* ---- Told to clients ---- */

void
question_put_words(const struct act *a, struct json *v)
{
	if (a->opinion != NULL)
		json_put_str(v, "opinion", a->opinion);
	if (a->motive != NULL)
		json_put_str(v, "motive", a->motive);
}

static bool
is_among(const struct digest *clients, size_t n, const struct digest *client)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (digest_equal(&clients[i], client))
			return true;
	return false;
}

bool
question_may_answer(
    const struct act *a, const struct client *c, int64_t wall_ms)
{
	return client_may_answer(c, text_of(a->tool), wall_ms) &&
	    (!a->cli_key || c->kind == CLIENT_CLI);
}

static void
put_answerers(const struct act *a, const struct trust *trust, int64_t wall_ms,
    const struct digest *yeses, size_t n_yeses, struct json *v)
{
	struct json *yes = json_array();
	struct json *may = json_array();
	size_t n = 0;
	size_t i;

	for (i = 0; i < trust->n_clients; i++) {
		const struct client *c = &trust->clients[i];

		if (is_among(yeses, n_yeses, &c->id))
			json_push(yes, json_string(c->name));
		else if (question_may_answer(a, c, wall_ms) &&
		    n++ < ANSWERERS_SHOWN_MAX)
			json_push(may, json_string(c->name));
	}
	json_put(v, "yes", yes);
	json_put(v, "may", may);
	json_put_int(v, "may_count", (int64_t)n);
}

struct json *
question_summary(const struct act *a, int64_t left_ms,
    const struct trust *trust, int64_t wall_ms, const struct digest *yeses,
    size_t n_yeses)
{
	struct json *v = json_object();

	json_put_str(v, "act", a->id);
	json_put_str(v, "nonce", a->nonce);
	json_put_str(v, "run", a->run);
	json_put_str(v, "tool", a->tool);
	json_put_str(v, "effect", effect_name(a->effect));
	json_put_strn(v, "args", a->args, str_cut(a->args, 200));
	json_put_int(v, "args_bytes", (int64_t)strlen(a->args));
	json_put_str(v, "principal", a->principal);
	json_put_str(v, "rule", a->rule);
	json_put_int(v, "keys", a->keys);
	json_put_int(v, "given", (int64_t)n_yeses);
	json_put_int(v, "left_s", (left_ms + 999) / 1000);
	if (a->keys > 1)
		put_answerers(a, trust, wall_ms, yeses, n_yeses, v);
	return v;
}

struct json *
question_yes_details(
    const struct client *client, const char *text, const char *signature)
{
	struct json *v = json_object();
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&client->id, hex);
	json_put_str(v, "client", hex);
	json_put_str(v, "name", client->name);
	crypto_hash(text, strlen(text), &d);
	digest_hex(&d, hex);
	json_put_str(v, "sheet_sha256", hex);
	json_put_str(v, "signature", signature);
	return v;
}

struct json *
question_yes_row(const struct act *a, const struct digest *client,
    const char *text, const char *signature)
{
	struct json *row = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(client, hex);
	json_put_str(row, "act", a->id);
	json_put_str(row, "client", hex);
	json_put_str(row, "nonce", a->nonce);
	json_put_str(row, "body", text);
	json_put_str(row, "signature", signature);
	return row;
}
