/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt/mqtt.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>

#include "base/buf.h"
#include "base/log.h"
#include "check.h"
#include "sys/clock.h"

/* Against a real Mosquitto, on a socket of its own. */

#define WAIT_MS (20 * 1000)

struct party {
	struct mqtt *mqtt;
	struct loop *loop;
	struct buf heard; /* "topic payload;" each; "!" when retained. */
	int ups;
	int downs;
	int messages;
	int refusals;
	char flood[64]; /* The filter of the last one. */
};

static char folder[64] = "/tmp/mqtt-XXXXXX";
static char path[MQTT_ADDRESS_MAX];
static pid_t broker;

static void
check_setup(void)
{
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/mqtt.sock", folder);
}

/* Lets everybody read what is below "open" and nothing else. */
static void
write_access(FILE *conf)
{
	char rules[512];
	glob_t found;
	FILE *f;

	REQUIRE(glob("/usr/lib/*/mosquitto_dynamic_security.so", 0, NULL,
		    &found) == 0);
	snprintf(rules, sizeof(rules), "%s/rules.json", folder);
	fprintf(conf, "plugin %s\nplugin_opt_config_file %s\n",
	    found.gl_pathv[0], rules);
	globfree(&found);
	f = fopen(rules, "w");
	fputs("{\"defaultACLAccess\":{\"publishClientSend\":true,"
	      "\"publishClientReceive\":true,\"subscribe\":false,"
	      "\"unsubscribe\":true},\"clients\":[],\"groups\":[{"
	      "\"groupname\":\"all\",\"roles\":[{\"rolename\":\"r\"}]}],"
	      "\"roles\":[{\"rolename\":\"r\",\"acls\":[{\"acltype\":"
	      "\"subscribePattern\",\"topic\":\"open/#\",\"allow\":true}]}],"
	      "\"anonymousGroup\":\"all\"}",
	    f);
	fclose(f);
}

static void
begin_broker(bool guarded)
{
	char conf[512];
	FILE *f;

	snprintf(conf, sizeof(conf), "%s/conf", folder);
	f = fopen(conf, "w");
	fprintf(f,
	    "listener 0 %s\nallow_anonymous true\nlog_type all\n"
	    "log_dest file %s/log\nmax_queued_messages 10000\n%s",
	    path, folder, getuid() == 0 ? "user root\n" : "");
	if (guarded)
		write_access(f);
	fclose(f);
	broker = fork();
	if (broker == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execl("/usr/sbin/mosquitto", "mosquitto", "-c", conf, NULL);
		_exit(127);
	}
}

static void
start_broker(void)
{
	begin_broker(false);
}

static void
end_broker(void)
{
	kill(broker, SIGTERM);
	waitpid(broker, NULL, 0);
	unlink(path);
}

static void
on_up(void *arg)
{
	((struct party *)arg)->ups++;
}

static void
on_down(void *arg, const char *why)
{
	(void)why;
	((struct party *)arg)->downs++;
}

static void
on_message(void *arg, const struct mqtt_message *m)
{
	struct party *p = arg;

	p->messages++;
	if (m->len > 100)
		buf_addf(&p->heard, "%s %zu bytes;", m->topic, m->len);
	else
		buf_addf(&p->heard, "%s%s %s;", m->retained ? "!" : "",
		    m->topic, m->payload);
}

static void
on_flood(void *arg, const char *filter)
{
	struct party *p = arg;

	snprintf(p->flood, sizeof(p->flood), "%s", filter);
}

static void
on_refused(void *arg)
{
	((struct party *)arg)->refusals++;
}

static void
join(struct party *p, struct loop *l, const char *name)
{
	struct mqtt_setup s = {.loop = l,
	    .client_id = name,
	    .address = path,
	    .status_topic = name,
	    .status_here = "here",
	    .status_gone = "gone",
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_message = on_message,
	    .on_flood = on_flood,
	    .on_refused = on_refused,
	    .arg = p};

	memset(p, 0, sizeof(*p));
	buf_init(&p->heard, 64 * 1024);
	p->loop = l;
	p->mqtt = mqtt_open(&s);
}

static void
leave(struct party *p)
{
	mqtt_close(p->mqtt);
	buf_done(&p->heard);
}

static bool
wait_ups(struct party *p, int n)
{
	int64_t end_ms = clock_boot_ms() + WAIT_MS;

	while (p->ups < n && clock_boot_ms() < end_ms)
		loop_turn(p->loop, 50);
	return p->ups >= n;
}

