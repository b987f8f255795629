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
