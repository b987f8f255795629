/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tools/tools_priv.h"

/* Orders in, answers out: an order is verified before anything is called, and
 * an answer goes through the scanner before anybody hears of it. */

/* An answer on its way through the scanner. */
struct answer {
	struct tools *tools;
	struct json *body;
};

static void
send_answer(void *arg, enum scan result, const char *text, size_t len)
{
	struct answer *a = arg;
	enum err e;

	(void)result;
	/* An answer that is lost leaves the core waiting for nothing; when we
	 * are gone it knows that it must not wait. */
	e = peers_send_bulk(
	    a->tools->peers, ROLE_CORE, MSG_ACT_DONE, a->body, text, len);
	if (e == ERR_LIMIT || e == ERR_BUSY)
		fatal("the core does not take an answer");
	free(a);
}

/* `late`: it is not known whether the tool acted. */
void
tools_answer(
    struct tools *t, const char *act, bool ok, bool late, const char *text)
{
	struct answer *a = xalloc(sizeof(*a));

	a->tools = t;
	a->body = json_object();
	json_put_str(a->body, "act", act);
	json_put_bool(a->body, "ok", ok);
	json_put_bool(a->body, "late", late);
	scanner_pass(t->scanner, text, strlen(text), send_answer, a);
}

void
orders_on_order(void *role, struct msg *m)
{
	struct tools *t = role;
	struct errmsg why = {""};
	struct order o = {.act = NULL};
	struct room *r;
	enum err e = order_read(m->body, m->bulk, m->bulk_len, &o, &why);

	if (e == OK)
		e = order_verify(t->verifier, &o, &why);
	if (e != OK) {
		log_warn("an order was refused: %s", why.text);
		if (o.act != NULL)
			tools_answer(t, o.act, false, false, why.text);
		return;
	}
	r = room_find(t, o.room);
	if (r == NULL || !r->ready || !mcp_lists(r->mcp, o.function))
		e = err_say(&why, ERR_STATE,
		    "the tool '%s' does not offer '%s' now", o.room,
		    o.function);
	else
		e = room_call(r, &o, o.manifest->call_ms);
	if (e != OK)
		tools_answer(t, o.act, false, false,
		    why.text[0] != '\0' ? why.text : err_text(e));
}
