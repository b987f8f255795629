/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/limits.h"
#include "cert/cert.h"
#include "pairing/pairing_priv.h"
#include "sys/clock.h"
#include "term/term.h"

#define LOCAL ".local"
#define LINK_SIZE (HOST_MAX + PAIRING_TOKEN_SIZE + sizeof("https://:65535/#"))

/* A browser is let in by the person who sees both screens. */

static bool
has_certificate(const struct json *clients)
{
	const struct json *c = json_first(json_get(clients, "clients"));

	for (; c != NULL; c = json_next(c))
		if (strcmp(json_words(c, "kind"), "certificate") == 0 &&
		    !json_flag(c, "revoked") && !json_flag(c, "ended"))
			return true;
	return false;
}

int
phone_watch(struct session *s, struct watching *ret)
{
	int code = EXIT_REACHED;
	struct json *status = session_query(s, &code, "status");
	struct json *clients = NULL;

	if (status != NULL)
		clients = session_query(s, &code, "clients");
	ret->session = s;
	ret->next = json_int(status, "log_size", 0);
	ret->until_ms = clock_boot_ms() + PAIR_WINDOW_MS;
	ret->certificate_port =
	    (unsigned)json_int(status, "certificate_port", 0);
	ret->web_off = !json_flag(status, "web");
	ret->has_certificate = has_certificate(clients);
	json_free(clients);
	json_free(status);
	return code;
}

/* The house closes a connection on which nothing is said. */
static bool
is_there(void *session)
{
	int code = EXIT_REACHED;

	json_free(session_query(session, &code, "status"));
	return code == EXIT_REACHED;
}

/* Of the certificate, which the phone gets from a port that has none. */
static void
show_certificate(const struct watching *w, const char *host)
{
	const struct identity *me = session_identity(w->session);
	char url[HOST_MAX + sizeof("http://:65535")];
	char print[FINGERPRINT_SIZE];
	struct digest d;
	char line[16];

	if (w->certificate_port == 0) {
		terminal_print("No port gives this box's certificate to a "
			       "phone that does not know it yet: none is named "
			       "by\n'durward run --certificate-port PORT', or "
			       "it was taken.\n\n");
		return;
	}
	if (cert_fingerprint(me->root_pem, &d) != OK)
		return;
	pairing_fingerprint(&d, print);
	snprintf(url, sizeof(url), "http://%s:%u", host, w->certificate_port);
	terminal_print("If the phone does not know this box yet, it takes its "
		       "certificate from %s,\n"
		       "whose fingerprint must begin with\n\n  %s\n\n",
	    url, print);
	if (!code_print(url) || !isatty(STDIN_FILENO))
		return;
	terminal_print("When the phone has the certificate, press Enter: ");
	if (terminal_read_line(is_there, w->session, line, sizeof(line)))
		code_scroll_away();
}

/* What the camera reads.  Digits and capital letters make a smaller code, so
 * it has the token in them; the page takes both. */
static void
show_code(const char *link)
{
	char text[LINK_SIZE];
	size_t i;

	for (i = 0; link[i] != '\0' && link[i] != '#'; i++)
		text[i] = link[i];
	for (; link[i] != '\0'; i++)
		text[i] = (char)toupper((unsigned char)link[i]);
	text[i] = '\0';
	code_print(text);
}

/* Where else: what a browser keeps belongs to the port that it came by. */
static void
show_other_port(const struct watching *w, const char *host, const char *token)
{
	const struct identity *me = session_identity(w->session);

	if (w->web_off)
		terminal_print("Port %u closes again with this window, also "
			       "for what is paired there; 'durward web on'\n"
			       "keeps it open.\n",
		    (unsigned)me->pairing_port);
	if (w->has_certificate)
		terminal_print("A phone with a certificate of its own opens "
			       "https://%s:%u/#%s instead.\n",
		    host, (unsigned)me->port, token);
}

