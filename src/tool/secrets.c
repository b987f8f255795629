/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tool/tool_priv.h"

/* The secrets of a manifest: their names and where the tool finds them. */

static bool
is_env(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return s[0] != '\0' && strchr(letters, s[0]) != NULL &&
	    strspn(s, all) == strlen(s) && strlen(s) <= NAME_MAX_LEN;
}

/* key.pem's is the variable of its secret: "mail-key" is in MAIL_KEY_FILE. */
static void
name_file_env(struct manifest_secret *s)
{
	size_t i;

	for (i = 0; s->name[i] != '\0'; i++) {
		char c = s->name[i];

		s->env[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A'
			: c >= '0' && c <= '9'          ? c
							: '_');
	}
	snprintf(s->env + i, sizeof(s->env) - i, "_FILE");
}

static enum err
read_one(const struct json *v, struct manifest_secret *ret, struct errmsg *why)
{
	static const char *const known[] = {"name", "env", "file"};
	const char *env = json_str(v, "env");
	const char *file = json_str(v, "file");
	enum err e =
	    manifest_check_members(v, "secrets", known, ARRAY_LEN(known), why);

	if (e != OK)
		return e;
	if (!str_is_name(json_words(v, "name")) ||
	    str_copy(ret->name, sizeof(ret->name), json_words(v, "name")) != OK)
		return SAY(why, "a secret's name is malformed");
	if (json_has(v, "env") == json_has(v, "file"))
		return SAY(why, "the secret '%s' needs either 'env' or 'file'",
		    ret->name);
	if (file != NULL && str_is_name(file) &&
	    str_copy(ret->file, sizeof(ret->file), file) == OK) {
		name_file_env(ret);
		return OK;
	}
	if (env == NULL || !is_env(env) ||
	    str_copy(ret->env, sizeof(ret->env), env) != OK)
		return SAY(why,
		    "the secret '%s' goes into a variable of A-Z, 0-9 and "
		    "'_', or into a file with a plain name",
		    ret->name);
	return OK;
}

enum err
manifest_read_secrets(
    const struct json *v, struct manifest *m, struct errmsg *why)
{
	const struct json *list = json_get(v, "secrets");
	const struct json *s;
	size_t i;
	enum err e;

	if (list != NULL &&
	    (!json_is_array(list) || json_count(list) > TOOL_SECRETS_MAX))
		return SAY(why, "'secrets' must be a list of at most %d",
		    TOOL_SECRETS_MAX);
	for (s = json_first(list); s != NULL; s = json_next(s)) {
		struct manifest_secret *now = &m->secrets[m->n_secrets];

		e = read_one(s, now, why);
		if (e != OK)
			return e;
		for (i = 0; i < m->n_secrets; i++)
			if (strcmp(m->secrets[i].env, now->env) == 0)
				return SAY(why, "'secrets': two stand in %s",
				    now->env);
		m->n_secrets++;
	}
	return OK;
}

void
manifest_write_secrets(const struct manifest *m, struct buf *out)
{
	size_t i;

	if (m->n_secrets == 0)
		buf_adds(out, "none");
	for (i = 0; i < m->n_secrets; i++)
		buf_addf(out, "%s%s %s %s", i > 0 ? "," : "",
		    m->secrets[i].name,
		    m->secrets[i].file[0] != '\0' ? "as file" : "in",
		    m->secrets[i].env);
}
