/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/grant.h"
#include "base/str.h"
#include "client/secret.h"
#include "crypto/crypto.h"
#include "models/models_priv.h"
#include "package/package.h"
#include "sys/clock.h"
#include "usd/usd.h"

/* A provider becomes a manifest, which is shown and signed like a tool's. */

#define DAY_MS (24 * 3600 * (int64_t)1000)
#define GRANT_USES 10000
#define GRANT_DAYS 90
#define GRANT_USD "2"
#define NO_DIGEST                                                              \
	"0000000000000000000000000000000000000000000000000000000000000000"

enum err
provider_add_model(struct new_provider *p, const char *text, struct errmsg *why)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	long long n = colon != NULL ? strtoll(colon + 1, &end, 10) : 0;
	bool told = colon != NULL && end != colon + 1 && *end == '\0' &&
	    n >= MODEL_CONTEXT_MIN;
	size_t len = told ? (size_t)(colon - text) : strlen(text);

	if (p->n_models == PROVIDER_MODELS_MAX)
		return err_say(why, ERR_LIMIT,
		    "a provider has at most %d "
		    "models",
		    PROVIDER_MODELS_MAX);
	if (len == 0 || len > MODEL_NAME_MAX)
		return err_say(why, ERR_INPUT,
		    "--model needs a name, and behind it :TOKENS of context");
	memcpy(p->models[p->n_models].name, text, len);
	p->models[p->n_models].name[len] = '\0';
	p->models[p->n_models].context = told ? n : p->cloud ? 65536 : 8192;
	p->n_models++;
	return OK;
}

static char *
manifest_of(const struct new_provider *p)
{
	struct json *v = json_object();
	struct json *models = json_array();
	char *text;
	size_t i;

	json_put_str(v, "name", p->name);
	json_put_str(v, "version", "1");
	json_put_str(v, "transport", "model");
	json_put_str(v, "description", p->description);
	json_put_str(v, "dialect", dialect_name(p->dialect));
	json_put_str(v, "url", p->url);
	json_put_str(v, "place", p->cloud ? "cloud" : "house");
	for (i = 0; i < p->n_models; i++) {
		struct json *m = json_object();

		json_put_str(m, "name", p->models[i].name);
		json_put_int(m, "context", p->models[i].context);
		json_push(models, m);
	}
	json_put(v, "models", models);
	if (p->key != NULL)
		json_put_str(v, "key", p->key);
	if (p->key_in_clear)
		json_put_bool(v, "key_in_clear", true);
	text = json_print(v);
	json_free(v);
	return text;
}

int
provider_add(struct session *s, const struct new_provider *p, bool yes)
{
	struct package_options o = {.yes = yes};
	char *text = manifest_of(p);
	int code = package_add_text(s, text, &o);

	free(text);
	return code;
}

/* ---- The key ---- */

static bool
has_secret(struct session *s, const char *name, int *code)
{
	struct json *answer = session_query(s, code, "secrets");
	const struct json *row = json_first(json_get(answer, "secrets"));
	bool found = false;

	for (; row != NULL && !found; row = json_next(row))
		found = strcmp(json_words(row, "name"), name) == 0;
	json_free(answer);
	return found;
}

/* Asked for unless it is there. */
static int
want_key(struct session *s, const char *name)
{
	struct secret *value = NULL;
	int code = EXIT_REACHED;
	enum err e;

	if (name == NULL || has_secret(s, name, &code) || code != EXIT_REACHED)
		return code;
	e = terminal_read_secret(name, SECRET_MAX, &value);
	if (e != OK || secret_len(value) == 0)
		code = model_complain("the provider's key '%s' is not there: "
				      "'durward secret set %s' sets it",
		    name, name);
	else
		code = client_set_secret(s, name, value, false);
	secret_free(value);
	return code;
}

/* ---- The grant ---- */

/* What the house says now to a call of this model. */
static struct json *
explain(struct session *s, const struct new_provider *p, int *code)
{
	struct json *body = json_object();
	struct json *args = json_object();
	char tool[3 * NAME_MAX_LEN];

	snprintf(tool, sizeof(tool), "model.cloud.%s", p->name);
	json_put_int(args, "bytes", 1000);
	json_put_str(args, "model", p->models[0].name);
	json_put_int(args, "output", 1000);
	json_put_str(args, "sha256", NO_DIGEST);
	json_put_str(body, "tool", tool);
	json_put(body, "args", args);
	json_put_str(body, "principal", "");
	json_put_str(body, "client", "");
	json_put_str(body, "labels", "none");
	return session_command(s, "policy.explain", body, code);
}

static void
words_of_models(const struct new_provider *p, struct buf *out)
{
	size_t i;

	buf_adds(out, GRANT_ARGS_MODELS);
	for (i = 0; i < p->n_models; i++)
		buf_addf(out, "%s\"%s\"", i > 0 ? "," : "", p->models[i].name);
}

static enum err
write_grant(struct session *s, const struct new_provider *p, const char *rule,
    struct buf *out, struct errmsg *why)
{
	const struct identity *me = session_identity(s);
	uint8_t id[TOKEN_SIZE / 2];
	char tool[3 * NAME_MAX_LEN];
	struct grant g = {.box = me->box,
	    .client = me->id,
	    .rule = {rule, strlen(rule)},
	    .effect = {"external", strlen("external")},
	    .hours = {GRANT_ANY, strlen(GRANT_ANY)},
	    .uses = GRANT_USES,
	    .usd_day = p->usd_day,
	    .issued_ms = clock_wall_ms() - CLOCK_JUMP_MS};
	char *text = manifest_of(p);
	struct grant check;
	struct buf args;
	enum err e;