static bool
wait_downs(struct party *p, int n)
{
	int64_t end_ms = clock_boot_ms() + WAIT_MS;

	while (p->downs < n && clock_boot_ms() < end_ms)
		loop_turn(p->loop, 50);
	return p->downs >= n;
}

static bool
wait_heard(struct party *p, const char *what)
{
	int64_t end_ms = clock_boot_ms() + WAIT_MS;

	while ((p->heard.p == NULL || strstr(p->heard.p, what) == NULL) &&
	    clock_boot_ms() < end_ms)
		loop_turn(p->loop, 50);
	return p->heard.p != NULL && strstr(p->heard.p, what) != NULL;
}

/* The broker may read what is said before it has read who listens. */
static bool
say_until_heard(struct party *from, struct party *to, const char *topic,
    const char *payload, size_t len, const char *heard)
{
	int64_t end_ms = clock_boot_ms() + WAIT_MS;

	while ((to->heard.p == NULL || strstr(to->heard.p, heard) == NULL) &&
	    clock_boot_ms() < end_ms) {
		int64_t next_ms = clock_boot_ms() + 500;

		CHECK_INT(
		    mqtt_publish(from->mqtt, topic, payload, len, false), OK);
		while ((to->heard.p == NULL ||
			   strstr(to->heard.p, heard) == NULL) &&
		    clock_boot_ms() < next_ms)
			loop_turn(from->loop, 50);
	}
	return to->heard.p != NULL && strstr(to->heard.p, heard) != NULL;
}

TEST(a_topic_that_is_published_to_has_no_wildcards_and_no_control_characters)
{
	char longer[MQTT_TOPIC_MAX + 2];

	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	CHECK(mqtt_is_topic("a/b c/d", 7));
	CHECK(mqtt_is_topic("küche", strlen("küche")));
	CHECK(!mqtt_is_topic("", 0));
	CHECK(!mqtt_is_topic("a/#", 3));
	CHECK(!mqtt_is_topic("a/+/b", 5));
	CHECK(!mqtt_is_topic("a\nb", 3));
	CHECK(!mqtt_is_topic("a\0b", 3));
	CHECK(!mqtt_is_topic("\xff", 1));
	CHECK(!mqtt_is_topic(longer, strlen(longer)));
	CHECK(mqtt_is_topic(longer, MQTT_TOPIC_MAX));
}

TEST(what_one_says_another_hears_and_nobody_hears_himself)
{
	struct loop *l = loop_new();
	struct party a;
	struct party b;

	start_broker();
	join(&a, l, "a");
	join(&b, l, "b");
	REQUIRE(wait_ups(&a, 1) && wait_ups(&b, 1));
	REQUIRE(mqtt_subscribe(a.mqtt, "x/+") == OK);
	REQUIRE(mqtt_subscribe(b.mqtt, "x/+") == OK);
	CHECK(say_until_heard(&a, &b, "x/1", "one", 3, "x/1 one;"));
	CHECK(say_until_heard(&b, &a, "x/2", "two", 3, "x/2 two;"));
	CHECK(strstr(a.heard.p, "x/1") == NULL);
	CHECK_INT(mqtt_publish(a.mqtt, "x/#", "", 0, false), ERR_INPUT);
	leave(&a);
	leave(&b);
	end_broker();
	loop_free(l);
}

TEST(what_is_retained_is_told_as_that_and_a_will_when_somebody_goes)
{
	struct loop *l = loop_new();
	struct party a;
	struct party b;

	start_broker();
	join(&a, l, "a");
	REQUIRE(wait_ups(&a, 1));
	CHECK_INT(mqtt_publish(a.mqtt, "kept", "k", 1, true), OK);
	join(&b, l, "b");
	REQUIRE(wait_ups(&b, 1));
	REQUIRE(mqtt_subscribe(b.mqtt, "#") == OK);
	CHECK(wait_heard(&b, "!kept k;"));
	CHECK(wait_heard(&b, "!a here;"));
	leave(&a);
	CHECK(wait_heard(&b, ";a gone;"));
	leave(&b);
	end_broker();
	loop_free(l);
}

