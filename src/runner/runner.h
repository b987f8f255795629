/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

/*
 * The runner role: starts programs, which here means rootless Podman.  It
 * is a second user and a second unit, owns none of the house's files, and
 * never sees what the programs say: their streams go straight to the tools
 * role.  It connects to the parent's socket and serves until that closes.
 */

/* `shim` is the path of the program that every container starts with. */
int runner_main(const char *socket_path, const char *shim, unsigned calls);

#endif
