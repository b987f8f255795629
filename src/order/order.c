/* SPDX-License-Identifier: Apache-2.0 */
#include "order/order.h"

#include <string.h>

#include "approval/grant.h"
#include "approval/nonces.h"
#include "approval/steady.h"
#include "base/log.h"
#include "sys/clock.h"

struct verifier {
	const char *boot;
	const char *epoch;
	int64_t begun_ms; /* Boot clock. */
	struct trust trust;
	bool have_trust;
	struct nonces *spent;
	struct steady clock;
	struct manifest *manifests[TOOLS_MAX];
};

struct verifier *
verifier_new(const char *boot, const char *epoch)
{
	static const struct steady_saved nothing_saved;
	struct verifier *v = xalloc(sizeof(*v));

	v->boot = boot;
	v->epoch = epoch;
	v->begun_ms = clock_boot_ms();
	steady_start(&v->clock, &nothing_saved, v->begun_ms, clock_wall_ms());
	v->spent = nonces_new(NONCES_SPENT_MAX);
	return v;
}

enum err
verifier_put_trust(struct verifier *v, const struct json *table)
{
	enum err e = trust_read(table, &v->trust);

	if (e == OK)
		v->have_trust = true;
	return e;
}

const struct trust *
verifier_trust(const struct verifier *v)
{
	return v->have_trust ? &v->trust : NULL;
}

static size_t
find_unsigned(const struct verifier *v)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (trust_tool(&v->trust, v->manifests[i]->name) == NULL)
			break;
	return i;
}

void
verifier_put_manifest(struct verifier *v, const char *text, size_t len)
{
	struct manifest *m;
	struct errmsg why;
	size_t i;

	if (manifest_parse(text, len, &m, &why) != OK)
		return;
	for (i = 0; i < TOOLS_MAX && v->manifests[i] != NULL; i++)
		if (strcmp(v->manifests[i]->name, m->name) == 0)
			break;
	/* Of tools that are no more, which are in no table. */
	if (i == TOOLS_MAX)
		i = find_unsigned(v);
	if (i == TOOLS_MAX) {
		manifest_free(m);
		return;
	}
	manifest_free(v->manifests[i]);
	v->manifests[i] = m;
}

/* NULL unless an owner's signature stands behind it. */
static const struct manifest *
find_manifest(const struct verifier *v, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX && v->manifests[i] != NULL; i++) {
		const struct manifest *m = v->manifests[i];

		if (strcmp(m->name, tool) == 0)
			return v->have_trust &&
				trust_has_manifest(&v->trust, tool, &m->digest)
			    ? m
			    : NULL;
	}
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
read_all_signed(const struct json *body, struct str rest, struct order *o)
{
	const struct json *v = json_first(json_get(body, "sheets"));
	enum err e = OK;

	for (; v != NULL && e == OK; v = json_next(v)) {
		if (o->n_sheets == YES_MAX)
			return ERR_LIMIT;
		e = read_signed(v, &rest, &o->sheets[o->n_sheets++]);
	}
	v = json_first(json_get(body, "grants"));
	if (e == OK && v != NULL)
		e = read_signed(v, &rest, &o->grant);
	return e == OK && rest.len == 0 ? OK : ERR_INPUT;
}

enum err
order_read(const struct json *body, const char *bulk, size_t bulk_len,
    struct order *ret, struct errmsg *why)
{
	int64_t args_len = json_int(body, "args_bytes", -1);
	struct order o = {
	    .act = json_str(body, "act"), .tool = json_str(body, "tool")};
	struct str rest;

	if (o.act == NULL || o.tool == NULL || args_len < 2 ||
	    args_len > ARGS_MAX || (size_t)args_len > bulk_len ||
	    tool_name_split(o.tool, o.room, o.function) != OK)
		return err_say(why, ERR_INPUT, "the order is malformed");
	o.args.p = bulk;
	o.args.len = (size_t)args_len;
	rest.p = bulk + args_len;
	rest.len = bulk_len - (size_t)args_len;
	*ret = o;
	if (read_all_signed(body, rest, ret) != OK)
		return err_say(why, ERR_INPUT, "the order is malformed");
	return OK;
}

