/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sys/clock.h"
#include "tools/tools_priv.h"

/*
 * The last gate.  Whoever has taken over the core can send any order here,
 * so nothing in it is believed: not the effect (the signed manifest tells
 * it), not the arguments (they are on the sheet), not the approver (the
 * vault's table knows the keys), not the freshness (epoch, clock, nonce).
 */

static const struct manifest *
find_manifest(const struct tools *t, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (t->manifests[i] != NULL &&
		    strcmp(t->manifests[i]->name, tool) == 0)
			return t->manifests[i];
	return NULL;
}

/* One of the texts behind the arguments, in the order they are listed. */
static enum err
read_signed(const struct json *v, struct str *rest, struct signed_text *ret)
{
	int64_t bytes = json_int(v, "bytes", -1);

	if (bytes < 1 || (uint64_t)bytes > rest->len)
		return ERR_INPUT;
	ret->text = (struct str){rest->p, (size_t)bytes};
	ret->signature = json_words(v, "signature");
	rest->p += bytes;
	rest->len -= (size_t)bytes;
	return OK;
}

static enum err
read_all_signed(const struct msg *m, struct str rest, struct order *o)
{
	const struct json *v = json_first(json_get(m->body, "sheets"));
	enum err e = OK;

	for (; v != NULL && e == OK; v = json_next(v)) {
		if (o->n_sheets == YES_MAX)
			return ERR_LIMIT;
		e = read_signed(v, &rest, &o->sheets[o->n_sheets++]);
	}
	v = json_first(json_get(m->body, "grants"));
	if (e == OK && v != NULL)
		e = read_signed(v, &rest, &o->grant);
	return e == OK && rest.len == 0 ? OK : ERR_INPUT;
}

/* {"act", "tool", "args_bytes", "sheets" and "grants": [{"bytes",
 * "signature"}]}; the bulk is the arguments and these texts. */
enum err
order_read(
    struct tools *t, const struct msg *m, struct order *ret, struct errmsg *why)
{
	int64_t args_len = json_int(m->body, "args_bytes", -1);
	struct order o = {
	    .act = json_str(m->body, "act"), .tool = json_str(m->body, "tool")};
	struct str rest;

	if (o.act == NULL || o.tool == NULL || args_len < 2 ||
	    args_len > ARGS_MAX || (size_t)args_len > m->bulk_len ||
	    tool_name_split(o.tool, o.room, o.function) != OK)
		return err_say(why, ERR_INPUT, "the order is malformed");
	o.args.p = m->bulk;
	o.args.len = (size_t)args_len;
	rest.p = m->bulk + args_len;
	rest.len = m->bulk_len - (size_t)args_len;
	o.manifest = find_manifest(t, o.room);
	*ret = o;
	if (read_all_signed(m, rest, ret) != OK)
		return err_say(why, ERR_INPUT, "the order is malformed");
	return OK;
}

static enum err
verify_manifest(const struct tools *t, const struct order *o,
    const struct manifest_function **ret, struct errmsg *why)
{
	const struct manifest_function *f;

	if (!t->have_trust || o->manifest == NULL ||
	    !trust_has_manifest(&t->trust, o->room, &o->manifest->digest))
		return err_say(why, ERR_DENIED,
		    "the manifest of '%s' is not the one an owner signed",
		    o->room);
	f = manifest_function(o->manifest, o->function);
	if (f == NULL)
		return err_say(why, ERR_DENIED,
		    "the manifest of '%s' has no function '%s'", o->room,
		    o->function);
	*ret = f;
	return OK;
}

static enum err
verify_args(const struct manifest_function *f, const struct order *o,
    struct json **ret, struct errmsg *why)
{
	struct json *args;
	enum err e = json_parse(o->args.p, o->args.len, &args);

	if (e != OK || memchr(o->args.p, '\n', o->args.len) != NULL) {
		if (e == OK)
			json_free(args);
		return err_say(
		    why, ERR_INPUT, "the arguments are not one line of JSON");
	}
	e = manifest_check_args(f, args, why);
	if (e != OK)
		json_free(args);
	else
		*ret = args;
	return e;
}

