/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATE_AUTOMATE_H
#define AUTOMATE_AUTOMATE_H

/*
 * `durward automation`: what the house does by itself, and a sentence that
 * is to become such a rule.  What is shown is read from the very document
 * that is signed.
 */

#include "client/session.h"

#define AUTOMATION_USAGE                                                       \
	"[list | show NAME | add FILE | add --when WHEN --do WHAT [--name "    \
	"NAME] | remove NAME | enable NAME | disable NAME] [--yes]"

int command_automation(int argc, char **argv);

/* Is this goal a rule about devices of the home, like "at sunset turn on the
 * porch light"?  Then it is shown, signed after a yes, and `ret_code` is the
 * exit code.  Else nothing has happened. */
bool automate_goal(struct session *s, const char *goal, int *ret_code);

/* `durward home place LATITUDE LONGITUDE`: an exit code. */
int automate_place(struct session *s, const char *lat, const char *lon);

#endif
