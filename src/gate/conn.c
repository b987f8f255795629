/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "gate/gate_priv.h"
#include "sys/clock.h"
#include "sys/sock.h"

/*
 * One connection of a tool: looked up, connected to an address that was
 * checked, and passed on in both ways.  What the tool says first is held back
 * until it is known whether it is TLS and for whom.
 */

#define PUMP_BYTES (64 * 1024)
#define PUMPS_AT_ONCE 4
#define PORT_TLS 443

_Static_assert(HELLO_MAX < PUMP_BYTES, "a ClientHello fits");

/* One way of a connection. */
struct pump {
	uint8_t *bytes; /* NULL until there are any. */
	size_t from;
	size_t len;
	bool eof; /* Nothing more will be read. */
	bool shut; /* And the other side knows. */
};

struct conn {
	struct door *door;
	struct call *call;
	struct seen *seen; /* NULL: counted for the call alone. */
	char name[HOST_MAX + 1];
	uint16_t port;
	int tool_fd;
	int host_fd; /* -1 before there is one. */
	bool connected;
	bool checked; /* What the tool said first may go on. */
	struct pump up;
	struct pump down;
	uint64_t lookup;
	struct found found;
	size_t next; /* Address to try. */
	uint64_t timer; /* For the connection, then for idleness. */
	int64_t active_ms;
};

static void connect_next(struct conn *k);

static struct loop *
loop_of(const struct conn *k)
{
	return k->door->gate->loop;
}

bool
conn_is_of(const struct conn *k, const struct call *c)
{
	return k->call == c;
}

static void
drop_host(struct conn *k)
{
	if (k->host_fd < 0)
		return;
	loop_remove(loop_of(k), k->host_fd);
	close(k->host_fd);
	k->host_fd = -1;
}