static void
show_link(const struct watching *w, const char *host, const char *token)
{
	char name[HOST_MAX + 1] = "";
	char link[LINK_SIZE];
	int64_t left_ms;

	/* By the name that the network itself knows (RFC 6762). */
	if (gethostname(name, sizeof(name) - 1) != 0 ||
	    strlen(name) + sizeof(LOCAL) > sizeof(name))
		name[0] = '\0';
	memcpy(name + strlen(name), LOCAL, sizeof(LOCAL));
	if (host == NULL)
		host = name;
	show_certificate(w, host);
	snprintf(link, sizeof(link), "https://%s:%u/#%s", host,
	    (unsigned)session_identity(w->session)->pairing_port, token);
	left_ms = w->until_ms - clock_boot_ms();
	terminal_print("Then, on the phone, open this within %lld minutes:\n\n"
		       "  %s\n\n",
	    (long long)(left_ms + 30000) / 60000, link);
	show_code(link);
	show_other_port(w, host, token);
	terminal_print("Waiting for it; ctrl-C ends this.\n");
}

/* The first of these entries that says who asks; NULL when none does. */
static struct json *
find_asking(struct watching *w, const struct json *answer)
{
	const struct json *e = json_first(json_get(answer, "entries"));

	for (; e != NULL; e = json_next(e)) {
		const char *text = json_words(e, "body");
		struct json *body = NULL;

		w->next = json_int(e, "seq", w->next) + 1;
		if (json_parse(text, strlen(text), &body) == OK &&
		    strcmp(json_words(body, "kind"), "client-asks") == 0)
			return body;
		json_free(body);
	}
	return NULL;
}

static struct json *
wait_for_asking(struct watching *w, int *ret_exit)
{
	struct json *asking = NULL;
	struct json *answer;

	while (asking == NULL && clock_boot_ms() < w->until_ms) {
		answer = session_query(w->session, ret_exit, "events?from=%lld",
		    (long long)w->next);
		if (answer == NULL)
			return NULL;
		asking = find_asking(w, answer);
		json_free(answer);
	}
	if (asking == NULL) {
		terminal_error("no phone came; 'durward pair --phone' opens "
			       "another window");
		*ret_exit = EXIT_FAILED;
	}
	return asking;
}

/* Until when and for what, where it is not always and everything. */
static void
say_term(const struct json *asking)
{
	struct term term;
	struct buf b;

	if (term_read(asking, &term) != OK)
		return;
	buf_init(&b, SCOPE_TEXT_MAX + 64);
	if (term.scope[0] != '\0')
		buf_addf(&b, " for %s", term.scope);
	if (term.until_ms != 0)
		buf_adds(&b, ", ");
	term_say(&term, clock_wall_ms(), &b);
	if (b.len > 0)
		terminal_print("%s", b.p);
	buf_done(&b);
}

static bool
words_agree(const struct watching *w, const struct json *asking,
    const struct pairing_token *token)
{
	const char *hex = json_words(asking, "client");
	const char *words[PAIRING_WORDS];
	struct digest id;
	char line[16];

	if (digest_read(hex, strlen(hex), &id) != OK)
		return false;
	pairing_words(
	    token->secret, &session_identity(w->session)->box, &id, words);
	terminal_print("\n'%s' wants to be paired as %s",
	    json_words(asking, "name"), json_words(asking, "role"));
	say_term(asking);
	terminal_print(". It must show:\n\n"
		       "  %s %s %s %s\n\n"
		       "type yes if it does: ",
	    words[0], words[1], words[2], words[3]);
	/* What was typed before the words could be seen is no answer. */
	tcflush(STDIN_FILENO, TCIFLUSH);
	return terminal_read_line(is_there, w->session, line, sizeof(line)) &&
	    strcmp(line, "yes\n") == 0;
}

static int
answer_asking(struct watching *w, const struct json *asking, bool yes)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "client", json_words(asking, "client"));
	answer = session_command(
	    w->session, yes ? "pair.confirm" : "pair.refuse", body, &code);
	if (answer != NULL)
		terminal_print(yes ? "'%s' is paired\n" : "'%s' is refused\n",
		    json_words(asking, "name"));
	json_free(answer);
	return code == EXIT_REACHED && !yes ? EXIT_REFUSED : code;
}

int
phone_admit(struct watching *w, const char *host, const char *token)
{
	struct pairing_token t;
	struct json *asking;
	int code = EXIT_REACHED;

	if (pairing_token_read(token, &t) != OK)
		return EXIT_BROKEN;
	show_link(w, host, token);
	asking = wait_for_asking(w, &code);
	if (asking != NULL)
		code = answer_asking(w, asking, words_agree(w, asking, &t));
	json_free(asking);
	return code;
}
