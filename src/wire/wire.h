/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

/*
 * libcurl on the loop of a role.  It says which descriptors it waits for and
 * until when, and the loop does the waiting.  It keeps connections for the
 * next trip; all that it allocates is wiped when it is freed, since keys are
 * copied there.
 *
 * To whom a trip may go, and what it says, its caller sets on the handle.
 */

#include <curl/curl.h>
#include <stdbool.h>

#include "net/address.h"
#include "sys/loop.h"

/* Where the role sees the certificates that it believes: the machine's, and
 * those of `durward run --authorities FILE`. */
#define AUTHORITIES_PATH "/etc/ssl/certs/ca-certificates.crt"
#define OWN_AUTHORITIES_PATH "/etc/ssl/certs/own.crt"

struct wire;

struct wire_setup {
	struct loop *loop;
	/* Behind each reading, before trips are told that they ended: what
	 * it brought goes on at once. */
	void (*behind)(void *arg);
	void *arg;
};

/* Who hears of the end.  It may end trips and begin others. */
struct trip {
	void (*ended)(void *arg, CURLcode code);
	void *arg;
};

struct wire *wire_open(const struct wire_setup *s);
/* `trip` stays the caller's, until the handle is removed. */
void wire_add(struct wire *w, CURL *curl, const struct trip *trip);
void wire_remove(struct wire *w, CURL *curl);
/* Connections are not used again from here on. */
void wire_forget(struct wire *w);
/* The certificates that are believed, read with the first trip that needs
 * them.  False when there are none. */
bool wire_trust(struct wire *w, CURL *curl);

/* For CURLOPT_OPENSOCKETFUNCTION: is this where the caller wants to go? */
bool wire_leads_to(
    const struct curl_sockaddr *to, const struct address *want, uint16_t port);

#endif
