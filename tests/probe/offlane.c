/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a mind that has been taken over: once, some time after its
 * start, it sends orders where it can.  Linked in the place of
 * src/ipc/serve.c.
 */

#include "base/log.h"
#include "ipc/peers_priv.h"
#include "sys/clock.h"

#define DELAY_MS 1500

static void
send_orders(void *arg)
{
	struct peers *p = arg;
	int r;

	for (r = ROLE_PARENT + 1; r < ROLE_COUNT; r++) {
		struct json *body;

		if (r == ROLE_MIND)
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
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	if (p->setup.self == ROLE_MIND)
		loop_timer(p->loop, clock_boot_ms() + DELAY_MS, send_orders, p);
	loop_run(p->loop);
	return 0;
}
