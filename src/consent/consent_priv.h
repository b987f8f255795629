/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSENT_CONSENT_PRIV_H
#define CONSENT_CONSENT_PRIV_H

#include "consent/consent.h"

/* ---- approvals.c ---- */

/* A question as it stands in the list of what waits, in one line. */
void say_question(const struct json *row);

/* May this sheet be shown and signed?  These return exit codes. */
int trust_sheet(struct session *s, const char *act, const char *text);
/* With a grant, unless it is NULL, "always like this" is signed too. */
int sign_sheet(
    struct session *s, const char *act, const char *text, const char *grant);
int deny_act(struct session *s, const char *act, const char *reason);

/* ---- watch.c ---- */

int approvals_watch(void);

/* ---- settings.c ---- */

int approvals_settings(int argc, char **argv);

#endif
