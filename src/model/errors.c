/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "model/chat_priv.h"

/*
 * {"error": "..."} (Ollama), {"error": {"message"}} (OpenAI, Anthropic),
 * {"object": "error", "message"} (vLLM), {"detail"} (FastAPI, with a list
 * where it refuses a request), and a list of one (Google).
 */
const char *
error_words(const struct json *body)
{
	static const char *const names[] = {
	    "message", "detail", "msg", "error"};
	const struct json *v = body;
	const struct json *error;
	int depth;
	size_t i;

	for (depth = 0; depth < 4 && v != NULL; depth++) {
		if (json_is_array(v)) {
			v = json_first(v);
			continue;
		}
		if (json_is_string(v))
			return json_text(v);
		for (i = 0; i < ARRAY_LEN(names); i++)
			if (json_words(v, names[i])[0] != '\0')
				return json_str(v, names[i]);
		error = json_get(v, "error");
		v = error != NULL ? error : json_get(v, "detail");
	}
	return NULL;
}

void
error_show(struct buf *out, const char *s, size_t len)
{
	char *copy = xstrndup(s, len);
	struct buf flat;
	bool space = false;
	size_t n;
	size_t i;

	str_mend(copy);
	buf_init(&flat, MODEL_ERROR_MAX);
	for (i = 0; copy[i] != '\0'; i++) {
		if (strchr(" \t\r\n", copy[i]) != NULL) {
			space = flat.len > 0;
			continue;
		}
		if (space)
			buf_add(&flat, " ", 1);
		space = false;
		buf_add(&flat, copy + i, 1);
		if (flat.len > MODEL_ERROR_SHOWN)
			break;
	}
	if (flat.len > 0) {
		n = str_cut(flat.p, MODEL_ERROR_SHOWN);
		json_escape_visible(out, flat.p, n);
		if (flat.p[n] != '\0')
			buf_adds(out, "...");
	}
	buf_done(&flat);
	free(copy);
}

enum err
error_told(const struct json *body, struct errmsg *why)
{
	const char *words = error_words(body);
	struct buf shown;
	enum err e;

	buf_init(&shown, 8 * MODEL_ERROR_SHOWN);
	if (words != NULL)
		error_show(&shown, words, strlen(words));
	e = err_say(why, ERR_IO, "the model's server broke off: %s",
	    shown.len > 0 ? shown.p : "without words");
	buf_done(&shown);
	return e;
}

/* A page's words without its tags, and without what is no text. */
static char *
strip_page(const char *s)
{
	struct buf b;
	const char *end;

	buf_init(&b, MODEL_ERROR_MAX);
	while (*s != '\0') {
		if (*s != '<') {
			buf_add(&b, s++, 1);
			continue;
		}
		buf_add(&b, " ", 1);
		if (strncasecmp(s, "<style", 6) == 0)
			end = strcasestr(s, "</style");
		else if (strncasecmp(s, "<script", 7) == 0)
			end = strcasestr(s, "</script");
		else
			end = s;
		end = end != NULL ? strchr(end, '>') : NULL;
		if (end == NULL)
			break;
		s = end + 1;
	}
	return buf_steal(&b);
}

/* What the body says, as text that the caller frees; "" for nothing. */
static char *
body_words(const char *body, size_t len)
{
	struct json *v;
	const char *words;
	char *text;
	char *copy;
	size_t i;

	if (len <= MODEL_LINE_MAX && json_parse(body, len, &v) == OK) {
		words = error_words(v);
		text = xstrdup(words != NULL ? words : "");
		json_free(v);
		return text;
	}
	copy = xstrndup(body, len < MODEL_ERROR_MAX ? len : MODEL_ERROR_MAX);
	for (i = 0; copy[i] != '\0' && isspace((unsigned char)copy[i]); i++)
		;
	text = copy[i] == '<' ? strip_page(copy + i) : xstrdup(copy + i);
	free(copy);
	return text;
}

static bool
is_about_length(const char *words)
{
	static const char *const signs[] = {"too long", "context length",
	    "context size", "context limit", "context_length",
	    "too many tokens", "exceeds the available context", "maximum size"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(signs); i++)
		if (strcasestr(words, signs[i]) != NULL)
			return true;
	return false;
}

/* The model's name as Ollama says it, in quotes; or the word for one. */
static void
add_pull(struct buf *out, const char *words)
{
	const char *from = strpbrk(words, "'\"");
	size_t n = from != NULL ? strcspn(from + 1, "'\"") : 0;
	size_t i;

	buf_adds(out, "; \"ollama pull ");
	for (i = 0; i < n && n <= MODEL_NAME_MAX; i++)
		if (!isalnum((unsigned char)from[1 + i]) &&
		    strchr(":/._-", from[1 + i]) == NULL)
			break;
	if (n > 0 && i == n && from[1] != '-')
		buf_add(out, from + 1, n);
	else
		buf_adds(out, "NAME");
	buf_adds(out, "\" gets it");
}

static const struct {
	int status;
	const char *what;
	const char *next;
} statuses[] = {
    {400, "the provider does not take the request",
	"see what it says of it, or use another model"},
    {401, "the key is wrong", "set the provider's secret anew"},
    {402, "the provider wants to be paid", "look at your account there"},
    {403, "the key may not do this", "use another model, or a key that may"},
    {404, "the model or the address is not there",
	"look at both in the provider's manifest"},
    {408, "the provider gave up waiting", "try again"},
    {413, "the conversation is too long for the provider", "begin a new one"},
    {422, "the provider does not take the request",
	"see what it says of it, or use another model"},
    {429, "the provider takes no more for now",
	"wait a moment, or look at your limits there"},
    {504, "the model did not answer the provider in time", "try again"},
    {529, "the provider is overloaded", "try again in a few minutes"},
};

void
chat_say_error(
    enum dialect d, int status, const char *body, size_t len, struct buf *out)
{
	const char *what = status >= 500 ? "the provider failed"
	    : status >= 300 && status < 400
	    ? "the provider is at another address"
	    : "the provider refuses";
	const char *next = status >= 500
	    ? "try again, and look at its log if it is yours"
	    : status >= 300 && status < 400
	    ? "put that address into its manifest"
	    : "see what it says of it";
	char *words = body_words(body, len);
	size_t i;

	for (i = 0; i < ARRAY_LEN(statuses); i++) {
		if (statuses[i].status != status)
			continue;
		what = statuses[i].what;
		next = statuses[i].next;
	}
	if ((status == 400 || status == 500) && is_about_length(words)) {
		what = "the conversation is too long for the model";
		next = "begin a new one";
	}
	buf_addf(out, "%s (%d)", what, status);
	if (words[0] != '\0') {
		buf_adds(out, ": ");
		error_show(out, words, strlen(words));
	}
	if (d == DIALECT_OLLAMA && status == 404)
		add_pull(out, words);
	else
		buf_addf(out, "; %s", next);
	free(words);
}

bool
chat_may_retry(int status)
{
	return status == 408 || status == 409 || status == 429 ||
	    (status >= 500 && status != 501 && status != 505);
}
