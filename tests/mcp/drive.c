/* SPDX-License-Identifier: Apache-2.0 */

/*
 * drive [--hint legacy|modern] [--probe-ms N] PROGRAM ARG...
 *
 * The house's own MCP session with a server that runs beside it, over real
 * pipes.  Each line of our input is a wish, each line of our output an event:
 *
 *	call FUNCTION ARGS	called ID
 *	cancel ID		cancelled ID
 *	definitions		definitions DIGEST TEXT
 *	counts			counts requests=N ...
 *	close			ended eof|term|kill MILLISECONDS PEAK-KIB
 *				ready ERA REVISION, changed DIGEST,
 *				answer ID ok|failed TEXT, broken WORDS, gone
 *
 * The text of definitions and answers is made visible as for a person.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "mcp/mcp.h"
#include "sys/clock.h"

#define END_MS 1000

static struct {
	struct mcp *mcp;
	pid_t pid;
	int in; /* The server's; -1 when closed. */
	int out;
	int64_t probe_ms; /* When the question's time is up. */
	bool broken;
	char wish[4096];
	size_t wish_len;
} d = {.in = -1, .out = -1};

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void
say_text(const char *before, const char *text)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	json_escape_visible(&b, text, strlen(text));
	say("%s %s", before, b.p != NULL ? b.p : "");
	buf_done(&b);
}

static void
get_digest(char ret[DIGEST_HEX_SIZE])
{
	struct digest digest;

	snprintf(ret, DIGEST_HEX_SIZE, "none");
	if (mcp_definitions(d.mcp, &digest) == OK)
		digest_hex(&digest, ret);
}

static void
on_event(void *arg, enum mcp_event event, const struct mcp_answer *a)
{
	static const char *const eras[] = {"unknown", "legacy", "modern"};
	char words[64 + DIGEST_HEX_SIZE];

	(void)arg;
	switch (event) {
	case MCP_READY:
		say("ready %s %s", eras[mcp_era(d.mcp)], mcp_revision(d.mcp));
		break;
	case MCP_CHANGED:
		get_digest(words);
		say("changed %s", words);
		break;
	case MCP_ANSWER:
		snprintf(words, sizeof(words), "answer %lld %s",
		    (long long)a->id, a->failed ? "failed" : "ok");
		say_text(words, a->text);
		break;
	case MCP_BROKEN:
		say("broken %s", a->text);
		d.broken = true;
		break;
	}
}

