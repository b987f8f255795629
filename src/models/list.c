/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "models/models_priv.h"
#include "roster/roster.h"

/* `durward model list`: what there is, who asks it, what it cost. */

static bool
is_listed(const char *list, const char *ref)
{
	char one[MODEL_REF_SIZE];

	while (roster_next(&list, one))
		if (strcmp(one, ref) == 0)
			return true;
	return false;
}

static void
show_roles(const struct json *roles, const char *ref)
{
	const struct json *r = json_first(roles);
	const char *between = ", for ";

	for (; r != NULL; r = json_next(r)) {
		if (!is_listed(json_text(r), ref))
			continue;
		terminal_print("%s%s", between, json_name(r));
		between = " and ";
	}
}

static void
show_model(const struct json *answer, const struct json *provider,
    const struct json *m)
{
	bool cloud = strcmp(json_words(provider, "place"), "cloud") == 0;
	const char *price = json_words(m, "price");
	int64_t usd = json_int(m, "usd_millionths", 0);
	char ref[2 * MODEL_REF_SIZE];

	snprintf(ref, sizeof(ref), "%.64s/%.128s",
	    json_words(provider, "provider"), json_words(m, "model"));
	terminal_print("  %-32s context %lld", json_words(m, "model"),
	    (long long)json_int(m, "context", 0));
	show_roles(json_get(answer, "roles"), ref);
	if (price[0] != '\0')
		terminal_print("; since %s", price);
	else if (cloud)
		terminal_print("; NO PRICE, so each call asks: 'durward model "
			       "price'");
	terminal_print(
	    "; in 24 h %lld tokens", (long long)json_int(m, "tokens", 0));
	if (usd > 0)
		terminal_print(", %lld.%06lld USD", (long long)(usd / 1000000),
		    (long long)(usd % 1000000));
	terminal_print("\n");
}

int
model_list(struct session *s)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "models");
	const struct json *p = json_first(json_get(answer, "providers"));
	const struct json *m;

	if (answer == NULL || terminal_print_json(answer)) {
		json_free(answer);
		return code;
	}
	if (p == NULL)
		terminal_print("There is no model: 'durward model find' looks "
			       "for one on this machine.\n");
	for (; p != NULL; p = json_next(p)) {
		terminal_print("%s, %s, in the %s, %s at %s\n",
		    json_words(p, "provider"), json_words(p, "state"),
		    json_words(p, "place"), json_words(p, "dialect"),
		    json_words(p, "url"));
		for (m = json_first(json_get(p, "models")); m != NULL;
		     m = json_next(m))
			show_model(answer, p, m);
	}
	json_free(answer);
	return code;
}
