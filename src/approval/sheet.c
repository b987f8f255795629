/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/sheet.h"

#include <string.h>

#include "approval/lines.h"
#include "crypto/crypto.h"
#include "policy/policy.h"

#define MAGIC "durward-approval/1"
#define FIELD(key, kind, name)                                                 \
	{                                                                      \
		key, kind, offsetof(struct sheet, name)                        \
	}

static const struct line_field fields[] = {
    FIELD("box", LINE_DIGEST, box),
    FIELD("client", LINE_DIGEST, client),
    FIELD("nonce", LINE_TOKEN, nonce),
    FIELD("boot", LINE_TOKEN, boot),
    FIELD("epoch", LINE_TOKEN, epoch),
    FIELD("issued", LINE_INT, issued_ms),
    FIELD("lives", LINE_INT, lives_s),
    FIELD("log-size", LINE_INT, log_size),
    FIELD("log-root", LINE_DIGEST, log_root),
    FIELD("policy", LINE_DIGEST, policy),
    FIELD("rule", LINE_TEXT, rule),
    FIELD("keys", LINE_INT, keys),
    FIELD("key", LINE_TEXT, key),
    FIELD("attempt", LINE_TEXT, attempt),
    FIELD("run", LINE_TOKEN, run),
    FIELD("act", LINE_TOKEN, act),
    FIELD("principal", LINE_TEXT, principal),
    FIELD("tool", LINE_TEXT, tool),
    FIELD("effect", LINE_TEXT, effect),
    FIELD("manifest", LINE_DIGEST, manifest),
    FIELD("image", LINE_TEXT, image),
    FIELD("schema", LINE_TEXT, schema),
    FIELD("args", LINE_TEXT, args),
    FIELD("args-sha256", LINE_DIGEST, args_digest),
    FIELD("origins", LINE_TEXT, origins),
    FIELD("entities", LINE_TEXT, entities),
    FIELD("network", LINE_TEXT, network),
    FIELD("secrets", LINE_TEXT, secrets),
    FIELD("folders", LINE_TEXT, folders),
    FIELD("price", LINE_TEXT, price),
    FIELD("labels", LINE_TEXT, labels),
    FIELD("decision", LINE_TEXT, decision),
};

enum err
sheet_write(const struct sheet *s, struct buf *out)
{
	return lines_write(MAGIC, fields, ARRAY_LEN(fields), s, out);
}

enum err
sheet_read(const char *text, size_t len, struct sheet *ret)
{
	struct sheet s;
	struct digest args;
	enum err e;

	if (len > SHEET_MAX)
		return ERR_LIMIT;
	memset(&s, 0, sizeof(s));
	e = lines_read(MAGIC, fields, ARRAY_LEN(fields), text, len, &s);
	if (e != OK)
		return e;
	crypto_hash(s.args.p, s.args.len, &args);
	if (!digest_equal(&args, &s.args_digest))
		return ERR_INPUT;
	*ret = s;
	return OK;
}

enum err
sheet_verify(const struct trust *t, struct str text,
    const struct signature *sig, int64_t wall_ms, struct sheet *ret,
    struct errmsg *why)
{
	const struct client *c;
	struct sheet s;
	enum err e = sheet_read(text.p, text.len, &s);

	if (e != OK)
		return err_say(why, ERR_INPUT, "the sheet is malformed");
	if (!digest_equal(&s.box, &t->box))
		return err_say(why, ERR_DENIED, "the sheet is of another box");
	e = trust_live_client(t, &s.client, wall_ms, &c);
	if (e == ERR_EXPIRED)
		return err_say(
		    why, ERR_DENIED, "the time of the sheet's client is over");
	if (e == OK && !term_covers(&c->term, s.tool))
		return err_say(why, ERR_DENIED,
		    "the sheet's tool is not in its client's scope");
	if (e != OK || !client_may_answer(c, s.tool, wall_ms))
		return err_say(why, ERR_DENIED,
		    "the sheet's client is unknown, revoked or no approver");
	if (!str_eq(s.key, SHEET_KEY_ANY) &&
	    (!str_eq(s.key, SHEET_KEY_CLI) || c->kind != CLIENT_CLI))
		return err_say(why, ERR_DENIED,
		    "this rule asks for a key that no browser keeps");
	e = key_verify(&c->key, text.p, text.len, sig);
	if (e != OK)
		return err_say(why, ERR_SIGNATURE,
		    "the signature does not match the sheet");
	*ret = s;
	return OK;
}

void
sheet_write_entities(const char *tool, struct str args, struct buf *out)
{
	struct entities named = {.n = 0};
	struct json *v = NULL;
	size_t i;

	if (strncmp(tool, "home.", 5) == 0 &&
	    json_parse(args.p, args.len, &v) == OK &&
	    entities_of(v, &named) != OK)
		named.n = 0;
	for (i = 0; i < named.n; i++)
		buf_addf(out, "%s%s", i > 0 ? "," : "", named.name[i]);
	if (named.n == 0)
		buf_adds(out, "none");
	json_free(v);
}

