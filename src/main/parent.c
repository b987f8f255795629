/* SPDX-License-Identifier: Apache-2.0 */
#include "main/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/lane.h"
#include "main/addresses.h"
#include "main/names.h"
#include "main/roles.h"
#include "main/roots.h"
#include "main/service.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "sys/file.h"
#include "sys/sock.h"
#include "sys/spawn.h"

struct member {
	enum role role;
	const struct role_row *row; /* NULL: the runner. */
	pid_t pid; /* 0: not ours, or not running. */
	int pidfd;
	struct lane *lane;
	bool ready;
	int64_t heard_ms;
	uint64_t timer;
};

static struct parent {
	struct parent_options options;
	struct loop *loop;
	int exe_fd;
	int api_fd;
	int pairing_fd;
	int certificate_fd; /* -1: none. */
	int socket_fd;
	int signal_fd;
	char boot[33];
	char instance[17];
	char kernel[40]; /* Names this boot of the machine. */
	char zone[80]; /* "TZ=...", for rules that name hours. */
	char journal[80]; /* "JOURNAL_STREAM=..." (base/log.c), or "". */
	bool announced;
	int64_t checked_ms; /* When heartbeats were looked at last. */
	bool synchronised; /* The clock, as everybody was told. */
	struct member members[ROLE_COUNT];
} house;

static void on_lane(
    void *arg, enum role role, enum lane_event event, struct msg *m);
static void start_role(struct member *m);

static void
tell(struct member *m, enum msg_type type, struct json *body, const int *fds,
    size_t n_fds)
{
	struct outgoing o = {.type = type, .body = body, .n_fds = n_fds};

	if (n_fds > 0)
		memcpy(o.fds, fds, n_fds * sizeof(fds[0]));
	if (m->lane == NULL || lane_send(m->lane, &o) != OK)
		log_warn(
		    "%s cannot be told %s", role_name(m->role), msg_name(type));
	json_free(body);
}

/* A new lane between two members that are both there. */
static void
connect_two(struct member *a, struct member *b)
{
	struct json *to_a = json_object();
	struct json *to_b = json_object();
	int ends[2];

	if (sock_lane_pair(ends) != OK)
		fatal("out of descriptors for lanes");
	json_put_str(to_a, "peer", role_name(b->role));
	json_put_str(to_b, "peer", role_name(a->role));
	tell(a, MSG_LANE, to_a, &ends[0], 1);
	tell(b, MSG_LANE, to_b, &ends[1], 1);
	close(ends[0]);
	close(ends[1]);
}

/*
 * How often core or vault died lately.  The house that starts anew is the
 * same process, so the environment carries the times over: "T T T", in
 * seconds of the boot clock.
 */
#define CRASHES_NAME "DURWARD_CRASHES"

static const char *
crashes_told(void)
{
	static char text[8];
	const char *p = getenv(CRASHES_NAME);
	int64_t now_s = clock_boot_ms() / 1000;
	int n = 0;
	char *end;

	while (p != NULL && *p != '\0') {
		int64_t at_s = strtoll(p, &end, 10);

		if (end == p)
			break;
		n += at_s <= now_s && now_s - at_s < CRASHES_MS / 1000;
		p = end;
	}
	snprintf(text, sizeof(text), "%d", n < 99 ? n : 99);
	return text;
}

static void
note_crash(void)
{
	const char *before = getenv(CRASHES_NAME);
	const char *recent = before != NULL ? before : "";
	char text[128];

	/* The last few are enough to know that there were too many. */
	if (strlen(recent) > sizeof(text) / 2)
		recent += strlen(recent) - sizeof(text) / 2;
	snprintf(text, sizeof(text), "%s %lld", recent,
	    (long long)(clock_boot_ms() / 1000));
	setenv(CRASHES_NAME, text, 1);
}

/* For the listener's certificate; again when they have changed, and each
 * month, so that it is never old. */
static void
tell_names(bool anew)
{
	struct member *vault = &house.members[ROLE_VAULT];
	struct json *body;
	struct buf b;

	buf_init(&b, HOUSE_NAMES_BYTES_MAX);
	if (addresses_changed(anew, &b) && vault->lane != NULL) {
		body = json_object();
		json_put_str(body, "names", b.p);
		tell(vault, MSG_NAMES, body, NULL, 0);
	}
	buf_done(&b);
}

