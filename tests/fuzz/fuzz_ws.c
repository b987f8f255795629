/* SPDX-License-Identifier: Apache-2.0 */
/* What a client or a server sends means the same in one piece and in many; what
 * comes out of it keeps the limits; and behind an end there is nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "ws/ws.h"

struct told {
	uint64_t sum;
	bool over;
};

static void
add(struct told *t, const void *p, size_t len)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < len; i++)
		t->sum = (t->sum ^ b[i]) * 1099511628211u;
}

static void
note(struct told *t, const struct ws *w, enum ws_event e)
{
	if (t->over)
		abort();
	add(t, &e, sizeof(e));
	switch (e) {
	case WS_MORE:
		abort();
	case WS_TEXT:
		if (w->message.len > WS_MESSAGE_MAX || w->message.overflow ||
		    !str_is_utf8(w->message.p, w->message.len))
			abort();
		add(t, w->message.p, w->message.len);
		break;
	case WS_PING:
	case WS_PONG:
		if (w->control_len > WS_CONTROL_MAX)
			abort();
		add(t, w->control, w->control_len);
		break;
	case WS_CLOSED:
	case WS_BROKEN:
		t->over = true;
		add(t, &w->code, sizeof(w->code));
		break;
	}
}

static void
read_all(bool from_server, const uint8_t *p, size_t len, size_t step,
    struct told *ret)
{
	struct ws w;
	size_t at = 0;

	memset(ret, 0, sizeof(*ret));
	if (from_server)
		ws_init_client(&w, WS_MESSAGE_MAX);
	else
		ws_init(&w);
	while (at < len) {
		size_t n = len - at < step ? len - at : step;
		size_t done = 0;

		while (done < n) {
			size_t used = 0;
			enum ws_event e = ws_take(
			    &w, (const char *)p + at + done, n - done, &used);

			if (used > n - done ||
			    (e == WS_MORE && used < n - done))
				abort();
			done += used;
			if (e != WS_MORE)
				note(ret, &w, e);
		}
		at += n;
		/* Later pieces have other sizes. */
		step = step < len ? 1 + (step * 7 + p[at - 1]) % 61 : step;
	}
	if (w.message.len > WS_MESSAGE_MAX || (ret->over && ws_is_midway(&w)))
		abort();
	ws_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told whole;
	struct told pieces;
	int side;

	for (side = 0; side < 2; side++) {
		read_all(side == 1, data, size, size + 1, &whole);
		read_all(side == 1, data, size, 1, &pieces);
		if (whole.sum != pieces.sum || whole.over != pieces.over)
			abort();
	}
	return 0;
}