static void
start(char **argv)
{
	int in[2];
	int out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		fatal("no pipes");
	d.pid = fork();
	if (d.pid == 0) {
		setpgid(0, 0);
		signal(SIGPIPE, SIG_DFL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (d.pid < 0)
		fatal("no process");
	setpgid(d.pid, d.pid);
	close(in[0]);
	close(out[1]);
	d.in = in[1];
	d.out = out[0];
	fcntl(d.in, F_SETFL, O_NONBLOCK);
	fcntl(d.out, F_SETFL, O_NONBLOCK);
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- wishes ---- */

static void
wish_call(char *rest)
{
	char *args = strchr(rest, ' ');
	int64_t id;
	enum err e;

	if (args == NULL)
		fatal("call FUNCTION ARGS");
	*args++ = '\0';
	e = mcp_call(d.mcp, rest, args, strlen(args), &id);
	if (e == OK)
		say("called %lld", (long long)id);
	else
		say("refused %s", err_text(e));
}

static void
wish_cancel(char *rest)
{
	mcp_cancel(d.mcp, strtoll(rest, NULL, 10));
	say("cancelled %s", rest);
}

static void
wish_definitions(char *rest)
{
	char words[64 + DIGEST_HEX_SIZE] = "definitions ";
	struct buf b;

	(void)rest;
	buf_init(&b, SIZE_MAX / 4);
	get_digest(words + strlen(words));
	mcp_definitions_write(d.mcp, &b);
	say_text(words, b.p);
	buf_done(&b);
}

static void
wish_counts(char *rest)
{
	const struct mcp_counts *c = mcp_counted(d.mcp);

	(void)rest;
	say("counts requests=%lld notifications=%lld late=%lld strays=%lld "
	    "lists=%lld",
	    (long long)c->requests, (long long)c->notifications,
	    (long long)c->late, (long long)c->strays, (long long)c->lists);
}

/* What is still said is read, so that nobody waits for us. */
static bool
ended_within(int64_t ms)
{
	int64_t until = clock_boot_ms() + ms;
	char chunk[16384];

	while (clock_boot_ms() < until) {
		struct pollfd p = {.fd = d.out, .events = POLLIN};

		if (waitpid(d.pid, NULL, WNOHANG) == d.pid)
			return true;
		poll(&p, 1, 2);
		if (p.revents != 0 && read(d.out, chunk, sizeof(chunk)) == 0)
			shut(&d.out);
	}
	return false;
}

static long
peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kib;
}

static void
wish_close(char *rest)
{
	const char *how = "eof";
	int64_t begun = clock_boot_ms();

	(void)rest;
	shut(&d.in);
	if (!ended_within(END_MS)) {
		how = "term";
		kill(-d.pid, SIGTERM);
		if (!ended_within(END_MS)) {
			how = "kill";
			kill(-d.pid, SIGKILL);
			waitpid(d.pid, NULL, 0);
		}
	}
	say("ended %s %lld %ld", how, (long long)(clock_boot_ms() - begun),
	    peak_kib());
	mcp_free(d.mcp);
	exit(0);
}

static const struct {
	const char *name;
	void (*run)(char *rest);
} wishes[] = {
    {"call", wish_call},
    {"cancel", wish_cancel},
    {"definitions", wish_definitions},
    {"counts", wish_counts},
    {"close", wish_close},
};

static void
on_wish(char *line)
{
	char *rest = strchr(line, ' ');
	size_t i;

	if (rest != NULL)
		*rest++ = '\0';
	for (i = 0; i < ARRAY_LEN(wishes); i++)
		if (strcmp(wishes[i].name, line) == 0) {
			wishes[i].run(rest != NULL ? rest : line);
			return;
		}
	fatal("no such wish: %s", line);
}

static void
read_wishes(void)
{
	ssize_t n =
	    read(0, d.wish + d.wish_len, sizeof(d.wish) - 1 - d.wish_len);
	char *end;

	if (n <= 0)
		wish_close(NULL);
	d.wish_len += (size_t)n;
	d.wish[d.wish_len] = '\0';
	while ((end = strchr(d.wish, '\n')) != NULL) {
		*end++ = '\0';
		on_wish(d.wish);
		d.wish_len -= (size_t)(end - d.wish);
		memmove(d.wish, end, d.wish_len + 1);
	}
}

/* ---- the server ---- */

static void
read_server(void)
{
	char chunk[16384];
	ssize_t n = read(d.out, chunk, sizeof(chunk));

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		shut(&d.out);
		say("gone");
	} else if (!d.broken) {
		mcp_feed(d.mcp, chunk, (size_t)n, clock_boot_ms());
	}
}

static void
write_server(void)
{
	struct buf *out = mcp_out(d.mcp);
	ssize_t n = write(d.in, out->p, out->len);

	if (n > 0)
		buf_drop(out, (size_t)n);
	else if (errno != EAGAIN)
		shut(&d.in);
}

static void
loop(void)
{
	for (;;) {
		struct pollfd p[] = {{.fd = 0, .events = POLLIN},
		    {.fd = d.out, .events = POLLIN},
		    {.fd = -1, .events = POLLOUT}};
		int64_t left = d.probe_ms - clock_boot_ms();

		if (left <= 0)
			mcp_probe_late(d.mcp);
		if (!d.broken && mcp_out(d.mcp)->len > 0)
			p[2].fd = d.in;
		poll(p, ARRAY_LEN(p), mcp_is_probing(d.mcp) ? (int)left : -1);
		if (p[1].revents != 0)
			read_server();
		if (p[2].revents != 0)
			write_server();
		if (p[0].revents != 0)
			read_wishes();
	}
}

int
main(int argc, char **argv)
{
	enum mcp_era hint = MCP_UNKNOWN;
	int64_t probe_ms = MCP_PROBE_MS;
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--hint") == 0)
			hint = strcmp(argv[i + 1], "modern") == 0 ? MCP_MODERN
								  : MCP_LEGACY;
		else if (strcmp(argv[i], "--probe-ms") == 0)
			probe_ms = strtoll(argv[i + 1], NULL, 10);
	}
	if (i >= argc) {
		fprintf(stderr,
		    "drive [--hint ERA] [--probe-ms N] PROGRAM ARG...\n");
		return 2;
	}
	log_open("drive", LOG_WARN);
	signal(SIGPIPE, SIG_IGN);
	crypto_open();
	start(argv + i);
	d.mcp = mcp_new(on_event, NULL);
	d.probe_ms = clock_boot_ms() + probe_ms;
	mcp_start(d.mcp, hint);
	loop();
}
