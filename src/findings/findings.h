/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINDINGS_FINDINGS_H
#define FINDINGS_FINDINGS_H

/*
 * What the house finds when `durward doctor` asks how it is: what is wrong,
 * with what to do about it; and what its owner left open, with how to close
 * it, so that who lives with it for years sees on one page what goes without
 * a yes, who may say one, and since nobody thinks of it any more.
 *
 *	{"check", "ok", "open", "what", "fix"}
 *
 * Of these "ok" is false for what is wrong, and "open" true for what stands
 * open and is as it should be all the same.
 */

#include "approval/trust.h"
#include "care/care.h"
#include "devices/devices.h"
#include "judge/judge.h"
#include "request/request.h"
#include "tooling/tooling.h"

struct findings {
	struct requests *requests;
	const struct trust *trust;
	struct judge *judge;
	struct tooling *tooling;
	struct devices *devices;
	struct care *care;
	bool web_off; /* The port of browsers without a certificate. */
};

/* Answers {"findings": [...], "halted", "safe_mode"}. */
void findings_query(const struct findings *f, const struct request *q);

#endif
