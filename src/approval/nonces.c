/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/nonces.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

#define NONCE_LEN 16

struct place {
	uint8_t value[NONCE_LEN];
	int64_t until_ms; /* Free when past. */
	uint64_t owner; /* Of one that was issued. */
};

struct nonces {
	size_t most;
	struct place *places;
};

struct nonces *
nonces_new(size_t most)
{
	struct nonces *n = xalloc(sizeof(*n));

	n->most = most;
	n->places = xalloc(most * sizeof(n->places[0]));
	return n;
}

void
nonces_free(struct nonces *n)
{
	if (n == NULL)
		return;
	free(n->places);
	free(n);
}

static struct place *
find(struct nonces *n, const uint8_t value[NONCE_LEN], int64_t now_ms)
{
	size_t i;

	for (i = 0; i < n->most; i++)
		if (n->places[i].until_ms > now_ms &&
		    memcmp(n->places[i].value, value, NONCE_LEN) == 0)
			return &n->places[i];
	return NULL;
}

static struct place *
find_free(struct nonces *n, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < n->most; i++)
		if (n->places[i].until_ms <= now_ms)
			return &n->places[i];
	return NULL;
}

static enum err
remember(struct nonces *n, const char *value, uint64_t owner, int64_t until_ms,
    int64_t now_ms)
{
	uint8_t v[NONCE_LEN];
	struct place *p;

	if (hex_read(value, strlen(value), v, NONCE_LEN) != OK)
		return ERR_INPUT;
	if (find(n, v, now_ms) != NULL)
		return ERR_REPLAY;
	p = find_free(n, now_ms);
	if (p == NULL)
		return ERR_LIMIT;
	memcpy(p->value, v, NONCE_LEN);
	p->until_ms = until_ms;
	p->owner = owner;
	return OK;
}

enum err
nonces_remember(
    struct nonces *n, const char *value, int64_t until_ms, int64_t now_ms)
{
	return remember(n, value, 0, until_ms, now_ms);
}

/* The one that ends first of those of one owner, when there are as many as
 * one may have; NULL. */
static struct place *
first_of_many(struct nonces *n, uint64_t owner, int64_t now_ms)
{
	struct place *first = NULL;
	size_t count = 0;
	size_t i;

	for (i = 0; i < n->most; i++) {
		struct place *p = &n->places[i];

		if (p->until_ms <= now_ms || p->owner != owner)
			continue;
		count++;
		if (first == NULL || p->until_ms < first->until_ms)
			first = p;
	}
	return count >= CHALLENGES_EACH_MAX ? first : NULL;
}

enum err
nonces_issue(struct nonces *n, const struct digest *owner, const char *value,
    int64_t until_ms, int64_t now_ms)
{
	struct place *p;
	uint64_t tag;

	memcpy(&tag, owner->b, sizeof(tag));
	p = first_of_many(n, tag, now_ms);
	if (p != NULL)
		p->until_ms = 0;
	return remember(n, value, tag, until_ms, now_ms);
}

enum err
nonces_spend(struct nonces *n, const char *value, int64_t now_ms)
{
	uint8_t v[NONCE_LEN];
	struct place *p;

	if (hex_read(value, strlen(value), v, NONCE_LEN) != OK)
		return ERR_INPUT;
	p = find(n, v, now_ms);
	if (p == NULL)
		return ERR_NOTFOUND;
	p->until_ms = 0;
	return OK;
}