/* What most of them cannot see by themselves (sys/clock.h). */
static void
tell_clock(void)
{
	bool synchronised = clock_find_synchronised();
	struct json *body;
	int r;

	if (synchronised == house.synchronised)
		return;
	house.synchronised = synchronised;
	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++) {
		if (house.members[r].lane == NULL)
			continue;
		body = json_object();
		json_put_bool(body, "synchronised", synchronised);
		tell(&house.members[r], MSG_CLOCK, body, NULL, 0);
	}
}

static void
greet(struct member *m)
{
	char credential[CREDENTIAL_PATH_SIZE];
	struct json *body = json_object();
	int listeners[3] = {
	    house.api_fd, house.pairing_fd, house.certificate_fd};
	int r;

	json_put_str(body, "boot", house.boot);
	json_put_str(body, "instance", house.instance);
	json_put_str(body, "crashes", crashes_told());
	json_put_str(body, "kernel", house.kernel);
	json_put_bool(body, "synchronised", house.synchronised);
	json_put_int(body, "certificate_port", house.options.certificate_port);
	if (m->role == ROLE_CORE && house.options.spare_card)
		json_put_str(body, "card", "slow");
	if (m->role == ROLE_RUNNER)
		json_put_str(body, "state", house.options.state_dir);
	if (m->role == ROLE_BRIDGE)
		json_put_str(body, "broker", house.options.broker);
	if (m->role == ROLE_BRIDGE && house.options.broker_user != NULL)
		json_put_str(body, "broker_user", house.options.broker_user);
	if (root_credential(m->row, credential, sizeof(credential))[0] != '\0')
		json_put_str(body, "credential", credential);
	tell(m, MSG_START, body, NULL, 0);
	if (m->role == ROLE_CONTROL)
		tell(m, MSG_LISTENER, NULL, listeners,
		    house.certificate_fd >= 0 ? 3 : 2);
	if (m->role == ROLE_VAULT)
		tell_names(true);
	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++)
		if (r != (int)m->role && house.members[r].lane != NULL &&
		    lane_exists(m->role, (enum role)r))
			connect_two(m, &house.members[r]);
}

static void
drop_member(struct member *m)
{
	lane_free(m->lane);
	m->lane = NULL;
	m->ready = false;
	if (m->pid == 0)
		return;
	kill(m->pid, SIGKILL);
	waitpid(m->pid, NULL, 0);
	loop_remove(house.loop, m->pidfd);
	close(m->pidfd);
	m->pid = 0;
}

/* A role whose lane closes ends by itself; the core needs a moment to write
 * down what it has. */
static void
await_core(void)
{
	struct member *m = &house.members[ROLE_CORE];
	struct pollfd pfd = {.fd = m->pidfd, .events = POLLIN};

	lane_free(m->lane);
	m->lane = NULL;
	if (m->pid != 0)
		poll(&pfd, 1, CORE_END_MS);
}

static void
end_all(void)
{
	int r;

	await_core();
	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++)
		drop_member(&house.members[r]);
}

_Noreturn static void
start_anew(void)
{
	sigset_t none;

	service_anew();
	end_all();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	usleep(HOUSE_DELAY_MS * 1000);
	syscall(SYS_execveat, house.exe_fd, "", house.options.argv, environ,
	    AT_EMPTY_PATH);
	fatal("the house cannot be started anew: errno %d", errno);
}

static void
on_restart(void *arg)
{
	struct member *m = arg;

	m->timer = 0;
	start_role(m);
}

static void
lose_member(struct member *m, const char *why)
{
	log_warn("%s %s%s", role_name(m->role), why,
	    m->row == NULL      ? ", waiting for it to return"
		: m->row->vital ? ", starting the whole house anew"
				: ", restarting it");
	drop_member(m);
	if (m->row == NULL)
		return;
	if (m->row->vital) {
		note_crash();
		start_anew();
	}
	loop_timer_cancel(house.loop, m->timer);
	m->timer = loop_timer(
	    house.loop, clock_boot_ms() + RESTART_DELAY_MS, on_restart, m);
}

static void
on_exit_of(void *arg, int fd, int events)
{
	(void)fd;
	(void)events;
	lose_member(arg, "died");
}

static void
announce(void)
{
	int r;

	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++)
		if (house.members[r].row != NULL && !house.members[r].ready)
			return;
	if (!house.announced)
		log_info("the house is up, instance %s", house.instance);
	service_ready();
	house.announced = true;
}

