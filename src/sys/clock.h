/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

/* Deadlines use the boot clock, which runs during suspend and never jumps;
 * the wall clock is for people only. */

#include <stdint.h>

int64_t clock_boot_ms(void);
int64_t clock_wall_ms(void);

#endif
