/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "judge/judge_priv.h"
#include "sys/clock.h"
#include "usd/usd.h"

/* Standing yeses: kept, found for an act, counted, taken back. */

static struct held_grant *
hold(const char *text, const char *signature, int64_t uses)
{
	struct held_grant *g = xalloc(sizeof(*g));
	struct errmsg why;

	g->text = xstrdup(text);
	g->uses = uses;
	snprintf(g->signature, sizeof(g->signature), "%s", signature);
	if (grant_read(g->text, strlen(g->text), &g->grant, &why) == OK)
		return g;
	free(g->text);
	free(g);
	return NULL;
}

struct json *
grants_row(const struct held_grant *g, bool revoked)
{
	struct json *row = json_object();

	json_put_str(row, "id", g->grant.id);
	json_put_str(row, "body", g->text);
	json_put_str(row, "signature", g->signature);
	json_put_int(row, "uses", g->uses);
	json_put_bool(row, "revoked", revoked);
	return row;
}

/* For a clock that is set back a little. */
#define ENDED_KEPT_MS (7 * 24 * 3600 * (int64_t)1000)

static struct ended_grant *
first_ended(struct judge *j)
{
	struct ended_grant *first = &j->ended[0];
	size_t i;

	for (i = 1; i < j->n_ended; i++)
		if (j->ended[i].until_ms < first->until_ms)
			first = &j->ended[i];
	return first;
}

static void
note_ended(struct judge *j, const struct grant *g)
{
	struct ended_grant *at;

	if (j->n_ended < GRANTS_ENDED_MAX)
		at = &j->ended[j->n_ended++];
	else
		at = first_ended(j);
	if (at->id[0] != '\0' && at->until_ms > g->until_ms)
		return;
	memcpy(at->id, g->id, sizeof(at->id));
	at->until_ms = g->until_ms;
}

/* Or is the first of them over, so that it can make room for another? */
static bool
has_room_for_ended(struct judge *j)
{
	return j->n_ended < GRANTS_ENDED_MAX ||
	    (judge_clock_is_trusted(j) &&
		first_ended(j)->until_ms + ENDED_KEPT_MS < judge_wall_ms(j));
}

static bool
has_ended(const struct judge *j, const char *id)
{
	size_t i;

	for (i = 0; i < j->n_ended; i++)
		if (strcmp(j->ended[i].id, id) == 0)
			return true;
	return false;
}

enum err
grants_load(struct judge *j, const struct json *row)
{
	struct held_grant *g = hold(json_words(row, "body"),
	    json_words(row, "signature"), json_int(row, "uses", 0));

	if (g == NULL)
		return ERR_CORRUPT;
	if (json_flag(row, "revoked") || j->n_grants == GRANTS_MAX ||
	    g->uses >= g->grant.uses) {
		note_ended(j, &g->grant);
		free(g->text);
		free(g);
		return OK;
	}
	j->grants[j->n_grants++] = g;
	return OK;
}

void
grants_meter_key(const struct held_grant *g, char ret[METER_KEY_SIZE])
{
	snprintf(ret, METER_KEY_SIZE, "grant:%s/%s/%d", g->grant.id,
	    dimension_name(DIM_USD), GRANT_SPAN_S);
}

int64_t
grants_spent(const struct judge *j, const struct held_grant *g)
{
	char key[METER_KEY_SIZE];

	grants_meter_key(g, key);
	return meter_sum(&j->meters, key, GRANT_SPAN_S, judge_now_ms(j));
}

/* Is there money left for this? */
static bool
can_pay(const struct judge *j, const struct held_grant *g,
    const struct judge_case *c)
{
	return g->grant.usd_day == 0 ||
	    grants_spent(j, g) + c->cost[DIM_USD] <= g->grant.usd_day;
}

static bool
is_usable(struct judge *j, const struct held_grant *g,
    const struct judge_case *c, const struct json *args)
{
	const struct client *owner;
	struct errmsg why;
	struct grant_case gc = {.tool = c->act->tool,
	    .effect = effect_name(c->act->effect),
	    .manifest = c->manifest,
	    .args = {c->act->args, strlen(c->act->args)},
	    .parsed = args,
	    .now_ms = judge_wall_ms(j),
	    .minute = judge_minute(j)};

	if (c->manifest == NULL || g->uses >= g->grant.uses ||
	    !judge_clock_is_trusted(j))
		return false;
	if (trust_live_client(
		j->setup.trust, &g->grant.client, gc.now_ms, &owner) != OK ||
	    owner->role != CLIENT_OWNER ||
	    trust_is_revoked_grant(j->setup.trust, g->grant.id))
		return false;
	return grant_covers(&g->grant, &gc, &why) == OK;
}

const struct held_grant *
grants_find(struct judge *j, const struct judge_case *c,
    const struct json *args, const char *rule)
{
	size_t i;

	for (i = 0; i < j->n_grants; i++) {
		const struct held_grant *g = j->grants[i];

		if ((rule == NULL || str_eq(g->grant.rule, rule)) &&
		    is_usable(j, g, c, args) && can_pay(j, g, c))
			return g;
	}
	return NULL;
}

