/* SPDX-License-Identifier: Apache-2.0 */
#include "client/http.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/parse.h"
#include "sys/clock.h"
#include "sys/sock.h"

struct http_client {
	int fd;
	struct tls *tls;
	struct buf in;
};

static enum err
wait_ready(struct http_client *c, int64_t until_ms)
{
	struct pollfd pfd = {.fd = c->fd, .events = POLLIN};
	int64_t left_ms;
	int n;

	if (tls_wants_write(c->tls))
		pfd.events = POLLOUT;
	do {
		left_ms = until_ms - clock_boot_ms();
		n = left_ms > 0 ? poll(&pfd, 1, (int)left_ms) : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0 ? OK : ERR_EXPIRED;
}

static enum err
explain(enum err e, struct errmsg *why)
{
	switch (e) {
	case ERR_EXPIRED:
		return err_say(why, e, "the house did not answer in time");
	case ERR_DENIED:
		return err_say(why, e,
		    "the house refused this connection: no certificate of "
		    "its own, or not the box that was paired");
	case ERR_CLOSED:
		return err_say(
		    why, e, "the house ended the connection; try again");
	default:
		return err_say(
		    why, e, "the connection failed: %s", err_text(e));
	}
}

enum err
http_connect(const char *host, uint16_t port, struct tls_config *tls,
    struct http_client **ret, struct errmsg *why)
{
	int64_t until_ms = clock_boot_ms() + CLIENT_CONNECT_MS;
	struct http_client *c;
	int fd;
	enum err e = sock_connect_tcp(host, port, CLIENT_CONNECT_MS, &fd, why);

	if (e != OK)
		return e;
	c = xalloc(sizeof(*c));
	c->fd = fd;
	c->tls = tls_new(tls, fd);
	buf_init(&c->in, HTTP_HEAD_MAX + HTTP_REPLY_MAX);
	while ((e = tls_handshake(c->tls)) == ERR_BUSY) {
		e = wait_ready(c, until_ms);
		if (e != OK)
			break;
	}
	if (e != OK) {
		http_close(c);
		return explain(e, why);
	}
	*ret = c;
	return OK;
}

void
http_close(struct http_client *c)
{
	if (c == NULL)
		return;
	tls_free(c->tls);
	close(c->fd);
	buf_done(&c->in);
	free(c);
}

int
http_client_fd(const struct http_client *c)
{
	return c->fd;
}

struct tls *
http_client_tls(struct http_client *c)
{
	return c->tls;
}

static enum err
send_all(struct http_client *c, const char *p, size_t len, int64_t until_ms)
{
	while (len > 0) {
		size_t n = 0;
		enum err e = tls_write(c->tls, p, len, &n);

		if (e == ERR_BUSY)
			e = wait_ready(c, until_ms);
		if (e != OK)
			return e;
		p += n;
		len -= n;
	}
	return OK;
}

static enum err
receive(struct http_client *c, int64_t until_ms, struct http_head *ret)
{
	char chunk[4096];
	size_t n;
	enum err e;

	for (;;) {
		e = c->in.len > 0 ? http_parse_response(c->in.p, c->in.len, ret)
				  : ERR_BUSY;
		if (e == OK && c->in.len < ret->head_len + ret->body_len)
			e = ERR_BUSY;
		if (e != ERR_BUSY)
			return e;
		e = tls_read(c->tls, chunk, sizeof(chunk), &n);
		if (e == ERR_BUSY) {
			e = wait_ready(c, until_ms);
			if (e != OK)
				return e;
			continue;
		}
		if (e != OK)
			return e;
		buf_add(&c->in, chunk, n);
		if (c->in.overflow)
			return ERR_LIMIT;
	}
}

enum err
http_send(struct http_client *c, const char *method, const char *target,
    const char *body, int64_t wait_ms, struct errmsg *why)
{
	size_t body_len = body != NULL ? strlen(body) : 0;
	struct buf out;
	enum err e;

	buf_init(&out, HTTP_HEAD_MAX + body_len);
	buf_addf(&out, "%s %s HTTP/1.1\r\nHost: durward\r\n", method, target);
	buf_addf(&out, "Content-Length: %zu\r\n\r\n", body_len);
	buf_add(&out, body != NULL ? body : "", body_len);
	e = out.overflow
	    ? ERR_LIMIT
	    : send_all(c, out.p, out.len, clock_boot_ms() + wait_ms);
	buf_done(&out);
	return e == OK ? OK : explain(e, why);
}

enum err
http_receive(struct http_client *c, int64_t wait_ms, int *ret_status,
    struct buf *ret_body, struct errmsg *why)
{
	struct http_head h;
	enum err e = receive(c, clock_boot_ms() + wait_ms, &h);

	if (e != OK)
		return explain(e, why);
	*ret_status = h.status;
	buf_add(ret_body, c->in.p + h.head_len, h.body_len);
	buf_drop(&c->in, h.head_len + h.body_len);
	return ret_body->overflow ? explain(ERR_LIMIT, why) : OK;
}

enum err
http_exchange(struct http_client *c, const char *method, const char *target,
    const char *body, int64_t wait_ms, int *ret_status, struct buf *ret_body,
    struct errmsg *why)
{
	int64_t until_ms = clock_boot_ms() + wait_ms;
	enum err e = http_send(c, method, target, body, wait_ms, why);

	return e == OK ? http_receive(c, until_ms - clock_boot_ms(), ret_status,
			     ret_body, why)
		       : e;
}
