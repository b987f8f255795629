/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "judge/judge_priv.h"

/* Which policies speak about an act. */

static void
add_layer(struct judging *g, const char *scope)
{
	const struct judge_policy *p = judge_policy(g->judge, scope);

	if (p != NULL && p->rules != NULL)
		g->layers[g->n_layers++] =
		    (struct policy_layer){p->scope, p->rules};
}

/* What an owner said at the pairing of the client whose wish it is. */
static void
add_scope(struct judging *g)
{
	const struct client *c =
	    trust_client_by_name(g->judge->setup.trust, g->c->act->client);

	if (c == NULL)
		return;
	g->scope = term_layer(&c->term);
	if (g->scope != NULL)
		g->layers[g->n_layers++] =
		    (struct policy_layer){"scope", g->scope};
}

/* The layers that this act has, in their order. */
void
judging_find_layers(struct judging *g)
{
	const struct act *a = g->c->act;
	char scope[2 * NAME_MAX_LEN];

	add_layer(g, "box");
	add_layer(g, "profile:default");
	snprintf(scope, sizeof(scope), "agent:%s",
	    a->agent_id[0] != '\0' ? a->agent_id : "house");
	add_layer(g, scope);
	snprintf(scope, sizeof(scope), "client:%s", a->client);
	add_layer(g, scope);
	add_scope(g);
}
