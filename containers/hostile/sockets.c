/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "hostile/hostile.h"

/* Ways out by a socket.  The addresses are of those set apart for examples,
 * which a route would take as far as any other. */

#define WAIT_MS 300

static const struct kind {
	const char *name;
	int family;
	int type;
	int protocol;
} kinds[] = {
    {"af_netlink", AF_NETLINK, SOCK_RAW, 0},
    {"af_netlink_audit", AF_NETLINK, SOCK_RAW, 9},
    {"af_netlink_uevent", AF_NETLINK, SOCK_DGRAM, 15},
    {"af_packet", AF_PACKET, SOCK_RAW, 0},
    {"af_packet_dgram", AF_PACKET, SOCK_DGRAM, 0},
    {"af_vsock", AF_VSOCK, SOCK_STREAM, 0},
    {"af_alg", AF_ALG, SOCK_SEQPACKET, 0},
    {"af_key", AF_KEY, SOCK_RAW, 2},
    {"af_bluetooth", AF_BLUETOOTH, SOCK_RAW, 1},
    {"af_can", AF_CAN, SOCK_RAW, 1},
    {"af_xdp", 44, SOCK_RAW, 0},
    {"af_tipc", AF_TIPC, SOCK_SEQPACKET, 0},
    {"af_rds", AF_RDS, SOCK_SEQPACKET, 0},
    {"af_smc", 43, SOCK_STREAM, 0},
    {"af_ax25", AF_AX25, SOCK_DGRAM, 0},
    {"af_appletalk", AF_APPLETALK, SOCK_DGRAM, 0},
    {"sock_raw_icmp", AF_INET, SOCK_RAW, IPPROTO_ICMP},
    {"sock_raw_tcp", AF_INET, SOCK_RAW, IPPROTO_TCP},
    {"sock_raw_ipv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
    {"sock_packet", AF_INET, SOCK_PACKET, 0},
    {"ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
    {"sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP},
    {"mptcp", AF_INET, SOCK_STREAM, 262},
    {"dccp", AF_INET, SOCK_DCCP, IPPROTO_DCCP},
    {"udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE},
    {"unix_raw", AF_UNIX, SOCK_RAW, 0},
};

static void
try_socket(struct said *said, const void *arg)
{
	const struct kind *k = arg;

	say_result(said, socket(k->family, k->type, k->protocol));
}

/* The kernel looks at 32 bits of the family, the filter at 64. */
static void
try_high_bits(struct said *said, const void *arg)
{
	unsigned long family = (1UL << 32) + AF_NETLINK;

	(void)arg;
	say_result(said, syscall(SYS_socket, family, SOCK_RAW, 0));
}

static const struct place {
	const char *name;
	const char *address;
	int type;
	int port;
} places[] = {
    {"tcp_public", "203.0.113.1", SOCK_STREAM, 443},
    {"tcp_public_80", "198.51.100.7", SOCK_STREAM, 80},
    {"tcp_private_10", "10.0.0.1", SOCK_STREAM, 80},
    {"tcp_private_172", "172.17.0.1", SOCK_STREAM, 80},
    {"tcp_private_192", "192.168.1.1", SOCK_STREAM, 80},
    {"tcp_slirp_host", "10.0.2.2", SOCK_STREAM, 8443},
    {"tcp_shared_100", "100.64.0.1", SOCK_STREAM, 80},
    {"tcp_metadata", "169.254.169.254", SOCK_STREAM, 80},
    {"tcp_ipv6", "2001:db8::1", SOCK_STREAM, 443},
    {"tcp_ipv6_local", "fd00::1", SOCK_STREAM, 443},
    {"tcp_ipv6_link", "fe80::1", SOCK_STREAM, 443},
    {"tcp_ipv6_metadata", "fd00:ec2::254", SOCK_STREAM, 80},
    {"tcp_ipv6_mapped", "::ffff:203.0.113.1", SOCK_STREAM, 443},
    {"tcp_ipv6_nat64", "64:ff9b::203.0.113.1", SOCK_STREAM, 443},
    {"tcp_dns_over_https", "203.0.113.53", SOCK_STREAM, 443},
    {"udp_public", "203.0.113.1", SOCK_DGRAM, 9},
    {"udp_dns", "203.0.113.53", SOCK_DGRAM, 53},
    {"udp_http3", "203.0.113.1", SOCK_DGRAM, 443},
    {"udp_metadata", "169.254.169.254", SOCK_DGRAM, 53},
    {"udp_ipv6", "2001:db8::1", SOCK_DGRAM, 443},
    {"udp_multicast_mdns", "224.0.0.251", SOCK_DGRAM, 5353},
    {"udp_multicast_ssdp", "239.255.255.250", SOCK_DGRAM, 1900},
    {"udp_multicast_ipv6", "ff02::fb", SOCK_DGRAM, 5353},
    {"udp_broadcast", "255.255.255.255", SOCK_DGRAM, 9},
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
address_of(const char *text, int port, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons((unsigned short)port);
		return sizeof(ret->v4);
	}
	inet_pton(AF_INET6, text, &ret->v6.sin6_addr);
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons((unsigned short)port);
	return sizeof(ret->v6);
}

/* As far as it goes at once, or in a moment; -1 with errno. */
static int
reach(const char *text, int type, int port)
{
	union address a;
	socklen_t len = address_of(text, port, &a);
	int fd = socket(a.any.sa_family, type | SOCK_NONBLOCK, 0);
	int on = 1;
	int error = 0;
	socklen_t size = sizeof(error);
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (connect(fd, &a.any, len) == 0)
		return type == SOCK_DGRAM && send(fd, "x", 1, 0) < 0 ? -1 : fd;
	if (errno != EINPROGRESS)
		return -1;
	/* On its way is out already. */
	if (poll(&pfd, 1, WAIT_MS) == 0)
		return fd;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	errno = error;
	return error == 0 ? fd : -1;
}

static void
try_place(struct said *said, const void *arg)
{
	const struct place *p = arg;

	say_result(said, reach(p->address, p->type, p->port));
}

/* Loopback is the container's own, and nobody listens there. */
static void
try_host_ports(struct said *said, const void *arg)
{
	static const int usual[] = {22, 25, 53, 80, 111, 443, 631, 1883, 2375,
	    2376, 5353, 5432, 6379, 8080, 8123, 8443, 8444, 8883, 9090, 11434};
	const char *more = arg;
	size_t i;

	for (i = 0; i < LEN(usual); i++)
		if (reach("127.0.0.1", SOCK_STREAM, usual[i]) >= 0) {
			say(said, "got:%d", usual[i]);
			return;
		}
	for (; *more != '\0'; more += strspn(more, ",")) {
		char *end;
		long port = strtol(more, &end, 10);

		if (end == more)
			break;
		more = end;
		if (reach("127.0.0.1", SOCK_STREAM, (int)port) >= 0) {
			say(said, "got:%ld", port);
			return;
		}
	}
	say_result(said, -1);
}

/* One question, of which only the kind of the answer counts. */
static void
try_dns(struct said *said, const void *arg)
{
	static const unsigned char question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0"
						"\x08unlisted\x07"
						"example\0\0\1\0\1";
	unsigned char answer[512];
	union address a;
	socklen_t len = address_of(arg, 53, &a);
	struct pollfd pfd = {.events = POLLIN};
	ssize_t n;

	pfd.fd = socket(a.any.sa_family, SOCK_DGRAM, 0);
	if (connect(pfd.fd, &a.any, len) < 0 ||
	    send(pfd.fd, question, sizeof(question) - 1, 0) < 0) {
		say_result(said, -1);
		return;
	}
	if (poll(&pfd, 1, WAIT_MS) == 0) {
		say(said, "silent");
		return;
	}
	/* Where nobody is, that comes back as an error. */
	n = recv(pfd.fd, answer, sizeof(answer), 0);
	if (n < 12)
		say_result(said, -1);
	else if ((answer[3] & 0xf) == 3)
		say(said, "NXDOMAIN");
	else
		say(said, "got:rcode_%d", answer[3] & 0xf);
}

static void
try_join(struct said *said, const void *arg)
{
	struct ip_mreq group = {.imr_interface.s_addr = INADDR_ANY};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, arg, &group.imr_multiaddr);
	say_result(said,
	    setsockopt(
		fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)));
}

/* Of a path, or of an abstract name that begins with @. */
static void
try_unix(struct said *said, const void *arg)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = arg;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t len = strlen(path);

	if (len >= sizeof(a.sun_path))
		len = sizeof(a.sun_path) - 1;
	memcpy(a.sun_path, path, len);
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	say_result(said,
	    connect(fd, (const struct sockaddr *)(const void *)&a,
		(socklen_t)(sizeof(a.sun_family) + len)));
}

static const struct {
	const char *name;
	const char *path;
} locals[] = {
    {"abstract_x11", "@/tmp/.X11-unix/X0"},
    {"abstract_dbus", "@/tmp/dbus"},
    {"abstract_containerd", "@/containerd-shim/x.sock"},
    {"socket_dbus", "/run/dbus/system_bus_socket"},
    {"socket_systemd", "/run/systemd/private"},
    {"socket_podman", "/run/podman/podman.sock"},
    {"socket_podman_user", "/run/durward-tools/podman/podman.sock"},
    {"socket_docker", "/var/run/docker.sock"},
    {"socket_house", "/run/durward/tools.sock"},
};

/* Every abstract name that is bound in this network namespace. */
static void
try_abstract(struct said *said, const void *arg)
{
	FILE *f = fopen("/proc/net/unix", "r");
	char line[400];
	const char *at;

	(void)arg;
	say(said, "none");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		at = strchr(line, '@');
		if (at != NULL)
			say(said, "got:%.*s", (int)strcspn(at, "\n"), at);
	}
	if (f != NULL)
		fclose(f);
}

void
attempt_sockets(struct report *report, const struct outside *outside)
{
	char path[256];
	size_t i;

	for (i = 0; i < LEN(kinds); i++)
		attempt(report, kinds[i].name, try_socket, &kinds[i]);
	attempt(report, "af_netlink_high_bits", try_high_bits, NULL);
	for (i = 0; i < LEN(places); i++)
		attempt(report, places[i].name, try_place, &places[i]);
	attempt(report, "tcp_host_ports", try_host_ports, outside->ports);
	attempt(report, "dns_unlisted", try_dns, "127.0.0.53");
	attempt(report, "dns_elsewhere", try_dns, "203.0.113.53");
	attempt(report, "multicast_join", try_join, "224.0.0.251");
	for (i = 0; i < LEN(locals); i++)
		attempt(report, locals[i].name, try_unix, locals[i].path);
	attempt(report, "abstract_any", try_abstract, NULL);
	snprintf(path, sizeof(path), "%s/run/tools.sock", outside->root);
	attempt(report, "socket_this_house", try_unix, path);
}
