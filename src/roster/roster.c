/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "usd/usd.h"

static const char *const roles[] = {"planner", "coder", "critic", "extractor"};

struct roster {
	char *lists[ARRAY_LEN(roles)]; /* NULL: none. */
	struct price *prices[PRICES_MAX];
	size_t n_prices;
};

/* The dearest call of the longest context fits, many times. */
_Static_assert(PRICE_TOKENS_MAX * 3 * (USD_MAX * (int64_t)USD) < INT64_MAX / 4,
    "a price times its tokens is a number");

struct roster *
roster_new(void)
{
	return xalloc(sizeof(struct roster));
}

void
roster_free(struct roster *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < ARRAY_LEN(roles); i++)
		free(r->lists[i]);
	for (i = 0; i < r->n_prices; i++)
		free(r->prices[i]);
	free(r);
}

/* ---- Lists ---- */

const char *
roster_role(size_t i)
{
	return i < ARRAY_LEN(roles) ? roles[i] : NULL;
}

static size_t
find_role(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(roles); i++)
		if (strcmp(roles[i], name) == 0)
			break;
	return i;
}

bool
roster_is_role(const char *name)
{
	return find_role(name) < ARRAY_LEN(roles);
}

enum err
roster_split(const char *ref, char ret_provider[NAME_MAX_LEN + 1],
    const char **ret_model)
{
	const char *slash = strchr(ref, '/');
	size_t n = slash != NULL ? (size_t)(slash - ref) : 0;
	size_t i;

	if (n == 0 || n > NAME_MAX_LEN || slash[1] == '\0' ||
	    strlen(slash + 1) > MODEL_NAME_MAX)
		return ERR_INPUT;
	for (i = n + 1; ref[i] != '\0'; i++)
		if (ref[i] <= ' ' || ref[i] == ',' || ref[i] == 0x7f)
			return ERR_INPUT;
	memcpy(ret_provider, ref, n);
	ret_provider[n] = '\0';
	if (!str_is_name(ret_provider))
		return ERR_INPUT;
	*ret_model = slash + 1;
	return OK;
}

bool
roster_next(const char **list, char ret[MODEL_REF_SIZE])
{
	const char *end = strchrnul(*list, ',');
	size_t n = (size_t)(end - *list);

	if (**list == '\0')
		return false;
	/* What is too long names nothing that there is. */
	if (n >= MODEL_REF_SIZE)
		n = 0;
	memcpy(ret, *list, n);
	ret[n] = '\0';
	*list = *end == ',' ? end + 1 : end;
	return true;
}

static enum err
check_list(const char *list, struct errmsg *why)
{
	char provider[NAME_MAX_LEN + 1];
	char ref[MODEL_REF_SIZE];
	const char *model;
	size_t n = 0;

	while (roster_next(&list, ref)) {
		if (roster_split(ref, provider, &model) != OK)
			return err_say(why, ERR_INPUT,
			    "'%.100s' is no PROVIDER/MODEL", ref);
		if (++n > ROSTER_LIST_MAX)
			return err_say(why, ERR_LIMIT,
			    "a role has at most %d models", ROSTER_LIST_MAX);
	}
	return OK;
}

enum err
roster_use(
    struct roster *r, const char *role, const char *list, struct errmsg *why)
{
	size_t i = find_role(role);
	enum err e;

	if (i == ARRAY_LEN(roles))
		return err_say(why, ERR_INPUT,
		    "there is no role '%.40s'; they are planner, coder, critic "
		    "and extractor",
		    role);
	e = check_list(list, why);
	if (e != OK)
		return e;
	free(r->lists[i]);
	r->lists[i] = list[0] != '\0' ? xstrdup(list) : NULL;
	return OK;
}

const char *
roster_list(const struct roster *r, const char *role)
{
	size_t i = find_role(role);

	return i < ARRAY_LEN(roles) && r->lists[i] != NULL ? r->lists[i] : "";
}

/* ---- Prices ---- */

enum err
roster_put_price(struct roster *r, const struct price *p, struct errmsg *why)
{
	size_t i;

	for (i = 0; i < r->n_prices; i++) {
		if (strcmp(r->prices[i]->model, p->model) != 0 ||
		    r->prices[i]->day != p->day)
			continue;
		*r->prices[i] = *p;
		return OK;
	}
	if (r->n_prices == PRICES_MAX)
		return err_say(why, ERR_LIMIT,
		    "%d prices are known, which is all that there is room for",
		    PRICES_MAX);
	r->prices[r->n_prices] = xalloc(sizeof(*p));
	*r->prices[r->n_prices++] = *p;
	return OK;
}

const struct price *
roster_price(const struct roster *r, const char *model, int64_t day)
{
	const struct price *found = NULL;
	size_t i;

	for (i = 0; i < r->n_prices; i++) {
		const struct price *p = r->prices[i];

		if (p->day <= day && strcmp(p->model, model) == 0 &&
		    (found == NULL || p->day > found->day))
			found = p;
	}
	return found;
}

const struct price *
roster_price_at(const struct roster *r, size_t i)
{
	return i < r->n_prices ? r->prices[i] : NULL;
}
