/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EGRESS_EGRESS_PRIV_H
#define EGRESS_EGRESS_PRIV_H

#include "base/secret.h"
#include "crypto/crypto.h"
#include "ipc/peers.h"
#include "lookup/lookup.h"
#include "net/retry.h"
#include "order/order.h"
#include "redact/scanner.h"
#include "sender/sender.h"
#include "wire/wire.h"

struct egress;
struct call;

/* ---- requests.c: what the mind wants to say, until its order comes ---- */

struct request {
	char run[TOKEN_SIZE]; /* "": a free place. */
	int64_t step;
	char *body; /* Ended by a zero byte. */
	size_t len;
	int64_t until_ms;
};

struct requests {
	struct request all[RUNS_OPEN_MAX];
};

/* Copies the body.  A newer one of a run takes the place of the older; when
 * all places are taken it is the one that would go first.  ERR_INPUT when it
 * names no run, ERR_LIMIT for a body that is too long. */
NODISCARD enum err requests_put(struct requests *rs, const char *run,
    int64_t step, const char *body, size_t len, int64_t now_ms);
/* The caller frees the body; NULL when it is not there. */
char *requests_take(struct requests *rs, const char *run, int64_t step,
    int64_t now_ms, size_t *ret_len);
void requests_drop(struct requests *rs, const char *run, int64_t step);
/* Forget what has waited too long: all of them at INT64_MAX. */
void requests_expire(struct requests *rs, int64_t now_ms);

/* Does the request say what its order says?  `o` is verified.  ERR_DENIED in
 * words. */
NODISCARD enum err request_agrees(
    struct str body, const struct order *o, struct errmsg *why);

/* ---- retry.c: when to try again ---- */

/* What one provider's calls may still try again. */
struct retries {
	char provider[NAME_MAX_LEN + 1];
	int64_t taken; /* In units of MODEL_RETRY_EVERY_MS, as milliseconds. */
	int64_t at_ms;
};

/* One more try?  Then it is counted. */
bool retry_take(struct retries *r, int64_t now_ms);

/* How long to wait before it, after `tries` of them; `after_ms` is what the
 * provider asks for or -1.  -1: longer than anybody waits. */
int64_t retry_pause_ms(int tries, int64_t after_ms, uint32_t random);

/* ---- words.c: what people are told ---- */

void words_of_status(struct call *c, long status, int64_t after_ms);
void words_of_trouble(struct call *c, CURLcode code);
/* "Ollama at 127.0.0.1:11434" */
void words_of_provider(const struct call *c, struct buf *out);

/* ---- try.c: one try of a call, over libcurl ---- */

struct
try {
	CURL *curl; /* NULL: none is under way. */
	struct trip trip;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	char error[CURL_ERROR_SIZE];
	bool sent; /* The connection was there: bytes may have gone out. */
	bool encoded; /* The answer is compressed, which nobody asked for. */
	bool paused;
	int64_t after_ms; /* As the provider asks; -1. */
	struct buf refusal; /* The body of a status that is not 200. */
};

/* All that a request says beside its body, for curl_slist_free_all() after
 * headers_wipe().  NULL: the key cannot stand in a header. */
struct curl_slist *headers_new(enum dialect d, const struct secret *key);
void headers_wipe(struct curl_slist *list);

/* To c->address.  False when it cannot even begin; c->why says why. */
bool try_begin(struct call *c);
void try_drop(struct call *c);
long try_status(const struct call *c);

/* ---- reply.c: what came back, on its way to the mind ---- */

struct reply {
	struct buf held; /* Not looked at yet. */
	struct buf seen; /* The overlap, and what is being looked at. */
	size_t overlap;
	bool scanning;
	bool pumping;
	uint64_t behind; /* The timer, while the mind's lane is full. */
	struct hashing *hashing;
	int64_t received;
	int64_t first_ms; /* Of the call; -1: nothing has come. */
};

void reply_open(struct reply *r);
void reply_close(struct call *c);
/* Bytes of a 200 body.  False: no more of them now, and these again later. */
bool reply_take(struct call *c, const char *p, size_t len);
/* Send on what may go; after the last byte all of it. */
void reply_pump(struct call *c);

