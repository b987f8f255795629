/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "models/models_priv.h"
#include "net/host.h"
#include "sys/clock.h"
#include "sys/sock.h"

/*
 * The servers of models that usually run on a machine, asked at their usual
 * ports what they have.  HTTP/1.0, so that an answer ends with its connection.
 * What they say of themselves chooses nothing but what is shown to the owner.
 */

#define OLLAMA_PORT 11434

/* ---- One exchange ---- */

static enum err
wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	int64_t left_ms = until_ms - clock_boot_ms();

	return left_ms > 0 && poll(&pfd, 1, (int)left_ms) == 1 ? OK
							       : ERR_EXPIRED;
}

static enum err
send_all(int fd, const struct buf *b, int64_t until_ms)
{
	size_t at = 0;

	while (at < b->len) {
		enum err e = wait_for(fd, POLLOUT, until_ms);
		ssize_t n;

		if (e != OK)
			return e;
		n = send(fd, b->p + at, b->len - at, MSG_NOSIGNAL);
		if (n < 0)
			return ERR_CLOSED;
		at += (size_t)n;
	}
	return OK;
}

static enum err
receive_all(int fd, struct buf *ret, int64_t until_ms)
{
	char chunk[4096];
	ssize_t n;

	for (;;) {
		enum err e = wait_for(fd, POLLIN, until_ms);

		if (e != OK)
			return e;
		n = recv(fd, chunk, sizeof(chunk), 0);
		if (n <= 0)
			return n == 0 ? OK : ERR_CLOSED;
		buf_add(ret, chunk, (size_t)n);
		if (ret->overflow)
			return ERR_LIMIT;
	}
}

static enum err
take_body(const struct buf *in, struct buf *ret)
{
	const char *end;

	if (in->len < 12 || strncmp(in->p, "HTTP/1.", 7) != 0 ||
	    strncmp(in->p + 8, " 200", 4) != 0)
		return ERR_INPUT;
	end = memmem(in->p, in->len, "\r\n\r\n", 4);
	if (end == NULL)
		return ERR_INPUT;
	buf_add(ret, end + 4, in->len - (size_t)(end + 4 - in->p));
	return OK;
}

enum err
probe_exchange(const char *host, uint16_t port, const char *target,
    const char *body, struct buf *ret)
{
	int64_t until_ms = clock_boot_ms() + PROBE_MS;
	struct errmsg why;
	struct buf out;
	struct buf in;
	int fd;
	enum err e = sock_connect_tcp(host, port, PROBE_CONNECT_MS, &fd, &why);

	if (e != OK)
		return e;
	buf_init(&out, 4096);
	buf_init(&in, PROBE_BYTES_MAX);
	buf_addf(&out,
	    "%s %s HTTP/1.0\r\nHost: %s:%d\r\nAccept: application/json\r\n"
	    "Connection: close\r\n",
	    body != NULL ? "POST" : "GET", target, host, (int)port);
	if (body != NULL)
		buf_addf(&out,
		    "Content-Type: application/json\r\n"
		    "Content-Length: %zu\r\n",
		    strlen(body));
	buf_addf(&out, "\r\n%s", body != NULL ? body : "");
	e = out.overflow ? ERR_LIMIT : send_all(fd, &out, until_ms);
	if (e == OK)
		e = receive_all(fd, &in, until_ms);
	if (e == OK)
		e = take_body(&in, ret);
	close(fd);
	buf_done(&out);
	buf_done(&in);
	return e;
}

static struct json *
ask(const char *host, uint16_t port, const char *target, const char *body)
{
	struct json *v = NULL;
	struct buf b;

	buf_init(&b, PROBE_BYTES_MAX);
	if (probe_exchange(host, port, target, body, &b) != OK ||
	    json_parse(b.p != NULL ? b.p : "", b.len, &v) != OK)
		v = NULL;
	buf_done(&b);
	return v;
}

