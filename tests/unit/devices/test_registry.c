/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "check.h"

#include "devices/devices_priv.h"

#define ONE "000102030405060708090a0b0c0d0e0f"
#define OTHER "101112131415161718191a1b1c1d1e1f"

static const struct manifest *
nothing(void *arg)
{
	(void)arg;
	return NULL;
}

static void
check_setup(void)
{
}

TEST(a_name_that_another_takes_is_its_own_and_the_first_key_stays)
{
	struct devices_setup s = {.accepted = nothing};
	struct devices *d = devices_new(&s);

	registry_take(d, ONE, "light.lamp");
	registry_take(d, OTHER, "light.lamp");
	CHECK_INT(d->n_registered, 2);
	CHECK_STR(d->registered[0].key, ONE);
	CHECK_STR(d->registered[0].id, "");
	CHECK(registry_id(d, ONE) == NULL);
	CHECK_STR(registry_id(d, OTHER), "light.lamp");
	registry_take(d, ONE, "light.lamp_00010203");
	CHECK_INT(d->n_registered, 2);
	free(d);
}

TEST(what_is_called_like_a_setting_of_the_home_is_none)
{
	static const struct {
		const char *scope;
		const char *name;
		const char *value;
	} rows[] = {{"automation-off", "floor", "it failed too often"},
	    {"automation-done", "floor", "1700000000000"},
	    {"automation-done", "called", "1700000000000"},
	    {"automation-off", "entity", "it failed"},
	    {"floor/automation-off", "floor", "attic"}};
	struct devices_setup s = {.accepted = nothing};
	struct devices *d = devices_new(&s);
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct json *row = json_object();

		CASE(rows[i].scope);
		json_put_str(row, "scope", rows[i].scope);
		json_put_str(row, "name", rows[i].name);
		json_put_str(row, "value", rows[i].value);
		CHECK_INT(d->n_floors, 0);
		devices_load(d, row);
		json_free(row);
	}
	CHECK_INT(d->n_called, 0);
	CHECK_INT(d->n_registered, 0);
	CHECK_INT(d->n_floors, 1);
	CHECK_STR(devices_floor(d, "automation-off"), "attic");
	free(d);
}
