/* SPDX-License-Identifier: Apache-2.0 */
#include <mosquitto/mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mqtt/mqtt_priv.h"
#include "sys/clock.h"

static void connect_now(struct mqtt *m);

/* ---- The connection ---- */

static void
unwatch(struct mqtt *m)
{
	if (m->fd >= 0)
		loop_remove(m->s.loop, m->fd);
	m->fd = -1;
}

static void
on_pause_over(void *arg)
{
	struct mqtt *m = arg;

	m->timer = 0;
	connect_now(m);
}

static bool
is_steady(const struct mqtt *m)
{
	return m->up && clock_boot_ms() - m->up_ms >= MQTT_STEADY_MS;
}

/* Down, or still down: again after a pause. */
static void
lose(struct mqtt *m, const char *why)
{
	/* Two clients of one name end each other for ever. */
	if (is_steady(m))
		m->pause_ms = MQTT_PAUSE_MS;
	unwatch(m);
	inbox_clear(&m->inbox);
	asking_forget(m);
	m->up = false;
	m->unsent = 0;
	m->anew = false;
	loop_timer_cancel(m->s.loop, m->timer);
	m->timer = loop_timer(
	    m->s.loop, clock_boot_ms() + m->pause_ms, on_pause_over, m);
	m->pause_ms = m->pause_ms * 2 < MQTT_PAUSE_MAX_MS ? m->pause_ms * 2
							  : MQTT_PAUSE_MAX_MS;
	m->s.on_down(m->s.arg, why);
}

static void
watch(struct mqtt *m)
{
	int events = LOOP_READ;

	if (mosquitto_want_write(m->mosq))
		events |= LOOP_WRITE;
	if (m->fd >= 0 && loop_change(m->s.loop, m->fd, events) != OK)
		fatal("the broker's socket cannot be watched");
}

/* Brokers do not say that another client came by our name (MQTT 3.1.1, and
 * many of 5.0). */
static const char *
why_lost(const struct mqtt *m, int rc)
{
	if (m->anew)
		return "it is joined anew, as who we are now";
	if (m->up && !is_steady(m))
		return "it ended the connection at once; perhaps another "
		       "client has our name there";
	return rc != MOSQ_ERR_SUCCESS ? mosquitto_strerror(rc)
				      : "it ended the connection";
}

/* Behind each call but those that libmosquitto may call us from. */
static void
settle(struct mqtt *m, int rc)
{
	if (rc != MOSQ_ERR_SUCCESS || m->ended) {
		m->ended = false;
		lose(m, why_lost(m, rc));
		return;
	}
	watch(m);
}

static void
on_later(void *arg)
{
	struct mqtt *m = arg;
	struct letter *l;
	int n;

	m->later = 0;
	for (n = 0; n < MQTT_BATCH && (l = inbox_take(&m->inbox)) != NULL;
	     n++) {
		m->s.on_message(m->s.arg, &l->m);
		free(l);
	}
	if (m->up && m->asked == 0)
		asking_go_on(m);
	watch(m);
	mqtt_look_later(m);
}

/* Behind what else happens in this turn of the loop. */
void
mqtt_look_later(struct mqtt *m)
{
	if (m->later == 0 &&
	    (m->inbox.first != NULL ||
		(m->wishes.first != NULL && m->asked == 0)))
		m->later = loop_timer(m->s.loop, clock_boot_ms(), on_later, m);
}

/* libmosquitto reads 4 KiB in a call. */
static int
drain(struct mqtt *m)
{
	int rc = MOSQ_ERR_SUCCESS;
	uint64_t before;

	do {
		before = m->inbox.taken_in;
		if (!inbox_is_full(&m->inbox))
			rc = mosquitto_loop_read(m->mosq, 1);
	} while (
	    rc == MOSQ_ERR_SUCCESS && !m->ended && m->inbox.taken_in != before);
	mqtt_look_later(m);
	return rc;
}

static void
on_socket(void *arg, int fd, int events)
{
	struct mqtt *m = arg;
	int rc = MOSQ_ERR_SUCCESS;

	(void)fd;
	if (events & (LOOP_READ | LOOP_HANGUP))
		rc = drain(m);
	if (rc == MOSQ_ERR_SUCCESS && (events & LOOP_WRITE))
		rc = mosquitto_loop_write(m->mosq, 1);
	settle(m, rc);
}

/* Pings, and the end of a try that takes too long. */
static void
on_tick(void *arg)
{
	struct mqtt *m = arg;
	int64_t now_ms = clock_boot_ms();

	m->timer = loop_timer(m->s.loop, now_ms + 1000, on_tick, m);
	if (!m->up && now_ms - m->begun_ms > MQTT_CONNECT_MS)
		lose(m, "it does not answer");
	else if (m->anew && m->unsent == 0)
		settle(m, mosquitto_disconnect(m->mosq));
	else {
		asking_tick(m);
		settle(m, mosquitto_loop_misc(m->mosq));
	}
}

/* How large a packet may be: libmosquitto takes properties for connections
 * that it waits for alone, keeps them, and then misses a host. */