TEST(a_large_message_passes_and_one_that_is_too_large_does_not)
{
	static char large[MQTT_PAYLOAD_MAX + 1];
	struct loop *l = loop_new();
	struct party a;
	struct party b;

	memset(large, 'x', sizeof(large));
	start_broker();
	join(&a, l, "a");
	join(&b, l, "b");
	REQUIRE(wait_ups(&a, 1) && wait_ups(&b, 1));
	REQUIRE(mqtt_subscribe(b.mqtt, "big") == OK);
	CHECK(say_until_heard(
	    &a, &b, "big", large, 3000000, "big 3000000 bytes;"));
	CHECK_INT(mqtt_publish(a.mqtt, "big", large, sizeof(large), false),
	    ERR_LIMIT);
	leave(&a);
	leave(&b);
	end_broker();
	loop_free(l);
}

TEST(a_broker_that_goes_is_noticed_and_found_again)
{
	struct loop *l = loop_new();
	struct party a;

	join(&a, l, "a");
	CHECK(wait_downs(&a, 1));
	CHECK_INT(mqtt_publish(a.mqtt, "x", "", 0, false), ERR_CLOSED);
	CHECK_INT(mqtt_subscribe(a.mqtt, "x"), ERR_CLOSED);
	start_broker();
	REQUIRE(wait_ups(&a, 1));
	end_broker();
	a.downs = 0;
	CHECK(wait_downs(&a, 1));
	CHECK(!mqtt_is_up(a.mqtt));
	start_broker();
	CHECK(wait_ups(&a, 2));
	leave(&a);
	end_broker();
	loop_free(l);
}

/* A command is obeyed now or not at all. */
TEST(what_a_broker_did_not_take_is_not_said_to_the_next)
{
	struct loop *l = loop_new();
	struct party a;
	struct party b;

	start_broker();
	join(&a, l, "a");
	REQUIRE(wait_ups(&a, 1));
	kill(broker, SIGSTOP);
	CHECK_INT(mqtt_publish(a.mqtt, "lock/set", "UNLOCK", 6, true), OK);
	loop_turn(l, 100);
	kill(broker, SIGKILL);
	end_broker();
	start_broker();
	REQUIRE(wait_ups(&a, 2));
	CHECK_INT(mqtt_publish(a.mqtt, "mark", "m", 1, true), OK);
	join(&b, l, "b");
	REQUIRE(wait_ups(&b, 1));
	REQUIRE(mqtt_subscribe(b.mqtt, "#") == OK);
	CHECK(wait_heard(&b, "mark m;"));
	CHECK(strstr(b.heard.p, "lock/set") == NULL);
	leave(&a);
	leave(&b);
	end_broker();
	loop_free(l);
}

/* Neither what was said nor a last will is left. */
TEST(a_status_that_is_taken_back_leaves_nothing_on_the_broker)
{
	struct loop *l = loop_new();
	struct party a;
	struct party b;
	struct party c;

	start_broker();
	join(&a, l, "a");
	join(&b, l, "b");
	REQUIRE(wait_ups(&a, 1) && wait_ups(&b, 1));
	REQUIRE(mqtt_subscribe(b.mqtt, "a") == OK);
	CHECK(wait_heard(&b, "!a here;"));
	REQUIRE(mqtt_set_status(a.mqtt, NULL) == OK);
	CHECK(wait_ups(&a, 2));
	leave(&a);
	join(&c, l, "c");
	REQUIRE(wait_ups(&c, 1));
	REQUIRE(mqtt_subscribe(c.mqtt, "#") == OK);
	CHECK(wait_heard(&c, "!b here;"));
	CHECK(strstr(c.heard.p, "a gone") == NULL);
	CHECK(strstr(b.heard.p, "a gone") == NULL);
	REQUIRE(mqtt_set_status(c.mqtt, "a") == OK);
	CHECK(wait_ups(&c, 2));
	CHECK(wait_heard(&b, "a here;a ;a here;"));
	leave(&c);
	CHECK(wait_heard(&b, "a gone;"));
	leave(&b);
	end_broker();
	loop_free(l);
}

/* All of it, in its order, and never more than a batch between two looks at
 * what else there is. */
