/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/lane.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "ipc/frame.h"
#include "sys/sock.h"

#define PACKETS_PER_TURN 32 /* Others must have their turn. */

struct packet {
	struct packet *next;
	size_t len;
	int fds[LANE_FDS_MAX];
	size_t n_fds;
	uint8_t bytes[];
};

struct lane {
	struct loop *loop;
	int fd;
	enum role self;
	enum role peer;
	lane_fn *fn;
	void *arg;
	struct packet *first;
	struct packet *last;
	size_t queued;
	size_t queued_bytes;
	/* Set by lane_free() when it is called under the callback. */
	bool *freed;
};

/* One packet is handled at a time, so all lanes share one buffer. */
static uint8_t packet_in[LANE_FRAME_MAX];

static void on_ready(void *arg, int fd, int events);

struct lane *
lane_new(struct loop *l, int fd, enum role self, enum role peer, lane_fn *fn,
    void *arg)
{
	struct lane *lane = xalloc(sizeof(*lane));

	*lane = (struct lane){.loop = l,
	    .fd = fd,
	    .self = self,
	    .peer = peer,
	    .fn = fn,
	    .arg = arg};
	if (loop_add(l, fd, LOOP_READ, on_ready, lane) != OK)
		fatal("cannot watch the lane to %s", role_name(peer));
	return lane;
}

static void
packet_free(struct packet *p)
{
	size_t i;

	for (i = 0; i < p->n_fds; i++)
		close(p->fds[i]);
	explicit_bzero(p->bytes, p->len); /* Some are secrets. */
	free(p);
}

void
lane_free(struct lane *lane)
{
	struct packet *p;

	if (lane == NULL)
		return;
	if (lane->freed != NULL)
		*lane->freed = true;
	while ((p = lane->first) != NULL) {
		lane->first = p->next;
		packet_free(p);
	}
	loop_remove(lane->loop, lane->fd);
	close(lane->fd);
	free(lane);
}

static enum err
enqueue(struct lane *lane, const struct sock_part parts[3],
    const struct outgoing *o)
{
	size_t len = parts[0].len + parts[1].len + parts[2].len;
	struct packet *p;
	size_t i;
	size_t at = 0;

	if (lane->queued == LANE_QUEUE_MAX ||
	    lane->queued_bytes + len > LANE_QUEUE_BYTES_MAX)
		return ERR_BUSY;
	p = xalloc(sizeof(*p) + len);
	p->len = len;
	for (i = 0; i < 3; i++) {
		if (parts[i].len > 0)
			memcpy(p->bytes + at, parts[i].p, parts[i].len);
		at += parts[i].len;
	}
	for (i = 0; i < o->n_fds; i++) {
		p->fds[i] = fcntl(o->fds[i], F_DUPFD_CLOEXEC, 0);
		if (p->fds[i] < 0)
			fatal("out of descriptors");
		p->n_fds++;
	}
	if (lane->last != NULL && lane->first != NULL)
		lane->last->next = p;
	else
		lane->first = p;
	lane->last = p;
	lane->queued++;
	lane->queued_bytes += len;
	return loop_change(lane->loop, lane->fd, LOOP_READ | LOOP_WRITE);
}

enum err
lane_send(struct lane *lane, const struct outgoing *o)
{
	uint8_t head[FRAME_HEAD_LEN];
	char *body = o->body != NULL ? json_print(o->body) : xstrdup("{}");
	struct frame f = {.type = o->type,
	    .body = body,
	    .body_len = strlen(body),
	    .bulk_len = o->bulk_len};
	struct sock_part parts[3] = {
	    {head, sizeof(head)}, {body, f.body_len}, {o->bulk, o->bulk_len}};
	enum err e = frame_encode_head(&f, head);

	if (e == OK && lane->first != NULL)
		e = ERR_BUSY;
	else if (e == OK)
		e = sock_send(lane->fd, parts, 3, o->fds, o->n_fds);
	if (e == ERR_BUSY)
		e = enqueue(lane, parts, o);
	free(body);
	return e;
}

