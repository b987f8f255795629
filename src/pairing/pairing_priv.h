/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAIRING_PAIRING_PRIV_H
#define PAIRING_PAIRING_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "client/session.h"
#include "pairing/pairing.h"
#include "recovery/code.h"
#include "terminal/terminal.h"

#define PEM_SIZE 4096

/* ---- joining.c ---- */
struct joining {
	char folder[1024];
	const char *name;
	const char *host;
	uint16_t port;
	uint16_t pairing_port;
	struct pairing_token token;
	bool recovers; /* By a code on paper, which is no token. */
	struct recovery_code code;
	struct secret *key_pem;
	char root_pem[PEM_SIZE];
};

/* An exit code. */
int pairing_join(struct joining *j, const char *token);

/* ---- window.c ---- */

/* The options by which another client of this house finds its ports, behind a
 * blank; "" where they are the usual ones. */
#define PORT_OPTIONS_SIZE 48
void pairing_port_options(struct session *s, char ret[PORT_OPTIONS_SIZE]);

/* Whom a window is opened for. */
struct wanted {
	const char *role;
	const char *host; /* By which a phone reaches the house, or NULL. */
	bool phone;
	const char *expires; /* "30d", or NULL: never. */
	const char *scope; /* Tools, or NULL: all. */
};

/* What comes sealed for a key that was made for this one answer. */
struct seal_key;
NODISCARD enum err pairing_unseal(
    const struct json *answer, const struct seal_key *key, struct secret **ret);

/* ---- code.c ---- */

/* The QR code of `text`; false, and nothing, where the window does not show
 * all of it, or is none. */
bool code_print(const char *text);

/* A camera that sees two codes reads either. */
void code_scroll_away(void);

/* ---- phone.c ---- */

/* Who knocks is an event of the house, from here on. */
struct watching {
	struct session *session;
	int64_t next; /* Event. */
	int64_t until_ms; /* As long as the window is open. */
	unsigned certificate_port; /* 0: none. */
	bool web_off; /* The port of browsers has a window and no more. */
	bool has_certificate; /* There is one for the port of clients. */
};
int phone_watch(struct session *s, struct watching *ret);

/* Show the link, wait for the phone, compare the words; an exit code.
 * `host`: the name by which the phone reaches the house, or NULL. */
int phone_admit(struct watching *w, const char *host, const char *token);

#endif
