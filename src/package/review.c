/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "net/address.h"
#include "package/package.h"

/* The review: what an owner reads before signing a manifest. */

/* What each effect means under the rules that a house begins with. */
static const char *const meanings[EFFECT_COUNT] = {
    [EFFECT_READ] = "it only reads: goes without asking",
    [EFFECT_REVERSIBLE] = "it can be undone: goes without asking, at a rate",
    [EFFECT_PHYSICAL] = "it moves things in the house: asks each time",
    [EFFECT_EXTERNAL] = "something leaves the house: asks each time",
    [EFFECT_MONEY] = "it spends money: asks two clients each time",
    [EFFECT_SYSTEM] = "it lasts, and cannot be undone: asks each time",
};

static const char *const types[] = {
    [ARG_STRING] = "text",
    [ARG_INTEGER] = "integer",
    [ARG_NUMBER] = "number",
    [ARG_BOOLEAN] = "yes or no",
};

static void PRINTF_LIKE(3, 4)
    line(struct buf *out, const char *what, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, REVIEW_MAX);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	buf_addf(out, "%-12s ", what);
	if (b.p != NULL)
		json_escape_visible(out, b.p, b.len);
	buf_adds(out, "\n");
	buf_done(&b);
}

static void
say_hosts(
    struct buf *out, const char *what, const struct host_grant *list, size_t n)
{
	char address[ADDRESS_TEXT_SIZE];
	size_t i;

	for (i = 0; i < n; i++) {
		const struct host_grant *g = &list[i];

		address[0] = '\0';
		if (g->has_address)
			address_write(&g->address, address);
		line(out, what, "%s%s:%d%s%s", g->any_under ? "*." : "",
		    g->name, (int)g->port, g->has_address ? "=" : "", address);
	}
}

static void
say_reach(const struct manifest *m, struct buf *out)
{
	size_t i;

	if (!manifest_has_network(m))
		line(out, "network", "none: it reaches nothing");
	say_hosts(out, "network", m->network, m->n_network);
	say_hosts(out, "lan", m->lan, m->n_lan);
	for (i = 0; i < m->n_ports; i++)
		line(out, "port", "%d, of hosts that it may reach",
		    (int)m->ports[i]);
}

static void
say_has(const struct manifest *m, struct buf *out)
{
	size_t i;

	for (i = 0; i < m->n_secrets; i++)
		line(out, "secret", "%s %s %s", m->secrets[i].name,
		    m->secrets[i].file[0] != '\0' ? "as a file named by" : "in",
		    m->secrets[i].env);
	if (m->n_secrets == 0)
		line(out, "secret", "none");
	for (i = 0; i < m->n_folders; i++)
		line(out, "folder", "%s, %s, where it is %s",
		    m->folders[i].from,
		    m->folders[i].write ? "to read and change" : "to read",
		    m->folders[i].at);
	if (m->workspace_mib > 0)
		line(out, "workspace",
		    "/workspace, thrown away, up to %lld MiB",
		    (long long)m->workspace_mib);
	if (m->volume)
		line(out, "volume", "of its own, which stays, up to %lld MiB",
		    (long long)m->volume_mib);
	else
		line(out, "volume", "none: it keeps nothing");
}

static void
say_limits(const struct manifest *m, struct buf *out)
{
	line(out, "limit", "memory %lld MiB", (long long)m->memory_mib);
	line(out, "limit", "processes %lld", (long long)m->pids);
	line(out, "limit", "call %lld ms", (long long)m->call_ms);
	line(out, "limit", "idle %lld s", (long long)m->idle_s);
	line(out, "limit", "warm %lld s", (long long)m->warm_s);
	if (manifest_has_network(m))
		line(out, "limit", "network %lld MiB a call",
		    (long long)m->net_mib);
}

static void
say_args(const struct manifest_function *f, struct buf *out)
{
	size_t i;

	for (i = 0; i < f->n_args; i++) {
		const struct manifest_arg *a = &f->args[i];

		buf_addf(out, "%s%s: %s", i > 0 ? ", " : "", a->name,
		    types[a->type]);
		if (a->type != ARG_BOOLEAN)
			buf_addf(out, " up to %lld", (long long)a->max);
	}
}

