/* SPDX-License-Identifier: Apache-2.0 */
#include "findings/findings.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "findings/findings_priv.h"

/* What is wrong. */

#define CLIENTS_WARN (CLIENTS_MAX - 20) /* Of places in the trust table. */

void
finding_add(struct json *list, const char *name, bool good, const char *what,
    const char *fix)
{
	struct json *v = json_object();

	json_put_str(v, "check", name);
	json_put_bool(v, "ok", good);
	json_put_str(v, "what", what);
	json_put_str(v, "fix", good ? "" : fix);
	json_push(list, v);
}

static void
say_reasons(const struct findings *f, struct json *list)
{
	const struct safety *s = judge_safety(f->judge);
	char text[256];
	int reason;

	finding_add(list, "halt", !s->halted,
	    s->halted ? "the house is halted" : "the house is not halted",
	    "an owner says: durward resume");
	for (reason = 0; reason < SAFE_COUNT; reason++) {
		enum safe_reason r = (enum safe_reason)reason;

		snprintf(text, sizeof(text), "%s%s",
		    s->on[r] ? "safe mode: " : "",
		    s->on[r] ? safe_what(r) : safe_well(r));
		if (s->on[r] && s->detail[r][0] != '\0')
			snprintf(text + strlen(text),
			    sizeof(text) - strlen(text), " (%s)", s->detail[r]);
		finding_add(list, safe_name(r), !s->on[r], text, safe_leave(r));
	}
}

static void
say_home(const struct findings *f, struct json *list)
{
	struct buf what;
	bool good;

	buf_init(&what, DEVICES_UNGUARDED_SIZE);
	if (devices_say_broker(f->devices, &what, &good))
		finding_add(list, "broker", good, what.p,
		    "see that the broker runs, takes this house, and lets it "
		    "read what devices say");
	buf_clear(&what);
	if (devices_say_unguarded(f->devices, &what))
		finding_add(list, "home", false, what.p, "durward home accept");
	buf_done(&what);
}

/* Tombstones among them: they only become more. */
static void
say_places(const struct findings *f, struct json *list)
{
	char text[64];

	snprintf(text, sizeof(text),
	    "%zu of %d places for clients are taken, none gets free",
	    f->trust->n_clients, CLIENTS_MAX);
	finding_add(list, "clients", f->trust->n_clients < CLIENTS_WARN, text,
	    "pair only what stays: the last place is for a recovery code, so "
	    "have one ('durward recovery')");
}

/* Who has less than TERM_WARN_MS left.  No fault, but nobody should be
 * surprised. */
static void
say_terms(const struct findings *f, struct json *list)
{
	int64_t wall_ms = judge_wall_ms(f->judge);
	struct buf b;
	size_t i;

	for (i = 0; i < f->trust->n_clients; i++) {
		const struct client *who = &f->trust->clients[i];

		if (who->term.until_ms == 0 || !client_is_live(who, wall_ms) ||
		    who->term.until_ms - wall_ms > TERM_WARN_MS)
			continue;
		buf_init(&b, 256);
		buf_addf(&b, "client %s ", who->name);
		term_say(&who->term, wall_ms, &b);
		buf_addf(&b, ": durward clients extend %s 30d", who->name);
		finding_add(list, "term", true, b.p, "");
		buf_done(&b);
	}
}

static void
say_tools(const struct findings *f, struct json *list)
{
	const struct tooling_runner *tools = tooling_runner(f->tooling);
	const char *why = tools->state[0] != '\0'
	    ? tools->state
	    : "their half of the house is not running";
	char unlimited[256];

	finding_add(list, "tools", tools->ready,
	    tools->ready ? "tools can run" : why,
	    "start the tools' half: durward run tools, as its own user");
	snprintf(unlimited, sizeof(unlimited),
	    "memory and processes of tools cannot be limited: %s; tools run "
	    "by an owner's exception alone",
	    tools->limits_why);
	finding_add(list, "limits", !tools->ready || tools->has_limits,
	    tools->has_limits ? "memory and processes of tools are limited"
			      : unlimited,
	    "run under systemd with Delegate=yes on cgroup v2; on a Raspberry "
	    "Pi add cgroup_enable=memory to the kernel's command line");
}

/* For how long the log is kept, and how long its disk takes for a commit. */
static void
say_log(const struct findings *f, struct json *list)
{
	long long entries = (long long)ledger_head(f->requests->ledger)->size;
	long long sync_ms = ledger_sync_ms(f->requests->ledger);
	long long days = care_kept_days(f->care);
	const char *kept = care_why_kept(f->care);
	char text[192];

	if (days > 0)
		snprintf(text, sizeof(text),
		    "%lld entries; what is older than %lld days is "
		    "forgotten%s%s",
		    entries, days, kept != NULL ? ", but not now: " : "",
		    kept != NULL ? kept : "");
	else
		snprintf(text, sizeof(text), "%lld entries; it is kept forever",
		    entries);
	finding_add(list, "log", days == 0 || !care_lacks_time(f->care), text,
	    "have a time server keep the clock right: sudo timedatectl "
	    "set-ntp true");
	snprintf(text, sizeof(text), "what is written is on it after %lld ms%s",
	    sync_ms,
	    care_spares_card(f->care) ? ", and spared as a slow card" : "");
	finding_add(list, "card",
	    sync_ms < SLOW_SYNC_MS || care_spares_card(f->care), text,
	    "this disk is slow: DURWARD_CARD=slow ./scripts/run, or start "
	    "the house with '--card slow': it is written to less often then");
}

void
findings_query(const struct findings *f, const struct request *q)
{
	const struct safety *s = judge_safety(f->judge);
	struct json *v = json_object();
	struct json *list = json_array();

	say_reasons(f, list);
	say_tools(f, list);
	say_home(f, list);
	say_places(f, list);
	say_terms(f, list);
	say_log(f, list);
	finding_all_open(f, list);
	json_put(v, "findings", list);
	json_put_bool(v, "halted", s->halted);
	json_put_bool(v, "safe_mode", safety_is_on(s));
	request_answer(f->requests, q->id, v);
}