TEST(a_flood_behind_a_wildcard_is_told_in_parts_and_as_a_flood)
{
	struct loop *l = loop_new();
	struct party a;
	struct party b;
	char topic[32];
	int64_t end_ms;
	int most = 0;
	int i;

	start_broker();
	join(&a, l, "a");
	join(&b, l, "b");
	REQUIRE(wait_ups(&a, 1) && wait_ups(&b, 1));
	for (i = 0; i < MQTT_FLOOD; i++) {
		snprintf(topic, sizeof(topic), "many/%d", i);
		CHECK(mqtt_publish(a.mqtt, topic, "x", 1, true) == OK);
	}
	REQUIRE(mqtt_subscribe(b.mqtt, "a") == OK);
	CHECK(wait_heard(&b, "!a here;"));
	CHECK_INT(mqtt_publish(a.mqtt, "a", "behind", 6, false), OK);
	CHECK(wait_heard(&b, "a behind;"));
	REQUIRE(mqtt_subscribe(b.mqtt, "many/+") == OK);
	end_ms = clock_boot_ms() + WAIT_MS;
	snprintf(topic, sizeof(topic), "!many/%d x;", MQTT_FLOOD - 1);
	while (clock_boot_ms() < end_ms && b.flood[0] == '\0') {
		int before = b.messages;

		loop_turn(l, 50);
		if (b.messages - before > most)
			most = b.messages - before;
	}
	CHECK_STR(b.flood, "many/+");
	CHECK(wait_heard(&b, topic));
	CHECK_INT(b.messages, MQTT_FLOOD + 2);
	CHECK(most <= MQTT_BATCH);
	leave(&a);
	leave(&b);
	end_broker();
	loop_free(l);
}

static int
count_in_log(const char *words)
{
	char name[128];
	char line[512];
	int n = 0;
	FILE *f;

	snprintf(name, sizeof(name), "%s/log", folder);
	f = fopen(name, "r");
	REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, words) != NULL;
	fclose(f);
	return n;
}

TEST(many_topics_are_asked_for_in_few_packets)
{
	struct loop *l = loop_new();
	struct party a;
	char topic[32];
	char log[128];
	int i;

	snprintf(log, sizeof(log), "%s/log", folder);
	unlink(log);
	start_broker();
	join(&a, l, "a");
	REQUIRE(wait_ups(&a, 1));
	for (i = 0; i < 10 * MQTT_BATCH; i++) {
		snprintf(topic, sizeof(topic), "one/%d", i);
		REQUIRE(mqtt_subscribe(a.mqtt, topic) == OK);
	}
	/* Taken back before it was asked for. */
	REQUIRE(mqtt_unsubscribe(a.mqtt, "one/7") == OK);
	REQUIRE(mqtt_subscribe(a.mqtt, "a") == OK);
	CHECK(wait_heard(&a, "!a here;"));
	leave(&a);
	end_broker();
	CHECK_INT(count_in_log("Received SUBSCRIBE from a"), 10);
	CHECK_INT(count_in_log("one/6 (QoS 0)"), 1);
	CHECK_INT(count_in_log("one/7 (QoS 0)"), 0);
	loop_free(l);
}

static bool
wait_refused(struct party *p, size_t n)
{
	int64_t end_ms = clock_boot_ms() + WAIT_MS;

	while (mqtt_refused(p->mqtt, 0, NULL) != n && clock_boot_ms() < end_ms)
		loop_turn(p->loop, 50);
	return mqtt_refused(p->mqtt, 0, NULL) == n;
}

TEST(what_a_broker_refuses_is_told_and_the_rest_is_heard)
{
	struct loop *l = loop_new();
	const char *first[2];
	struct party a;
	struct party b;

	begin_broker(true);
	join(&a, l, "a");
	join(&b, l, "b");
	REQUIRE(wait_ups(&a, 1) && wait_ups(&b, 1));
	REQUIRE(mqtt_subscribe(a.mqtt, "shut/1") == OK);
	REQUIRE(mqtt_subscribe(a.mqtt, "open/1") == OK);
	REQUIRE(mqtt_subscribe(a.mqtt, "shut/#") == OK);
	CHECK(wait_refused(&a, 2));
	CHECK(a.refusals > 0);
	CHECK_INT(mqtt_refused(a.mqtt, 2, first), 2);
	CHECK_STR(first[0], "shut/1");
	CHECK_STR(first[1], "shut/#");
	CHECK(say_until_heard(&b, &a, "open/1", "one", 3, "open/1 one;"));
	CHECK_INT(b.refusals, 0);
	/* Nobody wants it any more. */
	CHECK_INT(mqtt_unsubscribe(a.mqtt, "shut/1"), OK);
	CHECK_INT(mqtt_refused(a.mqtt, 2, first), 1);
	CHECK_STR(first[0], "shut/#");
	leave(&a);
	leave(&b);
	end_broker();
	loop_free(l);
}
