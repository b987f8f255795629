/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/trace.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "crypto/crypto.h"

/* Each part with its length in front, so that no two sequences are one. */
static void
add(struct hashing *h, const char *p, size_t len)
{
	char head[32];
	int n = snprintf(head, sizeof(head), "%zu:", len);

	hashing_add(h, head, (size_t)n);
	hashing_add(h, p, len);
}

static void
add_text(struct hashing *h, const char *text)
{
	add(h, text, strlen(text));
}

static void
add_digest(struct hashing *h, const struct digest *d)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(d, hex);
	add_text(h, hex);
}

void
trace_begin(struct trace *t, const char *goal)
{
	struct hashing *h = hashing_new();

	memset(t, 0, sizeof(*t));
	add_text(h, "goal");
	add_text(h, goal);
	hashing_end(h, &t->at);
}

void
trace_wish(
    struct trace *t, const char *tool, const char *args, const char *origins)
{
	struct hashing *h = hashing_new();

	add_text(h, "wish");
	add_text(h, tool);
	add_text(h, args);
	add_text(h, origins);
	hashing_end(h, &t->wish);
}

void
trace_view(struct trace *t, const struct digest *view)
{
	struct hashing *h = hashing_new();

	add_text(h, "view");
	add_digest(h, view);
	hashing_end(h, &t->wish);
}

void
trace_step(struct trace *t, const char *name, const char *content)
{
	struct hashing *h = hashing_new();
	char n[24];

	snprintf(n, sizeof(n), "%lld", (long long)t->n);
	add_text(h, "step");
	add_digest(h, &t->at);
	add_text(h, n);
	add_text(h, name);
	add_text(h, content);
	add_digest(h, &t->wish);
	hashing_end(h, &t->at);
	memset(&t->wish, 0, sizeof(t->wish));
	t->n++;
}

void
trace_end(
    const struct trace *t, const char *reply, bool reached, struct digest *ret)
{
	struct hashing *h = hashing_new();

	add_text(h, reached ? "reached" : "not reached");
	add_digest(h, &t->at);
	add_text(h, reply);
	hashing_end(h, ret);
}

enum err
trace_take_up(struct trace *t, int64_t n, const char *hex)
{
	enum err e = digest_read(hex, strlen(hex), &t->at);

	if (e != OK)
		return e;
	t->n = n;
	memset(&t->wish, 0, sizeof(t->wish));
	return OK;
}

void
trace_request(const char *model, int64_t output, const char *body,
    size_t body_len, struct buf *out)
{
	struct json *args = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	crypto_hash(body, body_len, &d);
	digest_hex(&d, hex);
	json_put_int(args, "bytes", (int64_t)body_len);
	json_put_str(args, "model", model);
	json_put_int(args, "output", output);
	json_put_str(args, "sha256", hex);
	json_canonical(args, out);
	json_free(args);
}
