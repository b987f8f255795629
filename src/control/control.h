/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

/*
 * The control role: listens.  TLS, HTTP, and passing on; it holds no secret
 * but its own TLS key, and can approve nothing.
 *
 *	8443  mutual TLS 1.3: the API for paired clients
 *	      GET  /v1/NAME?KEY=VALUE...	a query
 *	      POST /v1/command			a signed command
 *	8444  TLS 1.3, open only while a pairing window is:
 *	      POST /v1/pair
 */

/* `calls`: the groups of system calls that its row allows. */
int control_main(unsigned calls);

#endif
