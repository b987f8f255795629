/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "serve/serve.h"

/*
 * A tool that tries what a URL tells it, and says what came of it.  It goes
 * by the name of `web`, so that goals which need no model lead to it.  Behind
 * the '?' stand attempts, with ';' between them:
 *
 *	name:NAME		look it up
 *	tcp:ADDRESS:PORT	connect to an address
 *	udp:ADDRESS:PORT	send a datagram and wait for an answer
 *	get:NAME:PORT		GET / in the clear
 *	sni:NAME:PORT:OTHER	a ClientHello for OTHER ("-": for nobody)
 *	many:NAME:PORT:N	N connections, kept open
 *	send:NAME:PORT:MIB	so much, to whoever throws it away
 *	pump:NAME:PORT:MIB	nanoseconds until so much has arrived
 *	meet:NAME:PORT:N	nanoseconds of N connections to their answer
 *	stay:NAME:PORT		keep a connection behind the call
 *	again:NAME:PORT		GET over the one that was kept
 *
 * A '~' is left out of a name, which can so be asked for without standing in
 * the goal.
 */

#define WAIT_S 3
#define ATTEMPT_MAX 600
#define OUTCOMES_MAX 8192

static char outcomes[OUTCOMES_MAX];
static size_t outcomes_len;
static int kept = -1;

static void
say(const char *attempt, const char *outcome)
{
	int n = snprintf(outcomes + outcomes_len,
	    sizeof(outcomes) - outcomes_len, "%s -> %s\n", attempt, outcome);

	if (n > 0 && (size_t)n < sizeof(outcomes) - outcomes_len)
		outcomes_len += (size_t)n;
}

/* Its first address; 0 when there is none. */
static in_addr_t
look_up(const char *name)
{
	struct addrinfo hints = {
	    .ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char asked[ATTEMPT_MAX] = "";
	in_addr_t found = 0;

	for (; *name != '\0'; name++)
		if (*name != '~')
			strncat(asked, name, 1);
	if (getaddrinfo(asked, NULL, &hints, &list) != 0)
		return 0;
	found = ((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr.s_addr;
	freeaddrinfo(list);
	return found;
}

static int
reach(int type, in_addr_t address, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((in_port_t)port),
	    .sin_addr.s_addr = address};
	struct timeval wait = {.tv_sec = WAIT_S};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	wait.tv_sec = errno;
	close(fd);
	errno = (int)wait.tv_sec;
	return -1;
}

/* What comes back for `bytes`, up to its first line. */
static const char *
ask(int fd, const void *bytes, size_t len)
{
	static char got[256];
	ssize_t n;

	if (fd < 0)
		return strerror(errno);
	if (send(fd, bytes, len, MSG_NOSIGNAL) < 0) {
		close(fd);
		return strerror(errno);
	}
	n = recv(fd, got, sizeof(got) - 1, 0);
	if (n < 0)
		snprintf(got, sizeof(got), "%s", strerror(errno));
	else
		got[n] = '\0';
	got[strcspn(got, "\r\n")] = '\0';
	close(fd);
	return n == 0 ? "closed" : got;
}

/* As short as a ClientHello can be (RFC 8446 section 4.1.2). */
static size_t
write_hello(const char *name, unsigned char *out)
{
	size_t n = strcmp(name, "-") == 0 ? 0 : strlen(name);
	size_t extensions = n > 0 ? 9 + n : 0;
	size_t body = 2 + 32 + 1 + 4 + 2 + 2 + extensions;
	size_t at = 0;

#define PUT(b) (out[at++] = (unsigned char)(b))
	PUT(22), PUT(3), PUT(1), PUT((body + 4) >> 8), PUT(body + 4);
	PUT(1), PUT(0), PUT(body >> 8), PUT(body), PUT(3), PUT(3);
	memset(out + at, 7, 32);
	at += 32;
	PUT(0), PUT(0), PUT(2), PUT(0x13), PUT(0x01), PUT(1), PUT(0);
	PUT(extensions >> 8), PUT(extensions);
	if (n > 0) {
		PUT(0), PUT(0), PUT((n + 5) >> 8), PUT(n + 5);
		PUT((n + 3) >> 8), PUT(n + 3), PUT(0), PUT(n >> 8), PUT(n);
		memcpy(out + at, name, n);
		at += n;
	}
#undef PUT
	return at;
}

static const char *
open_many(in_addr_t address, int port, int wanted)
{
	static char text[64];
	char byte;
	int fds[64];
	int reset = 0;
	int i;

	for (i = 0; i < wanted && i < 64; i++)
		fds[i] = reach(SOCK_STREAM, address, port);
	usleep(300 * 1000);
	while (i-- > 0) {
		if (fds[i] < 0 ||
		    (recv(fds[i], &byte, 1, MSG_DONTWAIT) < 0 &&
			errno != EAGAIN))
			reset++;
		if (fds[i] >= 0)
			close(fds[i]);
	}
	snprintf(text, sizeof(text), "%d of %d refused", reset, wanted);
	return text;
}

static const char *
send_much(int fd, long mib)
{
	static char chunk[1 << 16];
	long left;

	for (left = mib * 16; fd >= 0 && left > 0; left--)
		if (send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) < 0)
			break;
	if (fd < 0 || left > 0)
		return strerror(errno);
	close(fd);
	return "sent";
}

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* So many MiB until the other side has read all of it, in nanoseconds. */
static const char *
time_pump(in_addr_t address, int port, long mib)
{
	static char chunk[1 << 17];
	static char text[32];
	long long begin = now_ns();
	int fd = reach(SOCK_STREAM, address, port);
	long left = mib * 8;

	while (left > 0 &&
	    send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) ==
		(ssize_t)sizeof(chunk))
		left--;
	shutdown(fd, SHUT_WR);
	while (read(fd, chunk, sizeof(chunk)) > 0)
		continue;
	close(fd);
	snprintf(text, sizeof(text), "%lld", left > 0 ? -1 : now_ns() - begin);
	return text;
}

