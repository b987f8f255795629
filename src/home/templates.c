/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "home/home_priv.h"

#define SHELVES 256 /* A power of 2. */

/* What a value template and a command template may read.  Which of the
 * second kind have a value is said by the action. */
static const char *const of_states[] = {"value", "value_json", NULL};
static const char *const of_commands[] = {"value", "state", "brightness",
    "color_temp", "color_temp_kelvin", "red", "green", "blue", "white",
    "cold_white", "warm_white", "hue", "sat", "x", "y", "effect", "flash",
    "transition", "position", "position_open", "position_closed",
    "tilt_position", "tilt_min", "tilt_max", "tone", "volume_level", "duration",
    "code", "action", NULL};

enum err
home_template_check(const char *text, bool of_command, struct errmsg *why)
{
	struct jinja *t;
	enum err e;

	e = jinja_compile(text, of_command ? of_commands : of_states, &t, why);
	if (e == OK)
		jinja_free(t);
	return e;
}

bool
home_template_reads(const char *text, const char *name)
{
	struct jinja *t;
	struct errmsg why;
	bool reads;

	if (jinja_compile(text, of_commands, &t, &why) != OK)
		return false;
	reads = jinja_reads(t, name);
	jinja_free(t);
	return reads;
}

/* ---- Shared ---- */

/* Devices of one kind have the same templates: each is compiled once. */
struct shared {
	struct shared *next;
	struct jinja *compiled;
	size_t users;
	bool of_command;
	char text[];
};

static struct shared *shelves[SHELVES];

/* Where it stands, or would. */
static struct shared **
find(const char *text, bool of_command)
{
	struct shared **at;
	unsigned sum = 0;
	const char *s;

	for (s = text; *s != '\0'; s++)
		sum = sum * 31 + (unsigned char)*s;
	at = &shelves[sum & (SHELVES - 1)];
	while (*at != NULL &&
	    ((*at)->of_command != of_command || strcmp((*at)->text, text) != 0))
		at = &(*at)->next;
	return at;
}

enum err
home_template_get(const char *text, bool of_command, const struct jinja **ret,
    struct errmsg *why)
{
	struct shared **at = find(text, of_command);
	struct jinja *compiled;
	enum err e;

	if (*at == NULL) {
		e = jinja_compile(
		    text, of_command ? of_commands : of_states, &compiled, why);
		if (e != OK)
			return e;
		*at = xalloc(sizeof(**at) + strlen(text) + 1);
		(*at)->compiled = compiled;
		(*at)->of_command = of_command;
		memcpy((*at)->text, text, strlen(text) + 1);
	}
	(*at)->users++;
	*ret = (*at)->compiled;
	return OK;
}

void
home_template_put(const char *text, bool of_command)
{
	struct shared **at = find(text, of_command);
	struct shared *one = *at;

	if (one == NULL)
		fatal("a template is put back that nobody took");
	if (--one->users > 0)
		return;
	*at = one->next;
	jinja_free(one->compiled);
	free(one);
}