static void
set_limits(struct mqtt *m)
{
	mosquitto_property *list = NULL;

	mosquitto_int_option(m->mosq, MOSQ_OPT_PROTOCOL_VERSION, m->version);
	if (m->version == MQTT_PROTOCOL_V5 &&
	    mosquitto_property_add_int32(&list, MQTT_PROP_MAXIMUM_PACKET_SIZE,
		MQTT_PAYLOAD_MAX + MQTT_TOPIC_MAX + 64) != MOSQ_ERR_SUCCESS)
		fatal("out of memory");
	mosquitto_connect_bind_v5(m->mosq, NULL, 0, 0, NULL, list);
	mosquitto_property_free_all(&list);
}

static void
connect_now(struct mqtt *m)
{
	int rc;

	m->begun_ms = clock_boot_ms();
	m->ended = false;
	set_limits(m);
	rc = mosquitto_connect_async(
	    m->mosq, m->s.address, m->s.port, MQTT_KEEPALIVE_S);
	m->fd = rc == MOSQ_ERR_SUCCESS ? mosquitto_socket(m->mosq) : -1;
	if (m->fd < 0) {
		lose(m,
		    rc == MOSQ_ERR_ERRNO ? "nothing answers there"
					 : mosquitto_strerror(rc));
		return;
	}
	if (loop_add(m->s.loop, m->fd, LOOP_READ | LOOP_WRITE, on_socket, m) !=
	    OK)
		fatal("too many descriptors are watched");
	m->timer = loop_timer(m->s.loop, m->begun_ms + 1000, on_tick, m);
}

/* ---- What libmosquitto tells ---- */

/* Of 3.1.1, and of 5.0. */
static bool
is_refusal(int rc)
{
	return rc == CONNACK_REFUSED_BAD_USERNAME_PASSWORD ||
	    rc == CONNACK_REFUSED_NOT_AUTHORIZED ||
	    rc == MQTT_RC_BAD_USERNAME_OR_PASSWORD ||
	    rc == MQTT_RC_NOT_AUTHORIZED;
}

static void
on_connect(struct mosquitto *mosq, void *arg, int rc, int flags,
    const mosquitto_property *properties)
{
	struct mqtt *m = arg;

	(void)mosq;
	(void)flags;
	(void)properties;
	m->refused = is_refusal(rc);
	if (rc == 0) {
		m->up = true;
		m->up_ms = clock_boot_ms();
		if (m->s.status_topic != NULL &&
		    mqtt_publish(m, m->s.status_topic, m->s.status_here,
			strlen(m->s.status_here), true) != OK)
			log_warn("the broker takes no messages of ours");
		m->s.on_up(m->s.arg);
		return;
	}
	/* An older broker: 3.1.1 says 1, 5.0 says 132. */
	if (m->version == MQTT_PROTOCOL_V5 &&
	    (rc == 1 || rc == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION))
		m->version = MQTT_PROTOCOL_V311;
	else
		log_warn("the broker refuses us: %s",
		    m->version == MQTT_PROTOCOL_V5
			? mosquitto_reason_string(rc)
			: mosquitto_connack_string(rc));
	m->ended = true;
}

static void
on_disconnect(struct mosquitto *mosq, void *arg, int rc,
    const mosquitto_property *properties)
{
	struct mqtt *m = arg;

	(void)mosq;
	(void)rc;
	(void)properties;
	m->ended = true;
}

static void
on_message(struct mosquitto *mosq, void *arg,
    const struct mosquitto_message *got, const mosquitto_property *properties)
{
	struct mqtt *m = arg;
	struct mqtt_message told = {.topic = got->topic,
	    .payload = got->payloadlen > 0 ? got->payload : "",
	    .len = got->payloadlen > 0 ? (size_t)got->payloadlen : 0,
	    .retained = got->retain};

	(void)mosq;
	(void)properties;
	if (told.len > MQTT_PAYLOAD_MAX ||
	    !mqtt_is_topic(told.topic, strlen(told.topic)))
		m->dropped++;
	else
		inbox_put(&m->inbox, &told);
	m->flood += told.retained;
}

static void
on_publish(struct mosquitto *mosq, void *arg, int mid, int rc,
    const mosquitto_property *properties)
{
	struct mqtt *m = arg;

	(void)mosq;
	(void)mid;
	(void)rc;
	(void)properties;
	if (m->unsent > 0)
		m->unsent--;
}

/* ---- Open and close ---- */

static void
set_will(struct mqtt *m)
{
	mosquitto_will_clear(m->mosq);
	if (m->s.status_topic != NULL &&
	    mosquitto_will_set_v5(m->mosq, m->s.status_topic,
		(int)strlen(m->s.status_gone), m->s.status_gone, 1, true,
		NULL) != MOSQ_ERR_SUCCESS)
		fatal("the last will '%s' is malformed", m->s.status_topic);
}

static void
set_login(struct mqtt *m, const char *password)
{
	if (m->s.user != NULL &&
	    mosquitto_username_pw_set(m->mosq, m->s.user, password) !=
		MOSQ_ERR_SUCCESS)
		fatal("the broker's user '%s' is malformed", m->s.user);
}

