/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VISITOR_H
#define VISITOR_H

/* A server in a process of its own, and clients over TLS.  Its clock is the
 * real one and what the test adds to it. */

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "base/limits.h"
#include "cert/cert.h"
#include "check.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "http/server.h"
#include "sys/clock.h"

#define PLACES 8
#define WAIT_MS 20000
#define SMALL_BUFFER 4096

static int64_t *skew_ms;
static pid_t server_pid;
static in_port_t port;
static struct buf root;
static struct buf server_key, server_cert;
static struct buf client_key, client_cert;

int64_t
clock_boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 +
	    __atomic_load_n(skew_ms, __ATOMIC_SEQ_CST);
}

/* ---- The server ---- */

struct service {
	struct loop *loop;
	struct http_server *http;
	int gone;
	struct digest client;
};

static const struct digest claimed = {{1, 2, 3}};

static void
on_message(void *arg, int64_t id, struct str text)
{
	static char much[32 * 1024];
	struct service *v = arg;
	char said[32];

	if (str_eq(text, "flood")) {
		memset(much, 'x', sizeof(much));
		while (http_socket_send(v->http, id, much, sizeof(much)) == OK)
			;
	} else if (str_eq(text, "close")) {
		http_socket_close(v->http, id, WS_AWAY, "good night");
	} else if (str_eq(text, "cut")) {
		http_server_cut(v->http, &v->client);
	} else if (str_eq(text, "gone")) {
		snprintf(said, sizeof(said), "%d", v->gone);
		(void)!http_socket_send(v->http, id, said, strlen(said));
	} else {
		(void)!http_socket_send(v->http, id, text.p, text.len);
	}
}

static void
on_gone(void *arg, int64_t id)
{
	struct service *v = arg;

	v->gone++;
	/* Its id is worth nothing any more. */
	if (http_socket_send(v->http, id, "x", 1) != ERR_NOTFOUND)
		abort();
}

static void
on_request(void *arg, const struct http_request *r)
{
	static const struct http_socket port_of = {on_message, on_gone};
	struct service *v = arg;
	enum err e;

	if (r->has_client)
		v->client = r->client;
	if (str_eq(r->path, "/ws")) {
		e = http_upgrade(v->http, r->id, &port_of, v);
		if (e != OK)
			http_reply(v->http, r->id, 400, "{}", 2);
		if ((e == OK) != r->wants_socket)
			abort();
		return;
	}
	if (str_eq(r->path, "/claim") &&
	    http_claim(v->http, r->id, &claimed) != OK)
		abort();
	if (str_eq(r->path, "/cut"))
		http_server_cut(v->http, &claimed);
	http_reply(v->http, r->id, 200, "{}", 2);
}

