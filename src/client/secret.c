/* SPDX-License-Identifier: Apache-2.0 */
#include "client/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/sealing.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/seal.h"

/* The key to seal with, if the box's own key stands behind it. */
static enum err
fetch_key(struct session *s, struct public_key *ret, int *code)
{
	const struct identity *me = session_identity(s);
	struct json *answer = session_query(s, code, "secrets");
	const char *hex = json_words(answer, "seal");
	struct signature sig;
	enum err e = answer != NULL ? OK : ERR_CLOSED;

	if (e == OK &&
	    (public_read(hex, strlen(hex), ret) != OK ||
		signature_read(json_words(answer, "seal_signature"), &sig) !=
		    OK ||
		sealing_verify(&me->box_key, &me->box, ret, &sig) != OK)) {
		terminal_error("the key to seal with is not of this box's "
			       "vault; nothing was sent");
		*code = EXIT_BROKEN;
		e = ERR_SIGNATURE;
	}
	json_free(answer);
	return e;
}

static enum err
seal_value(
    const struct public_key *to, const struct secret *value, struct json *body)
{
	size_t len = secret_len(value) + SEAL_OVERHEAD;
	uint8_t *sealed = xalloc(len);
	char *hex = xalloc(2 * len + 1);
	enum err e =
	    seal_to(to, secret_reveal(value), secret_len(value), sealed);

	if (e == OK) {
		hex_write(hex, sealed, len);
		json_put_str(body, "sealed", hex);
	}
	free(sealed);
	free(hex);
	return e;
}

int
client_set_secret(struct session *s, const char *name,
    const struct secret *value, bool rotate)
{
	int code = EXIT_REACHED;
	struct public_key to;
	struct json *body;
	struct json *answer;

	if (fetch_key(s, &to, &code) != OK)
		return code;
	body = json_object();
	json_put_str(body, "name", name);
	json_put_bool(body, "rotate", rotate);
	if (seal_value(&to, value, body) != OK) {
		terminal_error("the value cannot be sealed");
		json_free(body);
		return EXIT_FAILED;
	}
	answer = session_command(s, "secret.set", body, &code);
	if (answer != NULL)
		terminal_print("kept; tools get it when they start next\n");
	json_free(answer);
	return code;
}