enum err
probe_read_host(
    const char *text, char ret_host[PROBE_HOST_SIZE], uint16_t *ret_port)
{
	const char *p = strncmp(text, "http://", 7) == 0 ? text + 7 : text;
	size_t n = strcspn(p, ":/");
	long port = OLLAMA_PORT;
	char *end;

	if (n >= PROBE_HOST_SIZE || strstr(text, "https://") != NULL)
		return ERR_INPUT;
	memcpy(ret_host, p, n);
	ret_host[n] = '\0';
	/* What a server listens at everywhere is asked here. */
	if (n == 0 || strcmp(ret_host, "0.0.0.0") == 0 ||
	    strcmp(ret_host, "localhost") == 0)
		snprintf(ret_host, PROBE_HOST_SIZE, "127.0.0.1");
	if (p[n] == ':') {
		port = strtol(p + n + 1, &end, 10);
		if (end == p + n + 1 || (*end != '\0' && strcmp(end, "/") != 0))
			return ERR_INPUT;
	} else if (p[n] != '\0' && strcmp(p + n, "/") != 0) {
		return ERR_INPUT;
	}
	if (port < 1 || port > 65535)
		return ERR_INPUT;
	*ret_port = (uint16_t)port;
	return OK;
}

/* ---- Ollama ---- */

static bool
has_word(const struct json *list, const char *word)
{
	const struct json *w = json_first(list);

	for (; w != NULL; w = json_next(w))
		if (json_text(w) != NULL && strcmp(json_text(w), word) == 0)
			return true;
	return false;
}

/* A member of model_info, whose names begin with the architecture. */
static int64_t
info_of(const struct json *info, const char *name)
{
	char key[2 * NAME_MAX_LEN];

	snprintf(key, sizeof(key), "%.60s.%s",
	    json_words(info, "general.architecture"), name);
	return json_int(info, key, 0);
}

/* Keys and values of 16 bits, in each block. */
static int64_t
token_bytes_of(const struct json *info)
{
	int64_t blocks = info_of(info, "block_count");
	int64_t heads = info_of(info, "attention.head_count_kv");
	int64_t all_heads = info_of(info, "attention.head_count");
	int64_t length = info_of(info, "attention.key_length");
	int64_t width = info_of(info, "embedding_length");

	if (length <= 0 && all_heads > 0)
		length = width / all_heads;
	if (blocks <= 0 || blocks > 1024 || heads <= 0 || heads > 1024 ||
	    length <= 0 || length > 4096)
		return 0;
	return 2 * 2 * blocks * heads * length;
}

static void
show_ollama(const char *host, uint16_t port, struct found_model *m)
{
	struct json *what = json_object();
	struct json *v;
	char *body;

	json_put_str(what, "model", m->name);
	body = json_print(what);
	v = ask(host, port, "/api/show", body);
	m->context = info_of(json_get(v, "model_info"), "context_length");
	m->token_bytes = token_bytes_of(json_get(v, "model_info"));
	/* Old servers do not say; new ones name what only embeds. */
	m->chats = !json_has(v, "capabilities") ||
	    has_word(json_get(v, "capabilities"), "completion");
	m->tools = has_word(json_get(v, "capabilities"), "tools");
	/* It only passes on to a model outside: that is no model here. */
	if (json_has(v, "remote_host") || json_has(v, "remote_model"))
		m->chats = m->tools = false;
	free(body);
	json_free(what);
	json_free(v);
}

static bool
is_loaded(const struct json *ps, const char *name)
{
	const struct json *m = json_first(json_get(ps, "models"));

	for (; m != NULL; m = json_next(m))
		if (strcmp(json_words(m, "name"), name) == 0)
			return true;
	return false;
}