void
grants_explain(struct judge *j, const struct judge_case *c,
    const struct json *args, struct buf *out)
{
	size_t i;

	for (i = 0; i < j->n_grants; i++) {
		const struct held_grant *g = j->grants[i];

		if (!is_usable(j, g, c, args) || can_pay(j, g, c))
			continue;
		buf_addf(out, "  The grant %.8s does not stand for it: of its ",
		    g->grant.id);
		usd_write(g->grant.usd_day, out);
		buf_adds(out, " USD a day ");
		usd_write(grants_spent(j, g), out);
		buf_adds(out, " are used.\n");
	}
}

const struct held_grant *
judge_grant(const struct judge *j, const char *id)
{
	size_t i;

	for (i = 0; i < j->n_grants; i++)
		if (strcmp(j->grants[i]->grant.id, id) == 0)
			return j->grants[i];
	return NULL;
}

/* Used up or over: it only takes a place. */
static void
drop_ended(struct judge *j)
{
	size_t i = 0;

	while (i < j->n_grants) {
		struct held_grant *g = j->grants[i];

		if (g->uses < g->grant.uses &&
		    g->grant.until_ms > judge_wall_ms(j)) {
			i++;
			continue;
		}
		note_ended(j, &g->grant);
		free(g->text);
		free(g);
		j->grants[i] = j->grants[--j->n_grants];
	}
}

enum err
judge_has_room_for_grant(struct judge *j, const char *id, struct errmsg *why)
{
	if (j->n_grants == GRANTS_MAX && judge_clock_is_trusted(j))
		drop_ended(j);
	if (judge_grant(j, id) != NULL || has_ended(j, id))
		return err_say(why, ERR_EXISTS,
		    "this grant was taken up before; sign a new one");
	if (!has_room_for_ended(j))
		return err_say(why, ERR_LIMIT,
		    "more grants have ended than can be remembered");
	if (j->n_grants == GRANTS_MAX)
		return err_say(why, ERR_LIMIT,
		    "there are %d grants; take one back first", GRANTS_MAX);
	return OK;
}

static struct json *
grant_details(const char *client, const char *grant)
{
	struct json *v = json_object();

	json_put_str(v, "grant", grant);
	/* One that grows too large when it is escaped stands in its row. */
	if (!record_fits(v)) {
		json_free(v);
		v = record_result(grant);
	}
	json_put_str(v, "name", client);
	return v;
}

enum err
judge_add_grant(struct judge *j, const char *client, const char *text,
    const char *signature, struct record *r, struct errmsg *why)
{
	struct held_grant *g = hold(text, signature, 0);
	enum err e;

	if (g == NULL)
		return err_say(why, ERR_INPUT, "the grant is malformed");
	e = judge_has_room_for_grant(j, g->grant.id, why);
	if (e != OK) {
		free(g->text);
		free(g);
		return e;
	}
	j->grants[j->n_grants++] = g;
	record_row(r, ROW_GRANT, grants_row(g, false));
	record_log(r, "granted", NULL, NULL, grant_details(client, text));
	return OK;
}

enum err
judge_revoke_grant(struct judge *j, const char *id, struct record *r)
{
	size_t i = 0;

	while (i < j->n_grants && strcmp(j->grants[i]->grant.id, id) != 0)
		i++;
	if (i == j->n_grants)
		return ERR_NOTFOUND;
	record_row(r, ROW_GRANT, grants_row(j->grants[i], true));
	note_ended(j, &j->grants[i]->grant);
	free(j->grants[i]->text);
	free(j->grants[i]);
	j->grants[i] = j->grants[--j->n_grants];
	return OK;
}

/* All of them must fit into one answer. */
static void
put_cut(struct json *row, const char *name, struct str s)
{
	char text[GRANT_SHOWN_MAX + 1];

	snprintf(text, sizeof(text), "%.*s",
	    (int)(s.len < GRANT_SHOWN_MAX ? s.len : GRANT_SHOWN_MAX), s.p);
	json_put_strn(row, name, text, str_cut(text, GRANT_SHOWN_MAX - 4));
}

struct json *
judge_list_grants(const struct judge *j)
{
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < j->n_grants; i++) {
		const struct held_grant *g = j->grants[i];
		struct json *row = json_object();

		json_put_str(row, "id", g->grant.id);
		put_cut(row, "rule", g->grant.rule);
		put_cut(row, "tool", g->grant.tool);
		put_cut(row, "args", g->grant.args);
		put_cut(row, "hours", g->grant.hours);
		json_put_int(row, "most", g->grant.uses);
		json_put_int(row, "uses", g->uses);
		json_put_int(row, "until_ms", g->grant.until_ms);
		json_put_int(row, "usd_day", g->grant.usd_day);
		json_put_int(row, "usd_spent", grants_spent(j, g));
		json_push(list, row);
	}
	return list;
}
