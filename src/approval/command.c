/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/command.h"

#include <string.h>

#include "approval/lines.h"
#include "crypto/crypto.h"

#define MAGIC "durward-command/1"
#define FIELD(key, kind, name)                                                 \
	{                                                                      \
		key, kind, offsetof(struct command, name)                      \
	}

static const struct line_field fields[] = {
    FIELD("box", LINE_DIGEST, box),
    FIELD("client", LINE_DIGEST, client),
    FIELD("boot", LINE_TOKEN, boot),
    FIELD("challenge", LINE_TOKEN, challenge),
    FIELD("command", LINE_TEXT, name),
    FIELD("body-sha256", LINE_DIGEST, body),
};

enum err
command_write(const struct command *c, struct buf *out)
{
	return lines_write(MAGIC, fields, ARRAY_LEN(fields), c, out);
}

enum err
command_read(const char *text, size_t len, struct command *ret)
{
	struct command c;
	enum err e;

	if (len > COMMAND_MAX)
		return ERR_LIMIT;
	memset(&c, 0, sizeof(c));
	e = lines_read(MAGIC, fields, ARRAY_LEN(fields), text, len, &c);
	if (e == OK)
		*ret = c;
	return e;
}

enum err
command_say_dead(enum err e, struct errmsg *why)
{
	if (e == ERR_EXPIRED)
		return err_say(why, ERR_DENIED,
		    "this client's time is over; an owner makes it longer: "
		    "'durward clients extend NAME 30d'");
	return err_say(why, ERR_DENIED,
	    "this client is not paired, or was revoked; pair it again with "
	    "'durward pair TOKEN'");
}

enum err
command_verify(const struct trust *t, const char *boot, int64_t wall_ms,
    struct str text, const struct signature *sig, struct str body,
    struct command *ret, const struct client **ret_client, struct errmsg *why)
{
	enum err e;
	const struct client *client;
	struct command c;
	struct digest digest;

	if (command_read(text.p, text.len, &c) != OK)
		return err_say(why, ERR_INPUT, "the command is malformed");
	if (!digest_equal(&c.box, &t->box) || strcmp(c.boot, boot) != 0)
		return err_say(why, ERR_EXPIRED,
		    "the command is for another box or an earlier start");
	e = trust_live_client(t, &c.client, wall_ms, &client);
	if (e != OK)
		return command_say_dead(e, why);
	if (client->kind == CLIENT_CERTIFICATE)
		return err_say(why, ERR_DENIED,
		    "a phone's certificate commands nothing; its browser's "
		    "key does");
	crypto_hash(body.p, body.len, &digest);
	if (!digest_equal(&digest, &c.body))
		return err_say(
		    why, ERR_DENIED, "the command was signed for another body");
	if (key_verify(&client->key, text.p, text.len, sig) != OK)
		return err_say(why, ERR_SIGNATURE,
		    "the signature does not match the command");
	*ret = c;
	*ret_client = client;
	return OK;
}
