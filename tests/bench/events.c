/* SPDX-License-Identifier: Apache-2.0 */

/*
 * events echo SOCKET QOS WHO: says on WHO/lamp/N/set what comes on
 * WHO/sensor/N, and no more: the least that an automation on this broker can
 * take.
 *
 * events load SOCKET QOS WHO RATE COUNT DEVICES: so many switches go on and off
 * in turn, COUNT times at RATE a second, and so many lamps answer what they are
 * told.  Prints how long the commands took behind the moment that each event
 * was due, in us: the median, 99 and 99.9 of 100, and how many never came.
 */

#include <mosquitto.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEVICES_MAX 256
#define LAST_MS 5000 /* That the last may take. */

static int qos;
static const char *who;

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void
say(struct mosquitto *m, const char *topic, const char *state)
{
	char payload[32];

	snprintf(payload, sizeof(payload), "{\"state\":\"%s\"}", state);
	if (mosquitto_publish(m, NULL, topic, (int)strlen(payload), payload,
		qos, false) != MOSQ_ERR_SUCCESS)
		exit(1);
}

static const char *
state_of(const struct mosquitto_message *got)
{
	return memmem(got->payload, (size_t)got->payloadlen, "ON", 2) != NULL
	    ? "ON"
	    : "OFF";
}

/* WHO/lamp/7/set */
static long
number(const struct mosquitto_message *got)
{
	const char *slash = strchr(got->topic, '/');

	slash = slash != NULL ? strchr(slash + 1, '/') : NULL;
	return slash != NULL ? strtol(slash + 1, NULL, 10) : -1;
}

/* ---- echo ---- */

static void
on_event(struct mosquitto *m, void *arg, const struct mosquitto_message *got)
{
	char topic[64];

	(void)arg;
	snprintf(topic, sizeof(topic), "%s/lamp/%ld/set", who, number(got));
	say(m, topic, state_of(got));
}

/* ---- load ---- */

static struct {
	int64_t due_ns; /* Of the event that has no command yet, or 0. */
	const char *state;
} lamps[DEVICES_MAX];

static double *us;
static long n_us;
static long lost;

static void
on_command(struct mosquitto *m, void *arg, const struct mosquitto_message *got)
{
	long i = number(got);
	char topic[64];

	(void)arg;
	if (i < 0 || i >= DEVICES_MAX)
		return;
	if (lamps[i].due_ns != 0 &&
	    strcmp(state_of(got), lamps[i].state) == 0) {
		us[n_us++] = (double)(now_ns() - lamps[i].due_ns) / 1000;
		lamps[i].due_ns = 0;
	}
	snprintf(topic, sizeof(topic), "%s/lamp/%ld", who, i);
	say(m, topic, state_of(got));
}

static void
begin(struct mosquitto *m, long k, long devices, int64_t due_ns)
{
	long i = k % devices;
	char topic[64];

	lost += lamps[i].due_ns != 0;
	lamps[i].due_ns = due_ns;
	lamps[i].state = k / devices % 2 == 0 ? "ON" : "OFF";
	snprintf(topic, sizeof(topic), "%s/sensor/%ld", who, i);
	say(m, topic, lamps[i].state);
}

/* What comes until then. */
static void
serve(struct mosquitto *m, int64_t until_ns)
{
	struct pollfd p = {.fd = mosquitto_socket(m), .events = POLLIN};
	int64_t left_ns = until_ns - now_ns();
	struct timespec wait = {0, 0};

	if (left_ns > 0)
		wait.tv_nsec = left_ns < 100000000 ? left_ns : 100000000;
	if (mosquitto_want_write(m))
		p.events |= POLLOUT;
	if (ppoll(&p, 1, &wait, NULL) > 0) {
		if ((p.revents & POLLOUT) != 0)
			mosquitto_loop_write(m, 1);
		if (p.revents != POLLOUT &&
		    mosquitto_loop_read(m, 1) != MOSQ_ERR_SUCCESS)
			exit(1);
	}
	mosquitto_loop_misc(m);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
load(struct mosquitto *m, long rate, long count, long devices)
{
	int64_t begun_ns = now_ns() + 100000000;
	int64_t due_ns = begun_ns;
	long k = 0;
	long i;

	us = calloc((size_t)count + 1, sizeof(us[0]));
	while (k < count ||
	    (n_us + lost < count &&
		now_ns() < due_ns + LAST_MS * INT64_C(1000000))) {
		while (k < count && now_ns() >= due_ns) {
			begin(m, k, devices, due_ns);
			k++;
			if (k < count)
				due_ns =
				    begun_ns + k * INT64_C(1000000000) / rate;
		}
		serve(m, k < count ? due_ns : now_ns() + 100000000);
	}
	for (i = 0; i < devices; i++)
		lost += lamps[i].due_ns != 0;
	qsort(us, (size_t)n_us, sizeof(us[0]), compare);
	if (n_us == 0)
		exit(1);
	printf("%.1f %.1f %.1f %ld\n", us[n_us / 2], us[n_us * 99 / 100],
	    us[n_us * 999 / 1000], lost);
}

int
main(int argc, char **argv)
{
	bool echoes = argc == 5 && strcmp(argv[1], "echo") == 0;
	struct mosquitto *m;
	char topics[64];

	if (!echoes && argc != 8)
		return 2;
	qos = (int)strtol(argv[3], NULL, 10);
	who = argv[4];
	snprintf(topics, sizeof(topics),
	    echoes ? "%s/sensor/+" : "%s/lamp/+/set", who);
	mosquitto_lib_init();
	m = mosquitto_new(NULL, true, NULL);
	mosquitto_message_callback_set(m, echoes ? on_event : on_command);
	if (mosquitto_connect(m, argv[2], 0, 60) != MOSQ_ERR_SUCCESS ||
	    mosquitto_subscribe(m, NULL, topics, qos) != MOSQ_ERR_SUCCESS)
		return 1;
	if (echoes) {
		puts("up");
		fflush(stdout);
		return mosquitto_loop_forever(m, -1, 1);
	}
	load(m, strtol(argv[5], NULL, 10), strtol(argv[6], NULL, 10),
	    strtol(argv[7], NULL, 10));
	return 0;
}
