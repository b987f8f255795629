/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HERALDS_HERALDS_H
#define HERALDS_HERALDS_H

/*
 * What the bridge may say of the house on the home's broker (herald/herald.h):
 * looked at once a second while there is a bridge, and told to it when it
 * changed.  An owner takes it off the broker, and puts it there again; that is
 * a setting and an entry of the log.
 */

#include "herald/herald.h"
#include "ipc/peers.h"
#include "request/request.h"
#include "rules/rules.h"
#include "runs/runs.h"
#include "tooling/tooling.h"

#define HERALDS_LOOK_MS 1000

struct heralds;

struct heralds_setup {
	struct peers *peers;
	struct loop *loop;
	struct requests *requests;
	struct judge *judge;
	struct acts *acts;
	struct runs *runs;
	struct rules *rules;
	struct tooling *tooling;
};

struct heralds *heralds_new(const struct heralds_setup *s);

/* A setting of what was there when the house ended; others it passes over. */
void heralds_load(struct heralds *h, const struct json *row);

/* The bridge is there, and knows nothing. */
void heralds_begin(struct heralds *h);

command_fn heralds_show;
command_fn heralds_hide;

#endif