/* Neither side takes it for a clean end unless both have said so. */
static void
reset_unless_over(const struct conn *k, int fd)
{
	struct linger at_once = {.l_onoff = 1};

	if (!k->up.shut || !k->down.shut)
		setsockopt(
		    fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void
conn_close(struct conn *k)
{
	struct door *d = k->door;
	size_t i;

	for (i = 0; i < GATE_CONNS_MAX; i++)
		if (d->conns[i] == k)
			d->conns[i] = NULL;
	if (k->lookup != 0)
		lookup_cancel(d->gate->lookups, k->lookup);
	loop_timer_cancel(loop_of(k), k->timer);
	if (k->host_fd >= 0)
		reset_unless_over(k, k->host_fd);
	drop_host(k);
	reset_unless_over(k, k->tool_fd);
	loop_remove(loop_of(k), k->tool_fd);
	close(k->tool_fd);
	d->gate->n_conns--;
	free(k->up.bytes);
	free(k->down.bytes);
	free(k);
}

static void PRINTF_LIKE(2, 3) refuse(struct conn *k, const char *fmt, ...)
{
	char what[HOST_MAX + 64];
	size_t n = (size_t)snprintf(
	    what, sizeof(what), "%s:%d ", k->name, (int)k->port);
	va_list ap;

	va_start(ap, fmt);
	if (n < sizeof(what))
		vsnprintf(what + n, sizeof(what) - n, fmt, ap);
	va_end(ap);
	calls_refuse(k->door->gate, k->door->tool, what);
	conn_close(k);
}

/* ---- Passing on ---- */

/* Whom does it ask for?  False when the connection was refused. */
static bool
check_hello(struct conn *k)
{
	char asked[HOST_MAX + 1];

	switch (hello_read(k->up.bytes, k->up.len, asked)) {
	case HELLO_MORE:
		return true;
	case HELLO_NAME:
		if (strcmp(asked, k->name) == 0) {
			k->checked = true;
			return true;
		}
		refuse(k, "was asked for %.100s", asked);
		return false;
	case HELLO_NONE:
		if (k->port != PORT_TLS) {
			k->checked = true;
			return true;
		}
		refuse(k, "was spoken to without TLS");
		return false;
	case HELLO_NAMELESS:
		refuse(k, "was asked for nobody (TLS without a name)");
		return false;
	case HELLO_BAD:
		break;
	}
	refuse(k, "was sent a malformed greeting");
	return false;
}

static bool
has_room(const struct pump *p)
{
	return p->from + p->len < PUMP_BYTES && !p->eof;
}

/* Read what there is.  False when the connection was closed. */
static bool
fill(struct conn *k, struct pump *p, int fd)
{
	size_t end = p->from + p->len;
	ssize_t n;

	if (!has_room(p))
		return true;
	if (p->bytes == NULL)
		p->bytes = xalloc(PUMP_BYTES);
	n = read(fd, p->bytes + end, PUMP_BYTES - end);
	if (n < 0) {
		if (errno == EAGAIN)
			return true;
		conn_close(k);
		return false;
	}
	k->active_ms = clock_boot_ms();
	if (n == 0) {
		p->eof = true;
		return true;
	}
	p->len += (size_t)n;
	if (p == &k->down && k->seen != NULL)
		k->seen->down += n;
	k->call->bytes_left -= n;
	if (k->call->bytes_left < 0) {
		refuse(k, "sent or got more than one call may");
		return false;
	}
	return k->checked || p != &k->up || check_hello(k);
}

/* Write what there is.  False when the connection was closed. */
static bool
drain(struct conn *k, struct pump *p, int fd)
{
	ssize_t n;

	if (p->len > 0) {
		n = write(fd, p->bytes + p->from, p->len);
		if (n < 0 && errno != EAGAIN) {
			conn_close(k);
			return false;
		}
		if (n > 0) {
			k->active_ms = clock_boot_ms();
			if (p == &k->up && k->seen != NULL)
				k->seen->up += n;
			p->from += (size_t)n;
			p->len -= (size_t)n;
		}
		if (p->len == 0)
			p->from = 0;
	}
	if (p->len == 0 && p->eof && !p->shut) {
		shutdown(fd, SHUT_WR);
		p->shut = true;
	}
	return true;
}

static int
events_of(const struct pump *in, const struct pump *out, bool may_write)
{
	return (has_room(in) ? LOOP_READ : 0) |
	    (may_write && out->len > 0 ? LOOP_WRITE : 0);
}

static void
watch(struct conn *k)
{
	bool may_write = k->connected && k->checked;

	if (loop_change(loop_of(k), k->tool_fd,
		events_of(&k->up, &k->down, true)) != OK ||
	    (k->connected &&
		loop_change(loop_of(k), k->host_fd,
		    events_of(&k->down, &k->up, may_write)) != OK))
		fatal("cannot watch a connection");
}

/* As far as both sides go. */
static void
pass_on(struct conn *k)
{
	int i;

	for (i = 0; i < PUMPS_AT_ONCE; i++) {
		if (!fill(k, &k->up, k->tool_fd))
			return;
		if (!k->connected)
			break;
		if (k->checked && !drain(k, &k->up, k->host_fd))
			return;
		if (!fill(k, &k->down, k->host_fd) ||
		    !drain(k, &k->down, k->tool_fd))
			return;
		if (k->up.shut && k->down.shut) {
			conn_close(k);
			return;
		}
	}
	watch(k);
}

static void
on_tool(void *arg, int fd, int events)
{
	struct conn *k = arg;

	(void)fd;
	/* Gone both ways, and nothing more can be read from it. */
	if ((events & LOOP_HANGUP) && !has_room(&k->up))
		conn_close(k);
	else
		pass_on(k);
}

/* ---- Connecting ---- */

static void
on_idle(void *arg)
{
	struct conn *k = arg;
	int64_t until_ms = k->active_ms + GATE_IDLE_MS;

	k->timer = 0;
	if (clock_boot_ms() >= until_ms)
		refuse(k, "was silent for too long");
	else
		k->timer = loop_timer(loop_of(k), until_ms, on_idle, k);
}

static void
on_host(void *arg, int fd, int events)
{
	struct conn *k = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	if (k->connected) {
		if ((events & LOOP_HANGUP) && !has_room(&k->down))
			conn_close(k);
		else
			pass_on(k);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ||
	    error != 0 || (events & LOOP_HANGUP)) {
		drop_host(k);
		connect_next(k);
		return;
	}
	k->connected = true;
	k->active_ms = clock_boot_ms();
	loop_timer_cancel(loop_of(k), k->timer);
	k->timer =
	    loop_timer(loop_of(k), k->active_ms + GATE_IDLE_MS, on_idle, k);
	pass_on(k);
}

static void
on_connect_late(void *arg)
{
	struct conn *k = arg;

	k->timer = 0;
	refuse(k, "does not answer");
}

static socklen_t
fill_sockaddr(
    const struct address *a, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (a->len == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a->b, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, a->b, 16);
	return sizeof(*v6);
}

/* False: this one is none to connect to. */
static bool
try_address(struct conn *k, const struct address *a)
{
	struct sockaddr_storage to;
	socklen_t len = fill_sockaddr(a, k->port, &to);
	char text[ADDRESS_TEXT_SIZE];
	char what[HOST_MAX + 8];

	k->host_fd =
	    socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (k->host_fd < 0)
		return false;
	if ((connect(k->host_fd, (struct sockaddr *)&to, len) < 0 &&
		errno != EINPROGRESS) ||
	    loop_add(loop_of(k), k->host_fd, LOOP_WRITE, on_host, k) != OK) {
		close(k->host_fd);
		k->host_fd = -1;
		return false;
	}
	address_write(a, text);
	snprintf(what, sizeof(what), "%s:%d", k->name, (int)k->port);
	k->seen = call_use(k->call, what, text);
	return true;
}

static bool
may_use(const struct conn *k, const struct address *a)
{
	const struct reach_host *h =
	    reach_find(&k->call->reach, k->name, k->port);
	enum address_kind kind = address_kind(a);

	return h != NULL &&
	    (kind == ADDRESS_PUBLIC || (h->lan && kind == ADDRESS_PRIVATE));
}

static void
connect_next(struct conn *k)
{
	const struct address *refused = NULL;
	char text[ADDRESS_TEXT_SIZE];

	while (k->next < k->found.n) {
		const struct address *a = &k->found.addresses[k->next++];

		if (!may_use(k, a))
			refused = a;
		else if (try_address(k, a))
			return;
	}
	if (refused != NULL) {
		address_write(refused, text);
		refuse(k, "is at %s, which is no public address", text);
	} else if (k->found.n == 0) {
		refuse(k, "has no address");
	} else {
		refuse(k, "refuses to connect");
	}
}

static void
on_found(void *arg, const struct found *f)
{
	struct conn *k = arg;

	k->lookup = 0;
	k->found = *f;
	connect_next(k);
}

void
conn_open(
    struct door *d, int fd, struct call *c, const char *name, uint16_t port)
{
	const struct reach_host *h = reach_find(&c->reach, name, port);
	struct conn *k = xalloc(sizeof(*k));
	size_t i = 0;

	while (d->conns[i] != NULL)
		i++;
	d->conns[i] = k;
	d->gate->n_conns++;
	k->door = d;
	k->call = c;
	k->tool_fd = fd;
	k->host_fd = -1;
	k->port = port;
	k->active_ms = clock_boot_ms();
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->timer = loop_timer(
	    d->gate->loop, k->active_ms + GATE_CONNECT_MS, on_connect_late, k);
	if (loop_add(d->gate->loop, fd, LOOP_READ, on_tool, k) != OK)
		fatal("cannot watch a connection");
	if (h->host.has_address) {
		k->found.addresses[0] = h->host.address;
		k->found.n = 1;
		connect_next(k);
		return;
	}
	k->lookup = lookup_begin(d->gate->lookups, name, on_found, k);
	if (k->lookup == 0)
		refuse(k, "cannot be looked up: too many names at once");
}
