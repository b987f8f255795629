/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_SAFETY_H
#define JUDGE_SAFETY_H

/*
 * Halt and safe mode.  In both, nothing is done but acts of the house itself
 * that only read; what waits stays as it is.
 *
 * A person halts, and an owner resumes.  The house puts itself into safe
 * mode for the reasons below; some end by themselves when their cause is
 * gone, for the others an owner says `durward resume`.
 */

#include <stdbool.h>

/* Name, what is wrong, what is said when it is not, how to leave it; the last:
 * ends by itself. */
#define SAFE_TABLE(X)                                                          \
	X(SAFE_POLICY, "policy", "the rules cannot be read",                   \
	    "the rules can be read",                                           \
	    "activate a version that loads: durward policy rollback", true)    \
	X(SAFE_AUDIT, "audit", "the log does not verify",                      \
	    "no entry of the log was altered",                                 \
	    "restore a backup (durward restore), or accept the log as it is: " \
	    "durward resume",                                                  \
	    false)                                                             \
	X(SAFE_CLOCK, "clock", "the clock cannot be trusted",                  \
	    "the clock is trusted",                                            \
	    "set the clock, or accept the time it shows: durward resume",      \
	    true)                                                              \
	X(SAFE_DISK, "disk", "the disk is nearly full", "the disk has room",   \
	    "make room on the disk, then restart the house", true)             \
	X(SAFE_CRASHES, "crashes",                                             \
	    "the house died three times in ten minutes", "the house lives",    \
	    "look for the reason in the journal, then: durward resume", false) \
	X(SAFE_DATABASE, "database", "the database is damaged",                \
	    "the database is whole",                                           \
	    "stop the house and restore a backup: durward restore", false)

enum safe_reason {
#define X(name, text, what, well, leave, ends) name,
	SAFE_TABLE(X)
#undef X
	    SAFE_COUNT
};

struct safety {
	bool halted;
	bool on[SAFE_COUNT];
	char detail[SAFE_COUNT][160]; /* More about it, or "". */
};

const char *safe_name(enum safe_reason r);
const char *safe_what(enum safe_reason r);
const char *safe_well(enum safe_reason r);
const char *safe_leave(enum safe_reason r);
bool safe_ends_itself(enum safe_reason r);

/* Is any reason on? */
bool safety_is_on(const struct safety *s);

/* May anything but reading go on? */
bool safety_is_free(const struct safety *s);

/* True when it changed. */
bool safety_set(
    struct safety *s, enum safe_reason r, bool on, const char *detail);

#endif
