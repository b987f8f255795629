/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "mqtt/mqtt_priv.h"

static struct cork *corks;

void
cork_open(struct cork *c, int fd)
{
	c->fd = fd;
	c->len = 0;
	c->next = corks;
	corks = c;
}

void
cork_close(struct cork *c)
{
	struct cork **at = &corks;

	while (*at != NULL && *at != c)
		at = &(*at)->next;
	if (*at != NULL)
		*at = c->next;
	c->fd = -1;
	c->len = 0;
}

enum err
cork_flush(struct cork *c)
{
	ssize_t n;

	if (c->len == 0)
		return OK;
	do
		n = send(c->fd, c->bytes, c->len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? ERR_BUSY : ERR_CLOSED;
	c->len -= (size_t)n;
	memmove(c->bytes, c->bytes + n, c->len);
	return c->len == 0 ? OK : ERR_BUSY;
}

/* A packet that no cork holds goes out at once, behind what is there. */
ssize_t
mqtt_cork_send(int fd, const void *bytes, size_t len, int flags)
{
	struct cork *c = corks;
	enum err e = OK;

	while (c != NULL && c->fd != fd)
		c = c->next;
	if (c == NULL)
		return send(fd, bytes, len, flags);
	if (len > sizeof(c->bytes) - c->len)
		e = cork_flush(c);
	if (e != OK) {
		errno = e == ERR_BUSY ? EAGAIN : EPIPE;
		return -1;
	}
	if (len > sizeof(c->bytes))
		return send(fd, bytes, len, flags);
	memcpy(c->bytes + c->len, bytes, len);
	c->len += len;
	return (ssize_t)len;
}
