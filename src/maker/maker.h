/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAKER_MAKER_H
#define MAKER_MAKER_H

/*
 * The document of one entity, as it grows out of what was announced: for the
 * rooms that read announcements.  What cannot be read is left out and said;
 * a command that cannot be rendered takes all commands away.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "home/record.h"

struct discovery_ports {
	void *arg;
	/* The entity is the receiver's. */
	void (*found)(void *arg, struct entity *e);
	/* No longer announced: every entity whose origin is this one, or
	 * begins with it and "#". */
	void (*gone)(void *arg, const char *origin);
	/* It could not be read at all; the others of its message were. */
	void (*refused)(void *arg, const char *origin, const char *why);
};

#define SLUG_MAX 48

struct maker {
	struct json *doc;
	struct json *about;
	struct json *values;
	struct json *actions;
	struct json *availability;
	/* The first thing that cannot be read; a command that cannot be
	 * rendered takes all commands away. */
	struct errmsg why;
	bool is_partly;
	bool is_read_only;
	bool is_stated; /* Its state is made already. */
};

void make_begin(struct maker *m, const char *source, const char *component,
    const char *id, const char *origin);
/* Told to the ports, whatever became of it. */
void make_end(
    struct maker *m, const char *origin, const struct discovery_ports *ports);
void make_words(struct maker *m, const char *name, const char *words);
/* As an object id: lower case, letters, digits and `_`. */
void make_slug(const char *words, char ret[SLUG_MAX + 1]);

/* All of its commands go, for this reason. */
void make_read_only(struct maker *m, const char *why);

/* Domains. */
struct json *make_number(double min, double max, double step, const char *unit);
struct json *make_unbounded(const char *unit);
struct json *make_text(double min, double max);
struct json *make_enum(void);
void make_option(
    struct json *domain, const char *name, const char *wire, bool raw);
struct json *make_on_off(const char *on, const char *off);
/* From a list of a configuration; NULL when it holds nothing. */
struct json *make_list(const struct json *list);

/* Values.  The domain is taken; no topic is no value: NULL. */
struct json *make_value(struct maker *m, const char *name, const char *topic,
    const char *template, struct json *domain);
bool make_has_value(const struct maker *m, const char *name);
/* Of a value or of what an action sets. */
void make_as(struct json *v, const char *as, double low, double high);

/* Actions.  With a template its text, else the constant payload. */
struct json *make_action(struct maker *m, const char *name, const char *topic,
    const char *template, const char *payload);
struct json *make_json_action(
    struct maker *m, const char *name, const char *topic);
int make_param(struct json *action, const char *name, struct json *domain);
int make_optional(struct json *action, const char *name, struct json *domain);
struct json *make_set(struct json *action, const char *name, int param);
void make_constant(
    struct json *action, const char *name, const char *wire, bool raw);
/* The state that shows it: nothing when there is no such value. */
void make_expect(
    struct maker *m, struct json *action, const char *value, const char *is);
struct json *make_expect_param(struct maker *m, struct json *action,
    const char *value, int param, double within);

void make_availability(struct maker *m, const char *topic, const char *template,
    const char *online, const char *offline);

/* An action whose one parameter is its payload, or `value` of its template;
 * without a topic or a domain, which it takes, there is none. */
struct setting_made {
	struct json *action;
	struct json *set;
	int param;
};
struct setting_made make_setting(struct maker *m, const char *action,
    const char *param, struct json *domain, const char *topic,
    const char *template);
double make_slack(double low, double high);

#endif
