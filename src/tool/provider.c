/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crypto/crypto.h"
#include "tool/tool_priv.h"

/*
 * A provider of models, as an owner signs it: where it is, how it is spoken
 * to, the models that may be used, and the name of its key.  The house's own
 * `egress` connects to it; there is no container.
 */

bool
manifest_is_provider(const struct manifest *m)
{
	return m->provider.dialect != DIALECT_NONE;
}

const struct manifest_model *
manifest_model(const struct manifest *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->provider.n_models; i++)
		if (strcmp(m->provider.models[i].name, name) == 0)
			return &m->provider.models[i];
	return NULL;
}

static bool
is_model_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:/@+-";

	return s[0] != '\0' && strlen(s) <= MODEL_NAME_MAX &&
	    strspn(s, letters) == strlen(s);
}

/* By the names of those that Ollama itself has nothing of. */
static bool
is_elsewhere(const char *name)
{
	static const char *const ends[] = {"-cloud", ":cloud"};
	size_t len = strlen(name);
	size_t i;

	for (i = 0; i < ARRAY_LEN(ends); i++)
		if (len > strlen(ends[i]) &&
		    strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static enum err
read_model(const struct json *v, struct manifest *m, struct errmsg *why)
{
	static const char *const known[] = {"name", "context"};
	struct manifest_model *to = &m->provider.models[m->provider.n_models];
	const char *name = json_words(v, "name");
	enum err e =
	    manifest_check_members(v, "models", known, ARRAY_LEN(known), why);

	if (e != OK)
		return e;
	if (!is_model_name(name) ||
	    str_copy(to->name, sizeof(to->name), name) != OK)
		return SAY(why, "a model's name is malformed");
	if (manifest_model(m, name) != NULL)
		return SAY(why,
		    "the model '%s' stands there twice; name it once", name);
	if (!m->provider.cloud && is_elsewhere(name))
		return SAY(why,
		    "the model '%s' is one that its server only passes on to; "
		    "a provider of it has the place \"cloud\"",
		    name);
	to->context = json_int(v, "context", 0);
	if (to->context < MODEL_CONTEXT_MIN || to->context > MODEL_CONTEXT_MAX)
		return SAY(why, "'context' of '%s' must be %d to %d tokens",
		    name, MODEL_CONTEXT_MIN, MODEL_CONTEXT_MAX);
	m->provider.n_models++;
	return OK;
}

static enum err
read_models(const struct json *v, struct manifest *m, struct errmsg *why)
{
	const struct json *list = json_get(v, "models");
	const struct json *one;
	enum err e = OK;

	if (!json_is_array(list) || json_count(list) == 0 ||
	    json_count(list) > PROVIDER_MODELS_MAX)
		return SAY(why, "'models' must be a list of 1 to %d",
		    PROVIDER_MODELS_MAX);
	for (one = json_first(list); one != NULL && e == OK;
	     one = json_next(one))
		e = read_model(one, m, why);
	return e;
}

/* ---- Where it is ---- */

static enum err
say_elsewhere(bool cloud, const struct base_url *at, const struct address *a,
    struct errmsg *why)
{
	const struct host_grant *h = &at->host;
	char text[ADDRESS_TEXT_SIZE];

	address_write(a, text);
	if (cloud)
		return err_say(why, ERR_DENIED,
		    "%.100s has a private address, %s, and its provider is one "
		    "outside the house; if it is yours, add it with place "
		    "\"house\", without --cloud",
		    h->name, text);
	return err_say(why, ERR_DENIED,
	    "%.60s has the address %s, as in a VPN or behind a carrier; if it "
	    "is in your own VPN, add it with that address: durward model add "
	    "NAME ... --url %s://%s:%u",
	    h->name, text, at->tls ? "https" : "http", text, (unsigned)h->port);
}

enum err
provider_check_address(bool cloud, const struct base_url *at,
    const struct address *a, struct errmsg *why)
{
	enum address_kind kind = address_kind(a);
	bool shared = address_is_shared(a);
	bool ours = kind == ADDRESS_PRIVATE || address_is_loopback(a) ||
	    (shared && at->host.has_address);
	char text[ADDRESS_TEXT_SIZE];

	if (cloud ? kind == ADDRESS_PUBLIC : ours)
		return OK;
	if (cloud ? ours || shared : shared)
		return say_elsewhere(cloud, at, a, why);
	address_write(a, text);
	if (kind == ADDRESS_PUBLIC)
		return err_say(why, ERR_DENIED,
		    "%.100s has a public address, %s, and its provider is one "
		    "in the house; if its words may leave, add it with place "
		    "\"cloud\", or --cloud",
		    at->host.name, text);
	return err_say(why, ERR_DENIED,
	    "%.100s has the address %s, at which no server of models can be; "
	    "give its machine an address of your network",
	    at->host.name, text);
}

/* Outside only by name and over TLS; inside an address will do. */
static enum err
read_url(const struct json *v, struct manifest *m, struct errmsg *why)
{
	const char *text = json_words(v, "url");
	bool cloud = m->provider.cloud;
	struct errmsg detail;
	struct base_url url;

	if (str_copy(m->provider.url, sizeof(m->provider.url), text) != OK)
		return SAY(
		    why, "'url' is longer than %d bytes", PROVIDER_URL_MAX);
	if (base_url_read(text, &url, &detail) != OK)
		return SAY(why, "'url': %.120s", detail.text);
	if (cloud && (!url.tls || url.host.has_address))
		return SAY(why,
		    "'url' must be https:// and a name, outside the house");
	if (url.host.has_address &&
	    provider_check_address(cloud, &url, &url.host.address, &detail) !=
		OK)
		return SAY(why, "'url': %.230s", detail.text);
	*(cloud ? &m->network[0] : &m->lan[0]) = url.host;
	*(cloud ? &m->n_network : &m->n_lan) = 1;
	m->ports[m->n_ports++] = url.host.port;
	return OK;
}

static bool
is_on_the_wire(const struct manifest *m)
{
	struct errmsg unused;
	struct base_url u;

	if (base_url_read(m->provider.url, &u, &unused) != OK || u.tls)
		return false;
	return u.host.has_address ? !address_is_loopback(&u.host.address)
				  : !host_is_here(u.host.name);
}

/* Without TLS it is read by everybody on the way, which is for an owner to
 * say: in a network of one's own, or inside a VPN. */
static enum err
read_key(const struct json *v, struct manifest *m, struct errmsg *why)
{
	const char *name = json_words(v, "key");

	if (json_has(v, "key_in_clear") &&
	    (!json_is_bool(json_get(v, "key_in_clear")) || !json_has(v, "key")))
		return SAY(why,
		    "'key_in_clear' is true or false, and stands beside a "
		    "'key'");
	if (!json_has(v, "key"))
		return OK;
	m->provider.key_in_clear = is_on_the_wire(m);
	if (m->provider.key_in_clear && !json_flag(v, "key_in_clear"))
		return SAY(why,
		    "the key would go to %.80s unencrypted; use https://, or, "
		    "if all who could read it on the way may, say "
		    "\"key_in_clear\": true (durward model add ... "
		    "--key-in-clear)",
		    m->provider.url);
	if (!str_is_name(name) ||
	    str_copy(m->secrets[0].name, sizeof(m->secrets[0].name), name) !=
		OK)
		return SAY(why, "'key' must be the name of a secret");
	snprintf(m->secrets[0].env, sizeof(m->secrets[0].env), "AUTHORIZATION");
	m->n_secrets = 1;
	return OK;
}

static void
add_arg(struct manifest_function *f, const char *name, enum arg_type type,
    int64_t max)
{
	struct manifest_arg *a = &f->args[f->n_args++];

	snprintf(a->name, sizeof(a->name), "%s", name);
	a->type = type;
	a->required = true;
	a->max = max;
}

/* What the mind says of a request, whose bytes go to egress alone. */
static void
put_function(const struct json *v, struct manifest *m)
{
	struct manifest_function *f = &m->functions[m->n_functions++];
	struct buf canonical;

	snprintf(f->name, sizeof(f->name), "chat");
	f->effect = m->provider.cloud ? EFFECT_EXTERNAL : EFFECT_READ;
	add_arg(f, "bytes", ARG_INTEGER, MODEL_REQUEST_MAX);
	add_arg(f, "model", ARG_STRING, MODEL_NAME_MAX);
	add_arg(f, "output", ARG_INTEGER, MODEL_OUTPUT_MAX);
	add_arg(f, "sha256", ARG_STRING, DIGEST_HEX_SIZE - 1);
	buf_init(&canonical, 2 * MANIFEST_MAX);
	json_canonical(json_get(v, "models"), &canonical);
	crypto_hash(canonical.p, canonical.len, &m->schema);
	buf_done(&canonical);
	m->call_ms = MODEL_CALL_MS;
	snprintf(m->image, sizeof(m->image), "none");
}

enum err
manifest_read_provider(
    const struct json *v, struct manifest *m, struct errmsg *why)
{
	static const char *const known[] = {"name", "version", "transport",
	    "description", "dialect", "url", "place", "models", "key",
	    "key_in_clear"};
	const char *place = json_words(v, "place");
	enum err e = manifest_check_members(
	    v, "the manifest", known, ARRAY_LEN(known), why);

	if (e != OK)
		return e;
	m->provider.dialect = dialect_by_name(json_words(v, "dialect"));
	if (!manifest_is_provider(m))
		return SAY(why,
		    "'dialect' must be \"ollama\", \"openai\" or "
		    "\"anthropic\"");
	m->provider.cloud = strcmp(place, "cloud") == 0;
	if (!m->provider.cloud && strcmp(place, "house") != 0)
		return SAY(why, "'place' must be \"house\" or \"cloud\"");
	e = read_models(v, m, why);
	if (e == OK)
		e = read_url(v, m, why);
	if (e == OK)
		e = read_key(v, m, why);
	if (e == OK)
		put_function(v, m);
	return e;
}
