/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_SOCK_H
#define SYS_SOCK_H

/* Sockets: pairs for lanes, listeners, and messages that carry
 * descriptors.  Every descriptor made here closes on exec. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* A pair that keeps message boundaries, both ends non-blocking. */
NODISCARD enum err sock_lane_pair(int ret[2]);

/* Bound to all addresses, not yet listening. */
NODISCARD enum err sock_bind_tcp(const char *address, uint16_t port, int *ret);
NODISCARD enum err sock_listen_unix(const char *path, int *ret);
NODISCARD enum err sock_connect_unix(const char *path, int *ret);

/* One datagram to the socket of this path; one that begins with '@' is in the
 * abstract namespace (unix(7)).  ERR_LIMIT: too long a path; ERR_CLOSED: who
 * listens there does not, or is behind. */
NODISCARD enum err sock_tell_unix(const char *path, const char *what);

/* Blocking connect by name or number, at most `wait_ms` for each address. */
NODISCARD enum err sock_connect_tcp(
    const char *host, uint16_t port, int wait_ms, int *ret, struct errmsg *why);

NODISCARD enum err sock_nonblocking(int fd);
/* End the TCP connection when nothing of its other end's machine was heard
 * for about `wait_ms`: a pulled cable says nothing by itself. */
void sock_notice_silence(int fd, int wait_ms);
NODISCARD enum err sock_peer_uid(int fd, uid_t *ret);

/* One message with up to LANE_FDS_MAX descriptors.  ERR_BUSY when it would
 * block, ERR_CLOSED when the other end is gone. */
struct sock_part {
	const void *p;
	size_t len;
};
NODISCARD enum err sock_send(int fd, const struct sock_part *parts,
    size_t n_parts, const int *fds, size_t n_fds);

/* ERR_LIMIT when the message was longer than `size` or carried more
 * descriptors than allowed; none is left open then. */
NODISCARD enum err sock_recv(int fd, void *p, size_t size, size_t *ret_len,
    int *ret_fds, size_t *ret_n_fds);

#endif