static bool
probe_ollama(const char *host, uint16_t port, struct found_server *s)
{
	struct json *tags = ask(host, port, "/api/tags", NULL);
	const struct json *row = json_first(json_get(tags, "models"));
	struct json *ps;

	if (tags == NULL || !json_has(tags, "models")) {
		json_free(tags);
		return false;
	}
	ps = ask(host, port, "/api/ps", NULL);
	for (; row != NULL && s->n_models < PROBE_MODELS_MAX;
	     row = json_next(row)) {
		struct found_model *m = &s->models[s->n_models];

		memset(m, 0, sizeof(*m));
		if (str_copy(m->name, sizeof(m->name),
			json_words(row, "name")) != OK ||
		    m->name[0] == '\0')
			continue;
		m->size = json_int(row, "size", 0);
		m->loaded = is_loaded(ps, m->name);
		show_ollama(host, port, m);
		s->n_models++;
	}
	json_free(ps);
	json_free(tags);
	s->dialect = DIALECT_OLLAMA;
	snprintf(s->url, sizeof(s->url), "http://%s:%d", host, (int)port);
	return true;
}

/* ---- Those that speak like OpenAI ---- */

/* vLLM, then llama.cpp say how much they hold. */
static int64_t
context_of(const struct json *row)
{
	int64_t n = json_int(row, "max_model_len", 0);

	if (n <= 0)
		n = json_int(json_get(row, "meta"), "n_ctx", 0);
	if (n <= 0)
		n = json_int(json_get(row, "meta"), "n_ctx_train", 0);
	return n > 0 ? n : 0;
}

/* What llama.cpp runs with, which is less than its model can. */
static int64_t
running_context(const char *host, uint16_t port)
{
	struct json *v = ask(host, port, "/props", NULL);
	int64_t n =
	    json_int(json_get(v, "default_generation_settings"), "n_ctx", 0);

	json_free(v);
	return n;
}

static bool
probe_openai(const char *host, uint16_t port, struct found_server *s)
{
	struct json *v = ask(host, port, "/v1/models", NULL);
	const struct json *row = json_first(json_get(v, "data"));
	int64_t running;

	if (v == NULL || !json_is_array(json_get(v, "data"))) {
		json_free(v);
		return false;
	}
	running = running_context(host, port);
	for (; row != NULL && s->n_models < PROBE_MODELS_MAX;
	     row = json_next(row)) {
		struct found_model *m = &s->models[s->n_models];

		memset(m, 0, sizeof(*m));
		if (str_copy(m->name, sizeof(m->name), json_words(row, "id")) !=
			OK ||
		    m->name[0] == '\0')
			continue;
		m->size = json_int(json_get(row, "meta"), "size", 0);
		m->context = running > 0 ? running : context_of(row);
		m->chats = m->loaded = true;
		s->n_models++;
	}
	json_free(v);
	s->dialect = DIALECT_OPENAI;
	snprintf(s->url, sizeof(s->url), "http://%s:%d/v1", host, (int)port);
	return true;
}

/* ---- All ---- */

static const struct {
	const char *name;
	uint16_t port;
	bool ollama;
} places[] = {
    {"ollama", OLLAMA_PORT, true},
    {"llamacpp", 8080, false},
    {"lmstudio", 1234, false},
    {"vllm", 8000, false},
};

_Static_assert(ARRAY_LEN(places) <= PROBES_MAX, "each has a place");

/* Where the environment says that Ollama is; something else may answer. */
static void
place_of_ollama(char host[PROBE_HOST_SIZE], uint16_t *port)
{
	const char *said = getenv("OLLAMA_HOST");

	if (said != NULL && said[0] != '\0' &&
	    probe_read_host(said, host, port) == OK)
		return;
	snprintf(host, PROBE_HOST_SIZE, "127.0.0.1");
	*port = OLLAMA_PORT;
}

size_t
probe_servers(struct found_server ret[PROBES_MAX])
{
	char host[PROBE_HOST_SIZE];
	size_t n = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		struct found_server *s = &ret[n];
		uint16_t port = places[i].port;
		bool found;

		snprintf(host, sizeof(host), "127.0.0.1");
		if (places[i].ollama)
			place_of_ollama(host, &port);
		memset(s, 0, sizeof(*s));
		s->name = places[i].name;
		s->here = strncmp(host, "127.", 4) == 0;
		found = places[i].ollama && probe_ollama(host, port, s);
		if (!found && probe_openai(host, port, s)) {
			found = true;
			if (places[i].ollama)
				s->name = "local";
		}
		n += found;
	}
	return n;
}