static int
open_listener(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int small = SMALL_BUFFER;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	/* So that what waits, waits in the server. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, PLACES) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		abort();
	port = a.sin_port;
	return fd;
}

static void
serve(int fd)
{
	struct service v = {.loop = loop_new()};
	struct tls_config *tls;

	if (tls_server_config(server_cert.p, server_key.p, root.p, &tls) != OK)
		abort();
	v.http = http_server_new(v.loop, fd, tls, PLACES, on_request, &v);
	if (http_server_open(v.http) != OK)
		abort();
	loop_run(v.loop);
}

static void
make_key(struct buf *key, struct public_key *pub)
{
	struct key *k = key_generate();

	buf_init(key, 4096);
	key_write_pem(k, key);
	key_public(k, pub);
	key_free(k);
}

static void
end_server(void)
{
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	buf_done(&root);
	buf_done(&server_key);
	buf_done(&server_cert);
	buf_done(&client_key);
	buf_done(&client_cert);
}

static void
check_setup(void)
{
	struct public_key pub;
	struct buf root_key;
	int fd;

	crypto_open();
	signal(SIGPIPE, SIG_IGN);
	skew_ms = mmap(NULL, sizeof(*skew_ms), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	buf_init(&root, 8192);
	buf_init(&server_cert, 8192);
	buf_init(&client_cert, 8192);
	make_key(&root_key, &pub);
	if (cert_make_root(root_key.p, "box", &root) != OK)
		abort();
	make_key(&server_key, &pub);
	if (cert_make_server(root_key.p, root.p, &pub, "box", 1800000000000,
		&server_cert) != OK)
		abort();
	make_key(&client_key, &pub);
	if (cert_make(root_key.p, root.p, &pub, "phone", &client_cert) != OK)
		abort();
	buf_done(&root_key);
	fd = open_listener();
	fflush(stdout);
	server_pid = fork();
	if (server_pid == 0) {
		alarm(240);
		serve(fd);
		_exit(0);
	}
	close(fd);
	atexit(end_server);
}

/* ---- A client ---- */

struct visitor {
	int fd;
	struct tls_config *config;
	struct tls *tls;
	struct buf in;
	bool ended;
};

static bool
wait_for(struct visitor *c)
{
	struct pollfd p = {
	    c->fd, (short)(tls_wants_write(c->tls) ? POLLOUT : POLLIN), 0};

	return poll(&p, 1, WAIT_MS) == 1;
}

static void
visit(struct visitor *c)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = port,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int small = SMALL_BUFFER;
	enum err e;

	memset(c, 0, sizeof(*c));
	buf_init(&c->in, 4 * 1024 * 1024);
	REQUIRE(tls_client_config(
		    root.p, client_cert.p, client_key.p, &c->config) == OK);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	REQUIRE(connect(c->fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	REQUIRE(fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0);
	c->tls = tls_new(c->config, c->fd);
	while ((e = tls_handshake(c->tls)) == ERR_BUSY)
		REQUIRE(wait_for(c));
	REQUIRE(e == OK);
}

static void
leave(struct visitor *c)
{
	tls_free(c->tls);
	close(c->fd);
	tls_config_free(c->config);
	buf_done(&c->in);
}

static void
say(struct visitor *c, const char *p, size_t len)
{
	while (len > 0) {
		size_t n = 0;
		enum err e = tls_write(c->tls, p, len, &n);

		if (e == ERR_BUSY && wait_for(c))
			continue;
		if (e != OK)
			return;
		p += n;
		len -= n;
	}
}

/* Until there are so many bytes, or the end. */
static bool
hear(struct visitor *c, size_t want)
{
	char chunk[4096];
	size_t n;

	while (c->in.len < want && !c->ended) {
		enum err e = tls_read(c->tls, chunk, sizeof(chunk), &n);

		if (e == OK)
			buf_add(&c->in, chunk, n);
		else if (e != ERR_BUSY || !wait_for(c))
			c->ended = true;
	}
	return c->in.len >= want;
}

/* The status of an answer, and its head out of the way. */
static int
hear_status(struct visitor *c)
{
	char *end = NULL;
	int status = 0;

	while (end == NULL && hear(c, c->in.len + 1))
		end = strstr(c->in.p, "\r\n\r\n");
	if (end == NULL || sscanf(c->in.p, "HTTP/1.1 %d", &status) != 1)
		return 0;
	buf_drop(&c->in, (size_t)(end - c->in.p) + 4);
	return status;
}

static int
ask(const char *request)
{
	struct visitor c;
	int status;

	visit(&c);
	say(&c, request, strlen(request));
	status = hear_status(&c);
	leave(&c);
	return status;
}

#define HANDSHAKE                                                              \
	"GET /ws HTTP/1.1\r\nHost: box\r\nUpgrade: websocket\r\n"              \
	"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"     \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static void
upgrade(struct visitor *c)
{
	visit(c);
	say(c, HANDSHAKE, strlen(HANDSHAKE));
	REQUIRE(hear_status(c) == 101);
}

static void
frame(struct visitor *c, unsigned first, const char *p, size_t len)
{
	struct buf b;
	uint8_t head[8] = {(uint8_t)first};
	size_t n = 2;

	buf_init(&b, len + 16);
	head[1] = (uint8_t)(0x80 | (len > 125 ? 126 : len));
	if (len > 125) {
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		n = 4;
	}
	buf_add(&b, head, n + 4); /* Under a mask of noughts. */
	buf_add(&b, p, len);
	say(c, b.p, b.len);
	buf_done(&b);
}

static void
send_text(struct visitor *c, const char *text)
{
	frame(c, 0x81, text, strlen(text));
}

/* The next frame's opcode, and what is in it; 0 when there is none. */
static int
hear_frame(struct visitor *c, struct buf *ret)
{
	size_t head = 2;
	size_t len;
	int op;

	buf_clear(ret);
	buf_adds(ret, "");
	if (!hear(c, 2))
		return 0;
	op = c->in.p[0] & 15;
	len = (uint8_t)c->in.p[1];
	if (len == 126 && hear(c, 4)) {
		head = 4;
		len = (size_t)(uint8_t)c->in.p[2] << 8 | (uint8_t)c->in.p[3];
	}
	if (!hear(c, head + len))
		return 0;
	buf_add(ret, c->in.p + head, len);
	buf_drop(&c->in, head + len);
	return op;
}

static void
check_text(struct visitor *c, const char *want)
{
	struct buf got;

	buf_init(&got, 256 * 1024);
	CHECK_INT(hear_frame(c, &got), 1);
	CHECK_STR(got.p, want);
	buf_done(&got);
}

static void
check_close(struct visitor *c, int code, const char *why)
{
	struct buf got;

	buf_init(&got, 256 * 1024);
	CHECK_INT(hear_frame(c, &got), 8);
	REQUIRE(got.len >= 2);
	CHECK_INT((uint8_t)got.p[0] << 8 | (uint8_t)got.p[1], code);
	CHECK_STR(got.p + 2, why);
	buf_done(&got);
}

/* Everything is over, and nothing more came. */
static void
check_ended(struct visitor *c)
{
	CHECK(!hear(c, 1) && c->ended);
	leave(c);
}

/* How many sockets have gone since the last time. */
static int
count_gone(void)
{
	static int before;
	struct visitor c;
	struct buf got;
	int n;

	buf_init(&got, 64);
	upgrade(&c);
	send_text(&c, "gone");
	CHECK_INT(hear_frame(&c, &got), 1);
	n = (int)strtol(got.p, NULL, 10) - before;
	before += n + 1;
	frame(&c, 0x88, "", 0);
	CHECK_INT(hear_frame(&c, &got), 8);
	check_ended(&c);
	buf_done(&got);
	return n;
}

/* Time passes, and the server looks at its clock. */
static void
pass(int64_t ms)
{
	__atomic_add_fetch(skew_ms, ms, __ATOMIC_SEQ_CST);
	CHECK_INT(ask("GET / HTTP/1.1\r\nHost: box\r\n\r\n"), 200);
}

#endif