/* The clock may go back while we run, what we have seen does not. */
static int64_t
seen_wall_ms(struct tools *t)
{
	int64_t wall_ms = clock_wall_ms();

	if (wall_ms > t->wall_floor_ms)
		t->wall_floor_ms = wall_ms;
	return t->wall_floor_ms;
}

/* One sheet: signed by a live client, and about this act, here, now. */
static enum err
verify_sheet(struct tools *t, const struct order *o,
    const struct manifest_function *f, const struct signed_text *s,
    struct sheet *ret, struct errmsg *why)
{
	struct sheet_binding binding = {.boot = peers_boot(t->peers),
	    .epoch = t->epoch,
	    .now_ms = clock_boot_ms(),
	    .act = o->act,
	    .tool = o->tool,
	    .effect = effect_name(f->effect),
	    .manifest = &o->manifest->digest,
	    .args = o->args};
	struct signature sig;
	enum err e;

	if (signature_read(s->signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = sheet_verify(&t->trust, s->text, &sig, seen_wall_ms(t), ret, why);
	return e == OK ? sheet_binds(ret, &binding, why) : e;
}

/* All that the question asked for; then its nonce is burned. */
static enum err
verify_sheets(struct tools *t, const struct order *o,
    const struct manifest_function *f, struct errmsg *why)
{
	struct sheet sheets[YES_MAX];
	size_t i;
	enum err e = OK;

	for (i = 0; i < o->n_sheets && e == OK; i++)
		e = verify_sheet(t, o, f, &o->sheets[i], &sheets[i], why);
	if (e == OK)
		e = sheets_suffice(sheets, o->n_sheets,
		    f->effect == EFFECT_MONEY ? 2 : 1, why);
	if (e != OK)
		return e;
	e = nonces_remember(t->spent, sheets[0].nonce,
	    sheets[0].issued_ms + POLICY_TTL_MAX_S * (int64_t)1000,
	    clock_boot_ms());
	if (e != OK)
		return err_say(why, e,
		    e == ERR_REPLAY ? "the sheet was used before"
				    : "too many sheets are remembered");
	return OK;
}

/* "Always like this".  Money takes two people each time. */
static enum err
verify_grant(struct tools *t, const struct order *o,
    const struct manifest_function *f, const struct json *args,
    struct errmsg *why)
{
	struct grant_case c = {.tool = o->tool,
	    .effect = effect_name(f->effect),
	    .manifest = &o->manifest->digest,
	    .args = o->args,
	    .parsed = args,
	    .now_ms = seen_wall_ms(t),
	    .minute = clock_local_minute(clock_wall_ms())};
	struct signature sig;
	struct grant g;
	enum err e;

	if (f->effect == EFFECT_MONEY)
		return err_say(why, ERR_DENIED, "no grant stands for money");
	if (signature_read(o->grant.signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = grant_verify(&t->trust, o->grant.text, &sig, &g, why);
	return e == OK ? grant_covers(&g, &c, why) : e;
}

static enum err
verify_yes(struct tools *t, const struct order *o,
    const struct manifest_function *f, const struct json *args,
    struct errmsg *why)
{
	if (!effect_needs_yes(f->effect))
		return OK;
	if (o->n_sheets > 0)
		return verify_sheets(t, o, f, why);
	if (o->grant.text.len > 0)
		return verify_grant(t, o, f, args, why);
	return err_say(why, ERR_DENIED,
	    "an act of effect '%s' needs a signed sheet",
	    effect_name(f->effect));
}

enum err
order_verify(struct tools *t, const struct order *o, struct errmsg *why)
{
	const struct manifest_function *f;
	struct json *args = NULL;
	enum err e = verify_manifest(t, o, &f, why);

	if (e == OK)
		e = verify_args(f, o, &args, why);
	if (e == OK)
		e = verify_yes(t, o, f, args, why);
	json_free(args);
	return e;
}
