/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/lanes.h"

#include "base/err.h"
#include "check.h"
#include "ipc/frame.h"

static void
check_setup(void)
{
}

/* Calls fn for every message and pair of roles that the catalogue allows. */
static int
each_allowed(bool (*fn)(enum msg_type, enum role from, enum role to))
{
	int n = 0;
	int t;
	int from;
	int to;

	for (t = 0; t < MSG_COUNT; t++)
		for (from = 0; from < ROLE_COUNT; from++)
			for (to = 0; to < ROLE_COUNT; to++)
				n += lane_allows((enum msg_type)t,
					 (enum role)from, (enum role)to) &&
				    fn((enum msg_type)t, (enum role)from,
					(enum role)to);
	return n;
}

TEST(the_mind_speaks_with_core_egress_and_parent_alone)
{
	int r;

	for (r = 0; r < ROLE_COUNT; r++) {
		bool want =
		    r == ROLE_CORE || r == ROLE_PARENT || r == ROLE_EGRESS;

		CASE(role_name((enum role)r));
		CHECK(lane_exists(ROLE_MIND, (enum role)r) == want);
		CHECK(lane_exists((enum role)r, ROLE_MIND) == want);
	}
}

TEST(the_room_that_listens_speaks_with_core_vault_and_parent_alone)
{
	int r;

	for (r = 0; r < ROLE_COUNT; r++)
		CHECK(lane_exists(ROLE_CONTROL, (enum role)r) ==
		    (r == ROLE_CORE || r == ROLE_VAULT || r == ROLE_PARENT));
}

static bool
order_elsewhere(enum msg_type t, enum role from, enum role to)
{
	return (t == MSG_ACT_ORDER &&
		   (from != ROLE_CORE || to != ROLE_TOOLS)) ||
	    (t == MSG_MODEL_ORDER && (from != ROLE_CORE || to != ROLE_EGRESS));
}

static bool
trust_elsewhere(enum msg_type t, enum role from, enum role to)
{
	return t == MSG_TRUST_TABLE &&
	    (from != ROLE_VAULT ||
		(to != ROLE_CORE && to != ROLE_TOOLS && to != ROLE_GATE &&
		    to != ROLE_EGRESS && to != ROLE_BRIDGE));
}

static bool
to_itself(enum msg_type t, enum role from, enum role to)
{
	(void)t;
	return from == to;
}

static bool
starts_elsewhere(enum msg_type t, enum role from, enum role to)
{
	return (t == MSG_CONTAINER_START || t == MSG_CONTAINER_STOP) &&
	    (from != ROLE_CORE || to != ROLE_RUNNER);
}

static bool
lane_from_another(enum msg_type t, enum role from, enum role to)
{
	(void)to;
	return (t == MSG_LANE || t == MSG_START || t == MSG_LISTENER) &&
	    from != ROLE_PARENT;
}

static bool
identity_elsewhere(enum msg_type t, enum role from, enum role to)
{
	return t == MSG_IDENTITY && (from != ROLE_VAULT || to != ROLE_CONTROL);
}

TEST(only_core_orders_and_only_the_tools)
{
	CHECK(lane_allows(MSG_ACT_ORDER, ROLE_CORE, ROLE_TOOLS));
	CHECK_INT(each_allowed(order_elsewhere), 0);
}

TEST(only_the_vault_tells_whom_to_trust)
{
	CHECK(lane_allows(MSG_TRUST_TABLE, ROLE_VAULT, ROLE_CORE));
	CHECK(lane_allows(MSG_TRUST_TABLE, ROLE_VAULT, ROLE_TOOLS));
	CHECK_INT(each_allowed(trust_elsewhere), 0);
}

static bool
command_elsewhere(enum msg_type t, enum role from, enum role to)
{
	return t == MSG_HOME_ORDER && (from != ROLE_CORE || to != ROLE_BRIDGE);
}

TEST(only_core_orders_the_home_and_only_the_bridge)
{
	CHECK(lane_allows(MSG_HOME_ORDER, ROLE_CORE, ROLE_BRIDGE));
	CHECK(!lane_exists(ROLE_BRIDGE, ROLE_MIND));
	CHECK(!lane_exists(ROLE_BRIDGE, ROLE_CONTROL));
	CHECK_INT(each_allowed(command_elsewhere), 0);
}

