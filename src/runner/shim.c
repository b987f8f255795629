/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "runner/runner_priv.h"
#include "sys/clock.h"
#include "sys/sock.h"

/* The socket between us and the shim of one container: streams go in, and
 * the sockets that it bound come out. */

/* One end for the tools role, one for the shim. */
static enum err
make_stream(int *ret_ours, int *ret_shims, bool is_input)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ERR_IO;
	*ret_ours = ends[is_input ? 1 : 0];
	*ret_shims = ends[is_input ? 0 : 1];
	return OK;
}

/* The shim's ends go over the socket that podman preserves as descriptor 3;
 * they wait there until it asks. */
enum err
shim_give_streams(int pair_end, size_t n_secrets, int ret_ours[STREAMS])
{
	char words[2] = {'S', (char)('0' + n_secrets)};
	struct sock_part mark = {words, sizeof(words)};
	int fds[STREAMS];
	enum err e = OK;
	int n;

	for (n = 0; n < STREAMS && e == OK; n++)
		e = make_stream(&ret_ours[n], &fds[n], n == STDIN_FILENO);
	if (e == OK)
		e = sock_send(pair_end, &mark, 1, fds, STREAMS);
	else
		n--; /* That one was not made. */
	while (n > 0)
		close(fds[--n]);
	return e;
}

/* A shim whose sockets are still to come.  Podman's end says only that it
 * runs. */
struct awaited {
	struct runner *runner;
	char tool[NAME_MAX_LEN + 1];
	int fd;
	uint64_t timer;
};

static void
awaited_free(struct awaited *w)
{
	loop_timer_cancel(w->runner->loop, w->timer);
	loop_remove(w->runner->loop, w->fd);
	close(w->fd);
	free(w);
}

static void
on_shim_late(void *arg)
{
	struct awaited *w = arg;

	w->timer = 0;
	awaited_free(w);
}

/* The sockets that the shim bound inside, once: from here on nothing that
 * runs in the container can say anything to us. */
static void
on_shim(void *arg, int fd, int events)
{
	struct awaited *w = arg;
	struct json *body;
	int fds[LANE_FDS_MAX];
	size_t n_fds = 0;
	size_t len = 0;
	char mark = '\0';
	size_t i;

	(void)events;
	if (sock_recv(fd, &mark, 1, &len, fds, &n_fds) == OK && len == 1 &&
	    mark == 'N') {
		body = json_object();
		json_put_str(body, "tool", w->tool);
		peers_send_fds(w->runner->peers, ROLE_GATE, MSG_TOOL_SOCKETS,
		    body, fds, n_fds);
	}
	for (i = 0; i < n_fds; i++)
		close(fds[i]);
	awaited_free(w);
}

enum err
shim_await_sockets(
    struct runner *r, const char *tool, bool has_ports, int pair_end)
{
	struct awaited *w;

	if (!has_ports) {
		close(pair_end);
		return OK;
	}
	w = xalloc(sizeof(*w));
	w->runner = r;
	w->fd = pair_end;
	snprintf(w->tool, sizeof(w->tool), "%s", tool);
	w->timer = loop_timer(
	    r->loop, clock_boot_ms() + CONTAINER_START_MS, on_shim_late, w);
	return loop_add(r->loop, pair_end, LOOP_READ, on_shim, w);
}
