/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATIONS_AUTOMATIONS_H
#define AUTOMATIONS_AUTOMATIONS_H

/*
 * The automations of the house (automation/automation.h): kept as versions
 * that an owner signed, looked at when a device says something or a time
 * comes, and begun as runs of their own in the name of who signed them.
 *
 * One fires when its condition becomes true, and not while it stays so; what
 * nobody knew before is no change.  Of one that waits for a topic the vault
 * keeps the digest, and the bridge listens and reads for it
 * (bridge/watching.c). It does nothing while the house is halted or in safe
 * mode, nor when who signed it is no live owner.
 *
 * What an automation commands a device counts as its doing for
 * AUTOMATION_ECHO_MS: one that this sets off is a hop further, and one that
 * would be more than AUTOMATION_HOPS_MAX is not begun.  One that fires more
 * often than its rate allows is switched off; a rate above
 * automation_rate_low is for what only reads or can be undone.  While
 * what one began waits for a yes it begins nothing more, nor while the disk
 * does not keep up.  What it was not begun for is told with how often that
 * was, once in AUTOMATION_TOLD_MS.  Hops and rates are in memory, so a house
 * that starts anew counts anew.
 */

#include "automation/automation.h"
#include "devices/devices.h"
#include "judge/judge.h"
#include "request/request.h"
#include "runs/runs.h"

#define AUTOMATIONS_MAX 64
#define AUTOMATION_LOOK_MS (60 * 1000) /* At times, whatever the clock did. */
#define AUTOMATION_TOLD_MS 1000
#define AUTOMATION_HOPS_MAX 4
#define AUTOMATION_RUNS_MAX                                                    \
	8 /* Of them at once; the other places are people's. */
#define AUTOMATION_ECHO_MS (60 * 1000)
#define AUTOMATION_MARKS_MAX 256 /* Devices that were just commanded. */
#define AUTOMATION_SHOWN_MAX 400 /* Bytes of one in a list. */

struct automations;

struct automations_setup {
	struct loop *loop;
	struct judge *judge;
	const struct trust *trust; /* The caller's, kept up by it. */
	struct requests *requests;
	struct runs *runs;
	struct devices *devices;
};

struct automations *automations_new(const struct automations_setup *s);

/* A setting or an active version of what was there when the house ended;
 * others it passes over. */
void automations_load(
    struct automations *as, enum ledger_row table, const struct json *row);

/* The trust table is there: times count from now on. */
void automations_start(struct automations *as);

/* This entity said something. */
void automations_changed(struct automations *as, const char *entity);

/* ---- Topics ---- */

/* The bridge is there, and knows nothing yet: all documents that it listens
 * for. */
void automations_tell(struct automations *as);
/* {"name", "value", "unread"}: what was said on the topic of this one; without
 * a value nobody knows it. */
void automations_said(struct automations *as, const struct json *body);
/* The vault trusts what was sent to it, or not: then the asker is refused by
 * who calls.  True: `r` is taken, and the asker is answered. */
bool automations_on_trust_answer(
    struct automations *as, int64_t request, struct record *r);
void automations_on_trust_refused(struct automations *as, int64_t request);

/* This act goes out to a device. */
void automations_ordered(struct automations *as, const struct act *a);

/* ---- What clients ask and command ---- */

/* {"place", "automations": [{"name", "text", "by", "version", "off",
 * "next_ms", "value"}]}, the value of its topic; with "name" the "document" of
 * that one, too. */
query_fn automations_query;
/* body: {"automation"}: an object, a new version of what has its name. */
command_fn automations_add;
/* body: {"name"} */
command_fn automations_remove;
command_fn automations_enable;
command_fn automations_disable;
/* body: {"lat", "lon"}: degrees as texts. */
command_fn automations_place;

#endif
