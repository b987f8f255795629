/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The same request over two connections that stay, in turn: to the listener
 * and to the server it is compared with.  One line of two times in
 * nanoseconds for each round.
 *
 *	keepalive CERT KEY N PORT TARGET PORT TARGET
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "client/http.h"
#include "crypto/crypto.h"

#define WARM_UPS 200
#define WAIT_MS 5000

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = xalloc(FILE_READ_MAX + 1);

	if (f == NULL || fread(text, 1, FILE_READ_MAX, f) == 0)
		fatal("cannot read %s", path);
	fclose(f);
	return text;
}

struct end {
	struct http_client *http;
	const char *target;
	size_t body_len; /* The same in each answer. */
};

static void
open_end(
    struct end *e, const char *port, const char *target, struct tls_config *tls)
{
	struct errmsg why;

	*e = (struct end){.target = target};
	if (http_connect("127.0.0.1", (uint16_t)strtol(port, NULL, 10), tls,
		&e->http, &why) != OK)
		fatal("port %s: %s", port, why.text);
}

static long long
ask(struct end *e)
{
	struct errmsg why;
	struct buf body;
	long long begin = now_ns();
	long long end;
	int status;

	buf_init(&body, HTTP_REPLY_MAX);
	if (http_exchange(e->http, "GET", e->target, NULL, WAIT_MS, &status,
		&body, &why) != OK)
		fatal("%s: %s", e->target, why.text);
	end = now_ns();
	if (e->body_len == 0)
		e->body_len = body.len;
	if (body.len == 0 || body.len != e->body_len)
		fatal("%s: answers differ", e->target);
	buf_done(&body);
	return end - begin;
}

int
main(int argc, char **argv)
{
	struct tls_config *tls;
	struct end ends[2];
	char *cert;
	char *key;
	long n;
	long i;

	if (argc != 8)
		return 2;
	crypto_open();
	cert = read_file(argv[1]);
	key = read_file(argv[2]);
	if (tls_client_config(NULL, cert, key, &tls) != OK)
		fatal("the certificate is malformed");
	open_end(&ends[0], argv[4], argv[5], tls);
	open_end(&ends[1], argv[6], argv[7], tls);
	n = strtol(argv[3], NULL, 10) + WARM_UPS;
	for (i = 0; i < n; i++) {
		long long ours = ask(&ends[0]);
		long long theirs = ask(&ends[1]);

		if (i >= WARM_UPS)
			printf("%lld %lld\n", ours, theirs);
	}
	http_close(ends[0].http);
	http_close(ends[1].http);
	tls_config_free(tls);
	free(cert);
	free(key);
	return 0;
}
