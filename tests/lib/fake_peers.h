/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_PEERS_H
#define FAKE_PEERS_H

/*
 * In the place of ipc/peers.c: what a role sends is written down, and no
 * other role is there.  A test file includes it once.
 */

#include <stdlib.h>
#include <string.h>

#include "ipc/peers.h"

#define FAKE_SENT_MAX 64

struct peers {
	struct loop *loop;
};

struct fake_sent {
	enum role to;
	enum msg_type type;
	struct json *body;
	char *bulk;
};

static struct peers fake_peers;
static struct fake_sent fake_sent[FAKE_SENT_MAX];
static size_t fake_n_sent;

static inline void
fake_forget(void)
{
	while (fake_n_sent > 0) {
		json_free(fake_sent[--fake_n_sent].body);
		free(fake_sent[fake_n_sent].bulk);
	}
}

/* How many of this kind. */
static inline size_t
fake_count(enum msg_type type)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < fake_n_sent; i++)
		n += fake_sent[i].type == type;
	return n;
}

/* The body of the last one of this kind; NULL when none was sent. */
static inline const struct json *
fake_last(enum msg_type type)
{
	size_t i;

	for (i = fake_n_sent; i > 0; i--)
		if (fake_sent[i - 1].type == type)
			return fake_sent[i - 1].body;
	return NULL;
}

static inline const char *
fake_last_bulk(enum msg_type type)
{
	size_t i;

	for (i = fake_n_sent; i > 0; i--)
		if (fake_sent[i - 1].type == type)
			return fake_sent[i - 1].bulk;
	return NULL;
}

enum err
peers_send_bulk(struct peers *p, enum role to, enum msg_type type,
    struct json *body, const void *bulk, size_t bulk_len)
{
	(void)p;
	if (fake_n_sent == FAKE_SENT_MAX)
		abort();
	fake_sent[fake_n_sent++] = (struct fake_sent){
	    to, type, body, strndup(bulk_len > 0 ? bulk : "", bulk_len)};
	return OK;
}

enum err
peers_send(struct peers *p, enum role to, enum msg_type type, struct json *body)
{
	return peers_send_bulk(p, to, type, body, NULL, 0);
}

struct loop *
peers_loop(struct peers *p)
{
	return p->loop;
}

#endif
