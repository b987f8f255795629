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

enum err
order_read(
    struct tools *t, const struct msg *m, struct order *ret, struct errmsg *why)
{
	int64_t args_len = json_int(m->body, "args_bytes", -1);
	struct order o = {.act = json_str(m->body, "act"),
	    .tool = json_str(m->body, "tool"),
	    .signature = json_str(m->body, "signature")};

	if (o.act == NULL || o.tool == NULL || args_len < 2 ||
	    args_len > ARGS_MAX || (size_t)args_len > m->bulk_len ||
	    tool_name_split(o.tool, o.room, o.function) != OK)
		return err_say(why, ERR_INPUT, "the order is malformed");
	o.args.p = m->bulk;
	o.args.len = (size_t)args_len;
	o.sheet.p = m->bulk + args_len;
	o.sheet.len = m->bulk_len - (size_t)args_len;
	o.manifest = find_manifest(t, o.room);
	*ret = o;
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
    struct errmsg *why)
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
	json_free(args);
	return e;
}

static enum err
verify_yes(struct tools *t, const struct order *o,
    const struct manifest_function *f, struct errmsg *why)
{
	int64_t now_ms = clock_boot_ms();
	struct sheet_binding binding = {.boot = peers_boot(t->peers),
	    .epoch = t->epoch,
	    .now_ms = now_ms,
	    .act = o->act,
	    .tool = o->tool,
	    .effect = effect_name(f->effect),
	    .manifest = &o->manifest->digest,
	    .args = o->args};
	struct signature sig;
	struct sheet sheet;
	enum err e;

	if (f->effect == EFFECT_MONEY)
		return err_say(why, ERR_UNSUPPORTED,
		    "money asks for two keys, which this version cannot check");
	if (o->sheet.len == 0)
		return err_say(why, ERR_DENIED,
		    "an act of effect '%s' needs a signed sheet",
		    effect_name(f->effect));
	if (o->signature == NULL || signature_read(o->signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = sheet_verify(&t->trust, o->sheet, &sig, &sheet, why);
	if (e != OK)
		return e;
	e = sheet_binds(&sheet, &binding, why);
	if (e != OK)
		return e;
	e = nonces_remember(t->spent, sheet.nonce,
	    sheet.issued_ms + sheet.lives_s * 1000, now_ms);
	if (e != OK)
		return err_say(why, e,
		    e == ERR_REPLAY ? "the sheet was used before"
				    : "too many sheets are remembered");
	return OK;
}

enum err
order_verify(struct tools *t, const struct order *o, struct errmsg *why)
{
	const struct manifest_function *f;
	enum err e = verify_manifest(t, o, &f, why);

	if (e == OK)
		e = verify_args(f, o, why);
	if (e == OK && effect_needs_yes(f->effect))
		e = verify_yes(t, o, f, why);
	return e;
}
