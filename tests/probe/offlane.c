/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with every role taken over: one after the other, some time
 * after their start, they send an order on each lane they have, though only
 * core may, and only to tools.  Linked in the place of src/ipc/serve.c.
 */

#include "base/log.h"
#include "ipc/peers_priv.h"
#include "sys/clock.h"

/* When each role begins; 0: it behaves. */
static const int delay_ms[ROLE_COUNT] = {
    [ROLE_MIND] = 1500,
    [ROLE_TOOLS] = 3000,
    [ROLE_CONTROL] = 4500,
    [ROLE_CORE] = 6000,
    [ROLE_VAULT] = 7500,
};

static void
send_orders(void *arg)
{
	struct peers *p = arg;
	int r;

	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++) {
		struct json *body;

		if (r == (int)p->setup.self ||
		    lane_allows(MSG_ACT_ORDER, p->setup.self, (enum role)r))
			continue;
		/* Two vital roles at odds end the house: the vault's turn. */
		if (p->setup.self == ROLE_CORE && r == ROLE_VAULT)
			continue;
		if (!peers_have(p, (enum role)r)) {
			log_info(
			    "offlane no lane to %s", role_name((enum role)r));
			continue;
		}
		body = json_object();
		json_put_str(body, "act", "0123456789abcdef0123456789abcdef");
		json_put_str(body, "tool", "echo.echo");
		json_put_int(body, "args_bytes", 12);
		log_info("offlane order to %s", role_name((enum role)r));
		peers_send_bulk(p, (enum role)r, MSG_ACT_ORDER, body,
		    "{\"text\":\"x\"}", 12);
	}
}

int
peers_serve(struct peers *p)
{
	int wait_ms = delay_ms[p->setup.self];

	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	if (wait_ms > 0)
		loop_timer(p->loop, clock_boot_ms() + wait_ms, send_orders, p);
	loop_run(p->loop);
	return 0;
}