/* What a person reads first: it says no other devices than the arguments. */
static bool
names_entities(const struct sheet *s, const struct sheet_binding *b)
{
	struct buf text;
	bool same;

	buf_init(&text, ARGS_MAX);
	sheet_write_entities(b->tool, b->args, &text);
	same = str_eq(s->entities, text.p);
	buf_done(&text);
	return same;
}

enum err
sheet_binds(
    const struct sheet *s, const struct sheet_binding *b, struct errmsg *why)
{
	if (strcmp(s->boot, b->boot) != 0)
		return err_say(why, ERR_EXPIRED,
		    "the sheet is from before the house was restarted");
	if (b->epoch != NULL ? strcmp(s->epoch, b->epoch) != 0
			     : s->issued_ms < b->since_ms)
		return err_say(why, ERR_EXPIRED,
		    "the sheet is from before the role that acts was "
		    "restarted");
	/* Longer than nonces are remembered, it could be used again. */
	if (s->lives_s > POLICY_TTL_MAX_S + 1)
		return err_say(
		    why, ERR_DENIED, "the sheet lives longer than a sheet may");
	if (b->now_ms < s->issued_ms ||
	    b->now_ms - s->issued_ms >= s->lives_s * 1000)
		return err_say(why, ERR_EXPIRED, "the sheet has expired");
	if (strcmp(s->act, b->act) != 0)
		return err_say(why, ERR_DENIED, "the sheet is of another act");
	if (!str_eq(s->tool, b->tool) || !str_eq(s->effect, b->effect))
		return err_say(why, ERR_DENIED, "the sheet names another tool");
	if (!digest_equal(&s->manifest, b->manifest))
		return err_say(why, ERR_DENIED,
		    "the sheet names another version of the tool");
	if (s->args.len != b->args.len ||
	    memcmp(s->args.p, b->args.p, b->args.len) != 0)
		return err_say(why, ERR_DENIED,
		    "the arguments are not the ones on the sheet");
	if (!names_entities(s, b))
		return err_say(why, ERR_DENIED,
		    "the sheet names other devices than the arguments");
	if (!str_eq(s->network, b->network))
		return err_say(why, ERR_DENIED,
		    "the sheet names other hosts than the call may reach");
	if (!str_eq(s->secrets, b->secrets))
		return err_say(why, ERR_DENIED,
		    "the sheet names other secrets than the tool has");
	if (!str_eq(s->folders, b->folders))
		return err_say(why, ERR_DENIED,
		    "the sheet names other folders than the tool has");
	if (!str_eq(s->decision, "approve"))
		return err_say(why, ERR_DENIED, "the sheet is not a yes");
	return OK;
}

/* Lines that may differ between the sheets of two clients. */
static bool
is_of_client(const char *key)
{
	static const char *const keys[] = {"client", "issued", "lives",
	    "log-size", "log-root",
	    /* Judged again when it is spent, by the rules of then. */
	    "policy"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static bool
same_field(
    const struct line_field *f, const struct sheet *a, const struct sheet *b)
{
	const char *x = (const char *)a + f->offset;
	const char *y = (const char *)b + f->offset;
	const struct str *s = (const void *)x;
	const struct str *t = (const void *)y;

	switch (f->kind) {
	case LINE_DIGEST:
		return memcmp(x, y, DIGEST_LEN) == 0;
	case LINE_TOKEN:
		return strcmp(x, y) == 0;
	case LINE_INT:
		return memcmp(x, y, sizeof(int64_t)) == 0;
	case LINE_TEXT:
		return s->len == t->len && memcmp(s->p, t->p, s->len) == 0;
	}
	return false;
}

static bool
same_question(const struct sheet *a, const struct sheet *b)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(fields); i++)
		if (!is_of_client(fields[i].key) &&
		    !same_field(&fields[i], a, b))
			return false;
	return true;
}

enum err
sheets_suffice(
    const struct sheet *sheets, size_t n, int least, struct errmsg *why)
{
	size_t i;
	size_t j;

	if (n == 0 || n > YES_MAX || (int64_t)n < sheets[0].keys ||
	    (int64_t)n < least)
		return err_say(why, ERR_DENIED,
		    "it asks for %lld signatures of different clients, and "
		    "has %zu",
		    (long long)(n > 0 && sheets[0].keys > least ? sheets[0].keys
								: least),
		    n);
	for (i = 1; i < n; i++) {
		for (j = 0; j < i; j++)
			if (digest_equal(&sheets[i].client, &sheets[j].client))
				return err_say(why, ERR_DENIED,
				    "two signatures are of one client");
		if (!same_question(&sheets[i], &sheets[0]))
			return err_say(
			    why, ERR_DENIED, "the sheets are of two questions");
	}
	return OK;
}