/* One byte, a role: `by` got a message that was not on its lane.  Whoever
 * accuses somebody it has no lane with lies; and since a lie about a vital
 * role would end the house, such a role is believed before its accuser. */
static void
on_violation(struct member *by, const struct msg *m)
{
	unsigned r = m->bulk_len == 1 ? (unsigned char)m->bulk[0] : ROLE_COUNT;
	struct member *accused;

	if (r <= ROLE_PARENT || r >= ROLE_COUNT || r == by->role ||
	    !lane_exists(by->role, (enum role)r)) {
		lose_member(by, "accused falsely");
		return;
	}
	accused = &house.members[r];
	if (accused->row != NULL && accused->row->vital)
		accused = by;
	if (accused->lane != NULL)
		lose_member(accused, "broke the rules of its lane");
}

static void
on_lane(void *arg, enum role role, enum lane_event event, struct msg *m)
{
	struct member *member = arg;

	(void)role;
	member->heard_ms = clock_boot_ms();
	if (event == LANE_CLOSED) {
		lose_member(member, "ended");
	} else if (event == LANE_VIOLATION) {
		lose_member(member, "broke the rules of its lane");
	} else if (m->type == MSG_VIOLATION) {
		on_violation(member, m);
	} else if (m->type == MSG_READY) {
		member->ready = true;
		log_info("%s is ready", role_name(member->role));
		announce();
	}
}

static void
start_role(struct member *m)
{
	const char *argv[] = {"durward", "role", role_name(m->role), NULL};
	const char *envp[] = {
	    house.zone, house.journal[0] != '\0' ? house.journal : NULL, NULL};
	struct confine_file files[CONFINE_FILES_MAX];
	struct confine_start s = {.exe_fd = house.exe_fd,
	    .argv = argv,
	    .envp = envp,
	    .files = files,
	    .network = m->row->network,
	    .n_fds = 1};
	struct errmsg why = {""};
	char folder[1024];
	char credential[CREDENTIAL_PATH_SIZE];
	const char *path =
	    root_credential(m->row, credential, sizeof(credential));
	int ends[2];

	if (sock_lane_pair(ends) != OK)
		fatal("out of descriptors for lanes");
	s.state_dir =
	    root_folder(m->row, &house.options, folder, sizeof(folder));
	s.n_files = root_files(m->row, &house.options, path, files);
	s.fds[0] = ends[1];
	if (confine_start(&s, &m->pid, &why) != OK)
		fatal("%s", why.text);
	close(ends[1]);
	if (spawn_pidfd(m->pid, &m->pidfd) != OK ||
	    loop_add(house.loop, m->pidfd, LOOP_READ, on_exit_of, m) != OK)
		fatal("cannot watch %s", role_name(m->role));
	m->heard_ms = clock_boot_ms();
	m->lane =
	    lane_new(house.loop, ends[0], ROLE_PARENT, m->role, on_lane, m);
	greet(m);
}

/* The runner knocks: the only peer whose user is checked, here. */
static void
on_knock(void *arg, int fd, int events)
{
	struct member *m = &house.members[ROLE_RUNNER];
	uid_t uid;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)arg;
	(void)events;
	if (peer < 0)
		return;
	if (sock_peer_uid(peer, &uid) != OK ||
	    uid != house.options.runner_uid) {
		log_warn("somebody who is not the runner's user knocked");
		close(peer);
		return;
	}
	/* A dead one is noticed by its lane; two that live would take the
	 * place from each other for ever. */
	if (m->lane != NULL) {
		log_warn("a second runner knocked; is there another "
			 "'durward run tools'?");
		close(peer);
		return;
	}
	m->heard_ms = clock_boot_ms();
	m->lane =
	    lane_new(house.loop, peer, ROLE_PARENT, ROLE_RUNNER, on_lane, m);
	greet(m);
}

static void
on_signal(void *arg, int fd, int events)
{
	(void)arg;
	(void)fd;
	(void)events;
	log_info("the house is ending");
	service_ending();
	end_all();
	unlink(house.options.socket_path);
	names_remove();
	exit(0);
}

/* The runner says nothing before it is ready, either. */
static int64_t
patience_ms(const struct member *m)
{
	return m->ready ? HEARTBEAT_LOST_MS : ROLE_OPEN_MS;
}

