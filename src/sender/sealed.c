/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "push/message.h"
#include "sender/sender_priv.h"
#include "sys/clock.h"

/*
 * What a notification for a browser needs before its first try: the message,
 * sealed for that browser, and the vault's token for its push service.
 */

static void
on_late(void *arg)
{
	struct sending *s = arg;

	s->timer = 0;
	err_say(&s->why, OK,
	    "the vault gives no token for the push service; try again");
	sending_end(s);
}

static enum err
ask_vault(struct sending *s, const struct target *t)
{
	char origin[TARGET_ORIGIN_SIZE];
	struct json *body = json_object();

	target_origin(t, origin);
	s->token_wanted = ++s->sender->tokens_wanted;
	json_put_int(body, "id", s->token_wanted);
	json_put_str(body, "origin", origin);
	return peers_send(
	    s->sender->s.peers, ROLE_VAULT, MSG_PUSH_TOKEN_WANTED, body);
}

void
sealed_begin(struct sending *s, const struct target *t)
{
	struct webpush_to to;

	target_webpush(t, &to);
	s->sealed = xalloc(WEBPUSH_LEN);
	if (webpush_seal(&to, PUSH_TEXT, s->sealed) != OK)
		err_say(&s->why, OK, "the browser's key is no good");
	else if (ask_vault(s, t) != OK)
		err_say(&s->why, OK, "the vault is away; try again");
	if (s->why.text[0] != '\0')
		sending_end(s);
	else
		s->timer = loop_timer(s->sender->s.loop,
		    clock_boot_ms() + EGRESS_KEY_MS, on_late, s);
}

/* {"id", "ok", "authorization", "error"} from the vault. */
void
sender_on_token(struct sender *sender, const struct msg *m)
{
	int64_t id = json_int(m->body, "id", 0);
	const char *header = json_words(m->body, "authorization");
	const char *error = json_words(m->body, "error");
	struct sending *s = NULL;
	size_t i;

	for (i = 0; i < PUSH_TARGETS_MAX; i++)
		if (id != 0 && sender->all[i].token_wanted == id)
			s = &sender->all[i];
	if (s == NULL)
		return; /* It came too late. */
	s->token_wanted = 0;
	loop_timer_cancel(sender->s.loop, s->timer);
	s->timer = 0;
	if (json_flag(m->body, "ok") && header[0] != '\0') {
		s->authorization = xstrndup(header, strlen(header));
		sending_look_up(s);
		return;
	}
	/* Without words it would have gone well. */
	err_say(&s->why, OK, "%s",
	    error[0] != '\0' ? error : "the vault gives no token");
	sending_end(s);
}
