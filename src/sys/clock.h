/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

/* Deadlines use the boot clock, which runs during suspend and never jumps;
 * the wall clock is for people, and for rules that name hours. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t clock_boot_ms(void);
int64_t clock_wall_ms(void);

/* The kernel's name of this start of the machine; "" when it says none. */
void clock_boot_id(char *ret, size_t size);

/* Does a time server keep the wall clock right?  The kernel says so, who may
 * ask it.  Nobody may in a unit with ProtectClock=yes (systemd.exec(5)): there
 * systemd-timesyncd's word is looked for by who sees the machine's files, and
 * the others believe what they were told. */
bool clock_is_synchronised(void);
bool clock_find_synchronised(void);
void clock_tell_synchronised(bool yes);

/* Minutes since local midnight, 0 to 1439; by the TZ of the environment. */
int clock_local_minute(int64_t wall_ms);

/* The machine's zone as TZ wants it (POSIX), from the end of /etc/localtime
 * (RFC 8536, section 3.3): a confined role cannot read that file.  "UTC0"
 * when it says none. */
void clock_zone(char *ret, size_t size);

#endif