static void
say_functions(const struct manifest *m, struct buf *out)
{
	struct buf args;
	size_t i;

	for (i = 0; i < m->n_functions; i++) {
		const struct manifest_function *f = &m->functions[i];

		buf_init(&args, REVIEW_MAX);
		say_args(f, &args);
		line(out, "function", "%s(%s) %s: %s%s%s", f->name,
		    args.p != NULL ? args.p : "", effect_name(f->effect),
		    meanings[f->effect],
		    f->url_arg[0] != '\0' ? "; reaches the host named in " : "",
		    f->url_arg);
		buf_done(&args);
	}
}

static void
say_about(const char *of, const struct json *v, struct buf *out)
{
	if (json_has(v, "about"))
		line(out, "about", "%s: %s", of, json_words(v, "about"));
}

/* What models are told of it. */
static void
say_abouts(const struct package *p, struct buf *out)
{
	struct json *v;
	const struct json *f;
	const struct json *a;

	if (json_parse(p->text, strlen(p->text), &v) != OK)
		return;
	f = json_first(json_get(v, "functions"));
	for (; f != NULL; f = json_next(f)) {
		say_about(json_name(f), f, out);
		a = json_first(json_get(f, "args"));
		for (; a != NULL; a = json_next(a))
			say_about(json_name(a), a, out);
	}
	json_free(v);
}

static void
say_provider(const struct manifest *m, struct buf *out)
{
	const struct manifest_provider *p = &m->provider;
	char call[CALL_NAME_SIZE];
	size_t i;

	line(out, "provider", "of models, spoken to as %s at %s",
	    dialect_name(p->dialect), p->url);
	line(out, "place", "%s",
	    p->cloud ? "outside: what is asked leaves the house"
		     : "in the house: it must have an address of yours");
	for (i = 0; i < p->n_models; i++)
		line(out, "model", "%s, %lld tokens of context",
		    p->models[i].name, (long long)p->models[i].context);
	line(out, "key", "%s%s", m->n_secrets > 0 ? m->secrets[0].name : "none",
	    p->key_in_clear ? ", UNENCRYPTED: whoever is on the way to this "
			      "address can read it and use it"
			    : "");
	manifest_call_name(m, &m->functions[0], call);
	line(out, "function", "%s %s: %s", call,
	    effect_name(m->functions[0].effect),
	    meanings[m->functions[0].effect]);
}

/* Which of its devices may be commanded, and what that does. */
static void
say_home(const struct manifest *m, struct buf *out)
{
	size_t i;

	for (i = 0; i < m->n_devices; i++)
		line(out, "device", "%s %s: %s", m->devices[i].entity,
		    effect_name(m->devices[i].effect),
		    meanings[m->devices[i].effect]);
	say_functions(m, out);
}

static void
say_container(const struct manifest *m, struct buf *out)
{
	struct buf words;
	size_t i;

	line(out, "image", "%s", m->image);
	buf_init(&words, REVIEW_MAX);
	for (i = 0; i < m->n_command; i++)
		buf_addf(&words, "%s%s", i > 0 ? " " : "", m->command[i]);
	line(out, "command", "%s", words.p != NULL ? words.p : "");
	buf_done(&words);
	say_reach(m, out);
	say_has(m, out);
	say_limits(m, out);
	say_functions(m, out);
}

void
package_review(const struct package *p, struct buf *out)
{
	const struct manifest *m = p->manifest;
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&m->digest, hex);
	line(out, "tool", "%s", m->name);
	line(out, "version", "%s", m->version);
	line(out, "description", "%s", p->description);
	line(out, "manifest", "sha256:%s", hex);
	if (manifest_is_provider(m))
		say_provider(m, out);
	else if (manifest_is_home(m))
		say_home(m, out);
	else
		say_container(m, out);
	say_abouts(p, out);
}

/* ---- Two of them ---- */

static bool
has_line(const char *text, struct str line)
{
	struct str rest = {text, strlen(text)};
	struct str l;

	while (str_line(&rest, &l))
		if (l.len == line.len && memcmp(l.p, line.p, l.len) == 0)
			return true;
	return false;
}

static void
only_in(const char *text, const char *other, const char *mark, struct buf *out)
{
	struct str rest = {text, strlen(text)};
	struct str l;

	while (str_line(&rest, &l))
		if (!has_line(other, l))
			buf_addf(out, "%s%.*s\n", mark, (int)l.len, l.p);
}

void
package_compare(const char *before, const char *after, struct buf *out)
{
	only_in(before, after, "- ", out);
	only_in(after, before, "+ ", out);
}