/* ---- calls.c: from the order to its end ---- */

enum stage {
	STAGE_REQUEST, /* The order is here, the request is not. */
	STAGE_SCAN,
	STAGE_KEY,
	STAGE_LOOKUP,
	STAGE_CONNECT,
	STAGE_FIRST, /* Sent; not a byte of a body yet. */
	STAGE_BODY,
	STAGE_PAUSE, /* Before another try. */
	STAGE_TELL /* It is over; the error's body is looked at. */
};

/* Of the manifest, which may change while the call goes on. */
struct provider {
	char name[NAME_MAX_LEN + 1];
	struct digest digest;
	enum dialect dialect;
	bool cloud;
	bool has_key;
	char key_name[NAME_MAX_LEN + 1];
	char url[PROVIDER_URL_MAX + 32];
	struct base_url at;
};

struct call {
	struct egress *eg;
	uint64_t id; /* 0: a free place; never used twice. */
	enum stage stage;
	char act[TOKEN_SIZE];
	char run[TOKEN_SIZE];
	int64_t step;
	int64_t begun_ms;
	uint64_t timer;
	struct json *order; /* Until the request is there. */
	char *bulk;
	size_t bulk_len;
	char *body;
	size_t body_len;
	struct provider provider;
	struct secret *key;
	uint64_t lookup;
	struct found found; /* Those alone that fit the place. */
	size_t next; /* Address to try. */
	struct address address;
	struct try try;
	struct reply reply;
	int tries;
	int64_t sent; /* Of the body, in all tries. */
	int64_t active_ms; /* When the last byte came. */
	long status;
	bool unknown; /* Of some try it is not known what became of it. */
	bool over; /* The body came to its end. */
	bool failed; /* `why` says it; the timer ends the call. */
	struct errmsg why;
};

/* It ends with these words as soon as nothing of libcurl is on the stack. */
void PRINTF_LIKE(2, 3) call_fail(struct call *c, const char *fmt, ...);
void call_enter(struct call *c, enum stage stage, int64_t wait_ms);
/* At once, never under libcurl. */
void call_stop(struct call *c);
/* Where is it?  Then it is tried. */
void call_look_up(struct call *c);
/* As scanner_pass(); `fn` gets what ticket_take() makes the call of, or NULL
 * when it is over. */
void call_scan(struct call *c, const char *text, size_t len, scan_fn *fn);
struct call *ticket_take(void *arg);
/* The connection is there, and the request goes out. */
void call_sent(struct call *c);
/* Bytes of a 200 body have come. */
void call_heard(struct call *c);
/* One try is over. */
void call_tried(struct call *c, CURLcode code);
/* All of the answer went on to the mind. */
void call_done(struct call *c);
struct call *call_by_id(struct egress *eg, uint64_t id);

/* ---- orders.c: what the other roles want ---- */

peer_fn egress_on_request;
peer_fn egress_on_cancel;
peer_fn egress_on_order;
peer_fn egress_on_stop;
peer_fn egress_on_key;
/* The table came: what waited for it goes on. */
void egress_on_trust(struct egress *eg);
/* The mind is gone: nobody wants the answers. */
void egress_on_mind_lost(struct egress *eg);

/* ---- documents.c ---- */

peer_fn egress_on_manifest;

/* A provider's manifest, for the vault. */
struct document {
	char name[NAME_MAX_LEN + 1]; /* "": a free place. */
	struct digest digest;
	char *text;
	size_t len;
};

/* NULL when it did not come, or not this one. */
const struct document *document_find(
    const struct egress *eg, const char *name, const struct digest *digest);

/* ---- egress.c ---- */

struct egress {
	struct peers *peers;
	struct loop *loop;
	struct scanner *scanner;
	struct verifier *verifier;
	bool have_trust;
	struct lookups *lookups;
	struct wire *wire;
	struct sender *sender;
	struct requests requests;
	uint64_t expiry; /* Timer of the requests. */
	struct call calls[EGRESS_CALLS_MAX];
	uint64_t last_call;
	struct retries retries[TOOLS_MAX];
	struct document documents[TOOLS_MAX];
	size_t next_document;
};

#endif
