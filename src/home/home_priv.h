/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOME_HOME_PRIV_H
#define HOME_HOME_PRIV_H

#include "home/record.h"

/* A document that is being read, and why it is no record. */
struct reader {
	struct errmsg *why;
	char *texts; /* The rest of the entity's, large enough for all. */
};

/* The entity's own copy; NULL of NULL. */
const char *home_keep(struct reader *r, const char *text);

/* Compiled, for one user more, and one less.  ERR_LIMIT, ERR_INPUT,
 * ERR_UNSUPPORTED. */
NODISCARD enum err home_template_get(const char *text, bool of_command,
    const struct jinja **ret, struct errmsg *why);
void home_template_put(const char *text, bool of_command);

/* The parts of a document, strictly; `e` keeps what they hold. */
enum err home_read_values(
    struct entity *e, const struct json *doc, struct reader *r);
enum err home_read_actions(
    struct entity *e, const struct json *doc, struct reader *r);
enum err home_read_availability(
    struct entity *e, const struct json *doc, struct reader *r);

/* Only the members that `names` has, with a blank around each. */
enum err home_only(const struct json *object, const char *what,
    const char *names, struct errmsg *why);

/* A number of ours as the device's; `colour` is red, green and blue for those
 * that are computed from them. */
double home_out(const struct home_conversion *c, double d, const int *colour);
double home_in(const struct home_conversion *c, double d);

/* What a parameter was given, once it was checked. */
struct home_arg {
	bool there;
	double number;
	const char *text;
	const struct home_option *option;
};

enum err home_args(const struct home_action *a, const struct json *params,
    struct home_arg *ret, struct errmsg *why);
/* Red, green and blue among them, or 0. */
void home_colour(
    const struct home_action *a, const struct home_arg *args, int ret[3]);

/* As text: 21, 21.5. */
void home_number_text(double d, struct buf *out);

#endif
