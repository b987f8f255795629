/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPOSES_EXPOSES_PRIV_H
#define EXPOSES_EXPOSES_PRIV_H

#include "base/limits.h"
#include "exposes/exposes.h"

/* The topics of one device. */
struct topics {
	char state[HOME_TOPIC_MAX + 1];
	char set[HOME_TOPIC_MAX + 1];
};

#define ACCESS_STATE 1
#define ACCESS_SET 2

bool feature_can(const struct json *feature, int access);

/* The domain of a feature by its type, or NULL for what is no single value. */
struct json *feature_domain(const struct json *feature);

/* What the feature tells and is told, under these names; NULL leaves one
 * out.  A name that is taken gives way to the feature's own. */
void feature_make(struct maker *m, const struct topics *t,
    const struct json *feature, const char *value, const char *action);

/* `{{ value_json["property"] }}`; false for a property that cannot be so. */
bool feature_template(
    const char *property, const char *within, char *ret, size_t size);

/* light, switch, cover, lock, fan, climate; false for another type. */
bool group_make(
    struct maker *m, const struct topics *t, const struct json *expose);
const struct json *group_feature(const struct json *expose, const char *name);

#endif
