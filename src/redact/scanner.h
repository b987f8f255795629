/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REDACT_SCANNER_H
#define REDACT_SCANNER_H

/*
 * The side of a role that lets text pass: what goes through it goes through
 * its scanner first.  Text in which no print fits passes at once.  With a
 * hit, and as long as the filter has not come, the vault is asked; secrets
 * that stand there are replaced by "secret://NAME".  A vault that does not
 * answer in SCAN_MS, or more open questions than SCANS_OPEN_MAX, mean that
 * the text is withheld.
 */

#include "ipc/peers.h"

enum scan {
	SCAN_CLEAN,
	SCAN_REPLACED, /* Something was taken out of it. */
	SCAN_WITHHELD /* The text is words that say so. */
};

/* `text` is borrowed, and ended by a zero byte. */
typedef void scan_fn(void *arg, enum scan result, const char *text, size_t len);

struct scanner;

struct scanner *scanner_new(struct peers *p);

/* Calls `fn` once: now, or when the vault has answered. */
void scanner_pass(
    struct scanner *s, const char *text, size_t len, scan_fn *fn, void *arg);

/* Calls `fn`, with no text, behind all that is being looked at: for what must
 * not overtake it. */
void scanner_behind(struct scanner *s, scan_fn *fn, void *arg);

/* For the role's own handlers: the lane to the vault is new; and what comes
 * on it. */
void scanner_on_lane(struct scanner *s);
void scanner_on_filter(struct scanner *s, const struct msg *m);
void scanner_on_scanned(struct scanner *s, const struct msg *m);

#endif
