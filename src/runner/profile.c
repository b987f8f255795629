/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/runner_priv.h"

/*
 * The seccomp profile of this machine, config/seccomp/MACHINE.json, stands in
 * the binary, so that there is none to be found, and none to be forgotten.
 */

#if defined(__x86_64__)
#define PROFILE "config/seccomp/x86_64.json"
#elif defined(__aarch64__)
#define PROFILE "config/seccomp/aarch64.json"
#endif

__asm__(".pushsection .rodata\n"
	".hidden profile_begin\n"
	".hidden profile_end\n"
	".globl profile_begin\n"
	".globl profile_end\n"
	"profile_begin:\n"
	".incbin \"" PROFILE "\"\n"
	"profile_end:\n"
	".popsection\n");

extern const char profile_begin[];
extern const char profile_end[];

struct str
profile_text(void)
{
	return (struct str){
	    profile_begin, (size_t)(profile_end - profile_begin)};
}