struct mqtt *
mqtt_open(const struct mqtt_setup *s)
{
	struct mqtt *m = xalloc(sizeof(*m));

	m->s = *s;
	m->fd = -1;
	m->version = MQTT_PROTOCOL_V5;
	m->pause_ms = MQTT_PAUSE_MS;
	mosquitto_lib_init();
	m->mosq = mosquitto_new(s->client_id, true, m);
	if (m->mosq == NULL)
		fatal("libmosquitto does not start");
	mosquitto_connect_v5_callback_set(m->mosq, on_connect);
	mosquitto_disconnect_v5_callback_set(m->mosq, on_disconnect);
	mosquitto_message_v5_callback_set(m->mosq, on_message);
	asking_listen(m);
	mosquitto_publish_v5_callback_set(m->mosq, on_publish);
	mosquitto_max_inflight_messages_set(m->mosq, 0);
	set_will(m);
	set_login(m, s->password);
	m->s.password = NULL;
	connect_now(m);
	return m;
}

void
mqtt_close(struct mqtt *m)
{
	if (m->up) {
		if (m->s.status_topic != NULL &&
		    mqtt_publish(m, m->s.status_topic, m->s.status_gone,
			strlen(m->s.status_gone), true) == OK)
			mosquitto_loop_write(m->mosq, 1);
		mosquitto_disconnect(m->mosq);
	}
	unwatch(m);
	loop_timer_cancel(m->s.loop, m->timer);
	loop_timer_cancel(m->s.loop, m->later);
	inbox_clear(&m->inbox);
	asking_forget(m);
	mosquitto_destroy(m->mosq);
	mosquitto_lib_cleanup();
	free(m);
}

bool
mqtt_is_up(const struct mqtt *m)
{
	return m->up;
}

uint64_t
mqtt_dropped(const struct mqtt *m)
{
	return m->dropped;
}

/* ---- What we say ---- */

static enum err
said(struct mqtt *m, int rc)
{
	if (rc == MOSQ_ERR_SUCCESS) {
		watch(m);
		return OK;
	}
	return rc == MOSQ_ERR_INVAL || rc == MOSQ_ERR_MALFORMED_UTF8 ? ERR_INPUT
	    : rc == MOSQ_ERR_PAYLOAD_SIZE || rc == MOSQ_ERR_OVERSIZE_PACKET
	    ? ERR_LIMIT
	    : ERR_CLOSED;
}

enum err
mqtt_subscribe(struct mqtt *m, const char *filter)
{
	if (!m->up)
		return ERR_CLOSED;
	if (strlen(filter) > MQTT_TOPIC_MAX ||
	    mosquitto_sub_topic_check(filter) != MOSQ_ERR_SUCCESS)
		return ERR_INPUT;
	if (!wishes_put(&m->wishes, filter))
		return ERR_BUSY;
	mqtt_look_later(m);
	return OK;
}

enum err
mqtt_unsubscribe(struct mqtt *m, const char *filter)
{
	if (!m->up)
		return ERR_CLOSED;
	asking_drop_refused(m, filter);
	if (wishes_drop(&m->wishes, filter))
		return OK;
	return said(m, mosquitto_unsubscribe(m->mosq, NULL, filter));
}

enum err
mqtt_publish(struct mqtt *m, const char *topic, const char *payload, size_t len,
    bool retain)
{
	enum err e;

	if (!mqtt_is_topic(topic, strlen(topic)))
		return ERR_INPUT;
	if (len > MQTT_PAYLOAD_MAX)
		return ERR_LIMIT;
	if (!m->up)
		return ERR_CLOSED;
	if (m->unsent >= MQTT_UNSENT_MAX)
		return ERR_BUSY;
	/* It may be on its way, and told so, before the call returns.  Of a
	 * higher quality it would be said again at the next connection. */
	m->unsent++;
	e = said(m,
	    mosquitto_publish(
		m->mosq, NULL, topic, (int)len, payload, 0, retain));
	m->unsent -= e != OK && m->unsent > 0;
	return e;
}

enum err
mqtt_set_status(struct mqtt *m, const char *topic)
{
	enum err e = m->s.status_topic != NULL
	    ? mqtt_publish(m, m->s.status_topic, "", 0, true)
	    : m->up ? OK
		    : ERR_CLOSED;

	if (e != OK)
		return e;
	m->s.status_topic = topic;
	set_will(m);
	m->anew = true;
	return OK;
}

bool
mqtt_is_refused(const struct mqtt *m)
{
	return m->refused;
}

void
mqtt_set_password(struct mqtt *m, const char *password)
{
	set_login(m, password);
	if (m->up) {
		m->anew = true;
	} else if (m->fd < 0) {
		m->pause_ms = MQTT_PAUSE_MS;
		loop_timer_cancel(m->s.loop, m->timer);
		m->timer =
		    loop_timer(m->s.loop, clock_boot_ms(), on_pause_over, m);
	}
}
