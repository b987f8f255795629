/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/core_priv.h"

/* What the other roles say: read, and passed on to the room it concerns. */

/* The vault's word is the only one about whom to trust. */
void
lanes_on_trust_table(void *role, struct msg *m)
{
	struct core *c = role;
	bool first = !c->have_trust;

	if (trust_read(m->body, &c->trust) != OK)
		fatal("the vault's trust table is malformed");
	c->have_trust = true;
	clients_compare_trust(c, m->body);
	if (first)
		notify_forget_dead(c->notify); /* Behind a kill. */
	tooling_settle(c->tooling);
	if (first)
		acts_recover(c->acts);
	clients_end_runs(c);
	if (first) {
		runs_resume_all(c->runs);
		automations_start(c->automations);
	}
}

/* {"epoch"}: random at each start of the tools role. */
void
lanes_on_tools_epoch(void *role, struct msg *m)
{
	struct core *c = role;
	const char *epoch = json_words(m->body, "epoch");
	uint8_t bytes[TOKEN_SIZE / 2];

	if (hex_read(epoch, strlen(epoch), bytes, sizeof(bytes)) != OK ||
	    c->tools_epoch[0] != '\0')
		return; /* One for each start of it. */
	memcpy(c->tools_epoch, epoch, TOKEN_SIZE);
	tooling_tell(c->tooling, ROLE_TOOLS);
	acts_tools_ready(c->acts);
}

/* {"act", "ok", "late"} and the text. */
void
lanes_on_act_done(void *role, struct msg *m)
{
	struct core *c = role;
	char *text = msg_text(m);

	acts_on_done(c->acts, json_words(m->body, "act"),
	    json_flag(m->body, "ok"), json_flag(m->body, "late"), text);
	free(text);
}

/* {"act", "ok", "why"} */
void
lanes_on_net_open(void *role, struct msg *m)
{
	struct core *c = role;

	acts_on_net_open(c->acts, json_words(m->body, "act"),
	    json_flag(m->body, "ok"), json_words(m->body, "why"));
}

/* {"act", "tool", "used", "refused", "more"} */
void
lanes_on_net_used(void *role, struct msg *m)
{
	struct core *c = role;

	acts_on_net_used(c->acts, json_words(m->body, "act"), m->body);
}

/* {"act", "ok", "late", "status", "sent", "received", "sha256", "tries",
 * "first_ms", "ms", "why"} */
void
lanes_on_model_done(void *role, struct msg *m)
{
	struct core *c = role;

	acts_on_model_done(c->acts, m->body);
}

/* {"id", "ok", "status", "tries", "why"} */
void
lanes_on_notice_done(void *role, struct msg *m)
{
	struct core *c = role;

	notify_on_done(c->notify, m->body);
}

void
lanes_on_home(void *role, struct msg *m)
{
	struct core *c = role;
	const char *entity;

	if (m->type == MSG_HOME_SAID) {
		automations_said(c->automations, m->body);
		return;
	}
	entity = devices_on_message(c->devices, m);
	devices_keep(c->devices);
	if (entity != NULL)
		automations_changed(c->automations, entity);
}

/* What the mind says of a run. */
#define OF_RUNS(what)                                                          \
	void lanes_on_##what(void *role, struct msg *m)                        \
	{                                                                      \
		runs_on_##what(((struct core *)role)->runs, m);                \
	}
OF_RUNS(proposal)
OF_RUNS(step)
OF_RUNS(heard)
OF_RUNS(reply)
OF_RUNS(recall)
OF_RUNS(words)

/* {"secret", "where", "times"}: since the house started, a minute apart. */
void
lanes_on_redacted(void *role, struct msg *m)
{
	struct core *c = role;
	struct record *r = record_new(c->ledger);

	record_log(r, "redacted", NULL, NULL, json_copy(m->body));
	record_post(r, false, NULL, NULL, NULL);
}

/* The tools role and the runner, of tools. */
void
lanes_on_tooling(void *role, struct msg *m)
{
	struct tooling *tg = ((struct core *)role)->tooling;

	if (m->type == MSG_TOOL_READY)
		tooling_on_ready(tg, m);
	else if (m->type == MSG_TOOL_GONE)
		tooling_on_gone(tg, m);
	else if (m->type == MSG_CONTAINER_STATE)
		tooling_on_container(tg, m);
	else if (m->type == MSG_RUNNER_STATE)
		tooling_on_runner(tg, m);
	else if (m->type == MSG_IMAGE_LOADED)
		tooling_on_image(tg, m);
	else if (m->type == MSG_TOOL_WIPED)
		tooling_on_wiped(tg, m);
	else
		tooling_on_containers(tg, m);
}
