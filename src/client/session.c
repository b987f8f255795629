/* SPDX-License-Identifier: Apache-2.0 */
#include "client/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/command.h"
#include "base/limits.h"
#include "base/log.h"
#include "client/http.h"
#include "crypto/crypto.h"

struct session {
	struct identity me;
	struct tls_config *tls;
	struct http_client *http;
};

static int
exit_of(enum err e)
{
	return e == ERR_DENIED ? EXIT_REFUSED : EXIT_AWAY;
}

struct session *
session_open(int *ret_exit)
{
	struct session *s = xalloc(sizeof(*s));
	struct errmsg why = {""};
	char folder[1024];
	enum err e = identity_folder(NULL, folder, sizeof(folder), &why);

	crypto_open();
	if (e == OK)
		e = identity_load(folder, &s->me, &why);
	if (e != OK) {
		terminal_error("%s", why.text);
		*ret_exit = EXIT_FAILED;
		free(s);
		return NULL;
	}
	e = tls_client_config(s->me.root_pem, s->me.cert_pem,
	    secret_reveal(s->me.key_pem), &s->tls);
	if (e != OK)
		err_say(&why, e,
		    "the client's certificate is damaged; pair "
		    "it again");
	else
		e = http_connect(
		    s->me.host, s->me.port, s->tls, &s->http, &why);
	if (e != OK) {
		terminal_error("%s", why.text);
		*ret_exit = exit_of(e);
		session_close(s);
		return NULL;
	}
	return s;
}

void
session_close(struct session *s)
{
	if (s == NULL)
		return;
	http_close(s->http);
	tls_config_free(s->tls);
	identity_done(&s->me);
	free(s);
}

const struct identity *
session_identity(const struct session *s)
{
	return &s->me;
}

/* What came, or why nothing did. */
static struct json *
take_answer(
    enum err e, int status, struct buf *b, struct errmsg *why, int *ret_exit)
{
	struct json *answer = NULL;

	if (e == OK && json_parse(b->p, b->len, &answer) != OK)
		e = err_say(why, ERR_INPUT,
		    "the house gave an answer that is not JSON");
	if (e != OK) {
		terminal_error("%s", why->text);
		*ret_exit = exit_of(e);
		return NULL;
	}
	if (status == 200)
		return answer;
	terminal_error("%s",
	    json_str(answer, "error") != NULL ? json_str(answer, "error")
					      : "the house refused");
	*ret_exit = EXIT_REFUSED;
	json_free(answer);
	return NULL;
}

static struct json *
exchange(struct session *s, const char *method, const char *target,
    const char *text, int *ret_exit)
{
	struct json *answer;
	struct errmsg why = {""};
	struct buf b;
	int status = 0;
	enum err e;

	buf_init(&b, HTTP_REPLY_MAX);
	e = http_exchange(
	    s->http, method, target, text, ANSWER_WAIT_MS, &status, &b, &why);
	answer = take_answer(e, status, &b, &why, ret_exit);
	buf_done(&b);
	return answer;
}

#define TARGET_SIZE 512

static void PRINTF_LIKE(2, 0)
    write_target(char ret[TARGET_SIZE], const char *fmt, va_list ap)
{
	size_t n = strlen("/v1/");

	memcpy(ret, "/v1/", n);
	vsnprintf(ret + n, TARGET_SIZE - n, fmt, ap);
}

enum err
session_send(struct session *s, int *ret_exit, const char *fmt, ...)
{
	struct errmsg why = {""};
	char target[TARGET_SIZE];
	va_list ap;
	enum err e;

	va_start(ap, fmt);
	write_target(target, fmt, ap);
	va_end(ap);
	e = http_send(s->http, "GET", target, NULL, CLIENT_CONNECT_MS, &why);
	if (e != OK) {
		terminal_error("%s", why.text);
		*ret_exit = exit_of(e);
	}
	return e;
}

bool
session_receive(struct session *s, int *ret_exit, struct json **ret)
{
	struct errmsg why = {""};
	struct buf b;
	int status = 0;
	enum err e;

	buf_init(&b, HTTP_REPLY_MAX);
	e = http_receive(s->http, 0, &status, &b, &why);
	if (e != ERR_EXPIRED)
		*ret = take_answer(e, status, &b, &why, ret_exit);
	buf_done(&b);
	return e != ERR_EXPIRED;
}

int
session_fd(const struct session *s)
{
	return http_client_fd(s->http);
}

struct json *
session_query(struct session *s, int *ret_exit, const char *fmt, ...)
{
	char target[TARGET_SIZE];
	va_list ap;

	va_start(ap, fmt);
	write_target(target, fmt, ap);
	va_end(ap);
	return exchange(s, "GET", target, NULL, ret_exit);
}

/* The words that are signed. */
static enum err
write_command(const struct session *s, const struct json *challenge,
    const char *name, const char *body, struct buf *out)
{
	const char *value = json_str(challenge, "challenge");
	const char *boot = json_str(challenge, "boot");
	struct command cmd = {
	    .box = s->me.box, .client = s->me.id, .name = {name, strlen(name)}};

	if (value == NULL || boot == NULL || strlen(value) >= TOKEN_SIZE ||
	    strlen(boot) >= TOKEN_SIZE)
		return ERR_INPUT;
	memcpy(cmd.challenge, value, strlen(value) + 1);
	memcpy(cmd.boot, boot, strlen(boot) + 1);
	crypto_hash(body, strlen(body), &cmd.body);
	return command_write(&cmd, out);
}

struct json *
session_command(
    struct session *s, const char *name, struct json *body, int *ret_exit)
{
	struct json *challenge = session_query(s, ret_exit, "challenge");
	struct json *envelope;
	struct json *answer = NULL;
	char *body_text = json_print(body);
	char signature[SIGNATURE_TEXT_SIZE];
	struct signature sig;
	struct buf text;
	char *out;

	json_free(body);
	buf_init(&text, COMMAND_MAX);
	if (challenge != NULL &&
	    write_command(s, challenge, name, body_text, &text) == OK) {
		key_sign(s->me.key, text.p, text.len, &sig);
		signature_text(&sig, signature);
		envelope = json_object();
		json_put_str(envelope, "text", text.p);
		json_put_str(envelope, "signature", signature);
		json_put_str(envelope, "body", body_text);
		out = json_print(envelope);
		answer = exchange(s, "POST", "/v1/command", out, ret_exit);
		free(out);
		json_free(envelope);
	} else if (challenge != NULL) {
		terminal_error("the house's challenge is malformed");
		*ret_exit = EXIT_BROKEN;
	}
	buf_done(&text);
	free(body_text);
	json_free(challenge);
	return answer;
}
