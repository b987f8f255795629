/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_PARENT_H
#define MAIN_PARENT_H

/*
 * The parent: starts, confines, watches and restarts the roles.  It owns
 * the listeners and makes every lane, and parses nothing.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct parent_options {
	const char *state_dir; /* Holds core/ and vault/, from init. */
	const char *address;
	uint16_t port;
	uint16_t pairing_port;
	/* Plain HTTP, for phones that are being paired; 0: none. */
	uint16_t certificate_port;
	const char *socket_path; /* Where the runner connects. */
	/* PEM: whose certificates egress believes beside the machine's, for a
	 * provider with one of one's own; NULL for none.  Read with the first
	 * call over TLS. */
	const char *authorities;
	/* Of the home's messages: the path of a Unix socket, or ADDRESS:PORT;
	 * NULL: there is none, and no bridge. */
	const char *broker;
	/* Who the house is to that broker, with the secret "broker" as its
	 * password; NULL: the broker asks nobody. */
	const char *broker_user;
	bool spare_card; /* The disk is slow, or wears out. */
	uid_t runner_uid; /* Whom the socket believes. */
	char **argv; /* To start the whole house anew. */
};

/* Until SIGTERM.  Returns the exit status. */
int parent_main(const struct parent_options *o);

#endif
