/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "redact/book.h"
#include "sys/clock.h"
#include "vault/vault_priv.h"

/*
 * Keeping secrets out of what is said.  Who lets text pass has the filter,
 * which tells where a secret may stand; here is told whether one does.  The
 * house's own keys are in no text that passes: they never leave as such.
 */

static struct secret *
value_of(void *arg, const char *name, int64_t version)
{
	struct vault *v = arg;
	struct secret *value;

	return secrets_get_version(v->secrets, name, version, &value) == OK
	    ? value
	    : NULL;
}

static void
put_all(struct vault *v, struct redact_book *book)
{
	const char *name;
	int64_t version;
	size_t i;

	for (i = 0; secrets_value_at(v->secrets, i, &name, &version); i++) {
		struct secret *value = value_of(v, name, version);

		if (value == NULL ||
		    redact_book_put(book, name, version, value) != OK)
			log_warn("the secret '%s' cannot be read, so it is "
				 "not kept out of texts either",
			    name);
		secret_free(value);
	}
}

void
redaction_open(struct vault *v)
{
	uint64_t key;

	crypto_random(&key, sizeof(key));
	redact_book_free(v->book);
	v->book = redact_book_new(key);
	put_all(v, v->book);
}

static void
tell(struct vault *v, enum role to)
{
	struct buf b;

	buf_init(&b, LANE_BULK_MAX);
	redact_filter_write(redact_book_filter(v->book), &b);
	peers_send_bulk(v->peers, to, MSG_FILTER, NULL, b.p, b.len);
	buf_done(&b);
}

void
redaction_renew(struct vault *v)
{
	enum role r;

	redaction_open(v);
	for (r = ROLE_PARENT; r < ROLE_COUNT; r++)
		if (lane_allows(MSG_FILTER, ROLE_VAULT, r))
			tell(v, r);
}

void
redaction_on_wanted(void *role, struct msg *m)
{
	tell(role, m->from);
}

/* ---- Questions ---- */

/* Where it was kept from standing, for the log: at once, and then at most
 * each REDACT_TOLD_MS, with how often. */
static void
note(struct vault *v, enum role where, const char *name)
{
	struct redacted *r = NULL;
	int64_t now_ms = clock_boot_ms();
	struct json *body;
	size_t i;

	for (i = 0; i < REDACTED_MAX && r == NULL; i++)
		if (v->redacted[i].times > 0 && v->redacted[i].where == where &&
		    strcmp(v->redacted[i].name, name) == 0)
			r = &v->redacted[i];
	if (r == NULL) {
		r = &v->redacted[v->n_redacted++ % REDACTED_MAX];
		*r = (struct redacted){.where = where};
		snprintf(r->name, sizeof(r->name), "%s", name);
	}
	r->times++;
	if (r->told_ms != 0 && now_ms - r->told_ms < REDACT_TOLD_MS)
		return;
	r->told_ms = now_ms;
	body = json_object();
	json_put_str(body, "secret", name);
	json_put_str(body, "where", role_name(where));
	json_put_int(body, "times", r->times);
	peers_send(v->peers, ROLE_CORE, MSG_REDACTED, body);
}

/* {"id"} and the text as bulk. */
void
redaction_on_scan(void *role, struct msg *m)
{
	static struct redact_found found[REDACT_FOUND_MAX];
	struct vault *v = role;
	struct str text = {m->bulk, m->bulk_len};
	struct json *body = json_object();
	struct json *list = json_array();
	size_t n = 0;
	size_t i;
	enum err e = redact_book_find(v->book, text, value_of, v, found, &n);

	for (i = 0; i < n; i++) {
		struct json *row = json_object();

		json_put_int(row, "at", (int64_t)found[i].at);
		json_put_int(row, "len", (int64_t)found[i].len);
		json_put_str(row, "secret", found[i].name);
		json_push(list, row);
		note(v, m->from, found[i].name);
	}
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_bool(body, "ok", e == OK);
	json_put(body, "found", list);
	peers_send(v->peers, m->from, MSG_SCANNED, body);
}