TEST(only_core_starts_containers)
{
	CHECK_INT(each_allowed(starts_elsewhere), 0);
}

TEST(only_the_parent_hands_out_lanes)
{
	CHECK_INT(each_allowed(lane_from_another), 0);
}

TEST(the_listeners_key_goes_to_the_listener_alone)
{
	CHECK_INT(each_allowed(identity_elsewhere), 0);
}

static bool
secret_elsewhere(enum msg_type t, enum role from, enum role to)
{
	return (t == MSG_SECRET && (from != ROLE_VAULT || to != ROLE_RUNNER)) ||
	    (t == MSG_SECRET_WANTED &&
		(from != ROLE_RUNNER || to != ROLE_VAULT)) ||
	    (t == MSG_KEY && (from != ROLE_VAULT || to != ROLE_EGRESS)) ||
	    (t == MSG_KEY_WANTED && (from != ROLE_EGRESS || to != ROLE_VAULT));
}

TEST(a_secret_goes_from_the_vault_to_the_runner_alone)
{
	CHECK(lane_allows(MSG_SECRET, ROLE_VAULT, ROLE_RUNNER));
	CHECK_INT(each_allowed(secret_elsewhere), 0);
}

static bool
broker_key_elsewhere(enum msg_type t, enum role from, enum role to)
{
	return t == MSG_BROKER_KEY && (from != ROLE_VAULT || to != ROLE_BRIDGE);
}

TEST(the_brokers_password_goes_from_the_vault_to_the_bridge_alone)
{
	CHECK(lane_allows(MSG_BROKER_KEY, ROLE_VAULT, ROLE_BRIDGE));
	CHECK_INT(each_allowed(broker_key_elsewhere), 0);
}

static bool
other_than_secrets(enum msg_type t, enum role from, enum role to)
{
	bool both = (from == ROLE_RUNNER && to == ROLE_VAULT) ||
	    (from == ROLE_VAULT && to == ROLE_RUNNER);

	return both && t != MSG_SECRET && t != MSG_SECRET_WANTED;
}

TEST(nobody_speaks_with_himself)
{
	int r;

	CHECK_INT(each_allowed(to_itself), 0);
	for (r = 0; r < ROLE_COUNT; r++)
		CHECK(!lane_exists((enum role)r, (enum role)r));
}

TEST(the_runner_hears_nothing_of_tools_and_mind_and_of_the_vault_only_secrets)
{
	CHECK(!lane_exists(ROLE_RUNNER, ROLE_MIND));
	CHECK_INT(each_allowed(other_than_secrets), 0);
	CHECK(!lane_exists(ROLE_RUNNER, ROLE_CONTROL));
	CHECK(lane_allows(MSG_TOOL_STDIO, ROLE_RUNNER, ROLE_TOOLS));
	CHECK(!lane_allows(MSG_TOOL_STDIO, ROLE_TOOLS, ROLE_RUNNER));
}

TEST(a_type_outside_the_catalogue_is_never_allowed)
{
	int from;
	int to;

	for (from = 0; from < ROLE_COUNT; from++)
		for (to = 0; to < ROLE_COUNT; to++) {
			CHECK(!lane_allows(
			    MSG_COUNT, (enum role)from, (enum role)to));
			CHECK(!lane_allows((enum msg_type) - 1, (enum role)from,
			    (enum role)to));
		}
	CHECK_STR(msg_name(MSG_COUNT), "unknown");
	CHECK_STR(msg_name(MSG_ACT_ORDER), "MSG_ACT_ORDER");
}

TEST(roles_have_names)
{
	int r;

	for (r = 0; r < ROLE_COUNT; r++)
		CHECK_INT(role_by_name(role_name((enum role)r)), r);
	CHECK_INT(role_by_name("root"), ROLE_COUNT);
	CHECK_INT(role_by_name(""), ROLE_COUNT);
	CHECK_STR(role_name(ROLE_ANY), "unknown");
}
