/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/dns.h"
#include "sys/clock.h"

/*
 * libc's resolver waits, so it does that on threads of its own: they take a
 * name from the table, look it up without holding the lock, and leave the
 * answer there for the loop to fetch.  What was found is kept for a moment.
 */

#define MDNS_PORT 5353
#define MDNS_GROUP 0xe00000fbu /* 224.0.0.251, RFC 6762 section 3 */
#define STACK_BYTES (256 * 1024)

enum state { FREE, WAITING, RUNNING, DONE };

struct lookup {
	enum state state;
	uint64_t id;
	char name[HOST_MAX + 1];
	struct found found;
	found_fn *fn; /* NULL: cancelled. */
	void *arg;
};

struct kept {
	char name[HOST_MAX + 1];
	struct found found;
	int64_t until_ms;
};

struct lookups {
	struct loop *loop;
	int eventfd;
	uint64_t last_id;
	struct kept kept[LOOKUPS_MAX]; /* The loop's alone. */
	size_t next_kept;

	/* Everything below is shared. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct lookup table[LOOKUPS_MAX];
};

/* ---- On the threads ---- */

static void
add_sockaddr(const struct sockaddr *from, struct found *f)
{
	struct address *a = &f->addresses[f->n];

	if (f->n == LOOKUP_ADDRESSES_MAX)
		return;
	if (from->sa_family == AF_INET) {
		a->len = 4;
		memcpy(a->b, &((const struct sockaddr_in *)from)->sin_addr, 4);
	} else if (from->sa_family == AF_INET6) {
		a->len = 16;
		memcpy(
		    a->b, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	} else {
		return;
	}
	f->n++;
}

static void
ask_resolver(const char *name, struct found *f)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	const struct addrinfo *a;
	char dotted[HOST_MAX + 2];

	/* A dot at the end: no search list is tried. */
	snprintf(dotted, sizeof(dotted), "%s.", name);
	if (getaddrinfo(dotted, NULL, &hints, &list) != 0)
		return;
	for (a = list; a != NULL; a = a->ai_next)
		add_sockaddr(a->ai_addr, f);
	freeaddrinfo(list);
}

/* Questions for both families, then answers until both are there or the time
 * is over. */
static void
ask_neighbours(const char *name, struct found *f)
{
	struct sockaddr_in group = {
	    .sin_family = AF_INET, .sin_port = htons(MDNS_PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int64_t until_ms = clock_boot_ms() + MDNS_WAIT_MS;
	uint8_t message[DNS_MESSAGE_MAX];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t len;

	if (fd < 0)
		return;
	group.sin_addr.s_addr = htonl(MDNS_GROUP);
	len = mdns_question_write(name, DNS_A, message);
	sendto(fd, message, len, 0, (struct sockaddr *)&group, sizeof(group));
	while (f->n == 0) {
		int64_t left_ms = until_ms - clock_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
			break;
		n = recvfrom(
		    fd, message, sizeof(message), MSG_DONTWAIT, NULL, NULL);
		if (n > 0 &&
		    mdns_answer_read(message, (size_t)n, name, f->addresses,
			LOOKUP_ADDRESSES_MAX, &f->n) != OK)
			f->n = 0;
	}
	close(fd);
}

static bool
is_local(const char *name)
{
	size_t len = strlen(name);

	return len > 6 && strcmp(name + len - 6, ".local") == 0;
}

static struct lookup *
find_state(struct lookups *l, enum state s)
{
	size_t i;

	for (i = 0; i < LOOKUPS_MAX; i++)
		if (l->table[i].state == s)
			return &l->table[i];
	return NULL;
}

static void *
look_up(void *arg)
{
	struct lookups *l = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		struct lookup *u = find_state(l, WAITING);
		struct found f = {.n = 0};
		char name[HOST_MAX + 1];

		if (u == NULL) {
			pthread_cond_wait(&l->wake, &l->lock);
			continue;
		}
		u->state = RUNNING;
		memcpy(name, u->name, sizeof(name));
		pthread_mutex_unlock(&l->lock);
		if (is_local(name))
			ask_neighbours(name, &f);
		else
			ask_resolver(name, &f);
		pthread_mutex_lock(&l->lock);
		u->found = f;
		u->state = DONE;
		if (write(l->eventfd, &one, sizeof(one)) < 0)
			continue; /* The counter is full: the loop is awake. */
	}
	return NULL;
}

/* ---- On the loop ---- */

static const struct found *
find_kept(const struct lookups *l, const char *name)
{
	int64_t now_ms = clock_boot_ms();
	size_t i;

	for (i = 0; i < LOOKUPS_MAX; i++)
		if (l->kept[i].until_ms > now_ms &&
		    strcmp(l->kept[i].name, name) == 0)
			return &l->kept[i].found;
	return NULL;
}

static void
keep(struct lookups *l, const char *name, const struct found *f)
{
	struct kept *k = &l->kept[l->next_kept++ % LOOKUPS_MAX];

	if (f->n == 0)
		return;
	memcpy(k->name, name, sizeof(k->name));
	k->found = *f;
	k->until_ms = clock_boot_ms() + LOOKUP_KEPT_MS;
}

static void
on_done(void *arg, int fd, int events)
{
	struct lookups *l = arg;
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	for (;;) {
		struct lookup done;
		struct lookup *u;

		pthread_mutex_lock(&l->lock);
		u = find_state(l, DONE);
		if (u != NULL) {
			done = *u;
			u->state = FREE;
		}
		pthread_mutex_unlock(&l->lock);
		if (u == NULL)
			return;
		keep(l, done.name, &done.found);
		if (done.fn != NULL)
			done.fn(done.arg, &done.found);
	}
}

uint64_t
lookup_begin(struct lookups *l, const char *name, found_fn *fn, void *arg)
{
	const struct found *kept = find_kept(l, name);
	struct lookup *u;
	uint64_t id = 0;
	uint64_t one = 1;

	pthread_mutex_lock(&l->lock);
	u = find_state(l, FREE);
	if (u != NULL) {
		id = u->id = ++l->last_id;
		u->fn = fn;
		u->arg = arg;
		snprintf(u->name, sizeof(u->name), "%s", name);
		u->state = kept != NULL ? DONE : WAITING;
		if (kept != NULL)
			u->found = *kept;
		else
			pthread_cond_signal(&l->wake);
	}
	pthread_mutex_unlock(&l->lock);
	if (kept != NULL && write(l->eventfd, &one, sizeof(one)) < 0)
		return id; /* The counter is full: it is awake. */
	return id;
}

void
lookup_cancel(struct lookups *l, uint64_t id)
{
	size_t i;

	pthread_mutex_lock(&l->lock);
	for (i = 0; i < LOOKUPS_MAX; i++)
		if (l->table[i].state != FREE && l->table[i].id == id)
			l->table[i].fn = NULL;
	pthread_mutex_unlock(&l->lock);
}

struct lookups *
lookups_open(struct loop *loop)
{
	struct lookups *l = xalloc(sizeof(*l));
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	l->loop = loop;
	l->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	if (l->eventfd < 0 ||
	    loop_add(loop, l->eventfd, LOOP_READ, on_done, l) != OK)
		fatal("out of descriptors for lookups");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (i = 0; i < LOOKUP_THREADS; i++)
		if (pthread_create(&thread, &attr, look_up, l) != 0)
			fatal("the threads for lookups do not start");
	pthread_attr_destroy(&attr);
	return l;
}