	crypto_hash(text, strlen(text), &g.manifest);
	free(text);
	snprintf(tool, sizeof(tool), "model.cloud.%s", p->name);
	g.tool = (struct str){tool, strlen(tool)};
	crypto_random(id, sizeof(id));
	hex_write(g.id, id, sizeof(id));
	g.until_ms = clock_wall_ms() + GRANT_DAYS * DAY_MS;
	buf_init(&args, GRANT_MAX);
	words_of_models(p, &args);
	g.args = (struct str){args.p, args.len};
	e = grant_write(&g, out);
	if (e == OK)
		e = grant_read(out->p, out->len, &check, why);
	else
		err_say(why, e, "the grant cannot be written");
	buf_done(&args);
	return e;
}

static int
sign_grant(struct session *s, const char *text)
{
	char signature[SIGNATURE_TEXT_SIZE];
	struct json *body = json_object();
	struct json *answer;
	struct signature sig;
	int code = EXIT_REACHED;

	key_sign(session_identity(s)->key, text, strlen(text), &sig);
	signature_text(&sig, signature);
	json_put_str(body, "grant", text);
	json_put_str(body, "signature", signature);
	answer = session_command(s, "grant.add", body, &code);
	if (answer != NULL)
		terminal_print("granted; 'durward grants' lists it and takes "
			       "it back\n");
	json_free(answer);
	return code;
}

static void
say_grant(const struct new_provider *p, const char *rule)
{
	struct buf b;
	size_t i;

	buf_init(&b, GRANT_MAX);
	buf_addf(&b,
	    "\nA call of model.cloud.%s leaves the house, and asks each time "
	    "(%s).\nWith a grant the house may spend up to ",
	    p->name, rule);
	usd_write(p->usd_day, &b);
	buf_adds(&b, " USD a day on ");
	for (i = 0; i < p->n_models; i++)
		buf_addf(&b, "%s%s/%s",
		    i == 0                    ? ""
			: i + 1 < p->n_models ? ", "
					      : " and ",
		    p->name, p->models[i].name);
	buf_addf(&b,
	    "\nwithout asking, in at most %d calls in the next %d days; "
	    "beyond it each call asks\nagain. --usd USD says another sum.\n",
	    GRANT_USES, GRANT_DAYS);
	terminal_print("%s", b.p);
	buf_done(&b);
}

/* Without it each call is asked: the yes to all of them is shown in words,
 * and signed only on a yes of its own. */
static int
offer_grant(struct session *s, const struct new_provider *p)
{
	int code = EXIT_REACHED;
	struct json *answer = explain(s, p, &code);
	const char *rule = json_words(answer, "rule");
	struct errmsg why = {""};
	struct buf text;

	if (answer == NULL)
		return code;
	buf_init(&text, GRANT_MAX);
	say_grant(p, rule);
	if (strcmp(json_words(answer, "verdict"), "ask") != 0 ||
	    strchr(rule, ',') != NULL || json_int(answer, "keys", 1) > 1)
		code =
		    model_complain("no grant answers the rule '%.100s'", rule);
	else if (!model_confirm(false, "sign this grant?"))
		terminal_print("no grant: each call asks\n");
	else if (write_grant(s, p, rule, &text, &why) != OK)
		code = model_complain("%s", why.text);
	else
		code = sign_grant(s, text.p);
	buf_done(&text);
	json_free(answer);
	return code;
}

/* ---- The command ---- */

static enum err
read_models(int *argc, char **argv, struct new_provider *p, struct errmsg *why)
{
	const char *text;
	enum err e = OK;

	while (e == OK &&
	    (text = terminal_option(argc, argv, "--model", NULL)) != NULL)
		e = provider_add_model(p, text, why);
	if (e == OK && p->n_models == 0)
		e = err_say(why, ERR_INPUT,
		    "a provider has at least one --model NAME[:CONTEXT]");
	return e;
}

int
model_add(struct session *s, int argc, char **argv)
{
	const char *dialect = terminal_option(&argc, argv, "--dialect", "");
	const char *usd = terminal_option(&argc, argv, "--usd", NULL);
	bool yes = terminal_flag(&argc, argv, "--yes");
	struct errmsg why = {""};
	struct new_provider p = {
	    .url = terminal_option(&argc, argv, "--url", NULL),
	    .key = terminal_option(&argc, argv, "--key", NULL),
	    .dialect = dialect_by_name(dialect),
	    .key_in_clear = terminal_flag(&argc, argv, "--key-in-clear"),
	    .cloud = terminal_flag(&argc, argv, "--cloud")};
	int code;

	p.description =
	    p.cloud ? "Models of a provider outside." : "Models in the house.";
	if (p.url == NULL || p.dialect == DIALECT_NONE)
		return model_complain("model add needs --url URL and --dialect "
				      "ollama, openai or anthropic");
	if (usd != NULL && !p.cloud)
		return model_complain("--usd is for a provider outside: calls "
				      "in the house need no grant");
	usd = usd != NULL ? usd : GRANT_USD;
	if (usd_read((struct str){usd, strlen(usd)}, &p.usd_day) != OK ||
	    p.usd_day == 0)
		return model_complain("--usd is how much may be spent in a day "
				      "without asking: dollars, at most %d",
		    USD_MAX);
	if (read_models(&argc, argv, &p, &why) != OK)
		return model_complain("%s", why.text);
	if (argc != 3)
		return terminal_usage("model " MODEL_USAGE);
	p.name = argv[2];
	code = want_key(s, p.key);
	if (code == EXIT_REACHED)
		code = provider_add(s, &p, yes);
	if (code == EXIT_REACHED && p.cloud && !yes && !terminal_json)
		code = offer_grant(s, &p);
	return code;
}