bool
lane_is_behind(const struct lane *lane)
{
	return lane->queued > LANE_QUEUE_MAX / 4 ||
	    lane->queued_bytes > LANE_QUEUE_BYTES_MAX / 4;
}

char *
msg_text(const struct msg *m)
{
	char *text = xstrndup(m->bulk, m->bulk_len);

	str_mend(text);
	return text;
}

static void
flush(struct lane *lane)
{
	struct packet *p;

	while ((p = lane->first) != NULL) {
		struct sock_part part = {p->bytes, p->len};
		enum err e = sock_send(lane->fd, &part, 1, p->fds, p->n_fds);

		if (e == ERR_BUSY)
			return;
		/* A dead peer is noticed by the next read. */
		lane->first = p->next;
		lane->queued--;
		lane->queued_bytes -= p->len;
		packet_free(p);
	}
	lane->last = NULL;
	if (loop_change(lane->loop, lane->fd, LOOP_READ) != OK)
		fatal("cannot watch the lane to %s", role_name(lane->peer));
}

static void
close_fds(struct msg *m)
{
	size_t i;

	for (i = 0; i < m->n_fds; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
}

/* The parent parses nothing: to it every body is empty. */
static bool
read_body(const struct lane *lane, const struct frame *f, struct json **ret)
{
	if (lane->self == ROLE_PARENT)
		return f->body_len == 2 && memcmp(f->body, "{}", 2) == 0;
	return json_parse(f->body, f->body_len, ret) == OK &&
	    json_is_object(*ret);
}

/* Deliver one packet.  False when the lane is not to be read further. */
static bool
deliver(struct lane *lane, size_t len, struct msg *m)
{
	struct frame f;
	struct json *body = NULL;
	bool freed = false;
	bool good = frame_decode(packet_in, len, &f) == OK &&
	    lane_allows(f.type, lane->peer, lane->self) &&
	    read_body(lane, &f, &body);

	lane->freed = &freed;
	if (good) {
		m->type = f.type;
		m->from = lane->peer;
		m->body = body;
		m->bulk = f.bulk;
		m->bulk_len = f.bulk_len;
		lane->fn(lane->arg, lane->peer, LANE_MESSAGE, m);
	} else {
		log_err("%s sent a message that is not on its lane",
		    role_name(lane->peer));
		lane->fn(lane->arg, lane->peer, LANE_VIOLATION, NULL);
	}
	if (!freed)
		lane->freed = NULL;
	close_fds(m);
	json_free(body);
	return good && !freed;
}

/* Once the caller's callback returned, the lane may be gone. */
static void
read_packets(struct lane *lane, int most)
{
	while (most-- > 0) {
		struct msg m = {.n_fds = 0};
		size_t len;
		bool go_on;
		enum err e = sock_recv(lane->fd, packet_in, sizeof(packet_in),
		    &len, m.fds, &m.n_fds);

		if (e == ERR_BUSY)
			return;
		if (e == ERR_CLOSED) {
			lane->fn(lane->arg, lane->peer, LANE_CLOSED, NULL);
			return;
		}
		if (e != OK)
			len = 0; /* Oversized: no frame, so a violation. */
		go_on = deliver(lane, len, &m);
		explicit_bzero(packet_in, len);
		if (!go_on)
			return;
	}
}

static void
on_ready(void *arg, int fd, int events)
{
	struct lane *lane = arg;

	(void)fd;
	if (events & LOOP_WRITE)
		flush(lane);
	if (events & (LOOP_READ | LOOP_HANGUP))
		read_packets(lane, PACKETS_PER_TURN);
}

void
lane_wait(struct lane *lane, int wait_ms)
{
	struct pollfd pfd = {.fd = lane->fd, .events = POLLIN};

	if (poll(&pfd, 1, wait_ms) > 0)
		read_packets(lane, 1);
}