static void
check_heartbeats(void *arg)
{
	int64_t now_ms = clock_boot_ms();
	/* The boot clock counts a suspend, in which nobody could speak. */
	bool slept = now_ms - house.checked_ms > 3 * HEARTBEAT_MS;
	int r;

	house.checked_ms = now_ms;
	service_alive();
	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++) {
		struct member *m = &house.members[r];

		if (slept)
			m->heard_ms = now_ms;
		if (m->lane != NULL && now_ms - m->heard_ms > patience_ms(m))
			lose_member(m, "has stopped answering");
	}
	names_follow();
	tell_names(false);
	tell_clock();
	loop_timer(house.loop, now_ms + HEARTBEAT_MS, check_heartbeats, arg);
}

static void
open_listener(uint16_t port, int *ret)
{
	int64_t until_ms = clock_boot_ms() + HOUSE_BEFORE_MS;
	enum err e = sock_bind_tcp(house.options.address, port, ret);

	/* A role of the house before may hold it until it sees its end. */
	while (e == ERR_EXISTS && clock_boot_ms() < until_ms) {
		usleep(HOUSE_BEFORE_TRY_MS * 1000);
		e = sock_bind_tcp(house.options.address, port, ret);
	}
	if (e == ERR_EXISTS)
		fatal("port %u is taken; is the house running already?",
		    (unsigned)port);
	if (e != OK)
		fatal("cannot bind %s port %u", house.options.address,
		    (unsigned)port);
}

/* Its port is one that others like too, and only pairing a phone takes it. */
static void
open_certificate_listener(void)
{
	uint16_t port = house.options.certificate_port;

	house.certificate_fd = -1;
	if (port == 0 ||
	    sock_bind_tcp(house.options.address, port, &house.certificate_fd) ==
		OK)
		return;
	house.options.certificate_port = 0;
	log_warn("port %u is taken: phones get the certificate of this box "
		 "another way; --certificate-port names another port",
	    (unsigned)port);
}

static void
name_instance(void)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */
	const char *s;

	for (s = house.options.state_dir; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	snprintf(house.instance, sizeof(house.instance), "%016llx",
	    (unsigned long long)h);
}

static void
open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	house.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (house.signal_fd < 0 ||
	    loop_add(house.loop, house.signal_fd, LOOP_READ, on_signal, NULL) !=
		OK)
		fatal("cannot watch signals");
}

static void
open_house(void)
{
	uint8_t boot[16];

	if (getrandom(boot, sizeof(boot), 0) != sizeof(boot))
		fatal("the kernel has no random numbers");
	hex_write(house.boot, boot, sizeof(boot));
	name_instance();
	house.exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (house.exe_fd < 0)
		fatal("/proc is not mounted");
	house.loop = loop_new();
	open_signals();
	open_listener(house.options.port, &house.api_fd);
	open_listener(house.options.pairing_port, &house.pairing_fd);
	open_certificate_listener();
	if (sock_listen_unix(house.options.socket_path, &house.socket_fd) !=
		OK ||
	    chmod(house.options.socket_path, 0666) < 0 ||
	    loop_add(house.loop, house.socket_fd, LOOP_READ, on_knock, NULL) !=
		OK)
		fatal("cannot listen on %s", house.options.socket_path);
	names_open(house.options.socket_path);
}

int
parent_main(const struct parent_options *o)
{
	int r;

	house.options = *o;
	open_house();
	clock_boot_id(house.kernel, sizeof(house.kernel));
	tell_clock();
	memcpy(house.zone, "TZ=", 3);
	clock_zone(house.zone + 3, sizeof(house.zone) - 3);
	if (getenv("JOURNAL_STREAM") != NULL)
		snprintf(house.journal, sizeof(house.journal),
		    "JOURNAL_STREAM=%s", getenv("JOURNAL_STREAM"));
	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++) {
		house.members[r].role = (enum role)r;
		house.members[r].row = role_row((enum role)r);
		/* Without a broker it would have nothing to do. */
		if (house.options.broker == NULL &&
		    house.members[r].row != NULL &&
		    house.members[r].row->broker)
			house.members[r].row = NULL;
	}
	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++)
		if (house.members[r].row != NULL)
			start_role(&house.members[r]);
	check_heartbeats(NULL);
	loop_run(house.loop);
	return 0;
}
