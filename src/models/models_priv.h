/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODELS_MODELS_PRIV_H
#define MODELS_MODELS_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "client/session.h"
#include "model/chat.h"
#include "models/models.h"

/* ---- probe.c: servers of models that answer here ---- */

struct found_model {
	char name[MODEL_NAME_MAX + 1];
	int64_t size; /* Bytes of its weights; 0: not told. */
	int64_t context; /* The longest that it can; 0: not told. */
	int64_t token_bytes; /* Memory for one token of context; 0: not told. */
	bool chats; /* It answers in words; others only embed. */
	bool tools; /* Its server says that it can call tools. */
	bool loaded;
};

struct found_server {
	const char *name; /* For people, and of the provider. */
	enum dialect dialect;
	char url[PROVIDER_URL_MAX + 1]; /* As a manifest has it. */
	bool here; /* On this machine, whose memory it uses. */
	struct found_model models[PROBE_MODELS_MAX];
	size_t n_models;
};

#define PROBES_MAX 5

/* All that answer; returns how many. */
size_t probe_servers(struct found_server ret[PROBES_MAX]);

/* One request over plain HTTP; the body of an answer with status 200.
 * ERR_CLOSED, ERR_EXPIRED, ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err probe_exchange(const char *host, uint16_t port,
    const char *target, const char *body, struct buf *ret);

/* "http://name:port", "name:port", "name", ":port"; what is not said is
 * 127.0.0.1 and 11434.  ERR_INPUT. */
#define PROBE_HOST_SIZE 201
NODISCARD enum err probe_read_host(
    const char *text, char ret_host[PROBE_HOST_SIZE], uint16_t *ret_port);

/* ---- pick.c: one of them, by the memory that there is ---- */

struct memory {
	int64_t total; /* Bytes. */
	int64_t available;
};

struct pick {
	const struct found_model *model;
	int64_t context; /* Tokens: what its manifest fixes. */
	char why[160];
};

/* ERR_NOTFOUND with a word why when none will do. */
NODISCARD enum err pick_model(const struct found_server *s,
    const struct memory *m, struct pick *ret, struct errmsg *why);

/* What a model takes with so much context. */
int64_t pick_need(const struct found_model *m, int64_t context);

/* "MemTotal:  8000000 kB" and its like, of /proc/meminfo. */
NODISCARD enum err pick_read_memory(const char *text, struct memory *ret);

/* ---- add.c ---- */

struct new_provider {
	const char *name;
	const char *description;
	enum dialect dialect;
	const char *url;
	bool cloud;
	const char *key; /* NULL: none. */
	bool key_in_clear; /* It may go without TLS. */
	int64_t usd_day; /* Millionths that a grant is offered for. */
	struct {
		char name[MODEL_NAME_MAX + 1];
		int64_t context;
	} models[PROVIDER_MODELS_MAX];
	size_t n_models;
};

/* Shown, signed and added; an exit code. */
int provider_add(struct session *s, const struct new_provider *p, bool yes);
/* "qwen3:4b" or "qwen3:4b:8192".  ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err provider_add_model(
    struct new_provider *p, const char *text, struct errmsg *why);

/* ---- The verbs; each returns an exit code ---- */

int model_find(struct session *s, bool add, bool yes);
int model_add(struct session *s, int argc, char **argv);
int model_list(struct session *s);
/* NAME, NAME/MODEL, or NULL for the first that there is. */
int model_test(struct session *s, const char *wish);
int model_use(struct session *s, const char *role, const char *list);
int model_price(struct session *s, int argc, char **argv);

/* To stderr; EXIT_FAILED. */
int model_complain(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* False when a person said no. */
bool model_confirm(bool yes, const char *question);

#endif