_Static_assert(
    GRANT_MAX <= YES_MAX * SHEET_MAX, "a grant does not fit where sheets do");

static void
put_signed(struct json *list, struct buf *bulk, const struct signed_text *s)
{
	struct json *v = json_object();

	json_put_int(v, "bytes", (int64_t)s->text.len);
	json_put_str(v, "signature", s->signature);
	json_push(list, v);
	buf_add(bulk, s->text.p, s->text.len);
}

struct json *
order_write(const struct order *o, struct buf *ret_bulk)
{
	struct json *body = json_object();
	struct json *sheets = json_array();
	struct json *grants = json_array();
	size_t i;

	buf_init(ret_bulk, LANE_BULK_MAX);
	buf_add(ret_bulk, o->args.p, o->args.len);
	for (i = 0; i < o->n_sheets; i++)
		put_signed(sheets, ret_bulk, &o->sheets[i]);
	if (o->grant.text.len > 0)
		put_signed(grants, ret_bulk, &o->grant);
	json_put_str(body, "act", o->act);
	json_put_str(body, "tool", o->tool);
	json_put_int(body, "args_bytes", (int64_t)o->args.len);
	json_put(body, "sheets", sheets);
	json_put(body, "grants", grants);
	return body;
}

static enum err
verify_manifest(const struct verifier *v, struct order *o, struct errmsg *why)
{
	o->manifest = find_manifest(v, o->room);
	if (o->manifest == NULL)
		return err_say(why, ERR_DENIED,
		    "the manifest of '%s' is not the one an owner signed",
		    o->room);
	o->f = manifest_function(o->manifest, o->function);
	if (o->f == NULL)
		return err_say(why, ERR_DENIED,
		    "the manifest of '%s' has no function '%s'", o->room,
		    o->function);
	return OK;
}

static enum err
verify_args(const struct order *o, struct json **ret, struct errmsg *why)
{
	struct json *args;
	enum err e = json_parse(o->args.p, o->args.len, &args);

	if (e != OK || memchr(o->args.p, '\n', o->args.len) != NULL) {
		if (e == OK)
			json_free(args);
		return err_say(
		    why, ERR_INPUT, "the arguments are not one line of JSON");
	}
	e = manifest_check_args(o->f, args, why);
	if (e != OK)
		json_free(args);
	else
		*ret = args;
	return e;
}

/* The wall clock may be set while we run: this is what it would show. */
int64_t
verifier_wall_ms(struct verifier *v)
{
	int64_t boot_ms = clock_boot_ms();

	steady_watch(
	    &v->clock, boot_ms, clock_wall_ms(), clock_is_synchronised());
	return steady_wall_ms(&v->clock, boot_ms);
}

/* What the call may reach and its tool has, as sheets write it. */
struct means {
	struct buf network;
	struct buf secrets;
	struct buf folders;
};

static void
means_init(struct means *m, const struct order *o)
{
	buf_init(&m->network, REACH_TEXT_MAX);
	reach_write(&o->reach, &m->network);
	buf_init(&m->secrets, MANIFEST_SECRETS_MAX);
	manifest_write_secrets(o->manifest, &m->secrets);
	buf_init(&m->folders, MANIFEST_FOLDERS_MAX);
	manifest_write_folders(o->manifest, &m->folders);
}

static void
means_done(struct means *m)
{
	buf_done(&m->network);
	buf_done(&m->secrets);
	buf_done(&m->folders);
}