/* To the first byte back, each of `n` times. */
static const char *
time_meetings(in_addr_t address, int port, long n)
{
	static char text[4096];
	size_t len = 0;
	char byte = 'x';

	text[0] = '\0';
	while (n-- > 0 && len + 16 < sizeof(text)) {
		long long begin = now_ns();
		int fd = reach(SOCK_STREAM, address, port);

		if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
		    recv(fd, &byte, 1, 0) != 1)
			return "-1";
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "%lld ", now_ns() - begin);
		close(fd);
	}
	return text;
}

static void
attempt(const char *what)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	char words[ATTEMPT_MAX];
	char *word[4] = {"", "", "", ""};
	unsigned char hello[ATTEMPT_MAX];
	char *rest = words;
	in_addr_t at;
	size_t i;

	snprintf(words, sizeof(words), "%s", what);
	for (i = 0; i < 4 && rest != NULL; i++)
		word[i] = strsep(&rest, ":");
	at = strcmp(word[0], "tcp") == 0 || strcmp(word[0], "udp") == 0
	    ? inet_addr(word[1])
	    : look_up(word[1]);
	if (at == 0)
		say(what, "no such name");
	else if (strcmp(word[0], "name") == 0)
		say(what, inet_ntoa((struct in_addr){.s_addr = at}));
	else if (strcmp(word[0], "udp") == 0)
		say(what, ask(reach(SOCK_DGRAM, at, atoi(word[2])), "x", 1));
	else if (strcmp(word[0], "sni") == 0)
		say(what,
		    ask(reach(SOCK_STREAM, at, atoi(word[2])), hello,
			write_hello(word[3], hello)));
	else if (strcmp(word[0], "many") == 0)
		say(what, open_many(at, atoi(word[2]), atoi(word[3])));
	else if (strcmp(word[0], "send") == 0)
		say(what,
		    send_much(
			reach(SOCK_STREAM, at, atoi(word[2])), atol(word[3])));
	else if (strcmp(word[0], "pump") == 0)
		say(what, time_pump(at, atoi(word[2]), atol(word[3])));
	else if (strcmp(word[0], "meet") == 0)
		say(what, time_meetings(at, atoi(word[2]), atol(word[3])));
	else if (strcmp(word[0], "stay") == 0)
		say(what,
		    (kept = reach(SOCK_STREAM, at, atoi(word[2]))) < 0
			? strerror(errno)
			: "stays");
	else if (strcmp(word[0], "again") == 0)
		say(what, ask(kept, get, sizeof(get) - 1));
	else
		say(what,
		    ask(reach(SOCK_STREAM, at, atoi(word[2])), get,
			sizeof(get) - 1));
}

static void
run_fetch(const cJSON *args, struct reply *reply)
{
	char url[4096];
	char *rest;
	char *one;

	snprintf(url, sizeof(url), "%s", arg_text(args, "url"));
	rest = strchr(url, '?');
	if (rest != NULL)
		rest++;
	outcomes_len = 0;
	outcomes[0] = '\0';
	while ((one = strsep(&rest, ";")) != NULL)
		attempt(one);
	reply_set(reply, false, "%s", outcomes);
}

static const struct function functions[] = {
    {"fetch", "Tries what the URL says.",
	"{\"type\":\"object\",\"properties\":{\"url\":{\"type\":\"string\"}},"
	"\"required\":[\"url\"]}",
	run_fetch},
};

int
main(void)
{
	return serve("web", functions, 1);
}
