/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sink ADDRESS PORT: answers the first byte of every connection with one, and
 * throws the rest away.  What it costs is the same whoever sends.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void
swallow(int fd)
{
	static char chunk[1 << 18];
	bool answered = false;

	while (read(fd, chunk, sizeof(chunk)) > 0) {
		if (!answered && write(fd, "x", 1) != 1)
			break;
		answered = true;
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 3)
		return 2;
	at.sin_port = htons((in_port_t)strtol(argv[2], NULL, 10));
	at.sin_addr.s_addr = inet_addr(argv[1]);
	signal(SIGCHLD, SIG_IGN);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 64) < 0)
		return 1;
	puts("up");
	fflush(stdout);
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (peer < 0)
			continue;
		if (fork() == 0) {
			swallow(peer);
			_exit(0);
		}
		close(peer);
	}
}