/* One sheet: signed by a live client, and about this act, here, now. */
static enum err
verify_sheet(struct verifier *v, const struct order *o,
    const struct signed_text *s, const struct means *means, struct sheet *ret,
    struct errmsg *why)
{
	struct sheet_binding binding = {.boot = v->boot,
	    .epoch = v->epoch,
	    .since_ms = v->begun_ms,
	    .now_ms = clock_boot_ms(),
	    .act = o->act,
	    .tool = o->tool,
	    .effect = effect_name(o->effect),
	    .manifest = &o->manifest->digest,
	    .args = o->args,
	    .network = means->network.p,
	    .secrets = means->secrets.p,
	    .folders = means->folders.p};
	struct signature sig;
	enum err e;

	if (signature_read(s->signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = sheet_verify(
	    &v->trust, s->text, &sig, verifier_wall_ms(v), ret, why);
	return e == OK ? sheet_binds(ret, &binding, why) : e;
}

/* One second beyond the last of them: none may be good once it is forgotten
 * that they were used. */
static int64_t
remember_until(const struct sheet *sheets, size_t n)
{
	int64_t until_ms = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		int64_t end_ms =
		    sheets[i].issued_ms + (sheets[i].lives_s + 1) * 1000;

		if (end_ms > until_ms)
			until_ms = end_ms;
	}
	return until_ms;
}

/* All that the question asked for; then its nonce is burned. */
static enum err
verify_sheets(struct verifier *v, const struct order *o, struct errmsg *why)
{
	struct sheet sheets[YES_MAX];
	struct means means;
	size_t i;
	enum err e = OK;

	means_init(&means, o);
	for (i = 0; i < o->n_sheets && e == OK; i++)
		e = verify_sheet(v, o, &o->sheets[i], &means, &sheets[i], why);
	means_done(&means);
	if (e == OK)
		e = sheets_suffice(sheets, o->n_sheets,
		    o->effect == EFFECT_MONEY ? 2 : 1, why);
	if (e != OK)
		return e;
	e = nonces_remember(v->spent, sheets[0].nonce,
	    remember_until(sheets, o->n_sheets), clock_boot_ms());
	if (e != OK)
		return err_say(why, e,
		    e == ERR_REPLAY ? "the sheet was used before"
				    : "too many sheets are remembered");
	return OK;
}

/* "Always like this".  Money takes two people each time. */
static enum err
verify_grant(struct verifier *v, const struct order *o, const struct json *args,
    struct errmsg *why)
{
	struct grant_case c = {.tool = o->tool,
	    .effect = effect_name(o->effect),
	    .manifest = &o->manifest->digest,
	    .args = o->args,
	    .parsed = args,
	    .now_ms = verifier_wall_ms(v)};
	struct signature sig;
	struct grant g;
	enum err e;

	c.minute = v->clock.trusted ? clock_local_minute(c.now_ms) : -1;
	if (o->effect == EFFECT_MONEY)
		return err_say(why, ERR_DENIED, "no grant stands for money");
	if (signature_read(o->grant.signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = grant_verify(&v->trust, o->grant.text, &sig, c.now_ms, &g, why);
	return e == OK ? grant_covers(&g, &c, why) : e;
}

static enum err
verify_yes(struct verifier *v, const struct order *o, const struct json *args,
    struct errmsg *why)
{
	if (!effect_needs_yes(o->effect))
		return OK;
	if (o->n_sheets > 0)
		return verify_sheets(v, o, why);
	if (o->grant.text.len > 0)
		return verify_grant(v, o, args, why);
	return err_say(why, ERR_DENIED,
	    "an act of effect '%s' needs a signed sheet",
	    effect_name(o->effect));
}

enum err
order_verify(struct verifier *v, struct order *o, struct errmsg *why)
{
	struct json *args = NULL;
	enum err e = verify_manifest(v, o, why);

	if (e == OK)
		e = verify_args(o, &args, why);
	if (e == OK) {
		o->effect = manifest_effect(o->manifest, o->f, args);
		e = reach_of_call(o->manifest, o->f, args, &o->reach, why);
	}
	if (e == OK)
		e = verify_yes(v, o, args, why);
	json_free(args);
	return e;
}
