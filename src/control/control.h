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
 *	8080  no TLS, open only while a pairing window for a phone is:
 *	      GET  /, /durward.crt ...		the root certificate, and words
 *	8444  TLS 1.3, open while a pairing window is or a browser is paired:
 *	      GET  /, /app.js ...		the web app
 *	      GET  /v1/box			{"box", "key"}: which house it
 *is POST /v1/pair GET  /v1/live			a WebSocket, see live.c
 */

/* `calls`: the groups of system calls that its row allows. */
int control_main(unsigned calls);

#endif
